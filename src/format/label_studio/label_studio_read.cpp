#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/canonical_json.hpp"
#include "format/label_studio/label_studio.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

struct Opinion {
  std::string rater = {};
  std::optional<double> score = {};
  const json::array* results = nullptr;
  std::string prefix = {};  // makes its ids its own
};

std::optional<double> score_of(const json::value& of) {
  const json::value* score = json_parts::member(of, "score");
  if (score == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto value = score->to_number<double>(error);
  const bool is_probability = !error && value >= 0 && value <= 1;
  return is_probability ? std::optional(value) : std::nullopt;
}

// What a result chose: the strings or numbers of its value but for its place.
std::vector<std::string> chosen(const json::value& value, std::string_view type) {
  std::vector<std::string> out;
  const json::value* member = json_parts::member(value, type == "textarea" ? "text" : type);
  if (member == nullptr) return out;
  const json::array alone{*member};
  for (const json::value& one : member->is_array() ? member->get_array() : alone) {
    if (const json::array* path = one.if_array()) {  // of a taxonomy
      std::string joined;
      for (const json::value& step : *path) {
        if (!joined.empty()) joined += '/';
        joined += json_parts::scalar(step);
      }
      out.push_back(std::move(joined));
    } else {
      out.push_back(json_parts::scalar(one));
    }
  }
  return out;
}

class TaskReader {
 public:
  // No text: not a task on text.
  std::optional<LabelledText> read(const json::value& task) {
    const json::value* data = json_parts::member(task, "data");
    if (data == nullptr) data = &task;  // JSON-MIN
    if (!take_text(*data)) return std::nullopt;
    text_.id = json_parts::text(task, "id");
    for (const std::string_view list : {"annotations", "completions"}) {
      for (const json::value& one : json_parts::list(task, list)) take_annotation(one);
    }
    for (const json::value& one : json_parts::list(task, "predictions")) take_prediction(one);
    if (data == &task) take_short_form(task);
    unit_ = unit_of_regions();
    for (const Opinion& opinion : opinions_) take_opinion(opinion);
    complete(text_);
    return std::move(text_);
  }

 private:
  bool take_text(const json::value& data) {
    const json::object* object = data.if_object();
    if (object == nullptr) return false;
    std::string_view name;
    std::size_t size = 0;
    for (const auto& [key, value] : *object) {
      const json::string* string = value.if_string();
      if (string == nullptr) continue;
      if (key == "text") {
        name = key;
        break;
      }
      const bool is_link = string->starts_with("http") || string->starts_with("/data/");
      if (!is_link && (name.empty() || string->size() > size)) {
        name = key;
        size = string->size();
      }
    }
    // What labels point to when it is no text.
    if (name.empty() ||
        (name != "text" &&
         (object->contains("image") || object->contains("audio") || object->contains("video")))) {
      return false;
    }
    auto text = CanonicalText::from_utf8(std::string(object->at(name).get_string()));
    if (!text) return false;
    text_.text = std::move(*text);
    for (const auto& [key, value] : *object) {
      const bool is_scalar = value.is_string() || value.is_number() || value.is_bool();
      if (std::string_view(key) != name && is_scalar &&
          json_parts::member(data, "data") == nullptr) {
        text_.metadata.push_back({key, json_parts::scalar(value)});
      }
    }
    return true;
  }

  void take_annotation(const json::value& one) {
    const json::value* cancelled = json_parts::member(one, "was_cancelled");
    if (cancelled != nullptr && cancelled->is_bool() && cancelled->get_bool()) {
      return add_problem(text_, "a skipped annotation is left out");
    }
    Opinion opinion{.results = &json_parts::list(one, "result"), .prefix = next_prefix()};
    opinion.rater = json_parts::text(one, "rater");
    const json::value* by = json_parts::member(one, "completed_by");
    if (opinion.rater.empty() && by != nullptr) {
      opinion.rater =
          by->is_object() ? json_parts::text(*by, "email") : json_parts::text(one, "completed_by");
    }
    opinions_.push_back(opinion);
  }

  void take_prediction(const json::value& one) {
    Opinion opinion{.score = score_of(one),
                    .results = &json_parts::list(one, "result"),
                    .prefix = next_prefix()};
    opinion.rater = json_parts::text(one, "model_version");
    opinions_.push_back(opinion);
  }

  // Ids are unique within an annotation only; the first keeps its own.
  std::string next_prefix() {
    return opinions_.empty() ? std::string{} : std::to_string(opinions_.size() + 1) + ".";
  }

  // {"label": [{"start", "end", "text", "labels"}]}
  void take_short_form(const json::value& task) {
    for (const auto& [key, value] : task.get_object()) {
      const json::array* list = value.if_array();
      if (list == nullptr) continue;
      for (const json::value& region : *list) {
        if (json_parts::member(region, "labels") == nullptr) continue;
        short_form_.push_back(json::object{{"type", "labels"}, {"value", region}});
      }
    }
    if (short_form_.empty()) return;
    opinions_.push_back({.rater = json_parts::text(task, "annotator"), .results = &short_form_});
  }

  OffsetUnit unit_of_regions() {
    std::vector<StatedSpan> stated;
    for (const Opinion& opinion : opinions_) {
      for (const json::value& result : *opinion.results) {
        const json::value* value = json_parts::member(result, "value");
        if (value == nullptr || json_parts::text(result, "type") != "labels") continue;
        const auto begin = json_parts::number(*value, "start");
        const auto end = json_parts::number(*value, "end");
        const json::value* surface = json_parts::member(*value, "text");
        if (begin && end && surface != nullptr && surface->is_string()) {
          stated.push_back({*begin, *end, std::string_view(surface->get_string())});
        }
      }
    }
    const OffsetUnit unit = unit_of(text_.text, stated, OffsetUnit::CodePoint);
    if (unit == OffsetUnit::Utf16) {
      add_problem(text_, "offsets count UTF-16 units; they were turned");
    }
    return unit;
  }

  void take_opinion(const Opinion& opinion) {
    regions_.clear();
    for (const json::value& result : *opinion.results) {
      if (json_parts::text(result, "type") == "labels") take_region(result, opinion);
    }
    for (const json::value& result : *opinion.results) {
      const std::string type = json_parts::text(result, "type");
      if (type == "relation") {
        take_relation(result, opinion);
      } else if (type != "labels") {
        take_choice(result, type, opinion);
      }
    }
  }

  void take_region(const json::value& result, const Opinion& opinion) {
    const json::value* value = json_parts::member(result, "value");
    const auto begin = value == nullptr ? std::nullopt : json_parts::number(*value, "start");
    const auto end = value == nullptr ? std::nullopt : json_parts::number(*value, "end");
    const auto span = begin && end ? to_code_points(text_.text, *begin, *end, unit_) : std::nullopt;
    if (!span || span->begin == span->end) {
      return add_problem(text_, "a region is empty, reversed or leads past the text");
    }
    const json::value* surface = json_parts::member(*value, "text");
    if (surface != nullptr && surface->is_string() &&
        text_.text.slice(*span) != std::string_view(surface->get_string())) {
      add_problem(text_, "the text is not what the file says");
    }
    TextMention mention{.id = opinion.prefix + json_parts::text(result, "id"),
                        .ranges = {*span},
                        .rater = opinion.rater,
                        .probability = score_of(result) ? score_of(result) : opinion.score};
    if (mention.id == opinion.prefix) mention.id.clear();
    if (const json::value* meta = json_parts::member(result, "meta")) {
      for (const json::value& line : json_parts::list(*meta, "text")) {
        if (!mention.comment.empty()) mention.comment += '\n';
        mention.comment += json_parts::scalar(line);
      }
    }
    const std::vector<std::string> labels = chosen(*value, "labels");
    for (std::size_t i = 0; i < std::max<std::size_t>(labels.size(), 1); ++i) {
      TextMention one = mention;
      if (i < labels.size()) one.type = labels[i];
      if (i > 0 && !one.id.empty()) one.id += "." + std::to_string(i + 1);
      if (!one.id.empty()) regions_[mention.id].push_back(text_.mentions.size());
      text_.mentions.push_back(std::move(one));
    }
  }

  void take_relation(const json::value& result, const Opinion& opinion) {
    TextRelation relation{.from = {"", opinion.prefix + json_parts::text(result, "from_id")},
                          .to = {"", opinion.prefix + json_parts::text(result, "to_id")}};
    const json::array& labels = json_parts::list(result, "labels");
    if (!labels.empty()) relation.type = json_parts::scalar(labels[0]);
    if (json_parts::text(result, "direction") == "left") std::swap(relation.from, relation.to);
    text_.relations.push_back(std::move(relation));
  }

  void take_choice(const json::value& result, std::string_view type, const Opinion& opinion) {
    const json::value* value = json_parts::member(result, "value");
    const std::vector<std::string> values =
        value == nullptr ? std::vector<std::string>{} : chosen(*value, type);
    const bool is_place = type.ends_with("labels") || type == "rectangle" || type == "keypoint";
    if (values.empty() || is_place) {
      return add_problem(text_, "a region that is not of text is not read");
    }
    const std::string name = json_parts::text(result, "from_name");
    const auto region = regions_.find(opinion.prefix + json_parts::text(result, "id"));
    for (const std::string& one : values) {
      if (region == regions_.end()) {
        text_.answers.push_back({name, one});
        continue;
      }
      for (const std::size_t i : region->second) {
        text_.mentions[i].attributes.push_back({name, one});
      }
    }
  }

  LabelledText text_;
  std::vector<Opinion> opinions_;
  json::array short_form_;
  OffsetUnit unit_ = OffsetUnit::CodePoint;
  std::map<std::string, std::vector<std::size_t>> regions_;
};

}  // namespace

Result<std::vector<LabelledText>> read_label_studio(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const json::value root = CSL_TRY(parse_json(bytes));
  const json::array alone{root};
  std::vector<LabelledText> texts;
  std::uint64_t other_count = 0;
  for (const json::value& task : root.is_array() ? root.get_array() : alone) {
    if (auto text = TaskReader().read(task)) {
      texts.push_back(std::move(*text));
    } else {
      ++other_count;
    }
  }
  if (texts.empty()) {
    return fail(ErrorCode::InvalidInput, "no task has a text", {},
                "export the project as JSON; tasks on images are read elsewhere");
  }
  for (std::uint64_t i = 0; i < other_count; ++i) {
    add_problem(texts.front(), "a task without a text is left out");
  }
  return texts;
}

}  // namespace consilium
