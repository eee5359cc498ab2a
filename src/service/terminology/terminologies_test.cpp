#include "service/terminology/terminologies.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>

#include "domain/label/annotation.hpp"
#include "service/terminology/concept_answers.hpp"
#include "service/terminology/fhir_operations.hpp"
#include "service/terminology/remote_terminology.hpp"
#include "storage/open_store.hpp"

using namespace consilium;
using namespace consilium::service;
namespace json = boost::json;

namespace {

constexpr std::string_view wugs = R"({"resourceType":"CodeSystem","url":"http://example.org/wugs",
"version":"1","title":"Wugs","content":"complete","concept":[
 {"code":"W","display":"Wug","definition":"Any wug","concept":[
   {"code":"W1","display":"Sore wug","designation":[{"value":"Wug pain"}],"concept":[
     {"code":"W11","display":"Sore wug of the left"}]},
   {"code":"W2","display":"Tired wug","property":[{"code":"inactive","valueBoolean":true}]}]},
 {"code":"X","display":"No wug"}]})";
constexpr std::string_view sore = R"({"resourceType":"ValueSet","url":"http://example.org/sore",
"compose":{"include":[{"system":"http://example.org/wugs","filter":[
{"property":"concept","op":"is-a","value":"W1"}]},{"system":"http://example.org/wugs",
"concept":[{"code":"X","display":"Nothing"}]}],
"exclude":[{"system":"http://example.org/wugs","concept":[{"code":"W11"}]}]}})";

struct World {
  std::filesystem::path folder;
  ManualClock clock{Timestamp{1'800'000'000'000}};
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<Terminologies> terminologies;

  World() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "consilium-terms-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    open();
  }
  ~World() {
    terminologies.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    terminologies.reset();
    store.reset();
    auto opened = storage::open_store({.folder = folder / "data", .clock = &clock});
    if (!opened) FAIL(to_line(opened.error()));
    store = std::move(*opened);
    terminologies = std::make_unique<Terminologies>(*store, folder / "data" / "terminologies");
  }
  Result<storage::TerminologyRow> load(std::string_view text,
                                       const Access& access = operator_access()) {
    const auto source = view_source(bytes_of(text));
    const TerminologyFile file{.name = "file.json", .bytes = source.get()};
    return terminologies->load(access, std::span(&file, 1), {});
  }
  void load_both() {
    REQUIRE(load(wugs).has_value());
    REQUIRE(load(sore).has_value());
  }
  [[nodiscard]] std::size_t file_count() const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder / "data" / "terminologies")) {
      static_cast<void>(entry);
      ++count;
    }
    return count;
  }
};

FhirParameters asked(std::vector<std::pair<std::string, std::string>> values) {
  return {.values = std::move(values), .codings = {}, .value_set = std::nullopt};
}

const json::object* named(const json::object& parameters, std::string_view name) {
  for (const json::value& one : parameters.at("parameter").as_array()) {
    if (one.as_object().at("name").as_string() == name) return &one.as_object();
  }
  return nullptr;
}

bool result_of(const Result<json::object>& parameters) {
  REQUIRE(parameters.has_value());
  return named(*parameters, "result")->at("valueBoolean").as_bool();
}

std::vector<std::string> codes_in(const Result<json::object>& value_set) {
  REQUIRE(value_set.has_value());
  std::vector<std::string> codes;
  const json::object& expansion = value_set->at("expansion").as_object();
  if (const json::value* contains = expansion.if_contains("contains")) {
    for (const json::value& one : contains->as_array()) {
      codes.emplace_back(one.as_object().at("code").as_string());
    }
  }
  return codes;
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("what is loaded is there after a restart, once, and gone when it is removed") {
  World world;
  world.load_both();
  REQUIRE(world.load(wugs).has_value());
  CHECK(world.file_count() == 2);
  world.open();
  REQUIRE(world.terminologies->list().value().size() == 2);
  const SharedIndex index = world.terminologies->index("http://example.org/wugs").value();
  CHECK(index->concept_count() == 5);
  CHECK(world.terminologies->index("http://example.org/wugs", "1").value() == index);
  CHECK(world.terminologies->index("http://example.org/wugs", "2").error().code ==
        ErrorCode::NotFound);
  REQUIRE(
      world.terminologies->remove(operator_access(), "http://example.org/wugs", "1").has_value());
  CHECK_FALSE(world.terminologies->index("http://example.org/wugs").has_value());
  CHECK(world.file_count() == 1);
  CHECK(index->display(0) == "Wug");  // who searches meanwhile keeps it
}

TEST_CASE("only administrators, leads and the operator load and remove") {
  World world;
  Access rater;
  rater.projects[ProjectId{}] = Roles{Role::Rater};
  CHECK(world.load(wugs, rater).error().code == ErrorCode::Forbidden);
  CHECK(world.terminologies->remove(rater, "x", "1").error().code == ErrorCode::Forbidden);
  Access lead;
  lead.projects[ProjectId{}] = Roles{Role::Lead};
  CHECK(world.load(wugs, lead).has_value());
}

TEST_CASE("what is no terminology is refused, and leaves nothing") {
  World world;
  CHECK_FALSE(world.load("{").has_value());
  CHECK(world.load("plain text").error().code == ErrorCode::Unsupported);
  CHECK(world.terminologies->list().value().empty());
}

TEST_CASE("$lookup tells display, definition, designations, parents and children") {
  World world;
  world.load_both();
  const FhirOperations fhir(*world.terminologies, world.clock);
  const json::object found =
      fhir.lookup(asked({{"system", "http://example.org/wugs"}, {"code", "W1"}})).value();
  CHECK(named(found, "display")->at("valueString").as_string() == "Sore wug");
  CHECK(named(found, "version")->at("valueString").as_string() == "1");
  CHECK(json::serialize(found).contains("Wug pain"));
  CHECK(json::serialize(found).contains(R"("valueCode":"W11")"));
  CHECK(fhir.lookup(asked({{"system", "http://example.org/wugs"}, {"code", "Q"}})).error().code ==
        ErrorCode::NotFound);
  CHECK(fhir.lookup(asked({{"system", "http://example.org/none"}, {"code", "Q"}})).error().code ==
        ErrorCode::NotFound);
  CHECK(fhir.lookup(asked({})).error().code == ErrorCode::InvalidInput);
}

TEST_CASE("CodeSystem/$validate-code judges code and display") {
  World world;
  world.load_both();
  const FhirOperations fhir(*world.terminologies, world.clock);
  const auto judge = [&](const std::string& code, const std::string& display) {
    return result_of(fhir.validate_in_code_system(
        asked({{"url", "http://example.org/wugs"}, {"code", code}, {"display", display}})));
  };
  CHECK(judge("W1", ""));
  CHECK(judge("W1", "sore WUG"));
  CHECK(judge("W1", "Wug pain"));
  CHECK_FALSE(judge("W1", "Tired wug"));
  CHECK_FALSE(judge("nope", ""));
}

TEST_CASE("ValueSet/$expand and $validate-code follow include, exclude, paging and filter") {
  World world;
  world.load_both();
  const FhirOperations fhir(*world.terminologies, world.clock);
  const std::string url = "http://example.org/sore";
  CHECK(codes_in(fhir.expand(asked({{"url", url}}))) == Codes{"W1", "X"});
  CHECK(codes_in(fhir.expand(asked({{"url", url}, {"offset", "1"}, {"count", "1"}}))) ==
        Codes{"X"});
  CHECK(codes_in(fhir.expand(asked({{"url", url}, {"filter", "wug sor"}}))) == Codes{"W1"});
  const json::object all = fhir.expand(asked({{"url", url}, {"count", "0"}})).value();
  CHECK(all.at("expansion").as_object().at("total").to_number<int>() == 2);
  CHECK(json::serialize(fhir.expand(asked({{"url", url}})).value()).contains("Nothing"));
  const std::string everything = "http://example.org/wugs?fhir_vs";
  CHECK(codes_in(fhir.expand(asked({{"url", everything}, {"activeOnly", "true"}}))) ==
        Codes{"W", "W1", "W11", "X"});
  CHECK(codes_in(fhir.expand(asked({{"url", everything + "=ecl/< W MINUS W2"}}))) ==
        Codes{"W1", "W11"});
  CHECK(codes_in(fhir.expand(asked({{"url", everything + "=isa/W1"}}))) == Codes{"W1", "W11"});
  const auto judge = [&](const std::string& code) {
    return result_of(fhir.validate_in_value_set(
        asked({{"url", url}, {"system", "http://example.org/wugs"}, {"code", code}})));
  };
  CHECK(judge("W1"));
  CHECK_FALSE(judge("W11"));
  CHECK_FALSE(result_of(fhir.validate_in_value_set(asked({{"url", url}, {"code", "W1"}}))));
  CHECK(result_of(
      fhir.validate_in_value_set(asked({{"url", url}, {"code", "W1"}, {"inferSystem", "true"}}))));
  CHECK(fhir.expand(asked({{"url", "http://example.org/none"}})).error().code ==
        ErrorCode::NotFound);
  CHECK(fhir.expand(asked({{"url", url}, {"count", "-1"}})).error().code ==
        ErrorCode::InvalidInput);
}

TEST_CASE("a Parameters body may bring its own value set and codeable concept") {
  World world;
  world.load_both();
  const FhirOperations fhir(*world.terminologies, world.clock);
  const auto parameters = read_fhir_parameters(R"({"resourceType":"Parameters","parameter":[
    {"name":"valueSet","resource":{"resourceType":"ValueSet","compose":{"include":[
      {"valueSet":["http://example.org/sore"],"system":"http://example.org/wugs"}]}}},
    {"name":"codeableConcept","valueCodeableConcept":{"coding":[
      {"system":"http://example.org/other","code":"W1"},
      {"system":"http://example.org/wugs","code":"X","display":"Nothing"}]}}]})");
  REQUIRE(parameters.has_value());
  CHECK(codes_in(fhir.expand(*parameters)) == Codes{"W1", "X"});
  CHECK(result_of(fhir.validate_in_value_set(*parameters)));
  CHECK(read_fhir_parameters("{}").error().code == ErrorCode::InvalidInput);
}

TEST_CASE("value sets that contain each other are refused") {
  World world;
  for (const char* pair : {"ab", "ba"}) {
    const std::string set = R"({"resourceType":"ValueSet","url":"u:)" + std::string(1, pair[0]) +
                            R"(","compose":{"include":[{"valueSet":["u:)" +
                            std::string(1, pair[1]) + R"("]}]}})";
    REQUIRE(world.load(set).has_value());
  }
  CHECK(world.terminologies->expansion("u:a").error().code == ErrorCode::InvalidInput);
}

TEST_CASE("a picked concept must be among those asked for, where its terminology is loaded") {
  World world;
  world.load_both();
  ConceptAnswers answers(*world.store, *world.terminologies);
  Protocol protocol;
  AttributeSpec attribute;
  attribute.id = "code";
  attribute.answer.type = AnswerType::Concept;
  attribute.answer.concepts =
      ConceptChoice{.systems = {"http://example.org/wugs", "SCT"}, .value_set = "", .within = ""};
  protocol.attributes.push_back(attribute);
  Annotation annotation;
  const auto problems = [&](const std::string& system, const std::string& code) {
    annotation.attributes["code"] =
        CodedConcept{.system = system, .code = code, .version = "", .display = "d"};
    return answers.check(protocol, annotation).value().size();
  };
  CHECK(problems("http://example.org/wugs", "W1") == 0);
  CHECK(problems("http://example.org/wugs", "nope") == 1);
  CHECK(problems("SCT", "123") == 0);  // not loaded here: cannot be judged here
  protocol.attributes[0].answer.concepts->value_set = "http://example.org/sore";
  CHECK(problems("http://example.org/wugs", "X") == 0);
  CHECK(problems("http://example.org/wugs", "W11") == 1);

  // The other server is asked of what is not loaded alone; when it is away the label passes.
  std::string asked_of;
  bool is_away = false;
  const RemoteTerminology remote(
      [&](std::string_view, const std::string& body) -> Result<std::string> {
        asked_of = body;
        if (is_away) return fail(ErrorCode::Unavailable, "away");
        return std::string(R"({"resourceType":"Parameters","parameter":[
            {"name":"result","valueBoolean":)") +
               (body.contains("\"456\"") ? "false" : "true") + "}]}";
      });
  answers.ask_too(&remote);
  protocol.attributes[0].answer.concepts->value_set.clear();
  CHECK(problems("http://example.org/wugs", "W1") == 0);
  CHECK(asked_of.empty());
  CHECK(problems("SCT", "123") == 0);
  CHECK(asked_of.contains("http://snomed.info/sct"));
  CHECK(problems("SCT", "456") == 1);
  is_away = true;
  CHECK(problems("SCT", "456") == 0);
}
