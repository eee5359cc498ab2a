#include <boost/json.hpp>
#include <utility>

#include "service/terminology/fhir_operations.hpp"
#include "service/terminology/remote_terminology.hpp"
#include "transport/api/terminology_handlers.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

constexpr std::string_view fhir_json = "application/fhir+json";

using service::FhirOperations;
using service::FhirParameters;

http::Response resource(const json::object& shown, int status = 200) {
  http::Response response = binary_response(json::serialize(shown), fhir_json);
  response.status = status;
  return response;
}

// FHIR's own form of errors, so that its clients can read them.
Result<http::Response> answered(const Result<json::object>& result) {
  if (result) return resource(*result);
  return resource(service::operation_outcome(result.error()), http_status(result.error().code));
}

Result<FhirParameters> parameters_of(const Call& call) {
  FhirParameters asked;
  if (!call.request.body.empty()) asked = CSL_TRY(service::read_fhir_parameters(call.request.body));
  for (const auto& [name, value] : call.request.query) asked.values.emplace_back(name, value);
  return asked;
}

// Whether the other server may know what we do not. A system that is loaded is ours alone to judge.
bool may_be_elsewhere(const service::Terminologies& terminologies, const FhirParameters& asked) {
  std::string system = asked.text("system");
  if (system.empty() && !asked.codings.empty()) system = asked.codings.front().system;
  return system.empty() || !terminologies.index(system);
}

using Operation = Result<json::object> (FhirOperations::*)(const FhirParameters&) const;

}  // namespace

void add_fhir_handlers(HandlerTable& handlers, const service::Terminologies& terminologies,
                       const Clock& clock, const service::RemoteTerminology* remote) {
  const FhirOperations operations(terminologies, clock);
  const auto add = [&](const std::string& name, Operation operation, const char* path) {
    const auto run = [operations, operation, path, remote,
                      &terminologies](Call& call) -> Result<http::Response> {
      const auto asked = parameters_of(call);
      if (!asked) return answered(std::unexpected(asked.error()));
      auto found = (operations.*operation)(*asked);
      const bool is_unknown = !found && found.error().code == ErrorCode::NotFound;
      if (is_unknown && remote != nullptr && may_be_elsewhere(terminologies, *asked)) {
        found = remote->operation(path, call.request.body, *asked);
      }
      return answered(found);
    };
    handlers.add("fhir_" + name, run);
    handlers.add("fhir_post_" + name, run);
  };
  add("lookup", &FhirOperations::lookup, "/CodeSystem/$lookup");
  add("code_system_validate", &FhirOperations::validate_in_code_system,
      "/CodeSystem/$validate-code");
  add("value_set_validate", &FhirOperations::validate_in_value_set, "/ValueSet/$validate-code");
  add("expand", &FhirOperations::expand, "/ValueSet/$expand");
  handlers.add("fhir_metadata", [operations](Call& call) -> Result<http::Response> {
    if (call.text("mode") == "terminology") return answered(operations.terminology_capabilities());
    return resource(operations.capability_statement());
  });
}

}  // namespace consilium::api
