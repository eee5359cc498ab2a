#include "format/fhir_terminology/fhir_terminology.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view code_system =
    R"({"resourceType":"CodeSystem","url":"http://example.org/wugs",
"version":"1.2","name":"Wugs","content":"complete","concept":[
 {"code":"wug","display":"Wug","definition":"Any wug","concept":[
   {"code":"sore","display":"Sore wug","designation":[{"language":"de","value":"Wunder Wug"}]},
   {"code":"old","display":"Old wug","property":[{"code":"status","valueCode":"retired"}]}]},
 {"code":"flat","display":"Flat","property":[{"code":"parent","valueCode":"wug"}]}]})";
constexpr std::string_view value_set = R"({"resourceType":"ValueSet","url":"http://example.org/vs",
"title":"Sore ones","compose":{"inactive":false,"include":[{"system":"http://example.org/wugs",
"filter":[{"property":"concept","op":"is-a","value":"wug"}]},{"valueSet":["http://example.org/other"]}],
"exclude":[{"system":"http://example.org/wugs","concept":[{"code":"old","display":"Gone"}]}]}})";

}  // namespace

TEST_CASE("a CodeSystem gives codes in their nesting, designations, definitions and activity") {
  const auto made = std::get<Terminology>(read_fhir_terminology(code_system).value());
  CHECK(made.system == "http://example.org/wugs");
  CHECK(made.version == "1.2");
  REQUIRE(made.concepts.size() == 4);  // flat, old, sore, wug
  CHECK_FALSE(made.concepts[1].active);
  CHECK(made.parents == std::vector<ParentLink>{{.child = 0, .parent = 3},
                                                {.child = 1, .parent = 3},
                                                {.child = 2, .parent = 3}});
  bool german = false;
  for (const Term& term : made.terms) german |= made.text_of(term) == "Wunder Wug";
  CHECK(german);
  CHECK(made.terms.back().kind == TermKind::Definition);
}

TEST_CASE("a ValueSet gives its parts, or the codes of its expansion") {
  const auto made = std::get<ValueSet>(read_fhir_terminology(value_set).value());
  REQUIRE(made.include.size() == 2);
  CHECK(made.include[0].filters[0] ==
        ValueSetFilter{.property = "concept", .op = "is-a", .value = "wug"});
  CHECK(made.include[1].value_sets == std::vector<std::string>{"http://example.org/other"});
  CHECK(made.exclude[0].listed[0] == ListedConcept{.code = "old", .display = "Gone"});
  CHECK_FALSE(made.with_inactive);
  const auto expanded = std::get<ValueSet>(
      read_fhir_terminology(R"({"resourceType":"ValueSet","url":"u","expansion":{"contains":[
        {"system":"s","code":"a","contains":[{"system":"s","code":"b","display":"B"}]}]}})")
          .value());
  REQUIRE(expanded.include.size() == 1);
  CHECK(expanded.include[0].listed.size() == 2);
}

TEST_CASE("what is missing or twice is refused with its pointer") {
  const auto where = [](std::string_view json) {
    return read_fhir_terminology(json).error().where;
  };
  CHECK(
      where(
          R"({"resourceType":"CodeSystem","url":"u","concept":[{"code":"a"},{"display":"x"}]})") ==
      "/concept/1");
  CHECK(where(R"({"resourceType":"CodeSystem","url":"u","concept":[{"code":"a"},{"code":"a"}]})") ==
        "/concept/1/code");
  CHECK(where(R"({"resourceType":"ValueSet","compose":{"include":[{"concept":[]}]}})") ==
        "/compose/include/0");
  CHECK(read_fhir_terminology(R"({"resourceType":"CodeSystem","url":"u","content":"supplement"})")
            .error()
            .code == ErrorCode::Unsupported);
  CHECK(read_fhir_terminology(R"({"resourceType":"Patient"})").error().code ==
        ErrorCode::Unsupported);
}

TEST_CASE("resources cut or changed at any byte give a clean error or a result") {
  for (const std::string_view whole : {code_system, value_set}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      CHECK_FALSE(read_fhir_terminology(whole.substr(0, at)).has_value());
      for (const char put : {'"', '{', '0', '\xff'}) {
        std::string changed(whole);
        changed[at] = put;
        (void)read_fhir_terminology(changed);
      }
    }
  }
}
