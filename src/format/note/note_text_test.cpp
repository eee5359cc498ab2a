#include "format/note/note_text.hpp"

#include <doctest/doctest.h>

#include <string>

#include "base/random.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

using namespace std::string_literals;

TEST_CASE("every encoding gives the same text, and only the byte order mark is dropped") {
  struct Case {
    std::string name;
    std::string bytes;
    std::string utf8;
    std::string encoding;
  };
  const Case cases[] = {
      {"ASCII", "a\r\nb\tc", "a\r\nb\tc", "UTF-8"},
      {"empty", "", "", "UTF-8"},
      {"NUL and control characters", "a\0b\x01\x7F"s, "a\0b\x01\x7F"s, "UTF-8"},
      {"UTF-8", "br\xC3\xB6st \xF0\x9F\xA7\xA0", "br\xC3\xB6st \xF0\x9F\xA7\xA0", "UTF-8"},
      {"UTF-8 with its mark", "\xEF\xBB\xBF\xC3\xA9", "\xC3\xA9", "UTF-8"},
      {"two marks: the second is text", "\xEF\xBB\xBF\xEF\xBB\xBFx", "\xEF\xBB\xBFx", "UTF-8"},
      {"UTF-16LE", "\xFF\xFE\xE9\0\x3E\xD8\xE0\xDD"s, "\xC3\xA9\xF0\x9F\xA7\xA0", "UTF-16LE"},
      {"UTF-16BE", "\xFE\xFF\0\xE9\0\r\0\n"s, "\xC3\xA9\r\n", "UTF-16BE"},
      {"UTF-32LE", "\xFF\xFE\0\0\xE9\0\0\0"s, "\xC3\xA9", "UTF-32LE"},
      {"UTF-32BE", "\0\0\xFE\xFF\0\0\0\xE9"s, "\xC3\xA9", "UTF-32BE"},
      {"UTF-16LE that begins with NUL", "\xFF\xFE\0\0\x61\0"s, "\0a"s, "UTF-16LE"},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    const auto decoded = decode_note_text(bytes_of(one.bytes));
    REQUIRE(decoded);
    CHECK(decoded->utf8 == one.utf8);
    CHECK(decoded->encoding == one.encoding);
    CHECK(decoded->remarks.empty());
  }
}

TEST_CASE("a text in another encoding is detected and said") {
  const std::string german =
      "Der Patient klagte \xFC"
      "ber \xDC"
      "belkeit und Schw\xE4"
      "che. Die R\xF6ntgenaufnahme war unauff\xE4llig, "
      "die Temperatur betrug 38,5 Grad. Er wurde f\xFCr drei Tage station\xE4r aufgenommen.";
  const auto decoded = decode_note_text(bytes_of(german));
  REQUIRE(decoded);
  CHECK(decoded->encoding == "ISO-8859-1");
  CHECK(decoded->utf8.find("\xC3\xBC"
                           "ber \xC3\x9C"
                           "belkeit") != std::string::npos);
  REQUIRE(decoded->remarks.size() == 1);
  CHECK(decoded->remarks.front().find("ISO-8859-1") != std::string::npos);
}

TEST_CASE("broken encodings are refused, not repaired") {
  for (const std::string& bytes : {"\xEF\xBB\xBF\xFF"s, "\xFF\xFE\x3E\xD8"s, "\xFF\xFE\x61"s,
                                   "\xFE\xFF\xDC\0"s, "\0\0\xFE\xFF\0\x11\0\0"s}) {
    CHECK_FALSE(decode_note_text(bytes_of(bytes)).has_value());
  }
  CHECK(decode_text_as(bytes_of("x"), "no-such-encoding").error().code == ErrorCode::Unsupported);
}

TEST_CASE("UTF-16 without its mark is read as it stands, with a remark") {
  const auto decoded = decode_note_text(bytes_of("a\0b\0c\0d\0e\0"s));
  REQUIRE(decoded);
  CHECK(decoded->encoding == "UTF-8");
  CHECK(decoded->remarks.size() == 1);
}

TEST_CASE("any bytes give valid UTF-8 or an error") {
  SeededRandom random(11);
  for (int round = 0; round < 400; ++round) {
    std::string bytes(random.below(200), '\0');
    for (char& c : bytes) c = static_cast<char>(random.below(256));
    const auto decoded = decode_note_text(bytes_of(bytes));
    if (decoded) CHECK(is_utf8(decoded->utf8));
  }
}

}  // namespace
}  // namespace consilium
