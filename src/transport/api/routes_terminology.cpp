#include <deque>
#include <string>
#include <vector>

#include "transport/api/route_areas.hpp"

namespace consilium::api {
namespace {

using http::Method;

struct FhirRoute {
  const char* path;
  const char* operation;
  const char* summary;
  const char* response;
  std::vector<Parameter> query;  // of a GET; a POST has them in its Parameters
};

const Parameter url_of_system{"url", "string", "URI of the code system"};
const Parameter url_of_set{"url", "string", "URL of the value set, with |version or without"};
const Parameter system{"system", "string", "URI of the code system"};
const Parameter version{"version", "string", "Of the code system; the one loaded last if left out"};
const Parameter code{"code", "string", "The code that is asked about"};
const Parameter display{"display", "string", "What the code is called, to be judged too"};

const std::vector<FhirRoute>& operations() {
  static const std::vector<FhirRoute> all{
      {"/fhir/CodeSystem/$lookup",
       "lookup",
       "FHIR: what a code means",
       "FhirParameters",
       {system, version, code}},
      {"/fhir/CodeSystem/$validate-code",
       "code_system_validate",
       "FHIR: whether a code is of a code system",
       "FhirParameters",
       {url_of_system, version, code, display}},
      {"/fhir/ValueSet/$validate-code",
       "value_set_validate",
       "FHIR: whether a code is of a value set",
       "FhirParameters",
       {url_of_set,
        system,
        {"systemVersion", "string", "Of the code system"},
        code,
        display,
        {"inferSystem", "boolean", "Whether a code without its system may be found in any"}}},
      {"/fhir/ValueSet/$expand",
       "expand",
       "FHIR: the concepts of a value set",
       "FhirValueSet",
       {url_of_set,
        {"filter", "string", "Words in any order, cut short, with one typing error"},
        {"offset", "integer", "How many concepts to pass over"},
        {"count", "integer", "At most so many"},
        {"activeOnly", "boolean", "Without concepts that are not used any more"},
        {"includeDesignations", "boolean", "With all their names"}}},
  };
  return all;
}

std::string_view kept(std::string text) {
  static std::deque<std::string> texts;
  return texts.emplace_back(std::move(text));
}

}  // namespace

std::vector<Route> terminology_routes() {
  std::vector<Route> all = {
      {.method = Method::Get,
       .path = "/api/v1/terminologies",
       .operation = "list_terminologies",
       .tag = "terminologies",
       .summary = "Terminologies and value sets that are loaded",
       .response = "TerminologyList",
       .scope = "read"},
      {.method = Method::Post,
       .path = "/api/v1/terminologies",
       .operation = "load_terminology",
       .tag = "terminologies",
       .summary = "Load a terminology from a file or a .tar of files, in place of the same system "
                  "and version",
       .body = BodyKind::Streamed,
       .response = "Terminology",
       .status = 201,
       .query = {{"name", "string", "The file's name, by which its format is told", {}, true},
                 {"format", "string", "Found out when left out",
                  "rf2|icd10cm-order|icd10cm-tabular|loinc|rxnorm|obo|fhir"},
                 {"system", "string", "URI instead of the format's own"},
                 {"version", "string", "Needed where the file does not say it"}},
       .scope = "import"},
      {.method = Method::Delete,
       .path = "/api/v1/terminologies",
       .operation = "remove_terminology",
       .tag = "terminologies",
       .summary = "Remove one; answers that name its codes stay as they are",
       .status = 204,
       .query = {{"system", "string", "URI of the code system or value set", {}, true},
                 {"version", "string", "As it was loaded"}},
       .scope = "import"},
      {.method = Method::Get,
       .path = CSL_PROJECT "/concepts",
       .operation = "search_concepts",
       .tag = "terminologies",
       .summary = "Concepts that may answer, found as one types",
       .response = "ConceptList",
       .query = {{"answer",
                  "string",
                  "Id of the attribute, question or label that they answer",
                  {},
                  true},
                 {"text",
                  "string",
                  "Words in any order, cut short, with one typing error; or a code",
                  {},
                  true},
                 {"limit", "integer", "At most so many; 20 when left out"}},
       .scope = "read"},
      {.method = Method::Get,
       .path = "/fhir/metadata",
       .operation = "fhir_metadata",
       .tag = "fhir",
       .summary = "FHIR: CapabilityStatement, or TerminologyCapabilities with mode=terminology",
       .response = "FhirCapabilities",
       .media = "application/fhir+json",
       .query = {{"mode", "string", "terminology, or left out"}},
       .scope = "read",
       .failure = "OperationOutcome"},
  };
  for (const FhirRoute& route : operations()) {
    for (const bool post : {false, true}) {
      all.push_back(
          {.method = post ? Method::Post : Method::Get,
           .path = route.path,
           .operation = kept((post ? "fhir_post_" : "fhir_") + std::string(route.operation)),
           .tag = "fhir",
           .summary = route.summary,
           .body = post ? BodyKind::Octets : BodyKind::None,
           .request = post ? "FhirParameters" : "",
           .response = route.response,
           .media = "application/fhir+json",
           .query = post ? std::vector<Parameter>{} : route.query,
           .scope = "read",
           .failure = "OperationOutcome"});
    }
  }
  return all;
}

}  // namespace consilium::api
