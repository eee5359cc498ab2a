#include "domain/label/annotation.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "base/canonical_json.hpp"
#include "base/utf8.hpp"
#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t attribute_count_max = 256;
constexpr std::size_t choice_count_max = 256;
constexpr std::size_t id_size_max = 128;
constexpr std::size_t coded_text_size_max = 256;
constexpr std::size_t measurement_count_max = 32;
constexpr std::int64_t finding_number_max = 9'999;
constexpr std::size_t comment_code_point_max = 10'000;

// Whole numbers are written as such, so that 3 comes back as 3 and not as 3.0.
json::value number_json(double number) {
  constexpr double exact_max = 9'007'199'254'740'992;  // 2^53
  if (std::abs(number) <= exact_max && number == std::trunc(number)) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

void read_attributes(JsonFields& fields, Annotation& annotation, std::vector<Violation>& problems) {
  fields.each_member(
      "attributes", attribute_count_max,
      [&](std::string_view name, const json::value& value, const std::string& where) {
        const auto answer = read_answer(value, where);
        if (!answer) {
          problems.push_back({answer.error().where, answer.error().what, answer.error().remedy});
        } else if (std::holds_alternative<std::monostate>(*answer)) {
          problems.push_back({where, "an attribute's value is null", "leave the attribute out"});
        } else {
          annotation.attributes.emplace(name, *answer);
        }
      });
}

void read_measurements(JsonFields& fields, Annotation& annotation,
                       std::vector<Violation>& problems) {
  fields.each_member(
      "measurements", measurement_count_max,
      [&](std::string_view name, const json::value& value, const std::string& where) {
        const auto answer = read_answer(value, where);
        if (!answer) {
          problems.push_back({answer.error().where, answer.error().what, answer.error().remedy});
        } else if (const auto* quantity = std::get_if<Quantity>(&*answer)) {
          annotation.measurements.emplace(name, *quantity);
        } else {
          problems.push_back({where, "a measurement is a number with its unit",
                              R"(write it as {"number": 12.1, "unit": "mm"})"});
        }
      });
}

}  // namespace

bool is_reserved_value(std::string_view value) {
  return value == value_unsure || value == value_not_evaluable || value == value_absent;
}

json::value answer_json(const AnswerValue& value) {
  struct Writer {
    json::value operator()(std::monostate) const { return nullptr; }
    json::value operator()(const std::string& text) const { return json::string(text); }
    json::value operator()(double number) const { return number_json(number); }
    json::value operator()(bool yes) const { return yes; }
    json::value operator()(const std::vector<std::string>& choices) const {
      json::array all;
      for (const std::string& choice : choices) all.emplace_back(choice);
      return all;
    }
    json::value operator()(const Quantity& quantity) const {
      return json::object{{"number", number_json(quantity.number)}, {"unit", quantity.unit}};
    }
    json::value operator()(const CodedConcept& picked) const {
      json::object out{
          {"system", picked.system}, {"code", picked.code}, {"display", picked.display}};
      if (!picked.version.empty()) out["version"] = picked.version;
      return out;
    }
  };
  return std::visit(Writer{}, value);
}

Result<AnswerValue> read_answer(const json::value& value, std::string_view where) {
  const auto wrong = [&](std::string what) {
    return fail(Violation{std::string(where), std::move(what), {}});
  };
  switch (value.kind()) {
    case json::kind::null:
      return AnswerValue{};
    case json::kind::bool_:
      return value.get_bool();
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      if (!std::isfinite(value.to_number<double>())) return wrong("the number is not finite");
      return value.to_number<double>();
    case json::kind::string:
      if (value.get_string().size() > text_size_max || !is_utf8(value.get_string())) {
        return wrong("the text is very long or not UTF-8");
      }
      return std::string(value.get_string());
    case json::kind::array:
    case json::kind::object:
      break;
  }
  std::vector<Violation> problems;
  if (value.is_array()) {
    const json::value holder = json::object{{"all", value}};
    JsonFields fields(holder, std::string(where), problems);
    std::vector<std::string> choices = fields.texts("all", choice_count_max);
    if (!problems.empty()) return wrong("a list of answers holds text only, 256 at most");
    return choices;
  }
  JsonFields fields(value, std::string(where), problems);
  if (value.get_object().contains("code")) {
    CodedConcept picked{
        .system = fields.text("system", coded_text_size_max),
        .code = fields.text("code", coded_text_size_max),
        .version = fields.optional_text("version", coded_text_size_max).value_or(""),
        .display = fields.text("display")};
    fields.refuse_unknown();
    if (!problems.empty()) return fail(problems.front());
    return AnswerValue{std::move(picked)};
  }
  Quantity quantity{.number = fields.optional_number("number").value_or(0),
                    .unit = fields.text("unit", 64)};
  static_cast<void>(fields.require("number"));
  fields.refuse_unknown();
  if (!problems.empty()) return fail(problems.front());
  return quantity;
}

Result<Annotation> read_annotation(const json::value& value) {
  std::vector<Violation> problems;
  JsonFields fields(value, "", problems);
  Annotation annotation;
  annotation.id = fields.id<AnnotationId>("id");
  annotation.item_id = fields.id<ItemId>("item_id");
  if (const json::value* protocol = fields.require("protocol")) {
    JsonFields reference(*protocol, "/protocol", problems);
    annotation.protocol = {reference.text("id", id_size_max),
                           reference.text("version", id_size_max)};
    reference.refuse_unknown();
  }
  annotation.label = fields.optional_text("label", id_size_max);
  annotation.question = fields.optional_text("question", id_size_max);
  if (!problems.empty()) return fail(problems.front());

  if (const json::value* target = fields.require("target")) {
    annotation.target = CSL_TRY(read_target(*target, "/target"));
  }
  if (const json::value* answer = fields.find("value")) {
    annotation.value = CSL_TRY(read_answer(*answer, "/value"));
  }
  read_attributes(fields, annotation, problems);
  // Four bytes are the most that a code point takes.
  annotation.comment = fields.optional_text("comment", 4 * comment_code_point_max);
  if (annotation.comment && code_point_count(*annotation.comment) > comment_code_point_max) {
    fields.problem("comment", "the comment is longer than 10,000 characters", "shorten it");
  }
  if (const auto number = fields.optional_integer("number", 1, finding_number_max)) {
    annotation.number = static_cast<std::uint16_t>(*number);
  }
  read_measurements(fields, annotation, problems);
  if (!annotation.label && !annotation.question) {
    problems.push_back(
        {"", "an annotation has a label or answers a question", "give 'label' or 'question'"});
  }
  fields.refuse_unknown({"revision", "state", "rater", "created_at", "updated_at", "surface"});
  if (!problems.empty()) return fail(problems.front());
  return annotation;
}

Result<Annotation> parse_annotation(std::string_view json_text) {
  return read_annotation(CSL_TRY(parse_json(json_text)));
}

json::object annotation_json(const Annotation& annotation) {
  const auto nullable = [](const std::optional<std::string>& text) {
    return text ? json::value(*text) : json::value(nullptr);
  };
  json::object attributes;
  for (const auto& [name, value] : annotation.attributes) attributes[name] = answer_json(value);
  json::object out{
      {"id", to_string(annotation.id)},
      {"item_id", to_string(annotation.item_id)},
      {"protocol",
       json::object{{"id", annotation.protocol.id}, {"version", annotation.protocol.version}}},
      {"label", nullable(annotation.label)},
      {"target", target_json(annotation.target)},
      {"question", nullable(annotation.question)},
      {"value", answer_json(annotation.value)},
      {"attributes", std::move(attributes)},
  };
  if (annotation.comment) out["comment"] = *annotation.comment;
  // Left out when there are none: what was stored before they existed keeps its bytes and hash.
  if (annotation.number) out["number"] = *annotation.number;
  if (!annotation.measurements.empty()) {
    json::object measurements;
    for (const auto& [name, quantity] : annotation.measurements) {
      measurements[name] = answer_json(quantity);
    }
    out["measurements"] = std::move(measurements);
  }
  return out;
}

Result<std::string> canonical_annotation(const Annotation& annotation) {
  return canonical_json(annotation_json(annotation));
}

}  // namespace consilium
