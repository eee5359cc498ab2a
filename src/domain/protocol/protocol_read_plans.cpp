#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "domain/protocol/document_reader.hpp"

namespace consilium::detail {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 11> metric_names = {
    "krippendorff_alpha", "cohen_kappa", "fleiss_kappa", "gwet_ac1", "gwet_ac2",
    "percent_agreement",  "icc_2_1",     "dice",         "iou",      "f1",
    "froc_sensitivity"};
constexpr std::array<std::string_view, 4> layout_names = {"axial", "axial_coronal_sagittal",
                                                          "single", "grid"};

}  // namespace

Author DocumentReader::author(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  Author read{.name = line(fields, "name"),
              .role = optional_line(fields, "role"),
              .affiliation = optional_line(fields, "affiliation")};
  fields.refuse_unknown();
  return read;
}

ViewSettings DocumentReader::view(JsonFields& parent) {
  const json::value* value = parent.find("view");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("view"));
  ViewSettings read;
  read.layout = fields.optional_text("layout").value_or("");
  if (!read.layout.empty() && std::ranges::find(layout_names, read.layout) == layout_names.end()) {
    fields.problem("layout", "there is no such layout",
                   "use axial, axial_coronal_sagittal, single or grid");
  }
  // Checked here; the service that gives an item's studies reads it from the stored document.
  static_cast<void>(fields.boolean("priors", false));
  fields.each("windows", 16, [&](const json::value& one, const std::string& where) {
    JsonFields window = open(one, where);
    static_cast<void>(window.require("center"));
    static_cast<void>(window.require("width"));
    read.windows.push_back({.id = id(window, "id"),
                            .name = line(window, "name"),
                            .center = window.optional_number("center").value_or(0),
                            .width = positive(window, "width").value_or(1)});
    window.refuse_unknown();
  });
  read.montage = fields.texts("montage");
  read.paper_speed_mm_per_s = positive(fields, "paper_speed_mm_per_s");
  read.gain_mm_per_mv = positive(fields, "gain_mm_per_mv");
  if (const json::value* filter = fields.find("filter")) {
    JsonFields bands = open(*filter, fields.path_of("filter"));
    read.high_pass_hz = bands.optional_number("high_pass_hz");
    if (read.high_pass_hz && *read.high_pass_hz < 0) {
      bands.problem("high_pass_hz", "a frequency is not negative");
    }
    read.low_pass_hz = positive(bands, "low_pass_hz");
    read.notch_hz = positive(bands, "notch_hz");
    if (read.high_pass_hz && read.low_pass_hz && *read.high_pass_hz >= *read.low_pass_hz) {
      bands.problem("low_pass_hz", "the filter lets nothing through");
    }
    bands.refuse_unknown();
  }
  // Checked here; who needs it reads it from the stored document (recording_plan.hpp).
  if (const json::value* epochs = fields.find("epochs")) {
    JsonFields members = open(*epochs, fields.path_of("epochs"));
    static_cast<void>(members.require("length_s"));
    if (positive(members, "length_s").value_or(30) > 3600) {
      members.problem("length_s", "an epoch has an hour at most");
    }
    stages = members.texts("stages", 32);
    if (stages.empty()) members.problem("stages", "there is no stage");
    members.refuse_unknown();
  }
  fields.refuse_unknown();
  return read;
}

ReaderPlan DocumentReader::reader_plan(JsonFields& parent) {
  static constexpr std::pair<std::string_view, Blinding> blindings[] = {
      {"independent", Blinding::Independent}, {"open", Blinding::Open}};
  static constexpr std::pair<std::string_view, AdjudicationRule> rules[] = {
      {"never", AdjudicationRule::Never},
      {"disagreement", AdjudicationRule::Disagreement},
      {"posterior_below", AdjudicationRule::PosteriorBelow},
      {"always", AdjudicationRule::Always}};
  const json::value* value = parent.find("reader_plan");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("reader_plan"));
  ReaderPlan read;
  read.readers = static_cast<int>(fields.integer("readers", 1, 100));
  if (const json::value* stop = fields.find("stop")) {
    JsonFields limits = open(*stop, fields.path_of("stop"));
    // Only assignment asks for it: stop_plan.hpp.
    const std::int64_t least = limits.integer("readers_min", 1, 100);
    const std::int64_t most = limits.integer("readers_max", 1, 100);
    if (least > read.readers) {
      limits.problem("readers_min", "this is more than the plan's readers");
    }
    if (most < read.readers) {
      limits.problem("readers_max", "this is less than the plan's readers");
    }
    limits.refuse_unknown();
  }
  // Only assignment asks for it: item_order.hpp.
  static constexpr std::pair<std::string_view, int> orders[] = {{"number", 0}, {"gain", 1}};
  static_cast<void>(one_of(fields, "order", orders, 0));
  read.blinding = one_of(fields, "blinding", blindings, Blinding::Independent);
  read.qualification = fields.texts("qualification", 256);
  if (const json::value* adjudication = fields.find("adjudication")) {
    JsonFields rule = open(*adjudication, fields.path_of("adjudication"));
    static_cast<void>(rule.require("when"));
    read.adjudication = one_of(rule, "when", rules, AdjudicationRule::Never);
    const auto threshold = positive(rule, "threshold");
    if (threshold.has_value() != (read.adjudication == AdjudicationRule::PosteriorBelow)) {
      rule.problem("threshold", "posterior_below has a threshold, and no other rule does");
    }
    if (threshold && *threshold > 1) rule.problem("threshold", "a probability is at most 1");
    read.adjudication_threshold = threshold.value_or(0);
    read.adjudication_by = optional_line(rule, "by");
    rule.refuse_unknown();
  }
  fields.refuse_unknown();
  return read;
}

double DocumentReader::share(JsonFields& fields, std::string_view key) {
  const double number = fields.optional_number(key).value_or(0);
  if (number < 0 || number > 1) fields.problem(key, "this must lie from 0 to 1");
  return number;
}

AssistPolicy DocumentReader::assist_policy(JsonFields& parent) {
  static constexpr std::pair<std::string_view, ShowSuggestion> moments[] = {
      {"before", ShowSuggestion::Before},
      {"after", ShowSuggestion::After},
      {"never", ShowSuggestion::Never}};
  const json::value* value = parent.find("assist_policy");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("assist_policy"));
  AssistPolicy read;
  static_cast<void>(fields.require("suggestions"));
  read.suggestions = one_of(fields, "suggestions", moments, ShowSuggestion::After);
  fields.each("sources", 64, [&](const json::value& one, const std::string& where) {
    JsonFields source = open(one, where);
    const auto kind = rater_kind_named(source.text("kind"));
    if (!kind || *kind == RaterKind::Human) {
      source.problem("kind", "there is no such source of suggestions",
                     "use model, dictionary, rule, import or migration");
    }
    static_cast<void>(source.require("show"));
    read.sources.push_back({.kind = kind.value_or(RaterKind::Model),
                            .show = one_of(source, "show", moments, ShowSuggestion::After),
                            .probability_min = share(source, "probability_min")});
    source.refuse_unknown();
  });
  fields.refuse_unknown();
  return read;
}

AgreementTarget DocumentReader::agreement_target(const json::value& value,
                                                 const std::string& path) {
  static constexpr std::pair<std::string_view, bool> bounds[] = {{"lower", true},
                                                                 {"estimate", false}};
  JsonFields fields = open(value, path);
  AgreementTarget read;
  read.metric = fields.text("metric");
  if (!read.metric.empty() && std::ranges::find(metric_names, read.metric) == metric_names.end()) {
    fields.problem("metric", "there is no such metric");
  }
  read.of = id(fields, "of");
  static_cast<void>(fields.require("at_least"));
  read.at_least = fields.optional_number("at_least").value_or(0);
  if (read.at_least < -1 || read.at_least > 1) {
    fields.problem("at_least", "this must lie from -1 to 1");
  }
  read.confidence = fields.optional_number("confidence").value_or(0.95);
  if (read.confidence <= 0.5 || read.confidence >= 1) {
    fields.problem("confidence", "this must lie between 0.5 and 1");
  }
  read.lower_bound = one_of(fields, "bound", bounds, true);
  fields.refuse_unknown();
  return read;
}

QualityPlan DocumentReader::quality_plan(JsonFields& parent) {
  const json::value* value = parent.find("quality_plan");
  if (value == nullptr) return {};
  JsonFields fields = open(*value, parent.path_of("quality_plan"));
  QualityPlan read{.gold_share = share(fields, "gold_share"),
                   .reread_share = share(fields, "reread_share"),
                   .targets = {}};
  fields.each("targets", 256, [&](const json::value& one, const std::string& where) {
    read.targets.push_back(agreement_target(one, where));
  });
  fields.refuse_unknown();
  return read;
}

MigrationMap DocumentReader::migration(const json::value& value, const std::string& path) {
  JsonFields fields = open(value, path);
  MigrationMap read{.from = version(fields, "from"), .labels = {}};
  static_cast<void>(fields.require("labels"));
  fields.each_member("labels", 1024,
                     [&](std::string_view old, const json::value& one, const std::string& where) {
                       if (one.is_null()) {
                         read.labels.emplace(old, std::nullopt);
                       } else if (one.is_string()) {
                         read.labels.emplace(old, std::string(one.get_string()));
                       } else {
                         problems.push_back({where, "a label becomes a label's id or null", {}});
                       }
                     });
  fields.refuse_unknown();
  return read;
}

}  // namespace consilium::detail
