#include "service/terminology/remote_terminology.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

using namespace consilium;
using namespace consilium::service;
namespace json = boost::json;

namespace {

// A server that answers one thing and keeps what it was asked.
struct Said {
  std::string path = {};
  json::value body = {};
  Result<std::string> answer = std::string();

  RemoteTerminology server() {
    return RemoteTerminology([this](std::string_view to, const std::string& asked) {
      path = to;
      body = json::parse(asked);
      return answer;
    });
  }
};

constexpr std::string_view snomed = "http://snomed.info/sct";
constexpr std::string_view expansion = R"({"resourceType":"ValueSet","expansion":{"contains":[
 {"system":"http://snomed.info/sct","abstract":true,"code":"0","display":"Group","contains":[
   {"system":"http://snomed.info/sct","version":"2026","code":"22298006","display":"Myocardial infarction"}]},
 {"system":"http://loinc.org","code":"8310-5","display":"Body temperature"},
 {"system":"http://snomed.info/sct","code":"195967001","display":"Asthma"}]}})";

}  // namespace

TEST_CASE("concepts are found by POST, those of the system alone, groups opened") {
  Said said{.answer = std::string(expansion)};
  const auto found = said.server().find("http://example.org/sore", snomed, "my inf", 7);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0] ==
        CodedConcept{std::string(snomed), "22298006", "2026", "Myocardial infarction"});
  CHECK((*found)[1].code == "195967001");
  CHECK(said.path == "/ValueSet/$expand");
  CHECK(said.body == json::parse(R"({"resourceType":"Parameters","parameter":[
    {"name":"url","valueUri":"http://example.org/sore"},{"name":"count","valueInteger":7},
    {"name":"filter","valueString":"my inf"}]})"));
  CHECK(said.server().find("http://example.org/sore", snomed, "", 1)->size() == 1);
}

TEST_CASE("all of a system is asked for as a value set that every server knows") {
  Said said{.answer = std::string(expansion)};
  REQUIRE(said.server().find(std::string(snomed) + "?fhir_vs", snomed, "", 5));
  CHECK(said.body.at("parameter").at(0) == json::parse(R"({"name":"valueSet","resource":{
    "resourceType":"ValueSet","status":"active","compose":{"include":[
    {"system":"http://snomed.info/sct"}]}}})"));
}

TEST_CASE("whether a code is in a value set is what the server says, or an error") {
  struct Case {
    std::string_view name;
    std::string_view answer;
    std::optional<bool> holds;
  };
  for (const Case& one :
       {Case{"yes",
             R"({"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":true}]})",
             true},
        Case{"no",
             R"({"resourceType":"Parameters","parameter":[{"name":"message","valueString":"no"},
             {"name":"result","valueBoolean":false}]})",
             false},
        Case{"no result", R"({"resourceType":"Parameters","parameter":[]})", std::nullopt},
        Case{
            "another type",
            R"({"resourceType":"Parameters","parameter":[{"name":"result","valueString":"true"}]})",
            std::nullopt},
        Case{"a list", "[]", std::nullopt}, Case{"a page", "<html></html>", std::nullopt},
        Case{"nothing", "", std::nullopt}, Case{"depth", std::string_view(), std::nullopt}}) {
    CAPTURE(one.name);
    Said said{.answer = std::string(one.answer)};
    const auto holds = said.server().holds("http://example.org/sore", snomed, "1");
    CHECK(holds.has_value() == one.holds.has_value());
    if (holds && one.holds) CHECK(*holds == *one.holds);
    if (!holds) CHECK(holds.error().code == ErrorCode::Corrupt);
  }
}

TEST_CASE("an operation goes on as it came, or with the types that it gives its inputs") {
  Said said{.answer = std::string(R"({"resourceType":"Parameters"})")};
  const FhirParameters asked{
      .values = {{"url", "u"}, {"count", "3"}, {"activeOnly", "true"}, {"filter", "a"}},
      .codings = {},
      .value_set = std::nullopt};
  REQUIRE(said.server().operation("/ValueSet/$expand", "", asked));
  CHECK(said.body.at("parameter") ==
        json::parse(R"([{"name":"url","valueUri":"u"},{"name":"count","valueInteger":3},
        {"name":"activeOnly","valueBoolean":true},{"name":"filter","valueString":"a"}])"));
  REQUIRE(said.server().operation("/CodeSystem/$lookup", R"({"resourceType":"Parameters","x":1})",
                                  asked));
  CHECK(said.body.at("x") == 1);
  said.answer = fail(ErrorCode::Unavailable, "away");
  CHECK(said.server().operation("/CodeSystem/$lookup", "", asked).error().code ==
        ErrorCode::Unavailable);
}
