#include "format/hl7v2/hl7v2.hpp"

#include <doctest/doctest.h>

using namespace consilium;

TEST_CASE("the text of each request, escapes resolved") {
  const auto texts = read_hl7v2(
      "MSH|^~\\&|A|B|C|D|2020||ORU^R01|77|P|2.5\rPID|1||X\r"
      "OBR|1|||18842-5\rOBX|1|TX|a||br\xC3\xB6st \\T\\ pain\\.br\\5\\S\\2~more||\r"
      "OBX|2|NM|b||40.1|%\rOBX|3|FT|c||a\\X0A\\b\\Z9\\c\\F\\|\r\n"
      "OBR|2\rOBX|1|ST|a||second\r");
  REQUIRE(texts);
  REQUIRE(texts->size() == 2);
  CHECK((*texts)[0].id == "77");
  CHECK((*texts)[0].text.utf8() == "br\xC3\xB6st & pain\n5^2\nmore\na\nbc|");
  CHECK((*texts)[0].problems.size() == 2);
  CHECK((*texts)[1].id == "77.2");
  CHECK((*texts)[1].text.utf8() == "second");
}

TEST_CASE("whose the text is, when and as what it was written is its origin alone") {
  const auto texts = read_hl7v2(
      "MSH|^~\\&|A|B|C|D|2020||ORU^R01|77|P|2.5\r"
      "PID|1||A9^^^ward^PI~M\\T\\12^^^clinic&1.2.3&ISO^MR||O'Made&van^Ann^B^^||19580417|F\r"
      "OBR|1|||18842-5^Discharge summary^LN|||201903110930\rOBX|1|TX|a||one\r"
      "OBR|2|||X^Own^L||||||||||||||||||20190312\rOBX|1|TX|a||two\r"
      "MSH|^~\\&|A|B|C|D|2020||ORU^R01|78|P|2.5\rOBX|1|TX|a||three\r");
  REQUIRE(texts);
  REQUIRE(texts->size() == 3);
  const AuditedAccess access = AuditedAccess::event_recorded();
  const NotePatient who{.identifier = "M&12",
                        .identifier_system = "urn:oid:1.2.3",
                        .family_name = "O'Made",
                        .given_name = "Ann B",
                        .birth_date = "1958-04-17",
                        .sex = "female"};
  CHECK((*texts)[0].origin.patient.reveal(access) == who);
  CHECK((*texts)[0].origin.date.reveal(access) == "2019-03-11");
  CHECK((*texts)[0].origin.kind_code == "18842-5");
  CHECK((*texts)[1].origin.patient.reveal(access) == who);
  CHECK((*texts)[1].origin.date.reveal(access) == "2019-03-12");
  CHECK((*texts)[1].origin.kind_code.empty());
  // Another message is another patient's.
  CHECK((*texts)[2].origin == TextOrigin{});
  CHECK((*texts)[0].metadata.empty());
}

TEST_CASE("other delimiters are obeyed; what is no message is refused") {
  const auto texts = read_hl7v2("MSH#*+!%#A#B#C#D#2020##ORU#1\nOBR#1\nOBX#1#TX#a##x|y+z!S!\n");
  REQUIRE(texts);
  CHECK(texts->front().text.utf8() == "x|y\nz*");
  CHECK(!read_hl7v2("PID|1\r"));
  CHECK(!read_hl7v2("MSH|^~\r"));
  CHECK(!read_hl7v2("MSH|^~\\&|A\rOBX|1|TX|a||\xFF\r"));
  CHECK(!read_hl7v2("MSH|^~\\&|A\rOBX|1|NM|a||1\r"));
}
