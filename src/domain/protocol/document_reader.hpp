// How the document of a protocol is read: one method for each kind of object in it. Internal to
// this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/label/json_fields.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium::detail {

inline constexpr std::size_t prose_size_max = 16'000;  // 4,000 characters of four bytes

// Every method takes the members of one object and notes what is wrong.
class DocumentReader {
 public:
  std::vector<Violation> problems;
  std::vector<std::string> stages;  // of epochs: labels that are yet to be looked up

  Protocol protocol(const boost::json::value& document);

 private:
  JsonFields open(const boost::json::value& value, std::string path) {
    return JsonFields(value, std::move(path), problems);
  }

  template <class Enum, std::size_t Count>
  Enum one_of(JsonFields& fields, std::string_view key,
              const std::pair<std::string_view, Enum> (&names)[Count], Enum when_absent) {
    const auto text = fields.optional_text(key);
    if (!text) return when_absent;
    std::string known;
    for (const auto& [name, value] : names) {
      if (name == *text) return value;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    fields.problem(key, "there is no such choice", "use one of " + known);
    return when_absent;
  }

  std::string id(JsonFields& fields, std::string_view key, bool digit_first = false);
  void check_line(JsonFields& fields, std::string_view key, const std::string& text);
  std::string line(JsonFields& fields, std::string_view key);
  std::string optional_line(JsonFields& fields, std::string_view key);
  std::string prose(JsonFields& fields, std::string_view key) {
    return fields.optional_text(key, prose_size_max).value_or("");
  }
  std::string shortcut(JsonFields& fields);
  std::string colour(JsonFields& fields, std::string_view key);
  SemanticVersion version(JsonFields& fields, std::string_view key);
  std::optional<CodedConcept> coded(JsonFields& fields, std::string_view key);
  CodedConcept required_coded(JsonFields& fields, std::string_view key);
  Choice choice(const boost::json::value& value, const std::string& path);
  AnswerSpec answer(const boost::json::value& value, const std::string& path);
  AnswerSpec required_answer(JsonFields& fields);
  std::optional<Condition> condition(JsonFields& fields, std::string_view key);
  AttributeSpec attribute(const boost::json::value& value, const std::string& path);
  LabelAttribute label_attribute(const boost::json::value& value, const std::string& path);
  std::vector<PlaceKind> places(JsonFields& fields);
  Tolerance tolerance(JsonFields& fields);
  Examples examples(JsonFields& fields);
  ExportMapping exported(JsonFields& fields);
  WfdbMapping wfdb(const boost::json::value& value, const std::string& path);
  std::vector<std::string> modalities(JsonFields& fields);
  std::string date(JsonFields& fields, std::string_view key);
  EventSpec event(const boost::json::value& value, const std::string& path);
  ChainSpec chain(const boost::json::value& value, const std::string& path);
  LabelSpec label(const boost::json::value& value, const std::string& path);
  QuestionSpec question(const boost::json::value& value, const std::string& path);
  Author author(const boost::json::value& value, const std::string& path);
  ViewSettings view(JsonFields& fields);
  ReaderPlan reader_plan(JsonFields& fields);
  AssistPolicy assist_policy(JsonFields& fields);
  QualityPlan quality_plan(JsonFields& fields);
  AgreementTarget agreement_target(const boost::json::value& value, const std::string& path);
  MigrationMap migration(const boost::json::value& value, const std::string& path);
  double share(JsonFields& fields, std::string_view key);
  std::optional<double> positive(JsonFields& fields, std::string_view key);
};

}  // namespace consilium::detail
