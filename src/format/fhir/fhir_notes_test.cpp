#include "format/fhir/fhir_notes.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "format/base64/base64_text.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

using namespace std::string_literals;

const AuditedAccess test_access = AuditedAccess::event_recorded();

std::string document(const std::string& attachment, const std::string& rest = "") {
  return R"({"resourceType":"DocumentReference","id":"d1","status":"current","content":[{"attachment":{)" +
         attachment + "}}]" + rest + "}";
}

std::string plain(const std::string& text, const std::string& type = "text/plain") {
  return R"("contentType":")" + type + R"(","data":")" + to_base64(bytes_of(text)) + "\"";
}

std::string first_text(const FhirNotes& notes) {
  return std::string(notes.notes.at(0).note.text.reveal(test_access).utf8());
}

TEST_CASE("a bundle links each note to its patient by reference") {
  const std::string patient =
      R"({"resourceType":"Patient","id":"p1","identifier":[{"system":"urn:ssn","value":"0"},)"
      R"({"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}]},)"
      R"("system":"urn:site","value":"MRN7"}],"name":[{"family":"Made","given":["Up","B."]}],)"
      R"("gender":"female","birthDate":"1958-04"})";
  const std::string contained = document(
      plain("third"), R"(,"subject":{"reference":"#me"},"contained":[)"
                      R"({"resourceType":"Patient","id":"me","identifier":[{"value":"C3"}]}])");
  const std::string bundle =
      R"({"resourceType":"Bundle","type":"collection","entry":[)"
      R"({"fullUrl":"urn:uuid:1","resource":)" +
      document(plain("caf\xC3\xA9\r\nline"),
               R"(,"subject":{"reference":"Patient/p1"},"date":"2024-03-11T10:00:00Z",)"
               R"("masterIdentifier":{"value":"N1"},)"
               R"("type":{"coding":[{"system":"http://loinc.org","code":"18842-5"}]})") +
      R"(},{"fullUrl":"urn:uuid:2","resource":)" + patient + R"(},{"resource":)" +
      document(plain("second"), R"(,"subject":{"reference":"urn:uuid:2"})") + R"(},{"resource":)" +
      contained + R"(},{"resource":)" +
      document(plain("fourth"),
               R"(,"subject":{"reference":"https://ehr/fhir/Patient/99/_history/1"})") +
      R"(},{"resource":{"resourceType":"Observation"}}]})";
  const auto notes = read_fhir_notes(bundle);
  REQUIRE(notes);
  REQUIRE(notes->notes.size() == 4);
  const Note& first = notes->notes[0].note;
  CHECK(notes->notes[0].path == "/entry/0/resource");
  CHECK(first.text.reveal(test_access).utf8() == "caf\xC3\xA9\r\nline");
  CHECK(first.identifier.reveal(test_access) == "N1");
  CHECK(first.date.reveal(test_access) == "2024-03-11T10:00:00Z");
  CHECK(first.kind_code == "18842-5");
  const NotePatient expected{.identifier = "MRN7",
                             .identifier_system = "urn:site",
                             .family_name = "Made",
                             .given_name = "Up B.",
                             .birth_date = "1958-04",
                             .sex = "female"};
  CHECK(first.patient.reveal(test_access) == expected);
  CHECK(notes->notes[1].note.patient.reveal(test_access) == expected);
  CHECK(notes->notes[2].note.patient.reveal(test_access).identifier == "C3");
  CHECK(notes->notes[3].note.patient.reveal(test_access).identifier == "99");
}

TEST_CASE("the stated charset is obeyed, and without one the encoding is found") {
  CHECK(first_text(read_fhir_notes(document(plain("caf\xE9", "text/plain; charset=ISO-8859-1")))
                       .value()) == "caf\xC3\xA9");
  CHECK(first_text(read_fhir_notes(document(plain("\xFF\xFE\x41\x00"s))).value()) == "A");
  CHECK(first_text(
            read_fhir_notes(document(plain("x", "TEXT/Plain;Charset=\\\"UTF-8\\\""))).value()) ==
        "x");
}

TEST_CASE("what is no plain text in the file is refused with its reason") {
  struct Case {
    std::string name;
    std::string json;
    ErrorCode code;
    std::string what;
  };
  const Case cases[] = {
      {"HTML", document(plain("<p>x</p>", "text/html")), ErrorCode::Unsupported, "HTML"},
      {"PDF", document(plain("%PDF", "application/pdf")), ErrorCode::Unsupported, "PDF"},
      {"a URL", document(R"("contentType":"text/plain","url":"https://x/1")"),
       ErrorCode::Unsupported, "URL"},
      {"in error",
       R"({"resourceType":"DocumentReference","status":"entered-in-error","content":[]})",
       ErrorCode::InvalidInput, "error"},
      {"no content", R"({"resourceType":"DocumentReference"})", ErrorCode::InvalidInput, "content"},
      {"broken base64", document(R"("contentType":"text/plain","data":"@@@@")"), ErrorCode::Corrupt,
       "base64"},
      {"an unknown charset", document(plain("x", "text/plain; charset=nope")),
       ErrorCode::Unsupported, "encoding"},
      {"empty", document(plain("")), ErrorCode::InvalidInput, "empty"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto notes = read_fhir_notes(one.json);
    REQUIRE(notes);
    REQUIRE(notes->refusals.size() == 1);
    CHECK(notes->refusals[0].error.code == one.code);
    CHECK(notes->refusals[0].error.what.find(one.what) != std::string::npos);
  }
  CHECK(read_fhir_notes("{}").error().code == ErrorCode::Unsupported);
  CHECK(read_fhir_notes(R"({"resourceType":"Bundle"})").error().code == ErrorCode::Unsupported);
  CHECK(read_fhir_notes("{").error().code == ErrorCode::InvalidInput);
}

TEST_CASE("base64 is strict but for white space") {
  SeededRandom random(3);
  for (int round = 0; round < 200; ++round) {
    std::string bytes(random.below(50), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    std::string text = to_base64(bytes_of(bytes));
    if (!text.empty()) text.insert(random.below(text.size()), "\r\n ");
    CHECK(text_of(from_base64_text(text).value()) == bytes);
  }
  for (const std::string& bad : {"A"s, "AA"s, "AA="s, "A==="s, "AA==AA=="s, "AB=="s, "AAB="s,
                                 "AA=A"s, "A-AA"s, "===="s, "AAAA="s}) {
    CAPTURE(bad);
    CHECK_FALSE(from_base64_text(bad).has_value());
  }
}

TEST_CASE("real bundles are read or refused with a reason") {
  for (const std::string path :
       {"fhir/bundles_expected/ORU-R01-01-expected.json",
        "fhir/bundles_expected/LAB-ORU-1-expected.json", "fhir/resources/bundle.json"}) {
    const auto file = test::data_path(path);
    if (!file) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    CAPTURE(path);
    std::ifstream stream(*file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    const auto notes = read_fhir_notes(bytes);
    // One of them holds a letter in Latin-1.
    if (!notes)
      CHECK((notes.error().what.find("UTF-8") != std::string::npos ||
             notes.error().code == ErrorCode::Unsupported));
    for (std::size_t size = 0; size < std::min<std::size_t>(bytes.size(), 4096); ++size) {
      CHECK_FALSE(read_fhir_notes(std::string_view(bytes).substr(0, size)).has_value());
    }
  }
}

}  // namespace
}  // namespace consilium
