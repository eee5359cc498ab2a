#include "transport/api/application.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/canonical_json.hpp"
#include "service/people/secrets.hpp"

namespace consilium::api {
namespace json = boost::json;

namespace {

constexpr std::string_view api_prefix = "/api/";
constexpr std::string_view dicomweb_prefix = "/dicomweb/";
constexpr std::string_view fhir_prefix = "/fhir/";
// Larger bodies are taken only after the caller is known.
constexpr std::uint64_t buffered_bytes_max = 1ULL << 20U;
constexpr std::size_t json_depth_max = 32;

bool is_api(std::string_view path) {
  return path.starts_with(api_prefix) || path == "/api" || path.starts_with(dicomweb_prefix) ||
         path.starts_with(fhir_prefix);
}

Status check_origin(const http::Request& request) {
  // A page of another site, or of another port of this one, asks through the browser of somebody
  // who is signed in.
  const std::string_view site = request.header("sec-fetch-site");
  const bool foreign_site = !site.empty() && site != "same-origin" && site != "none";
  const std::string_view origin = request.header("origin");
  const std::string own =
      fmt::format("{}://{}", request.secure ? "https" : "http", request.header("host"));
  // Behind a proxy that ends TLS the scheme differs, the host does not.
  const std::string proxied = fmt::format("https://{}", request.header("host"));
  const bool foreign_origin = !origin.empty() && origin != own && origin != proxied;
  if (foreign_site || foreign_origin) {
    return fail(ErrorCode::Forbidden, "the request comes from another site", "header Origin",
                "open the address of this server itself");
  }
  return {};
}

Status check_csrf(const http::Request& request, const service::Caller& caller) {
  if (http::is_safe(request.method) || caller.is_token) return {};
  CSL_TRY(check_origin(request));
  if (!service::equal_in_constant_time(request.header("x-csrf-token"), caller.csrf_token)) {
    return fail(ErrorCode::Forbidden, "the CSRF token is missing or wrong", "header X-CSRF-Token",
                "send csrf_token of GET /api/v1/me");
  }
  return {};
}

std::optional<service::Role> role_of(PolicyRole role) {
  switch (role) {
    case PolicyRole::Rater:
      return service::Role::Rater;
    case PolicyRole::Reviewer:
      return service::Role::Reviewer;
    case PolicyRole::Adjudicator:
      return service::Role::Adjudicator;
    case PolicyRole::Lead:
      return service::Role::Lead;
    case PolicyRole::MlExport:
      return service::Role::MlExport;
    case PolicyRole::Public:
    case PolicyRole::Person:
    case PolicyRole::Compliance:
    case PolicyRole::Administrator:
      return std::nullopt;
  }
  return std::nullopt;
}

void add_project_roles(Grants& held, service::Roles roles) {
  for (std::size_t i = 0; i < policy_role_count; ++i) {
    const auto role = static_cast<PolicyRole>(i);
    const std::optional<service::Role> in_project = role_of(role);
    if (in_project && roles.has(*in_project)) held.add(role);
  }
}

// What the caller is on this route: in its project, or, on a route of no project, in any.
Grants held_roles(const service::Access& access, const std::optional<ProjectId>& project) {
  Grants held;
  held.add(PolicyRole::Person);
  if (access.is_administrator) held.add(PolicyRole::Administrator);
  if (access.is_compliance) held.add(PolicyRole::Compliance);
  if (project) {
    add_project_roles(held, roles_in(access, *project));
  } else {
    for (const auto& [id, roles] : access.projects) add_project_roles(held, roles);
  }
  return held;
}

// Every id in the address has the form of one; what has not is nowhere.
Result<std::optional<ProjectId>> check_path(const PathValues& values) {
  std::optional<ProjectId> project;
  for (const auto& [name, value] : values) {
    const std::string_view type = path_parameter_type(name);
    const bool is_number = !value.empty() && value.size() <= 9 &&
                           std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if ((type == "uuid" && !parse_id_bytes(value)) || (type == "integer" && !is_number)) {
      return fail(ErrorCode::NotFound, "there is nothing at this address",
                  fmt::format("path {}", name));
    }
    if (name == "project_id") project = CSL_TRY(parse_id<ProjectId>(value));
  }
  return project;
}

std::vector<Violation> check_query(const http::Request& request, const Route& route) {
  std::vector<Violation> violations;
  for (const Parameter& parameter : route.query) {
    const auto value = request.query_value(parameter.name);
    const std::string path = fmt::format("query {}", parameter.name);
    if (!value) {
      if (parameter.required) violations.push_back({path, "a parameter is missing", "send it"});
      continue;
    }
    const bool is_integer = value->size() <= 19 && !value->empty() && *value != "-" &&
                            std::ranges::all_of(value->substr(value->front() == '-' ? 1 : 0),
                                                [](char c) { return c >= '0' && c <= '9'; });
    if (parameter.type == "integer" && !is_integer) {
      violations.push_back({path, "the value is no integer", "send a number"});
    } else if (parameter.type == "uuid" && !parse_id_bytes(*value)) {
      violations.push_back({path, "the value is no UUID", "send 36 characters"});
    } else if (parameter.type == "date-time" && !parse_rfc3339(*value)) {
      violations.push_back({path, "the value is no date and time", "send RFC 3339"});
    } else if (!parameter.values.empty()) {
      const std::string choices = fmt::format("|{}|", parameter.values);
      const bool is_choice = value->find('|') == std::string_view::npos &&
                             choices.find(fmt::format("|{}|", *value)) != std::string::npos;
      if (!is_choice) {
        violations.push_back(
            {path, "the value is none of the choices", fmt::format("send {}", parameter.values)});
      }
    }
  }
  return violations;
}

Status read_streamed_body(http::Request& request, std::uint64_t bytes_max) {
  while (true) {
    const std::size_t at = request.body.size();
    request.body.resize(at + (1U << 18U));
    const std::size_t got =
        CSL_TRY(request.stream->read(std::as_writable_bytes(std::span(request.body).subspan(at))));
    request.body.resize(at + got);
    if (got == 0) return {};
    if (request.body.size() > bytes_max)
      return fail(ErrorCode::TooLarge, "the body is larger than this route takes");
  }
}

void add_common_headers(http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff")
      .with("Referrer-Policy", "no-referrer")
      .with("Cross-Origin-Opener-Policy", "same-origin")
      .with("Cross-Origin-Embedder-Policy", "require-corp")
      .with("Cross-Origin-Resource-Policy", "same-origin")
      .with("X-Frame-Options", "DENY");
  // Answers hold patients' data: no cache on the way or in the browser keeps them.
  if (response.header("cache-control").empty()) response.with("Cache-Control", "no-store");
  if (response.header("content-security-policy").empty()) {
    response.with("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  }
}

}  // namespace

void set_session_cookie(http::Response& response, std::string_view secret) {
  response.with("Set-Cookie", fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict",
                                          session_cookie, secret));
}

void clear_session_cookie(http::Response& response) {
  response.with(
      "Set-Cookie",
      fmt::format("{}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0", session_cookie));
}

ApiApplication::ApiApplication(service::People& people, const Policy& policy,
                               const SchemaSet& schemas, const HandlerTable& handlers,
                               const http::StaticFiles* files, Random& random)
    : people_(people),
      policy_(policy),
      schemas_(schemas),
      handlers_(handlers),
      files_(files),
      random_(random),
      router_(route_table()) {}

http::BodyPlan ApiApplication::plan(const http::Request& head) const {
  const Router::Match match = router_.find(head.method, head.path);
  if (match.route == nullptr || match.route->body == BodyKind::None) {
    return {.streamed = false, .bytes_max = 64U << 10U};
  }
  if (match.route->body == BodyKind::Streamed) return {.streamed = true, .bytes_max = UINT64_MAX};
  return {.streamed = match.route->body_bytes_max > buffered_bytes_max,
          .bytes_max = match.route->body_bytes_max};
}

http::Response ApiApplication::refuse(int status, const Error& error) const {
  http::Response response =
      status == http_status(error.code)
          ? problem_response(error)
          : problem_response(status, name_of(error.code), error.what, error.remedy);
  add_common_headers(response);
  return response;
}

http::Response ApiApplication::handle(http::Request& request) {
  Result<http::Response> result = answer(request);
  http::Response response = result ? std::move(*result) : problem_response(result.error());
  add_common_headers(response);
  // RFC 6797. Not for localhost: there it would forbid plain HTTP to every other program, too.
  if (request.secure && !request.header("host").starts_with("localhost")) {
    response.with("Strict-Transport-Security", "max-age=31536000");
  }
  return response;
}

Result<http::Response> ApiApplication::answer(http::Request& request) {
  if (!is_api(request.path)) {
    if (!http::is_safe(request.method)) {
      http::Response response =
          problem_response(405, "method_not_allowed", "this address is only read");
      response.with("Allow", "GET, HEAD");
      return response;
    }
    std::optional<http::Response> file;
    if (files_ != nullptr) file = files_->answer(request, random_);
    if (file) return std::move(*file);
    return fail(ErrorCode::NotFound, "there is nothing at this address");
  }
  const Router::Match match = router_.find(request.method, request.path);
  if (match.route == nullptr && !match.allowed.empty()) {
    http::Response response =
        problem_response(405, "method_not_allowed", "this address has no such method");
    response.with("Allow", match.allowed);
    return response;
  }
  if (match.route == nullptr) return fail(ErrorCode::NotFound, "there is nothing at this address");
  if (policy_.grants(match.route->operation).has(PolicyRole::Public)) {
    // Signing somebody in from another site's page would make them work under a stranger's name.
    if (!http::is_safe(request.method)) CSL_TRY(check_origin(request));
    return dispatch(request, match, nullptr);
  }
  const service::Caller caller = CSL_TRY(authenticate(request));
  CSL_TRY(check_csrf(request, caller));
  CSL_TRY(check_rights(*match.route, caller, match.values));
  return dispatch(request, match, &caller);
}

Result<service::Caller> ApiApplication::authenticate(const http::Request& request) const {
  constexpr std::string_view bearer = "Bearer ";
  const std::string_view authorization = request.header("authorization");
  if (authorization.size() > bearer.size() &&
      http::equal_ignoring_case(authorization.substr(0, bearer.size()), bearer)) {
    return people_.caller_of_token(authorization.substr(bearer.size()), request.remote_address);
  }
  const std::string_view secret = request.cookie(session_cookie);
  if (secret.empty())
    return fail(ErrorCode::Unauthenticated, "you are not signed in", {}, "sign in");
  return people_.caller_of_session(secret, request.remote_address);
}

Status ApiApplication::check_rights(const Route& route, const service::Caller& caller,
                                    const PathValues& values) {
  const std::optional<ProjectId> project = CSL_TRY(check_path(values));
  if (caller.is_token) {
    const bool has_scope = std::ranges::find(caller.scopes, route.scope) != caller.scopes.end();
    if (route.scope.empty() || !has_scope) {
      return fail(ErrorCode::Forbidden, "the token's scopes do not reach this",
                  fmt::format("scope {}", route.scope),
                  "make a token with this scope, where there is one");
    }
  }
  const service::Access& access = caller.access;
  if (policy_.grants(route.operation).intersects(held_roles(access, project))) return {};
  CSL_TRY(people_.record_refusal(access, route.operation, project));
  const bool knows_project = !project || access.is_administrator || access.is_compliance ||
                             !roles_in(access, *project).empty();
  if (!knows_project) return fail(ErrorCode::NotFound, "there is nothing at this address");
  return fail(ErrorCode::Forbidden, "your roles do not allow this", std::string(route.operation),
              "ask the project's lead or the administrator");
}

Result<http::Response> ApiApplication::dispatch(http::Request& request, const Router::Match& match,
                                                const service::Caller* caller) {
  const Route& route = *match.route;
  CSL_TRY(check_path(match.values));
  const bool is_judged_here = route.failure.empty();
  if (const auto violations =
          is_judged_here ? check_query(request, route) : std::vector<Violation>{};
      !violations.empty()) {
    return problem_response(
        {ErrorCode::InvalidInput, "the address has wrong parameters", violations.front().path, ""},
        violations);
  }
  if (request.stream != nullptr && route.body != BodyKind::Streamed) {
    CSL_TRY(read_streamed_body(request, route.body_bytes_max));
  }
  json::value body;
  if (route.body == BodyKind::Json) {
    const std::string_view type = request.header("content-type");
    if (!request.body.empty() &&
        !http::equal_ignoring_case(type.substr(0, type.find(';')), "application/json")) {
      return fail(ErrorCode::Unsupported, "the body is not declared as JSON", "header Content-Type",
                  "send application/json");
    }
    body = request.body.empty() ? json::value(json::object{})
                                : CSL_TRY(parse_json(request.body, json_depth_max));
    if (const auto violations = schemas_.check(route.request, body); !violations.empty()) {
      return problem_response(
          {ErrorCode::InvalidInput, "the body does not have the form that is asked for",
           violations.front().path, "mend what the violations name, then send it again"},
          violations);
    }
  }
  const Handler* handler = handlers_.find(route.operation);
  if (handler == nullptr)
    return problem_response(501, "not_implemented", "this server cannot do that yet");
  Call call{.request = request,
            .route = route,
            .values = match.values,
            .caller = caller,
            .body = body.is_object() ? &body.get_object() : nullptr};
  return (*handler)(call);
}

}  // namespace consilium::api
