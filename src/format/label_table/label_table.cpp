#include "format/label_table/label_table.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "base/canonical_json.hpp"
#include "format/note/csv_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 30> columns = {
    "annotation_id", "item_id",      "pseudonym",        "rater_id", "rater",
    "rater_kind",    "protocol_id",  "protocol_version", "label",    "code_system",
    "code",          "code_display", "question",         "value",    "unit",
    "attributes",    "target_type",  "target",           "text",     "comment",
    "created_at",    "updated_at",   "revision",         "state",    "stage",
    "level",         "reference",    "item_date",        "number",   "measurements"};

using Row = std::array<json::value, columns.size()>;

const CodedConcept* code_of_choice(const AnswerSpec& answer, const AnswerValue& value) {
  if (const auto* picked = std::get_if<CodedConcept>(&value)) return picked;
  const auto* id = std::get_if<std::string>(&value);
  if (id == nullptr) return nullptr;
  const auto found = std::ranges::find(answer.choices, *id, &Choice::id);
  return found == answer.choices.end() || !found->coded ? nullptr : &*found->coded;
}

const CodedConcept* code_of(const Protocol& protocol, const Annotation& annotation) {
  if (annotation.label) {
    const LabelSpec* label = protocol.label(*annotation.label);
    return label == nullptr || !label->coded ? nullptr : &*label->coded;
  }
  const QuestionSpec* question = protocol.question(annotation.question.value_or(""));
  if (question == nullptr) return nullptr;
  const CodedConcept* choice = code_of_choice(question->answer, annotation.value);
  if (choice != nullptr) return choice;
  return question->coded ? &*question->coded : nullptr;
}

json::value text(std::string_view value) { return json::string(value); }

json::value nullable(const std::optional<std::string>& value) {
  return value ? text(*value) : json::value(nullptr);
}

// What the row is about, in the words of a protocol's questions.
std::string_view level_of(const Target& target) {
  switch (place_kind(target)) {
    case PlaceKind::Whole:
      return name_of(QuestionLevel::Item);
    case PlaceKind::Patient:
    case PlaceKind::Study:
    case PlaceKind::Series:
    case PlaceKind::Instance:
    case PlaceKind::Frame:
      return name_of(place_kind(target));
    default:  // every kind of place on an item
      return name_of(QuestionLevel::Finding);
  }
}

Row make_row(const Protocol& protocol, const LabelRow& row) {
  const StoredAnnotation& stored = row.annotation;
  const Annotation& body = stored.body;
  const CodedConcept* code = code_of(protocol, body);
  const auto* quantity = std::get_if<Quantity>(&body.value);
  const json::object target = target_json(body.target);
  json::object attributes;
  for (const auto& [name, value] : body.attributes) attributes[name] = answer_json(value);
  json::object measurements;
  for (const auto& [name, value] : body.measurements) measurements[name] = answer_json(value);
  const auto coded = [&](const std::string CodedConcept::* member) {
    return code == nullptr ? json::value(nullptr) : text(code->*member);
  };
  return Row{text(to_string(body.id)),
             text(to_string(body.item_id)),
             text(row.pseudonym),
             text(to_string(stored.rater.id)),
             text(stored.rater.display_name),
             text(name_of(stored.rater.kind)),
             text(body.protocol.id),
             text(body.protocol.version),
             nullable(body.label),
             coded(&CodedConcept::system),
             coded(&CodedConcept::code),
             coded(&CodedConcept::display),
             nullable(body.question),
             answer_json(quantity == nullptr ? body.value : AnswerValue(quantity->number)),
             quantity == nullptr ? json::value(nullptr) : text(quantity->unit),
             attributes,
             target.at("type"),
             target,
             nullable(row.surface),
             nullable(body.comment),
             text(to_rfc3339(stored.created_at)),
             text(to_rfc3339(stored.updated_at)),
             stored.revision,
             text(name_of(stored.state)),
             text(row.stage),
             text(level_of(body.target)),
             row.reference.empty() ? json::value(nullptr) : text(row.reference),
             row.item_date.empty() ? json::value(nullptr) : text(row.item_date),
             body.number ? json::value(*body.number) : json::value(nullptr),
             body.measurements.empty() ? json::value(nullptr) : json::value(measurements)};
}

}  // namespace

std::string label_table_header() {
  std::string line;
  for (const std::string_view column : columns) {
    if (!line.empty()) line.push_back(',');
    line += column;
  }
  return line + "\r\n";
}

Result<std::string> label_table_csv_row(const Protocol& protocol, const LabelRow& row) {
  std::string line;
  const Row values = make_row(protocol, row);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) line.push_back(',');
    if (values[i].is_null()) continue;
    line += csv_field(values[i].is_string() ? std::string(values[i].get_string())
                                            : CSL_TRY(canonical_json(values[i])));
  }
  return line + "\r\n";
}

Result<std::string> label_table_json_row(const Protocol& protocol, const LabelRow& row) {
  const Row values = make_row(protocol, row);
  json::object object;
  for (std::size_t i = 0; i < values.size(); ++i) object[columns[i]] = values[i];
  return CSL_TRY(canonical_json(object)) + "\n";
}

}  // namespace consilium
