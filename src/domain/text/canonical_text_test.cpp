#include "domain/text/canonical_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

// What notes hold and offsets break on: CR LF, lone CR, tabs, NUL, combining marks, a BOM in the
// middle, astral letters, the largest code point, letters of two and three bytes.
constexpr char32_t pool[] = {U'a',      U'Z',      U' ',          U'\t',         U'\r',
                             U'\n',     U'\0',     U'\u00e9',     U'e',          U'\u0301',
                             U'\ufeff', U'\u4e2d', U'\U0001F9E0', U'\U0010FFFF', U'\u200d',
                             U'\ud7ff', U'\ue000'};

std::string made_text(SeededRandom& random, std::uint64_t count, bool ascii) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) {
    append_utf8(text, pool[random.below(ascii ? 7 : std::size(pool))]);
  }
  return text;
}

TEST_CASE("every offset survives the way to bytes and UTF-16 and back") {
  SeededRandom random(7);
  for (int round = 0; round < 60; ++round) {
    const std::string utf8 = made_text(random, random.below(3000), round % 5 == 0);
    const auto text = CanonicalText::from_utf8(utf8);
    REQUIRE(text);
    std::uint64_t at = 0;
    std::uint64_t utf16 = 0;
    std::size_t byte = 0;
    for (;; ++at) {
      REQUIRE(text->byte_of_code_point(at).value() == byte);
      REQUIRE(text->code_point_of_byte(byte).value() == at);
      REQUIRE(text->utf16_of_code_point(at).value() == utf16);
      REQUIRE(text->code_point_of_utf16(utf16).value() == at);
      if (byte == utf8.size()) break;
      const std::size_t begin = byte;
      const char32_t c = next_code_point(utf8, byte);
      for (std::size_t inside = begin + 1; inside < byte; ++inside) {
        REQUIRE_FALSE(text->code_point_of_byte(inside).has_value());
      }
      if (c > 0xFFFF) REQUIRE_FALSE(text->code_point_of_utf16(utf16 + 1).has_value());
      utf16 += c > 0xFFFF ? 2 : 1;
    }
    CHECK(text->code_point_count() == at);
    CHECK(text->utf16_count() == utf16);
    CHECK_FALSE(text->byte_of_code_point(at + 1).has_value());
    CHECK_FALSE(text->code_point_of_byte(utf8.size() + 1).has_value());
    CHECK_FALSE(text->utf16_of_code_point(at + 1).has_value());
    CHECK_FALSE(text->code_point_of_utf16(utf16 + 1).has_value());
  }
}

TEST_CASE("slices of neighbouring spans join to the text") {
  SeededRandom random(8);
  for (int round = 0; round < 40; ++round) {
    const std::string utf8 = made_text(random, 1 + random.below(2000), false);
    const auto text = CanonicalText::from_utf8(utf8);
    REQUIRE(text);
    std::string joined;
    for (std::uint64_t begin = 0; begin < text->code_point_count();) {
      const std::uint64_t end = std::min(text->code_point_count(), begin + 1 + random.below(40));
      joined += text->slice({begin, end}).value();
      begin = end;
    }
    CHECK(joined == utf8);
  }
}

TEST_CASE("lines cover the text and every offset knows its line") {
  const auto text = CanonicalText::from_utf8("a\r\nb\rc\n\nd\xC3\xA9");
  REQUIRE(text);
  REQUIRE(text->line_count() == 5);
  const std::vector<std::string> expected = {"a\r\n", "b\r", "c\n", "\n", "d\xC3\xA9"};
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < expected.size(); ++i) {
    const TextSpan line = text->line(i).value();
    CHECK(line.begin == next);
    CHECK(text->slice(line).value() == expected[i]);
    for (std::uint64_t at = line.begin; at < line.end; ++at) {
      CHECK(text->line_column(at).value() == LineColumn{i, at - line.begin});
    }
    next = line.end;
  }
  CHECK(text->line_column(next).value() == LineColumn{4, 2});
  CHECK_FALSE(text->line(5).has_value());
  CHECK_FALSE(text->line_column(next + 1).has_value());
  CHECK(CanonicalText().line_count() == 1);
  CHECK(CanonicalText::from_utf8("x\n").value().line_count() == 2);
}

TEST_CASE("nothing is normalised and the digest is that of the bytes") {
  const std::string utf8 = std::string("e\xCC\x81\r\n\t\0z", 8);
  const auto text = CanonicalText::from_utf8(utf8);
  REQUIRE(text);
  CHECK(text->utf8() == utf8);
  CHECK(text->digest() == sha256(bytes_of(utf8)));
  CHECK(CanonicalText().digest() == sha256({}));
}

TEST_CASE("text that is not UTF-8 is refused at its first bad byte") {
  struct Case {
    std::string name;
    std::string text;
    std::string where;
  };
  const Case cases[] = {{"a lone continuation", "ab\x80", "byte 2"},
                        {"a surrogate", "\xC3\xA9\xED\xA0\x80", "byte 2"},
                        {"a sequence cut short", "abc\xE4\xB8", "byte 3"},
                        {"an overlong form", "\xC0\xAF", "byte 0"}};
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto text = CanonicalText::from_utf8(one.text);
    REQUIRE_FALSE(text.has_value());
    CHECK(text.error().where == one.where);
  }
}

TEST_CASE("a reversed span and one past the end are refused") {
  const auto text = CanonicalText::from_utf8("abc");
  REQUIRE(text);
  CHECK_FALSE(text->slice({2, 1}).has_value());
  CHECK_FALSE(text->slice({0, 4}).has_value());
  CHECK(text->slice({3, 3}).value().empty());
}

}  // namespace
}  // namespace consilium
