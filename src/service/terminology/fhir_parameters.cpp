#include "service/terminology/fhir_parameters.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/canonical_json.hpp"
#include "format/fhir_terminology/fhir_terminology.hpp"

namespace consilium::service {
namespace {

namespace json = boost::json;

std::string member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

FhirCoding read_coding(const json::object& from) {
  return {.system = member(from, "system"),
          .version = member(from, "version"),
          .code = member(from, "code"),
          .display = member(from, "display")};
}

// valueString, valueUri, valueCode, valueBoolean, valueInteger ... as text.
std::optional<std::string> simple_value(const json::object& parameter) {
  for (const auto& one : parameter) {
    if (!one.key().starts_with("value")) continue;
    if (one.value().is_string()) return std::string(one.value().get_string());
    if (one.value().is_bool()) return one.value().get_bool() ? "true" : "false";
    if (one.value().is_number()) return json::serialize(one.value());
  }
  return std::nullopt;
}

Status read_parameter(const json::object& parameter, const std::string& path,
                      FhirParameters& into) {
  const std::string name = member(parameter, "name");
  if (name.empty()) return fail(ErrorCode::InvalidInput, "a parameter has no name", path);
  if (const json::value* resource = parameter.if_contains("resource")) {
    if (name != "valueSet") return {};
    FhirTerminology read = CSL_TRY(read_fhir_terminology(json::serialize(*resource)));
    if (auto* set = std::get_if<ValueSet>(&read)) into.value_set = std::move(*set);
    return {};
  }
  const json::value* coding = parameter.if_contains("valueCoding");
  if (coding != nullptr && coding->is_object()) {
    into.codings.push_back(read_coding(coding->get_object()));
    return {};
  }
  const json::value* whole = parameter.if_contains("valueCodeableConcept");
  if (whole != nullptr && whole->is_object()) {
    const json::value* codings = whole->get_object().if_contains("coding");
    if (codings == nullptr || !codings->is_array()) return {};
    for (const json::value& one : codings->get_array()) {
      if (one.is_object()) into.codings.push_back(read_coding(one.get_object()));
    }
    return {};
  }
  if (auto value = simple_value(parameter)) into.values.emplace_back(name, std::move(*value));
  return {};
}

}  // namespace

std::string FhirParameters::text(std::string_view name) const {
  for (const auto& [key, value] : values) {
    if (key == name) return value;
  }
  return {};
}

Result<std::optional<std::size_t>> FhirParameters::count(std::string_view name,
                                                         std::size_t most) const {
  const std::string written = text(name);
  if (written.empty()) return std::nullopt;
  std::size_t number = 0;
  const auto read = std::from_chars(written.data(), written.data() + written.size(), number);
  if (read.ec != std::errc{} || read.ptr != written.data() + written.size() || number > most) {
    return fail(ErrorCode::InvalidInput, fmt::format("'{}' is no number from 0 to {}", name, most),
                std::string(name));
  }
  return number;
}

Result<FhirCoding> FhirParameters::coding(std::string_view system_name) const {
  FhirCoding asked = codings.empty() ? FhirCoding{} : codings.front();
  if (const std::string code = text("code"); !code.empty()) {
    asked = {.system = text(system_name),
             .version = text(system_name == "url" ? "version" : "systemVersion"),
             .code = code,
             .display = text("display")};
    if (asked.version.empty()) asked.version = text("version");
  }
  if (asked.system.empty()) asked.system = text(system_name);
  if (asked.code.empty()) {
    return fail(ErrorCode::InvalidInput, "no code is asked about", "code",
                "send code and " + std::string(system_name) + ", or a coding");
  }
  return asked;
}

Result<FhirParameters> read_fhir_parameters(std::string_view body) {
  const json::value parsed = CSL_TRY(parse_json(body, 64));
  FhirParameters made;
  if (!parsed.is_object() || member(parsed.get_object(), "resourceType") != "Parameters") {
    return fail(ErrorCode::InvalidInput, "the body is no Parameters resource", "/resourceType");
  }
  const json::value* all = parsed.get_object().if_contains("parameter");
  if (all == nullptr) return made;
  if (!all->is_array()) return fail(ErrorCode::InvalidInput, "this is no list", "/parameter");
  std::size_t index = 0;
  for (const json::value& one : all->get_array()) {
    const std::string path = fmt::format("/parameter/{}", index++);
    if (!one.is_object()) return fail(ErrorCode::InvalidInput, "this is no object", path);
    CSL_TRY(read_parameter(one.get_object(), path, made));
  }
  return made;
}

}  // namespace consilium::service
