#include "format/xml/xml.hpp"

#include <doctest/doctest.h>

using namespace consilium;

TEST_CASE("text and attributes come back as they were written") {
  const std::string text = "a\r\nb\tc & <d> \"e\" \xF0\x9F\xA7\xA0";
  const auto root = read_xml("<a b=\"" + xml_attribute(text) + "\">" + xml_content(text) + "</a>");
  REQUIRE(root);
  CHECK(root->text == text);
  REQUIRE(root->attribute("b") != nullptr);
  CHECK(*root->attribute("b") == text);
}

TEST_CASE("a document type is passed over, its entities are refused") {
  CHECK(read_xml("<!DOCTYPE a SYSTEM \"BioC.dtd\"><a/>"));
  const auto bomb =
      read_xml("<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;&x;&x;\">]><a>&y;</a>");
  REQUIRE(!bomb);
  CHECK(bomb.error().what == "the XML declares entities");
  CHECK(!read_xml("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>"));
  CHECK(!read_xml("<!DOCTYPE a SYSTEM \"BioC.dtd\"><a>&x;</a>"));
}

TEST_CASE("depth is bounded and what is broken says where") {
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  const auto refused = read_xml(deep);
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::TooLarge);
  const auto broken = read_xml("<a>\n<b></a>");
  REQUIRE(!broken);
  CHECK(broken.error().code == ErrorCode::Corrupt);
  CHECK(broken.error().where.starts_with("line 2, byte "));
  CHECK(!read_xml(""));
}
