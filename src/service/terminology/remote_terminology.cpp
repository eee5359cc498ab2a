#include "service/terminology/remote_terminology.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "base/canonical_json.hpp"

namespace consilium::service {
namespace {

namespace json = boost::json;

constexpr int depth_max = 64;
constexpr std::string_view all_codes = "?fhir_vs";

json::object parameter(std::string_view name, std::string_view kind, json::value value) {
  return {{"name", name}, {kind, std::move(value)}};
}

// The type that R4 gives an input of these operations; what is not named here is text.
json::object typed(const std::string& name, const std::string& value) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kinds{
      {{"url", "valueUri"},
       {"system", "valueUri"},
       {"code", "valueCode"},
       {"property", "valueCode"},
       {"displayLanguage", "valueCode"},
       {"valueSetVersion", "valueString"},
       {"count", "valueInteger"},
       {"offset", "valueInteger"}}};
  if (value == "true" || value == "false") {
    return parameter(name, "valueBoolean", value == "true");
  }
  const auto kind =
      std::ranges::find(kinds, name, &std::pair<std::string_view, std::string_view>::first);
  if (kind == kinds.end()) return parameter(name, "valueString", json::string(value));
  if (kind->second != "valueInteger") return parameter(name, kind->second, json::string(value));
  std::int64_t number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return parameter(name, kind->second, number);
}

std::string parameters(json::array all) {
  return json::serialize(
      json::object{{"resourceType", "Parameters"}, {"parameter", std::move(all)}});
}

// All codes of a system as a value set of its own, which every server knows; not all know the
// implicit one of systems other than SNOMED CT.
json::object value_set_parameter(const std::string& url) {
  if (!url.ends_with(all_codes)) return parameter("url", "valueUri", json::string(url));
  const std::string_view system = std::string_view(url).substr(0, url.size() - all_codes.size());
  return {
      {"name", "valueSet"},
      {"resource",
       json::object{
           {"resourceType", "ValueSet"},
           {"status", "active"},
           {"compose", json::object{{"include", json::array{json::object{{"system", system}}}}}}}}};
}

Result<json::object> resource_of(const Result<std::string>& body) {
  if (!body) return std::unexpected(body.error());
  auto parsed = parse_json(*body, depth_max);
  if (!parsed || !parsed->is_object() || !parsed->get_object().contains("resourceType")) {
    return fail(ErrorCode::Corrupt, "the terminology server answers no FHIR resource", "",
                "see whether its address is the base of a FHIR server");
  }
  return std::move(parsed->get_object());
}

std::string text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::array* list_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_array();
}

// A level of an expansion may group others; those that cannot be chosen are abstract.
void add_contained(const json::array& contains, std::string_view system, std::size_t limit,
                   std::vector<CodedConcept>& found) {
  for (const json::value& one : contains) {
    const json::object* at = one.if_object();
    if (at == nullptr || found.size() == limit) continue;
    const json::value* abstract = at->if_contains("abstract");
    const bool is_abstract = abstract != nullptr && abstract->is_bool() && abstract->get_bool();
    if (!is_abstract && text_in(*at, "system") == system && !text_in(*at, "code").empty()) {
      found.push_back({.system = std::string(system),
                       .code = text_in(*at, "code"),
                       .version = text_in(*at, "version"),
                       .display = text_in(*at, "display")});
    }
    if (const json::array* below = list_in(*at, "contains")) {
      add_contained(*below, system, limit, found);
    }
  }
}

}  // namespace

Result<json::object> RemoteTerminology::operation(std::string_view path, std::string_view body,
                                                  const FhirParameters& asked) const {
  if (!body.empty()) return resource_of(post_(path, std::string(body)));
  json::array all;
  for (const auto& [name, value] : asked.values) all.push_back(typed(name, value));
  return resource_of(post_(path, parameters(std::move(all))));
}

Result<std::vector<CodedConcept>> RemoteTerminology::find(const std::string& url,
                                                          std::string_view system,
                                                          const std::string& text,
                                                          std::size_t limit) const {
  json::array all{value_set_parameter(url),
                  parameter("count", "valueInteger", static_cast<std::int64_t>(limit))};
  if (!text.empty()) all.push_back(parameter("filter", "valueString", json::string(text)));
  const json::object value_set =
      CSL_TRY(resource_of(post_("/ValueSet/$expand", parameters(std::move(all)))));
  std::vector<CodedConcept> found;
  const json::value* expansion = value_set.if_contains("expansion");
  if (expansion == nullptr || !expansion->is_object()) return found;
  if (const json::array* contains = list_in(expansion->get_object(), "contains")) {
    add_contained(*contains, system, limit, found);
  }
  return found;
}

Result<bool> RemoteTerminology::holds(const std::string& url, std::string_view system,
                                      const std::string& code) const {
  json::array asked{value_set_parameter(url), parameter("system", "valueUri", json::string(system)),
                    parameter("code", "valueCode", json::string(code))};
  const json::object said =
      CSL_TRY(resource_of(post_("/ValueSet/$validate-code", parameters(std::move(asked)))));
  if (const json::array* all = list_in(said, "parameter")) {
    for (const json::value& one : *all) {
      const json::object* at = one.if_object();
      if (at == nullptr || text_in(*at, "name") != "result") continue;
      const json::value* result = at->if_contains("valueBoolean");
      if (result != nullptr && result->is_bool()) return result->get_bool();
    }
  }
  return fail(ErrorCode::Corrupt, "the terminology server does not say whether the code is right");
}

}  // namespace consilium::service
