#include "format/protocol/protocol_lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "domain/label/json_fields.hpp"
#include "domain/protocol/stop_plan.hpp"

namespace consilium {
namespace {

constexpr double contrast_min = 3.0;  // WCAG 2.2, 1.4.11, for graphical objects
constexpr std::string_view light_ground = "#ffffff";
constexpr std::string_view dark_ground = "#1b222b";  // the lightest surface of the dark theme

// WCAG 2.2, relative luminance.
double luminance(std::string_view colour) {
  const auto channel = [&](std::size_t at) {
    unsigned value = 0;
    std::from_chars(colour.data() + at, colour.data() + at + 2, value, 16);
    const double share = value / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

bool is_image(ItemUnit unit) { return unit != ItemUnit::Note && unit != ItemUnit::Recording; }

// Keys that the workspace of an item keeps for itself.
std::string_view workspace_keys(ItemUnit unit) {
  if (unit == ItemUnit::Note) return "aegrz";
  if (unit == ItemUnit::Recording) return "bcdijkluwz";
  return "abdefghiklmnopqrtuvwxyz";
}

class Lint {
 public:
  explicit Lint(const Protocol& protocol) : protocol_(protocol) {}

  std::vector<Violation> run() {
    item();
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      label(protocol_.labels[i], pointer_to("/labels", i));
    }
    shared_keys();
    shared_exports();
    code_systems();
    return std::move(warnings_);
  }

 private:
  void warn(std::string path, std::string what, std::string remedy = {}) {
    warnings_.push_back({std::move(path), std::move(what), std::move(remedy)});
  }

  void item() {
    const bool note = std::ranges::find(protocol_.modalities, "NOTE") != protocol_.modalities.end();
    if (note != (protocol_.item_unit == ItemUnit::Note)) {
      warn("/modalities", "the modality NOTE goes with the item unit note, and only with it");
    }
    if (std::ranges::find(protocol_.changelog, protocol_.version, &ChangelogEntry::version) ==
        protocol_.changelog.end()) {
      warn("/changelog", "the changelog says nothing of this version", "say what changed and why");
    }
    if (const auto stop = stop_plan_of(protocol_); stop && stop->readers_min < 2) {
      warn("/reader_plan/stop/readers_min", "a single reader may settle an item",
           "ask for 2 where agreement is to be measured");
    }
    if (protocol_.reader_plan.readers < 2 &&
        protocol_.reader_plan.adjudication == AdjudicationRule::Disagreement) {
      warn("/reader_plan/adjudication", "a single reader disagrees with nobody",
           "plan two readers or more");
    }
    if (protocol_.inclusion.empty()) warn("/inclusion", "it is not said which items belong here");
  }

  void label(const LabelSpec& spec, const std::string& path) {
    const bool relation = spec.places.front() == PlaceKind::Relation ||
                          spec.places.front() == PlaceKind::Event ||
                          spec.places.front() == PlaceKind::Chain;
    if (!spec.coded && !relation) {
      warn(path, fmt::format("'{}' has no code", spec.id),
           "give a concept, if its terminology has one that fits");
    }
    if (spec.colour.empty() && !relation) warn(path, fmt::format("'{}' has no colour", spec.id));
    if (!spec.colour.empty()) contrast(spec, path);
    if (spec.examples.positive.empty() && !relation) {
      const bool drawn_freely =
          spec.places.front() != PlaceKind::Length && spec.places.front() != PlaceKind::Interval;
      if (drawn_freely) warn(path, fmt::format("'{}' has no positive example", spec.id));
    }
    if (spec.shortcut.size() == 1 &&
        workspace_keys(protocol_.item_unit).contains(spec.shortcut.front())) {
      warn(path + "/shortcut", fmt::format("the workspace uses the key '{}' itself", spec.shortcut),
           is_image(protocol_.item_unit) ? "use a digit" : "use another letter or a digit");
    }
    tolerance(spec, path + "/tolerance");
  }

  void contrast(const LabelSpec& spec, const std::string& path) {
    const auto check = [&](const std::string& colour, std::string_view ground,
                           std::string_view member, std::string_view where) {
      const double ratio = colour_contrast(colour, ground);
      if (ratio >= contrast_min) return;
      warn(pointer_to(path, member),
           fmt::format("{} has a contrast of {:.1f}:1 on a {} ground", colour, ratio, where),
           "3:1 or more is needed");
    };
    check(spec.colour, dark_ground, "colour", "dark");
    if (is_image(protocol_.item_unit)) return;  // images are always shown on a dark ground
    const bool own = !spec.colour_on_light.empty();
    check(own ? spec.colour_on_light : spec.colour, light_ground,
          own ? "colour_on_light" : "colour", "light");
  }

  void tolerance(const LabelSpec& spec, const std::string& path) {
    const auto has = [&](std::initializer_list<PlaceKind> kinds) {
      return std::ranges::any_of(kinds, [&](PlaceKind kind) {
        return std::ranges::find(spec.places, kind) != spec.places.end();
      });
    };
    const Tolerance& given = spec.tolerance;
    const bool timed = has({PlaceKind::Sample, PlaceKind::Interval});
    const bool extended =
        has({PlaceKind::Mask, PlaceKind::Polygon, PlaceKind::Box, PlaceKind::Ellipse,
             PlaceKind::RotatedBox, PlaceKind::Interval, PlaceKind::Spans});
    if (given.window_ms && !timed) warn(path + "/window_ms", "this label stands on no time");
    if (given.boundary_code_points_max && !has({PlaceKind::Spans})) {
      warn(path + "/boundary_code_points_max", "this label stands on no text");
    }
    if (given.iou_min && !extended) warn(path + "/iou_min", "this label covers nothing");
    if (given.distance_mm_max && !is_image(protocol_.item_unit)) {
      warn(path + "/distance_mm_max", "this label stands on no image");
    }
  }

  // A choice's key must not be a label's: both work while a finding is selected.
  void shared_keys() {
    std::map<std::string_view, std::string_view> of_label;
    for (const LabelSpec& spec : protocol_.labels) {
      if (!spec.shortcut.empty()) of_label.emplace(spec.shortcut, spec.id);
    }
    const auto check = [&](const AnswerSpec& answer, const std::string& path) {
      for (std::size_t i = 0; i < answer.choices.size(); ++i) {
        const auto found = of_label.find(answer.choices[i].shortcut);
        if (found == of_label.end()) continue;
        warn(pointer_to(path + "/choices", i) + "/shortcut",
             fmt::format("the key '{}' is the label '{}' too", found->first, found->second));
      }
    };
    for (std::size_t i = 0; i < protocol_.attributes.size(); ++i) {
      check(protocol_.attributes[i].answer, pointer_to("/attributes", i) + "/answer");
    }
    for (std::size_t i = 0; i < protocol_.questions.size(); ++i) {
      check(protocol_.questions[i].answer, pointer_to("/questions", i) + "/answer");
    }
  }

  void shared_exports() {
    std::map<std::string_view, std::string_view> brat;
    std::map<std::pair<int, std::string_view>, std::string_view> wfdb;
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      const LabelSpec& spec = protocol_.labels[i];
      const std::string path = pointer_to("/labels", i) + "/export";
      if (!spec.exported.brat_type.empty()) {
        const auto [first, fresh] = brat.emplace(spec.exported.brat_type, spec.id);
        if (!fresh) {
          warn(path + "/brat/type", fmt::format("'{}' has this brat type too", first->second));
        }
      }
      if (spec.exported.wfdb) {
        const auto [first, fresh] = wfdb.emplace(
            std::pair<int, std::string_view>{spec.exported.wfdb->code, spec.exported.wfdb->aux},
            spec.id);
        if (!fresh) {
          warn(path + "/wfdb", fmt::format("'{}' has this WFDB code too", first->second));
        }
      }
    }
  }

  void code_system(const std::optional<CodedConcept>& coded, const std::string& path) {
    if (!coded || coded->system.starts_with("99") || !fhir_system_uri(coded->system).empty()) {
      return;
    }
    warn(path + "/concept/system",
         fmt::format("'{}' is no coding scheme designator that we know", coded->system),
         "a site's own scheme begins with 99");
  }

  void choice_systems(const AnswerSpec& answer, const std::string& path) {
    for (std::size_t i = 0; i < answer.choices.size(); ++i) {
      code_system(answer.choices[i].coded, pointer_to(path + "/choices", i));
    }
  }

  void answer_systems(const AnswerSpec& answer, const std::string& path) {
    if (!answer.concepts) return;
    for (std::size_t i = 0; i < answer.concepts->systems.size(); ++i) {
      const std::string& name = answer.concepts->systems[i];
      if (!name.contains(':') && fhir_system_uri(name).empty() && !name.starts_with("99")) {
        warn(pointer_to(path + "/systems", i),
             fmt::format("'{}' is no coding scheme designator that we know", name),
             "name the code system by its URI");
      }
    }
  }

  void code_systems() {
    for (std::size_t i = 0; i < protocol_.labels.size(); ++i) {
      code_system(protocol_.labels[i].coded, pointer_to("/labels", i));
    }
    for (std::size_t i = 0; i < protocol_.attributes.size(); ++i) {
      const std::string path = pointer_to("/attributes", i);
      code_system(protocol_.attributes[i].coded, path);
      choice_systems(protocol_.attributes[i].answer, path + "/answer");
      answer_systems(protocol_.attributes[i].answer, path + "/answer");
    }
    for (std::size_t i = 0; i < protocol_.questions.size(); ++i) {
      const std::string path = pointer_to("/questions", i);
      code_system(protocol_.questions[i].coded, path);
      choice_systems(protocol_.questions[i].answer, path + "/answer");
      answer_systems(protocol_.questions[i].answer, path + "/answer");
    }
  }

  const Protocol& protocol_;
  std::vector<Violation> warnings_;
};

}  // namespace

double colour_contrast(std::string_view first, std::string_view second) {
  const double one = luminance(first);
  const double other = luminance(second);
  return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

std::vector<ProtocolRemark> lint_protocol(std::string_view yaml) {
  const auto protocol = parse_protocol(yaml);
  std::vector<ProtocolRemark> remarks;
  if (!protocol) {
    remarks = protocol.error();
  } else {
    const auto source = read_protocol_yaml(yaml);
    for (Violation& warning : Lint(*protocol).run()) {
      const TextPosition position = nearest_position(*source, warning.path);
      remarks.push_back({Severity::Warning, std::move(warning.path), position,
                         std::move(warning.what), std::move(warning.remedy)});
    }
  }
  std::ranges::stable_sort(remarks, {}, [](const ProtocolRemark& remark) {
    return std::tuple(remark.position.line, remark.position.column);
  });
  return remarks;
}

}  // namespace consilium
