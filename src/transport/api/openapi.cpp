#include "transport/api/openapi.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "transport/api/route.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

json::object reference(std::string_view schema) {
  return {{"$ref", fmt::format("#/components/schemas/{}", schema)}};
}

json::object schema_of_type(std::string_view type, std::string_view values) {
  if (type == "uuid" || type == "date-time") return {{"type", "string"}, {"format", type}};
  json::object schema{{"type", type}};
  if (values.empty()) return schema;
  json::array choices;
  while (true) {
    const std::size_t bar = values.find('|');
    choices.emplace_back(values.substr(0, bar));
    if (bar == std::string_view::npos) break;
    values.remove_prefix(bar + 1);
  }
  schema["enum"] = std::move(choices);
  return schema;
}

json::array parameters_of(const Route& route) {
  json::array parameters;
  for (const std::string_view name : path_parameters(route.path)) {
    parameters.push_back(json::object{{"name", name},
                                      {"in", "path"},
                                      {"required", true},
                                      {"schema", schema_of_type(path_parameter_type(name), {})}});
  }
  for (const Parameter& parameter : route.query) {
    parameters.push_back(
        json::object{{"name", parameter.name},
                     {"in", "query"},
                     {"required", parameter.required},
                     {"description", parameter.description},
                     {"schema", schema_of_type(parameter.type, parameter.values)}});
  }
  if (route.conditional) {
    for (const std::string_view name : {"If-Match", "If-None-Match"}) {
      parameters.push_back(
          json::object{{"name", name},
                       {"in", "header"},
                       {"required", false},
                       {"description", name == "If-Match" ? "\"N\": the revision that this replaces"
                                                          : "*: there is none yet"},
                       {"schema", json::object{{"type", "string"}}}});
    }
  }
  return parameters;
}

json::object content_of(std::string_view media, json::object schema) {
  return {{media, json::object{{"schema", std::move(schema)}}}};
}

json::object problem_response(std::string_view description) {
  return {{"description", description},
          {"content", content_of("application/problem+json", reference("Problem"))}};
}

// What an answer holds where no schema of ours says it: bytes, or what a standard's JSON is.
json::object unnamed_schema(const Route& route) {
  if (!route.media.ends_with("+json")) return {{"type", "string"}};
  if (route.method == http::Method::Post) return {{"type", "object"}};
  return {{"type", "array"}, {"items", json::object{{"type", "object"}}}};
}

json::object responses_of(const Route& route, bool is_public) {
  json::object responses;
  json::object done{{"description", "Done"}};
  if (route.status != 204) {
    done["content"] = content_of(
        route.media, !route.response.empty() ? reference(route.response) : unnamed_schema(route));
  }
  if (route.method == http::Method::Put && route.status == 200) responses["201"] = done;
  if (route.operation == "get_export_file") responses["206"] = done;
  responses[std::to_string(route.status)] = std::move(done);
  if (route.empty_too) responses["204"] = json::object{{"description", "There is none"}};
  if (!is_public) {
    responses["401"] = problem_response("Not signed in");
    responses["403"] = problem_response("Known, but the role does not allow it");
  }
  if (route.operation == "sign_in")
    responses["401"] = problem_response("Name or password is wrong");
  if (route.conditional || route.operation == "put_mask_patch") {
    responses["412"] =
        problem_response("Somebody changed it meanwhile; the stored one is in current");
  }
  json::object other = problem_response("What went wrong, where, and what to do");
  if (!route.failure.empty()) {
    other.at("content").as_object()[route.media] =
        json::object{{"schema", reference(route.failure)}};
  }
  responses["default"] = std::move(other);
  return responses;
}

json::object operation_of(const Route& route, Grants grants) {
  const bool is_public = grants.has(PolicyRole::Public);
  json::object operation{{"operationId", route.operation},
                         {"tags", json::array{route.tag}},
                         {"summary", route.summary},
                         {"parameters", parameters_of(route)}};
  if (route.body == BodyKind::Json) {
    operation["requestBody"] = json::object{
        {"required", true}, {"content", content_of("application/json", reference(route.request))}};
  } else if (!route.request.empty()) {
    operation["requestBody"] = json::object{
        {"required", true}, {"content", content_of(route.media, reference(route.request))}};
  } else if (route.body != BodyKind::None) {
    operation["requestBody"] = json::object{
        {"required", true},
        {"content", content_of("application/octet-stream", json::object{{"type", "string"}})}};
  }
  operation["responses"] = responses_of(route, is_public);
  json::array security;
  if (!is_public) {
    security.push_back(json::object{{"session", json::array{}}});
    if (!route.scope.empty()) security.push_back(json::object{{"token", json::array{route.scope}}});
  }
  operation["security"] = std::move(security);
  json::array roles;
  for (std::size_t i = 0; i < policy_role_count; ++i) {
    if (grants.has(static_cast<PolicyRole>(i)))
      roles.emplace_back(name_of(static_cast<PolicyRole>(i)));
  }
  operation["x-roles"] = std::move(roles);
  return operation;
}

std::string lower_name(http::Method method) {
  std::string name(http::name_of(method));
  for (char& c : name) c = static_cast<char>(c - 'A' + 'a');
  return name;
}

}  // namespace

std::string openapi_document(const SchemaSet& schemas, const Policy& policy,
                             std::string_view version) {
  json::object paths;
  for (const Route& route : route_table()) {
    json::value& path = paths[route.path];
    if (!path.is_object()) path = json::object{};
    path.get_object()[lower_name(route.method)] =
        operation_of(route, policy.grants(route.operation));
  }
  json::object document{
      {"openapi", "3.1.0"},
      {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
      {"info",
       json::object{
           {"title", "Consilium"},
           {"version", version},
           {"description", "Medical data labelling: images, texts and sensor readings."},
           {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"paths", std::move(paths)},
      {"components",
       json::object{
           {"schemas", schemas.components()},
           {"securitySchemes",
            json::object{{"session",
                          json::object{{"type", "apiKey"},
                                       {"in", "cookie"},
                                       {"name", "__Host-consilium"},
                                       {"description",
                                        "Methods that change something also need X-CSRF-Token."}}},
                         {"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  return json::serialize(document);
}

}  // namespace consilium::api
