#include "service/terminology/fhir_operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "analysis/concept_search/search.hpp"
#include "analysis/concept_search/words.hpp"

namespace consilium::service {
namespace {

namespace json = boost::json;

json::object parameter(std::string_view name, std::string_view kind, json::value value) {
  return {{"name", name}, {kind, std::move(value)}};
}

json::object parameters(json::array all) {
  return {{"resourceType", "Parameters"}, {"parameter", std::move(all)}};
}

json::value text(std::string_view value) { return json::string(value); }

bool same_words(std::string_view a, std::string_view b) {
  return a == b || words_of(a) == words_of(b);
}

// What is said of a code: whether it is in, how it is called, and what is wrong.
struct Verdict {
  bool result = false;
  std::string message;
  std::string display;
  std::string version;
  bool inactive = false;
};

json::object verdict_json(const Verdict& verdict, const FhirCoding& coding) {
  json::array all{parameter("result", "valueBoolean", verdict.result)};
  if (!verdict.message.empty())
    all.push_back(parameter("message", "valueString", text(verdict.message)));
  if (!verdict.display.empty())
    all.push_back(parameter("display", "valueString", text(verdict.display)));
  all.push_back(parameter("code", "valueCode", text(coding.code)));
  if (!coding.system.empty()) all.push_back(parameter("system", "valueUri", text(coding.system)));
  if (!verdict.version.empty())
    all.push_back(parameter("version", "valueString", text(verdict.version)));
  if (verdict.inactive) all.push_back(parameter("inactive", "valueBoolean", true));
  return parameters(std::move(all));
}

// Of a code that is there.
Verdict accept(const ConceptIndex& index, std::uint32_t at, const FhirCoding& coding) {
  Verdict verdict{.result = true,
                  .message = {},
                  .display = std::string(index.display(at)),
                  .version = std::string(index.version()),
                  .inactive = !index.active(at)};
  if (coding.display.empty()) return verdict;
  const auto terms = index.terms_of(at);
  verdict.result = std::ranges::any_of(terms, [&](std::uint32_t term) {
    return index.kind(term) != TermKind::Definition && same_words(index.term(term), coding.display);
  });
  if (!verdict.result) {
    verdict.message = fmt::format("'{}' is no display of {}#{}: it is called '{}'", coding.display,
                                  coding.system, coding.code, verdict.display);
  }
  return verdict;
}

json::object contained(const ConceptIndex& index, std::uint32_t at, std::string_view display,
                       bool with_designations) {
  json::object one{{"system", index.system()}};
  if (!index.version().empty()) one["version"] = index.version();
  if (!index.active(at)) one["inactive"] = true;
  one["code"] = index.code(at);
  one["display"] = display.empty() ? index.display(at) : display;
  if (with_designations) {
    json::array all;
    for (const std::uint32_t term : index.terms_of(at).subspan(1)) {
      if (index.kind(term) != TermKind::Definition) {
        all.push_back(json::object{{"value", index.term(term)}});
      }
    }
    if (!all.empty()) one["designation"] = std::move(all);
  }
  return one;
}

struct Page {
  std::string filter;
  std::size_t offset = 0;
  std::optional<std::size_t> count;
  bool active_only = false;
  bool with_designations = false;
};

Result<Page> page_of(const FhirParameters& asked) {
  Page page;
  page.filter = asked.text("filter");
  page.offset = CSL_TRY(asked.count("offset", terminology_concepts_max)).value_or(0);
  page.count = CSL_TRY(asked.count("count", terminology_concepts_max));
  page.active_only = asked.flag("activeOnly");
  page.with_designations = asked.flag("includeDesignations");
  if (!page.filter.empty()) {
    if (!page.count) page.count = filtered_count_max - std::min(page.offset, filtered_count_max);
    if (page.offset + *page.count > filtered_count_max) {
      return fail(ErrorCode::TooLarge,
                  fmt::format("a filtered expansion goes up to {} concepts", filtered_count_max),
                  "count", "ask for fewer, or narrow the filter");
    }
  }
  return page;
}

struct Contents {
  json::array contains;
  std::optional<std::size_t> total;
};

Result<Contents> filtered_contents(const std::vector<SystemConcepts>& systems, const Page& page) {
  Contents made;
  const std::size_t limit = page.offset + *page.count + 1;  // one more tells whether that is all
  struct Found {
    ConceptHit hit;
    const SystemConcepts* of;
  };
  std::vector<Found> all;
  for (const SystemConcepts& one : systems) {
    for (const ConceptHit& hit : search(*one.index, {.text = page.filter,
                                                     .limit = limit,
                                                     .among = &one.concepts,
                                                     .with_inactive = !page.active_only})) {
      all.push_back({.hit = hit, .of = &one});
    }
  }
  std::ranges::stable_sort(all, {}, [](const Found& found) { return found.hit.kind; });
  if (all.size() < limit) made.total = all.size();
  for (std::size_t i = page.offset; i < all.size() && i < page.offset + *page.count; ++i) {
    const auto own = all[i].of->displays.find(all[i].hit.index);
    made.contains.push_back(contained(*all[i].of->index, all[i].hit.index,
                                      own == all[i].of->displays.end() ? "" : own->second,
                                      page.with_designations));
  }
  return made;
}

Result<Contents> plain_contents(const std::vector<SystemConcepts>& systems, const Page& page) {
  Contents made{.contains = {}, .total = 0};
  for (const SystemConcepts& one : systems) {
    one.concepts.each([&](std::uint32_t at) {
      if (page.active_only && !one.index->active(at)) return;
      const std::size_t number = (*made.total)++;
      const bool on_page = number >= page.offset &&
                           number - page.offset < page.count.value_or(expansion_count_max + 1);
      if (!on_page) return;
      const auto own = one.displays.find(at);
      made.contains.push_back(contained(
          *one.index, at, own == one.displays.end() ? "" : own->second, page.with_designations));
    });
  }
  if (!page.count && made.contains.size() > expansion_count_max) {
    return fail(ErrorCode::TooLarge, fmt::format("the expansion has {} concepts", *made.total),
                "count", "ask for pages by count and offset, or give a filter");
  }
  return made;
}

std::string issue_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::NotFound:
      return "not-found";
    case ErrorCode::InvalidInput:
    case ErrorCode::Corrupt:
      return "invalid";
    case ErrorCode::Unsupported:
      return "not-supported";
    case ErrorCode::TooLarge:
      return "too-costly";
    case ErrorCode::Unauthenticated:
      return "login";
    case ErrorCode::Forbidden:
      return "forbidden";
    case ErrorCode::Conflict:
    case ErrorCode::PreconditionFailed:
      return "conflict";
    case ErrorCode::RateLimited:
      return "throttled";
    case ErrorCode::NoSpace:
    case ErrorCode::Unavailable:
      return "transient";
    case ErrorCode::Internal:
      return "exception";
  }
  std::unreachable();
}

}  // namespace

json::object operation_outcome(const Error& error) {
  std::string said = error.what;
  if (!error.where.empty()) said += " (" + error.where + ")";
  json::object issue{{"severity", "error"},
                     {"code", issue_code(error.code)},
                     {"details", json::object{{"text", said}}}};
  if (!error.remedy.empty()) issue["diagnostics"] = error.remedy;
  return {{"resourceType", "OperationOutcome"}, {"issue", json::array{std::move(issue)}}};
}

Result<json::object> FhirOperations::lookup(const FhirParameters& asked) const {
  const FhirCoding coding = CSL_TRY(asked.coding("system"));
  const SharedIndex shared = CSL_TRY(terminologies_.index(coding.system, coding.version));
  const ConceptIndex& index = *shared;
  const auto at = index.find(coding.code);
  if (!at) {
    return fail(ErrorCode::NotFound, "the code system has no such code",
                fmt::format("{}#{}", coding.system, coding.code));
  }
  json::array all{parameter("name", "valueString",
                            text(index.title().empty() ? index.system() : index.title()))};
  if (!index.version().empty()) {
    all.push_back(parameter("version", "valueString", text(index.version())));
  }
  all.push_back(parameter("display", "valueString", text(index.display(*at))));
  for (const std::uint32_t term : index.terms_of(*at).subspan(1)) {
    if (index.kind(term) == TermKind::Definition) {
      all.push_back(parameter("definition", "valueString", text(index.term(term))));
    } else {
      all.push_back(json::object{
          {"name", "designation"},
          {"part", json::array{parameter("value", "valueString", text(index.term(term)))}}});
    }
  }
  const auto property = [&](std::string_view name, std::string_view kind, json::value value) {
    all.push_back(json::object{{"name", "property"},
                               {"part", json::array{parameter("code", "valueCode", text(name)),
                                                    parameter("value", kind, std::move(value))}}});
  };
  property("inactive", "valueBoolean", !index.active(*at));
  if (!index.tag(*at).empty()) property("tag", "valueString", text(index.tag(*at)));
  for (const std::uint32_t parent : index.parents(*at)) {
    property("parent", "valueCode", text(index.code(parent)));
  }
  for (const std::uint32_t child : index.children(*at)) {
    property("child", "valueCode", text(index.code(child)));
  }
  return parameters(std::move(all));
}

Result<json::object> FhirOperations::validate_in_code_system(const FhirParameters& asked) const {
  const FhirCoding coding = CSL_TRY(asked.coding("url"));
  if (coding.system.empty()) {
    return fail(ErrorCode::InvalidInput, "no code system is named", "url", "send its URI");
  }
  const SharedIndex index = CSL_TRY(terminologies_.index(coding.system, coding.version));
  const auto at = index->find(coding.code);
  if (!at) {
    return verdict_json({.result = false,
                         .message = fmt::format("{} has no code '{}'", coding.system, coding.code),
                         .display = {},
                         .version = std::string(index->version())},
                        coding);
  }
  return verdict_json(accept(*index, *at, coding), coding);
}

Result<json::object> FhirOperations::validate_in_value_set(const FhirParameters& asked) const {
  std::vector<SystemConcepts> systems;
  if (asked.value_set) {
    systems = CSL_TRY(terminologies_.expand(*asked.value_set));
  } else {
    systems = *CSL_TRY(terminologies_.expansion(asked.text("url")));
  }
  std::vector<FhirCoding> codings = asked.codings;
  if (!asked.text("code").empty() || codings.empty()) {
    codings = {CSL_TRY(asked.coding("system"))};
  }
  std::optional<std::pair<Verdict, FhirCoding>> refused;
  for (FhirCoding& coding : codings) {
    for (const SystemConcepts& one : systems) {
      const bool same_system = coding.system == one.index->system() ||
                               (coding.system.empty() && asked.flag("inferSystem"));
      const bool same_version = coding.version.empty() || coding.version == one.index->version();
      const auto at = one.index->find(coding.code);
      if (!same_system || !same_version || !at || !one.concepts.has(*at)) continue;
      coding.system = one.index->system();
      Verdict verdict = accept(*one.index, *at, coding);
      const auto own = one.displays.find(*at);
      if (own != one.displays.end() && same_words(own->second, coding.display)) {
        verdict.result = true;
        verdict.message.clear();
      }
      if (verdict.result) return verdict_json(verdict, coding);
      if (!refused) refused = {std::move(verdict), coding};
    }
  }
  if (refused) return verdict_json(refused->first, refused->second);
  const FhirCoding& first = codings.front();
  Verdict verdict;
  verdict.message = first.system.empty() && !asked.flag("inferSystem")
                        ? "the coding names no system, so that it cannot be judged"
                        : fmt::format("{}#{} is not in the value set", first.system, first.code);
  return verdict_json(verdict, first);
}

Result<json::object> FhirOperations::expand(const FhirParameters& asked) const {
  const Page page = CSL_TRY(page_of(asked));
  std::shared_ptr<const std::vector<SystemConcepts>> systems;
  ValueSet set;
  if (asked.value_set) {
    set = *asked.value_set;
    systems =
        std::make_shared<const std::vector<SystemConcepts>>(CSL_TRY(terminologies_.expand(set)));
  } else {
    if (asked.text("url").empty()) {
      return fail(ErrorCode::InvalidInput, "no value set is named", "url",
                  "send its URL, or the value set itself as valueSet");
    }
    set = CSL_TRY(terminologies_.value_set(asked.text("url")));
    systems = CSL_TRY(terminologies_.expansion(asked.text("url")));
  }
  Contents contents = CSL_TRY(page.filter.empty() ? plain_contents(*systems, page)
                                                  : filtered_contents(*systems, page));
  json::object expansion{{"timestamp", to_rfc3339(clock_.now())}};
  if (contents.total) expansion["total"] = *contents.total;
  expansion["offset"] = page.offset;
  json::array used;
  for (const SystemConcepts& one : *systems) {
    const std::string version =
        one.index->version().empty()
            ? std::string(one.index->system())
            : fmt::format("{}|{}", one.index->system(), one.index->version());
    used.push_back(parameter("used-codesystem", "valueUri", text(version)));
  }
  if (!page.filter.empty()) used.push_back(parameter("filter", "valueString", text(page.filter)));
  if (page.count) used.push_back(parameter("count", "valueInteger", *page.count));
  if (page.active_only) used.push_back(parameter("activeOnly", "valueBoolean", true));
  if (!used.empty()) expansion["parameter"] = std::move(used);
  if (!contents.contains.empty()) expansion["contains"] = std::move(contents.contains);
  json::object made{{"resourceType", "ValueSet"}, {"status", "active"}};
  if (!set.url.empty()) made["url"] = set.url;
  if (!set.version.empty()) made["version"] = set.version;
  if (!set.title.empty()) made["title"] = set.title;
  made["expansion"] = std::move(expansion);
  return made;
}

json::object FhirOperations::capability_statement() const {
  const auto operation = [](std::string_view name, std::string_view definition) {
    return json::object{{"name", name}, {"definition", definition}};
  };
  json::array resources{
      json::object{
          {"type", "CodeSystem"},
          {"operation",
           json::array{
               operation("lookup", "http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup"),
               operation("validate-code",
                         "http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code")}}},
      json::object{
          {"type", "ValueSet"},
          {"operation",
           json::array{
               operation("expand", "http://hl7.org/fhir/OperationDefinition/ValueSet-expand"),
               operation("validate-code",
                         "http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code")}}}};
  return {
      {"resourceType", "CapabilityStatement"},
      {"status", "active"},
      {"date", to_rfc3339(clock_.now())},
      {"kind", "instance"},
      {"software", json::object{{"name", "Consilium"}}},
      {"implementation", json::object{{"description", "Terminologies of this site"}}},
      {"fhirVersion", "4.0.1"},
      {"format", json::array{"application/fhir+json"}},
      {"instantiates", json::array{"http://hl7.org/fhir/CapabilityStatement/terminology-server"}},
      {"rest", json::array{json::object{{"mode", "server"}, {"resource", std::move(resources)}}}}};
}

Result<json::object> FhirOperations::terminology_capabilities() const {
  json::array systems;
  for (const storage::TerminologyRow& row : CSL_TRY(terminologies_.list())) {
    if (row.kind != "code_system") continue;
    json::object version{{"isDefault", false}};
    if (!row.version.empty()) version["code"] = row.version;
    if (systems.empty() || systems.back().as_object().at("uri").as_string() != row.system) {
      version["isDefault"] = true;
      systems.push_back(json::object{{"uri", row.system}, {"version", json::array{}}});
    }
    systems.back().as_object().at("version").as_array().push_back(std::move(version));
  }
  json::array expansion;
  for (const char* name :
       {"url", "valueSet", "filter", "offset", "count", "activeOnly", "includeDesignations"}) {
    expansion.push_back(json::object{{"name", name}});
  }
  return json::object{{"resourceType", "TerminologyCapabilities"},
                      {"status", "active"},
                      {"date", to_rfc3339(clock_.now())},
                      {"kind", "instance"},
                      {"codeSystem", std::move(systems)},
                      {"expansion", json::object{{"hierarchical", false},
                                                 {"paging", true},
                                                 {"parameter", std::move(expansion)}}},
                      {"validateCode", json::object{{"translations", false}}}};
}

}  // namespace consilium::service
