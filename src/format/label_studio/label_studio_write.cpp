#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>
#include <utility>

#include "format/label_studio/label_studio.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

json::value number_or_text(const std::string& text) {
  const auto number = whole_number(text);
  const bool is_number = number && std::to_string(*number) == text && *number < (1ULL << 53U);
  return is_number ? json::value(*number) : json::value(text);
}

struct OpinionKey {
  std::string rater;
  bool is_prediction = false;
  friend auto operator<=>(const OpinionKey&, const OpinionKey&) = default;
};

class TaskWriter {
 public:
  explicit TaskWriter(const LabelledText& text) : text_(text) {}

  json::object write(std::uint64_t number, std::map<std::string, std::uint64_t>& losses) {
    for (const TextMention& m : text_.mentions) add_mention(m);
    for (const TextRelation& r : text_.relations) {
      const auto from = where_.find(r.from.target);
      const auto to = where_.find(r.to.target);
      if (from == where_.end() || to == where_.end() || from->second != to->second) {
        ++losses["relations between raters"];
        continue;
      }
      results_[from->second].push_back(json::object{{"type", "relation"},
                                                    {"from_id", r.from.target},
                                                    {"to_id", r.to.target},
                                                    {"direction", "right"},
                                                    {"labels", json::array{r.type}}});
    }
    add_answers();
    json::object data{{"text", text_.text.utf8()}};
    for (const TextAttribute& one : text_.metadata) {
      if (one.name != "text") data[one.name] = one.value;
    }
    json::object task{{"id", text_.id.empty() ? json::value(number) : number_or_text(text_.id)},
                      {"data", std::move(data)}};
    json::array annotations;
    json::array predictions;
    for (auto& [key, result] : results_) {
      (key.is_prediction ? predictions : annotations)
          .push_back(opinion_json(key, std::move(result)));
    }
    task["annotations"] = std::move(annotations);
    task["predictions"] = std::move(predictions);
    return task;
  }

 private:
  static json::object opinion_json(const OpinionKey& key, json::array result) {
    json::object out{{"result", std::move(result)}};
    if (key.is_prediction) {
      out["model_version"] = key.rater;
    } else if (whole_number(key.rater)) {
      out["completed_by"] = number_or_text(key.rater);
    } else if (key.rater.contains('@')) {
      out["completed_by"] = json::object{{"email", key.rater}};
    } else if (!key.rater.empty()) {
      out["rater"] = key.rater;  // Label Studio knows people by number or e-mail only
    }
    return out;
  }

  void add_mention(const TextMention& m) {
    const OpinionKey key{m.rater, m.probability.has_value()};
    where_.emplace(m.id, key);
    json::array& result = results_[key];
    const json::object place{
        {"start", m.ranges.front().begin},
        {"end", m.ranges.front().end},
        {"text", text_.text.slice(m.ranges.front()).value_or(std::string_view{})}};
    json::object value = place;
    value["labels"] = json::array{m.type};
    json::object region{{"id", m.id},
                        {"from_name", "label"},
                        {"to_name", "text"},
                        {"type", "labels"},
                        {"value", std::move(value)}};
    if (m.probability) region["score"] = *m.probability;
    if (!m.comment.empty()) region["meta"] = json::object{{"text", json::array{m.comment}}};
    result.push_back(std::move(region));
    std::map<std::string, json::array> choices;
    for (const TextAttribute& a : m.attributes) choices[a.name].emplace_back(a.value);
    for (auto& [name, values] : choices) {
      json::object chosen = place;
      chosen["choices"] = std::move(values);
      result.push_back(json::object{{"id", m.id},
                                    {"from_name", name},
                                    {"to_name", "text"},
                                    {"type", "choices"},
                                    {"value", std::move(chosen)}});
    }
  }

  void add_answers() {
    std::map<std::string, json::array> choices;
    for (const TextAttribute& a : text_.answers) choices[a.name].emplace_back(a.value);
    if (choices.empty()) return;
    const OpinionKey key = results_.empty() ? OpinionKey{} : results_.begin()->first;
    for (auto& [name, values] : choices) {
      results_[key].push_back(
          json::object{{"id", "answer-" + name},
                       {"from_name", name},
                       {"to_name", "text"},
                       {"type", "choices"},
                       {"value", json::object{{"choices", std::move(values)}}}});
    }
  }

  const LabelledText& text_;
  std::map<OpinionKey, json::array> results_;
  std::map<std::string, OpinionKey> where_;
};

std::string choices_tag(const std::string& name, const std::set<std::string>& values,
                        bool per_region) {
  std::string out = fmt::format("  <Choices name=\"{}\" toName=\"text\" choice=\"multiple\"{}>\n",
                                xml_attribute(name), per_region ? " perRegion=\"true\"" : "");
  for (const std::string& value : values) {
    out += fmt::format("    <Choice value=\"{}\"/>\n", xml_attribute(value));
  }
  return out + "  </Choices>\n";
}

}  // namespace

LabelStudioFile write_label_studio(std::span<const LabelledText> texts) {
  std::map<std::string, std::uint64_t> losses;
  json::array tasks;
  for (const LabelledText& text : texts) {
    tasks.push_back(TaskWriter(text).write(tasks.size() + 1, losses));
  }
  LabelStudioFile file{json::serialize(tasks) + "\n", {}};
  for (const auto& [kind, count] : losses) file.losses.push_back({kind, count});
  return file;
}

std::string label_studio_config(std::span<const LabelledText> texts) {
  std::set<std::string> types;
  std::map<std::string, std::set<std::string>> attributes;
  std::map<std::string, std::set<std::string>> answers;
  std::set<std::string> relations;
  for (const LabelledText& text : texts) {
    for (const TextMention& m : text.mentions) {
      types.insert(m.type);
      for (const TextAttribute& a : m.attributes) attributes[a.name].insert(a.value);
    }
    for (const TextAttribute& a : text.answers) answers[a.name].insert(a.value);
    for (const TextRelation& r : text.relations) relations.insert(r.type);
  }
  std::string out = "<View>\n  <Labels name=\"label\" toName=\"text\">\n";
  for (const std::string& type : types) {
    out += fmt::format("    <Label value=\"{}\"/>\n", xml_attribute(type));
  }
  out += "  </Labels>\n  <Text name=\"text\" value=\"$text\"/>\n";
  if (!relations.empty()) out += "  <Relations>\n";
  for (const std::string& type : relations) {
    out += fmt::format("    <Relation value=\"{}\"/>\n", xml_attribute(type));
  }
  if (!relations.empty()) out += "  </Relations>\n";
  for (const auto& [name, values] : attributes) out += choices_tag(name, values, true);
  for (const auto& [name, values] : answers) out += choices_tag(name, values, false);
  return out + "</View>\n";
}

}  // namespace consilium
