#include "format/cda/cda.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace consilium;

TEST_CASE("narrative is read in its order, blocks as lines, cells with tabs") {
  const auto texts = read_cda(
      "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><id root=\"1.2\" extension=\"7\"/>"
      "<title>Report</title><recordTarget><patientRole><patient><name>Secret</name></patient>"
      "</patientRole></recordTarget><component><structuredBody>"
      "<component><section><code code=\"10164-2\" codeSystem=\"2.16.840.1.113883.6.1\"/>"
      "<title>History</title><text>No <content>chest\n  pain</content>, but\n"
      "<list><item>cough</item><item>f\xC3\xA9ver</item></list></text>"
      "<component><section><title>Family</title><text>none</text></section></component>"
      "</section></component>"
      "<component><section><title>Results</title><text><table><tbody><tr><td>Hb</td><td>9</td>"
      "</tr></tbody></table><paragraph>low<br/>again</paragraph></text></section></component>"
      "</structuredBody></component></ClinicalDocument>");
  REQUIRE(texts);
  const LabelledText& text = texts->front();
  CHECK(text.id == "1.2^7");
  CHECK(text.text.utf8() ==
        "History\nNo chest pain, but\n- cough\n- f\xC3\xA9ver\nFamily\nnone\n\n"
        "Results\nHb\t9\nlow\nagain");
  REQUIRE(text.sections.size() == 2);
  CHECK(text.text.slice(text.sections[1]).value() == "Results\nHb\t9\nlow\nagain");
  CHECK(text.text.slice(text.sections[0]).value().ends_with("none"));
  CHECK(text.metadata ==
        std::vector<TextAttribute>{{"title", "Report"},
                                   {"section.0.code", "2.16.840.1.113883.6.1:10164-2"}});
}

TEST_CASE("whose the document is, when and as what it was written is its origin alone") {
  const auto texts = read_cda(
      "<ClinicalDocument><code code=\"18842-5\" codeSystem=\"2.16.840.1.113883.6.1\"/>"
      "<effectiveTime value=\"20190311093000+0100\"/><recordTarget><patientRole>"
      "<id root=\"1.2.3\" extension=\"M12\"/><patient><name><given>Ann</given><given>B</given>"
      "<family>Made</family></name><administrativeGenderCode code=\"F\"/>"
      "<birthTime value=\"19580417\"/></patient></patientRole></recordTarget><component>"
      "<nonXMLBody><text>made</text></nonXMLBody></component></ClinicalDocument>");
  REQUIRE(texts);
  const AuditedAccess access = AuditedAccess::event_recorded();
  const TextOrigin& origin = texts->front().origin;
  CHECK(origin.patient.reveal(access) == NotePatient{.identifier = "M12",
                                                     .identifier_system = "urn:oid:1.2.3",
                                                     .family_name = "Made",
                                                     .given_name = "Ann B",
                                                     .birth_date = "1958-04-17",
                                                     .sex = "female"});
  CHECK(origin.date.reveal(access) == "2019-03-11");
  CHECK(origin.kind_code == "18842-5");
}

TEST_CASE("a body that is no XML is read when it is plain text") {
  const auto document = [](const std::string& body) {
    return read_cda("<ClinicalDocument><component><nonXMLBody>" + body +
                    "</nonXMLBody></component></ClinicalDocument>");
  };
  CHECK(document("<text mediaType=\"text/plain\" representation=\"B64\">YWIK</text>")
            ->front()
            .text.utf8() == "ab\n");
  CHECK(document("<text mediaType=\"application/pdf\" representation=\"B64\">YWIK</text>")
            .error()
            .code == ErrorCode::Unsupported);
  CHECK(document("").error().code == ErrorCode::InvalidInput);
  CHECK(read_cda("<a/>").error().code == ErrorCode::InvalidInput);
}

TEST_CASE("real documents give their sections and nothing of the patient") {
  const char* root = std::getenv("CONSILIUM_DATA");
  const auto folder = std::filesystem::path(root == nullptr ? "" : root) / "fhir/cda";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  for (const auto& [name, sections] : {std::pair{"Diagnostic_Imaging_Report.ccda", std::size_t{4}},
                                       std::pair{"Discharge_Summary.ccda", std::size_t{20}}}) {
    CAPTURE(name);
    std::ifstream file(folder / name, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto texts = read_cda(bytes);
    REQUIRE(texts);
    CHECK(texts->front().sections.size() >= sections);
    CHECK(texts->front().text.utf8().size() > 500);
    for (const TextSpan& section : texts->front().sections) {
      CHECK(texts->front().text.slice(section).has_value());
    }
  }
}
