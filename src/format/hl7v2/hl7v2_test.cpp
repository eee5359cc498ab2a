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

TEST_CASE("other delimiters are obeyed; what is no message is refused") {
  const auto texts = read_hl7v2("MSH#*+!%#A#B#C#D#2020##ORU#1\nOBR#1\nOBX#1#TX#a##x|y+z!S!\n");
  REQUIRE(texts);
  CHECK(texts->front().text.utf8() == "x|y\nz*");
  CHECK(!read_hl7v2("PID|1\r"));
  CHECK(!read_hl7v2("MSH|^~\r"));
  CHECK(!read_hl7v2("MSH|^~\\&|A\rOBX|1|TX|a||\xFF\r"));
  CHECK(!read_hl7v2("MSH|^~\\&|A\rOBX|1|NM|a||1\r"));
}
