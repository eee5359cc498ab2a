#include "format/protocol/protocol_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace consilium {
namespace {

template <class T>
bool contains(const std::vector<T>& all, const T& one) {
  return std::ranges::find(all, one) != all.end();
}

class Comparison {
 public:
  Comparison(const Protocol& before, const Protocol& after) : before_(before), after_(after) {}

  ProtocolDiff run() {
    if (before_.id != after_.id) major("/id", "the protocol has another id");
    if (before_.item_unit != after_.item_unit) major("/item_unit", "the item is of another kind");
    wording("/title", before_.title, after_.title);
    wording("/clinical_question", before_.clinical_question, after_.clinical_question);
    wording("/intended_use", before_.intended_use, after_.intended_use);
    wording("/inclusion", before_.inclusion, after_.inclusion);
    wording("/exclusion", before_.exclusion, after_.exclusion);
    wording("/authors", before_.authors, after_.authors);
    wording("/view", before_.view, after_.view);
    wording("/reader_plan", before_.reader_plan, after_.reader_plan);
    wording("/assist_policy", before_.assist_policy, after_.assist_policy);
    wording("/quality_plan", before_.quality_plan, after_.quality_plan);
    modalities();
    attributes();
    labels();
    questions();
    return finish();
  }

 private:
  void note(ChangeLevel level, std::string path, std::string what) {
    diff_.changes.push_back({level, std::move(path), std::move(what)});
  }
  void major(std::string path, std::string what) {
    note(ChangeLevel::Major, std::move(path), std::move(what));
  }
  void minor(std::string path, std::string what) {
    note(ChangeLevel::Minor, std::move(path), std::move(what));
  }
  template <class T>
  void wording(std::string path, const T& before, const T& after) {
    if (before != after) note(ChangeLevel::Patch, std::move(path), "changed");
  }
  // A code says what the id means: another one is another meaning, a first one only tells more.
  void meaning(const std::string& path, const std::optional<CodedConcept>& before,
               const std::optional<CodedConcept>& after) {
    if (before == after) return;
    const bool same_code =
        before && after && before->system == after->system && before->code == after->code;
    if (same_code || !before) {
      note(same_code ? ChangeLevel::Patch : ChangeLevel::Minor, path + "/concept",
           same_code ? "its wording changed" : "a code was added");
    } else {
      major(path + "/concept", after ? "another code" : "the code was removed");
    }
  }

  void modalities() {
    for (const std::string& one : before_.modalities) {
      if (!contains(after_.modalities, one)) major("/modalities", one + " was removed");
    }
    for (const std::string& one : after_.modalities) {
      if (!contains(before_.modalities, one)) minor("/modalities", one + " was added");
    }
  }

  void choices(const std::string& path, const AnswerSpec& before, const AnswerSpec& after) {
    std::vector<std::string> kept_before;
    std::vector<std::string> kept_after;
    for (const Choice& old : before.choices) {
      const auto found = std::ranges::find(after.choices, old.id, &Choice::id);
      if (found == after.choices.end()) {
        major(path + "/" + old.id, "the choice was removed");
        continue;
      }
      kept_before.push_back(old.id);
      meaning(path + "/" + old.id, old.coded, found->coded);
      wording(path + "/" + old.id, std::tuple(old.name, old.definition, old.shortcut),
              std::tuple(found->name, found->definition, found->shortcut));
    }
    for (const Choice& fresh : after.choices) {
      if (std::ranges::find(before.choices, fresh.id, &Choice::id) == before.choices.end()) {
        // A new step inside a scale moves the meaning of its neighbours.
        const bool scale = before.ordinal && after.ordinal;
        note(scale ? ChangeLevel::Major : ChangeLevel::Minor, path + "/" + fresh.id,
             scale ? "a choice was added to an ordinal scale" : "a choice was added");
      } else {
        kept_after.push_back(fresh.id);
      }
    }
    if (before.ordinal && after.ordinal && kept_before != kept_after) {
      major(path, "the order of an ordinal scale changed");
    }
  }

  void reserved(const std::string& path, bool before, bool after, std::string_view name) {
    if (before && !after) major(path + "/allow", fmt::format("'{}' was removed", name));
    if (!before && after) minor(path + "/allow", fmt::format("'{}' was added", name));
  }

  void answer(const std::string& path, const AnswerSpec& before, const AnswerSpec& after) {
    if (before.type != after.type) return major(path + "/type", "another type of answer");
    choices(path, before, after);
    if (before.many != after.many) {
      note(before.many ? ChangeLevel::Major : ChangeLevel::Minor, path + "/many",
           before.many ? "only one choice may be made now" : "several choices may be made now");
    }
    if (before.ordinal != after.ordinal) {
      major(path + "/ordinal", "the scale is read in another way");
    }
    if (before.unit != after.unit) major(path + "/unit", "another unit");
    const bool narrower = (after.min && (!before.min || *after.min > *before.min)) ||
                          (after.max && (!before.max || *after.max < *before.max));
    if (narrower) {
      major(path, "the range is narrower");
    } else if (before.min != after.min || before.max != after.max) {
      minor(path, "the range is wider");
    }
    if (before.concepts != after.concepts) major(path, "other concepts may answer");
    reserved(path, before.allows_unsure, after.allows_unsure, value_unsure);
    reserved(path, before.allows_not_evaluable, after.allows_not_evaluable, value_not_evaluable);
    reserved(path, before.allows_absent, after.allows_absent, value_absent);
  }

  void requirement(const std::string& path, bool before, const std::optional<Condition>& if_before,
                   bool after, const std::optional<Condition>& if_after) {
    if (before == after && if_before == if_after) return;
    const bool relaxed = before ? !after : !after && !if_after;
    note(relaxed ? ChangeLevel::Minor : ChangeLevel::Major, path,
         relaxed ? "is required less often" : "is required more often or otherwise");
  }

  void attributes() {
    for (const AttributeSpec& old : before_.attributes) {
      const AttributeSpec* fresh = after_.attribute(old.id);
      const std::string path = "/attributes/" + old.id;
      if (fresh == nullptr) {
        major(path, "the attribute was removed");
        continue;
      }
      wording(path, std::tuple(old.name, old.definition),
              std::tuple(fresh->name, fresh->definition));
      meaning(path, old.coded, fresh->coded);
      answer(path, old.answer, fresh->answer);
    }
    for (const AttributeSpec& fresh : after_.attributes) {
      if (before_.attribute(fresh.id) == nullptr) {
        minor("/attributes/" + fresh.id, "the attribute was added");
      }
    }
  }

  // What the new version's map says of a label of the old one; null when it says nothing.
  const std::optional<std::string>* mapped(const std::string& label) const {
    const auto map = std::ranges::find(after_.migration, before_.version, &MigrationMap::from);
    if (map == after_.migration.end()) return nullptr;
    const auto found = map->labels.find(label);
    return found == map->labels.end() ? nullptr : &found->second;
  }

  void labels() {
    std::set<std::string_view> reached;
    for (const LabelSpec& old : before_.labels) {
      const LabelSpec* fresh = after_.label(old.id);
      const std::string path = "/labels/" + old.id;
      if (fresh != nullptr) {
        reached.insert(fresh->id);
        label(path, old, *fresh);
        continue;
      }
      const std::optional<std::string>* target = mapped(old.id);
      if (target == nullptr) {
        major(path, "the label was removed, and no migration map names it");
        diff_.unmapped.push_back(old.id);
      } else if (!*target) {
        major(path, "the label was dropped");
      } else {
        major(path, fmt::format("the label became '{}'", **target));
        fresh = after_.label(**target);
        reached.insert(fresh->id);
        label(path, old, *fresh);
      }
    }
    for (const LabelSpec& fresh : after_.labels) {
      if (before_.label(fresh.id) == nullptr && !reached.contains(fresh.id)) {
        minor("/labels/" + fresh.id, "the label was added");
      }
    }
  }

  void label(const std::string& path, const LabelSpec& old, const LabelSpec& fresh) {
    wording(path,
            std::tuple(old.name, old.definition, old.synonyms, old.colour, old.colour_on_light,
                       old.shortcut, old.examples),
            std::tuple(fresh.name, fresh.definition, fresh.synonyms, fresh.colour,
                       fresh.colour_on_light, fresh.shortcut, fresh.examples));
    meaning(path, old.coded, fresh.coded);
    for (const PlaceKind place : old.places) {
      if (!contains(fresh.places, place)) {
        major(path + "/places", fmt::format("'{}' was removed", name_of(place)));
      }
    }
    for (const PlaceKind place : fresh.places) {
      if (!contains(old.places, place)) {
        minor(path + "/places", fmt::format("'{}' was added", name_of(place)));
      }
    }
    if (old.tolerance != fresh.tolerance) {
      major(path + "/tolerance", "findings of two raters are matched otherwise");
    }
    if (old.ordinal != fresh.ordinal) major(path + "/ordinal", "the rank changed");
    if (old.value.has_value() != fresh.value.has_value()) {
      note(old.value ? ChangeLevel::Major : ChangeLevel::Minor, path + "/value",
           old.value ? "the label has no value any more" : "the label has a value now");
    } else if (old.value) {
      answer(path + "/value", *old.value, *fresh.value);
    }
    label_attributes(path, old, fresh);
    if (old.overlaps != fresh.overlaps) {
      note(old.overlaps ? ChangeLevel::Major : ChangeLevel::Minor, path + "/overlaps",
           old.overlaps ? "its masks may not share voxels any more" : "its masks may share voxels");
    }
    set_of_labels(path + "/excludes", old.excludes, fresh.excludes, ChangeLevel::Minor,
                  ChangeLevel::Major);
    set_of_labels(path + "/relates/from", old.relates_from, fresh.relates_from, ChangeLevel::Major,
                  ChangeLevel::Minor);
    set_of_labels(path + "/relates/to", old.relates_to, fresh.relates_to, ChangeLevel::Major,
                  ChangeLevel::Minor);
    if (old.level != fresh.level) major(path + "/level", "spans of the label mean another thing");
    joining(path, old, fresh);
    wording(path + "/export", old.exported, fresh.exported);
  }

  // What is allowed less, or asked more, may refuse what was labelled.
  void joining(const std::string& path, const LabelSpec& old, const LabelSpec& fresh) {
    if (old.event && fresh.event && *old.event != *fresh.event) {
      set_of_labels(path + "/event/trigger/labels", old.event->trigger_labels,
                    fresh.event->trigger_labels, ChangeLevel::Major, ChangeLevel::Minor);
      if (old.event->is_trigger_required != fresh.event->is_trigger_required) {
        note(fresh.event->is_trigger_required ? ChangeLevel::Major : ChangeLevel::Minor,
             path + "/event/trigger/required", "whether the event needs a trigger changed");
      }
      for (const EventRole& role : old.event->roles) {
        const auto found = std::ranges::find(fresh.event->roles, role.id, &EventRole::id);
        const std::string at = path + "/event/roles/" + role.id;
        if (found == fresh.event->roles.end()) {
          major(at, "the role was removed");
          continue;
        }
        set_of_labels(at + "/labels", role.labels, found->labels, ChangeLevel::Major,
                      ChangeLevel::Minor);
        limits(at, {role.count_min, role.count_max}, {found->count_min, found->count_max});
      }
      for (const EventRole& role : fresh.event->roles) {
        if (std::ranges::find(old.event->roles, role.id, &EventRole::id) !=
            old.event->roles.end()) {
          continue;
        }
        note(role.count_min > 0 ? ChangeLevel::Major : ChangeLevel::Minor,
             path + "/event/roles/" + role.id, "the role was added");
      }
    }
    if (old.chain && fresh.chain) {
      set_of_labels(path + "/chain/labels", old.chain->labels, fresh.chain->labels,
                    ChangeLevel::Major, ChangeLevel::Minor);
      limits(path + "/chain", {old.chain->count_min, old.chain->count_max},
             {fresh.chain->count_min, fresh.chain->count_max});
    }
  }

  struct Limits {
    std::int64_t min = 0;
    std::optional<std::int64_t> max;
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  void limits(const std::string& path, const Limits& old, const Limits& fresh) {
    if (old == fresh) return;
    const bool narrower = fresh.min > old.min || (fresh.max && (!old.max || *fresh.max < *old.max));
    note(
        narrower ? ChangeLevel::Major : ChangeLevel::Minor, path,
        narrower ? "fewer are allowed or more are needed" : "more are allowed or fewer are needed");
  }

  void set_of_labels(const std::string& path, const std::vector<std::string>& before,
                     const std::vector<std::string>& after, ChangeLevel when_removed,
                     ChangeLevel when_added) {
    for (const std::string& one : before) {
      if (!contains(after, one)) note(when_removed, path, "'" + one + "' was removed");
    }
    for (const std::string& one : after) {
      if (!contains(before, one)) note(when_added, path, "'" + one + "' was added");
    }
  }

  void label_attributes(const std::string& path, const LabelSpec& old, const LabelSpec& fresh) {
    for (const LabelAttribute& one : old.attributes) {
      const auto found = std::ranges::find(fresh.attributes, one.id, &LabelAttribute::id);
      const std::string at = path + "/attributes/" + one.id;
      if (found == fresh.attributes.end()) {
        major(at, "the attribute was removed from the label");
      } else {
        requirement(at, one.required, one.required_if, found->required, found->required_if);
      }
    }
    for (const LabelAttribute& one : fresh.attributes) {
      const bool known =
          std::ranges::find(old.attributes, one.id, &LabelAttribute::id) != old.attributes.end();
      if (known) continue;
      const bool demanded = one.required || one.required_if;
      note(demanded ? ChangeLevel::Major : ChangeLevel::Minor, path + "/attributes/" + one.id,
           demanded ? "a required attribute was added" : "an attribute was added");
    }
  }

  void questions() {
    for (const QuestionSpec& old : before_.questions) {
      const QuestionSpec* fresh = after_.question(old.id);
      const std::string path = "/questions/" + old.id;
      if (fresh == nullptr) {
        major(path, "the question was removed");
        continue;
      }
      wording(path, std::tuple(old.name, old.prompt, old.definition),
              std::tuple(fresh->name, fresh->prompt, fresh->definition));
      meaning(path, old.coded, fresh->coded);
      if (old.level != fresh->level) major(path + "/level", "it is asked of something else");
      set_of_labels(path + "/labels", old.labels, fresh->labels, ChangeLevel::Major,
                    fresh->required ? ChangeLevel::Major : ChangeLevel::Minor);
      answer(path, old.answer, fresh->answer);
      requirement(path, old.required, old.required_if, fresh->required, fresh->required_if);
    }
    for (const QuestionSpec& fresh : after_.questions) {
      if (before_.question(fresh.id) != nullptr) continue;
      const bool demanded = fresh.required || fresh.required_if;
      note(demanded ? ChangeLevel::Major : ChangeLevel::Minor, "/questions/" + fresh.id,
           demanded ? "a required question was added" : "a question was added");
    }
  }

  ProtocolDiff finish() {
    for (const ProtocolChange& change : diff_.changes) {
      diff_.level = std::max(diff_.level, change.level);
    }
    SemanticVersion needed = before_.version;
    needed.prerelease.clear();
    const bool unstable = needed.major == 0;
    if (diff_.changes.empty()) {
      needed = before_.version;
    } else if (diff_.level == ChangeLevel::Major && !unstable) {
      needed = {needed.major + 1, 0, 0, {}};
    } else if (diff_.level != ChangeLevel::Patch) {
      needed = {needed.major, needed.minor + 1, 0, {}};
    } else {
      needed.patch += 1;
    }
    diff_.version_needed = to_string(needed);
    // A pre-release of the version that is needed will do.
    SemanticVersion reached = after_.version;
    reached.prerelease.clear();
    diff_.version_is_right = diff_.changes.empty()
                                 ? !(after_.version < before_.version)
                                 : before_.version < after_.version && !(reached < needed);
    return std::move(diff_);
  }

  const Protocol& before_;
  const Protocol& after_;
  ProtocolDiff diff_;
};

}  // namespace

std::string_view name_of(ChangeLevel level) {
  switch (level) {
    case ChangeLevel::Patch:
      return "patch";
    case ChangeLevel::Minor:
      return "minor";
    case ChangeLevel::Major:
      return "major";
  }
  return "patch";
}

ProtocolDiff diff_protocols(const Protocol& before, const Protocol& after) {
  return Comparison(before, after).run();
}

}  // namespace consilium
