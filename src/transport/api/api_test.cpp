#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>

#include "transport/api/embedded.hpp"
#include "transport/api/openapi.hpp"
#include "transport/api/policy.hpp"
#include "transport/api/route.hpp"
#include "transport/api/schemas.hpp"

using namespace consilium;
using namespace consilium::api;

namespace {

SchemaSet product_schemas() {
  auto schemas = SchemaSet::parse(embedded_schema_files());
  if (!schemas) FAIL(to_line(schemas.error()));
  return std::move(*schemas);
}

SchemaSet one_schema(std::string_view text) {
  const std::string file = std::string("{\"T\": ") + std::string(text) + "}";
  const std::string_view files[] = {file};
  auto schemas = SchemaSet::parse(files);
  if (!schemas) FAIL(to_line(schemas.error()));
  return std::move(*schemas);
}

}  // namespace

TEST_CASE("every route has a row in the policy that grants it to somebody, and every row a route") {
  const auto policy = Policy::parse(embedded_policy_csv());
  REQUIRE_MESSAGE(policy, to_line(policy.error()));
  std::set<std::string> operations;
  for (const Route& route : route_table()) {
    CAPTURE(route.operation);
    CHECK(policy->has_row(route.operation));
    CHECK_FALSE(policy->grants(route.operation).empty());
    CHECK(operations.emplace(route.operation).second);
  }
  for (const std::string& operation : policy->operations()) {
    CAPTURE(operation);
    CHECK(operations.contains(operation));
  }
}

TEST_CASE("nothing but health, the document, sign-in and one-time links is public") {
  const auto policy = Policy::parse(embedded_policy_csv());
  REQUIRE(policy);
  const std::set<std::string_view> open{"get_health", "get_openapi", "sign_in", "get_link",
                                        "use_link"};
  for (const Route& route : route_table()) {
    CAPTURE(route.operation);
    CHECK(policy->grants(route.operation).has(PolicyRole::Public) ==
          open.contains(route.operation));
  }
}

TEST_CASE("administrators are granted no route that reads a patient's data") {
  const auto policy = Policy::parse(embedded_policy_csv());
  REQUIRE(policy);
  for (const Route& route : route_table()) {
    if (route.purpose.empty()) continue;
    CAPTURE(route.operation);
    CHECK_FALSE(policy->grants(route.operation).has(PolicyRole::Administrator));
    CHECK_FALSE(policy->grants(route.operation).has(PolicyRole::Person));
  }
}

TEST_CASE("an operation that the policy does not name is granted to nobody") {
  const auto policy = Policy::parse("operation,rater\nget_item,yes\n");
  REQUIRE(policy);
  CHECK(policy->grants("get_item").has(PolicyRole::Rater));
  CHECK(policy->grants("delete_everything").empty());
  for (const char* wrong :
       {"operation,king\nget_item,yes\n", "operation,rater\nget_item,maybe\n",
        "operation,rater\nget_item\n", "operation,rater\na,yes\na,yes\n", "x,rater\n"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Policy::parse(wrong));
  }
}

TEST_CASE("every schema that a route names is there") {
  const SchemaSet schemas = product_schemas();
  for (const Route& route : route_table()) {
    CAPTURE(route.operation);
    if (!route.request.empty()) CHECK(schemas.has(route.request));
    if (!route.response.empty()) CHECK(schemas.has(route.response));
    // Where a standard has its own form of failure the handler judges the body, whose schema is
    // told.
    const bool is_told =
        route.body == BodyKind::Json || (route.body == BodyKind::Octets && !route.failure.empty());
    CHECK(is_told == !route.request.empty());
    if (!route.failure.empty()) CHECK(schemas.has(route.failure));
  }
}

TEST_CASE("the router prefers a literal segment, and tells the methods of a path") {
  const Router router(route_table());
  const std::string project = "/api/v1/projects/0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b";
  const auto found = router.find(http::Method::Post, project + "/tasks/next");
  REQUIRE(found.route != nullptr);
  CHECK(found.route->operation == "take_next_task");
  REQUIRE(found.values.size() == 1);
  CHECK(found.values[0].first == "project_id");
  CHECK(router.find(http::Method::Head, "/api/v1/health").route->operation == "get_health");
  CHECK(router.find(http::Method::Post, "/api/v1/health").allowed == "GET");
  CHECK(router.find(http::Method::Get, "/api/v1/nothing").route == nullptr);
  CHECK(router.find(http::Method::Get, "/api/v1/nothing").allowed.empty());
  CHECK(router.find(http::Method::Get, project + "//members").route == nullptr);
}

TEST_CASE("a body is checked against its schema") {
  struct Case {
    const char* name;
    const char* schema;
    const char* value;
    const char* path;  // of the violation; null when the value fits
  };
  const Case cases[] = {
      {"a type", R"({"type": "string"})", "1", ""},
      {"one of two types", R"({"type": ["string", "null"]})", "null", nullptr},
      {"a whole double is an integer", R"({"type": "integer"})", "2.0", nullptr},
      {"a fraction is none", R"({"type": "integer"})", "2.5", ""},
      {"a missing member", R"({"type": "object", "required": ["a"]})", "{}", "/a"},
      {"an unknown member",
       R"({"type": "object", "properties": {}, "additionalProperties": false})", R"({"x/y": 1})",
       "/x~1y"},
      {"members by a schema", R"({"type": "object", "additionalProperties": {"type": "number"}})",
       R"({"x": "1"})", "/x"},
      {"an entry", R"({"type": "array", "items": {"type": "number"}})", R"([1, "2"])", "/1"},
      {"too few entries", R"({"type": "array", "minItems": 2})", "[1]", ""},
      {"too many entries", R"({"type": "array", "maxItems": 1})", "[1, 2]", ""},
      {"a choice", R"({"enum": ["a", "b"]})", R"("c")", ""},
      {"length in code points", R"({"type": "string", "maxLength": 2})",
       R"("\ud83d\ude00\ud83d\ude00")", nullptr},
      {"too long", R"({"type": "string", "maxLength": 2})", R"("abc")", ""},
      {"a pattern", R"({"type": "string", "maxLength": 9, "pattern": "^[a-f]+$"})", R"("abz")", ""},
      {"bounds", R"({"type": "number", "minimum": 0, "maximum": 1})", "1.5", ""},
      {"a UUID", R"({"type": "string", "format": "uuid"})", R"("nope")", ""},
      {"a time", R"({"type": "string", "format": "date-time"})", R"("2026-03-11T09:58:01Z")",
       nullptr},
      {"one of two forms", R"({"oneOf": [{"type": "string"}, {"type": "number"}]})", "true", ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const SchemaSet schemas = one_schema(c.schema);
    const auto violations = schemas.check("T", boost::json::parse(c.value));
    if (c.path == nullptr) {
      CHECK(violations.empty());
    } else {
      REQUIRE_FALSE(violations.empty());
      CHECK(violations.front().path == c.path);
    }
  }
}

TEST_CASE("a wrong target is told of the kind that was meant") {
  const SchemaSet schemas = product_schemas();
  const auto violations =
      schemas.check("Target", boost::json::parse(R"({"type": "spans", "ranges": [[1, -2]]})"));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].path == "/ranges/0/1");
  CHECK(schemas.check("Target", boost::json::parse(R"({"type": "cloud"})"))[0].path == "/type");
}

TEST_CASE("a schema that we would not check fully is refused when it is loaded") {
  for (const std::string_view file : {R"({"T": {"type": "string", "contentEncoding": "base64"}})",
                                      R"({"T": {"$ref": "#/components/schemas/U"}})",
                                      R"({"T": {"type": "string", "pattern": "a*"}})"}) {
    const std::string_view files[] = {file};
    CHECK_FALSE(SchemaSet::parse(files));
  }
}

TEST_CASE("the OpenAPI document names every operation once") {
  const SchemaSet schemas = product_schemas();
  const auto policy = Policy::parse(embedded_policy_csv());
  REQUIRE(policy);
  const boost::json::value document = boost::json::parse(openapi_document(schemas, *policy, "1"));
  std::size_t count = 0;
  for (const auto& path : document.at("paths").as_object())
    count += path.value().as_object().size();
  CHECK(count == route_table().size());
}
