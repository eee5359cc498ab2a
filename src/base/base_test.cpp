#include <doctest/doctest.h>

#include <bit>
#include <boost/json.hpp>
#include <cstdlib>
#include <limits>

#include "base/byte_reader.hpp"
#include "base/byte_writer.hpp"
#include "base/canonical_json.hpp"
#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/random.hpp"
#include "base/sealed_form.hpp"
#include "base/sha256.hpp"
#include "base/utf8.hpp"

using namespace consilium;

TEST_CASE("SHA-256 and HMAC give the published digests") {
  // FIPS 180-4 example "abc"; RFC 4231 test case 2.
  CHECK(to_hex(sha256(bytes_of("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("base64 of RFC 4648 section 10") {
  CHECK(to_base64(bytes_of("")).empty());
  CHECK(to_base64(bytes_of("f")) == "Zg==");
  CHECK(to_base64(bytes_of("fo")) == "Zm8=");
  CHECK(to_base64(bytes_of("foobar")) == "Zm9vYmFy");
  CHECK(to_base64url(bytes_of("fo")) == "Zm8");
}

TEST_CASE("canonical JSON writes numbers as RFC 8785 appendix B does") {
  struct Case {
    std::uint64_t bits;
    const char* text;
  };
  const Case cases[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(canonical_json(boost::json::value(std::bit_cast<double>(c.bits))).value() == c.text);
  }
  CHECK_FALSE(
      canonical_json(boost::json::value(std::numeric_limits<double>::infinity())).has_value());
}

TEST_CASE("canonical JSON sorts keys by UTF-16 units, as RFC 8785 3.2.3 shows") {
  const auto value = parse_json(
      "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew\",\"1\":\"One\","
      "\"\\ud83d\\ude00\":\"Emoji\",\"\\u0080\":\"Control\",\"\\u00f6\":\"o with diaeresis\"}");
  REQUIRE(value.has_value());
  CHECK(canonical_json(*value).value() ==
        "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
        "\"\xc3\xb6\":\"o with diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
        "\"\xf0\x9f\x98\x80\":\"Emoji\",\"\xef\xac\xb3\":\"Hebrew\"}");
}

TEST_CASE("a number with a fraction survives being written and read") {
  SeededRandom random(7);
  int changed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::bit_cast<double>((random.next() & ~(0x7FFULL << 52U)) |
                                               ((random.below(200) + 923) << 52U));
    const auto text = canonical_json(boost::json::value(value));
    REQUIRE(text.has_value());
    const auto back = parse_json(*text);
    REQUIRE(back.has_value());
    if (back->to_number<double>() != value) ++changed;
  }
  CHECK(changed == 0);
  CHECK(parse_json("1e-400")->get_double() == 0);
  CHECK(!parse_json("1e400").has_value());
  CHECK(parse_json(R"([1.5,{"a":-2.25e0,"b":[12345678901234567890123]},7])").has_value());
}

TEST_CASE("JSON deeper than the limit or with trailing bytes is refused") {
  CHECK_FALSE(parse_json("[[[[1]]]]", 3).has_value());
  CHECK_FALSE(parse_json("{} x").has_value());
  CHECK_FALSE(parse_json("").has_value());
}

TEST_CASE("ids carry time, version and variant, and read back") {
  const ManualClock clock(Timestamp{0x0123456789AB});
  SeededRandom random(1);
  const auto id = make_id<Id<struct AnyTag>>(clock, random);
  const std::string text = to_string(id);
  CHECK(text.substr(0, 15) == "01234567-89ab-7");
  CHECK(parse_id<Id<struct AnyTag>>(text).value() == id);
  CHECK_FALSE(parse_id<Id<struct AnyTag>>("0123").has_value());
}

TEST_CASE("times read and write RFC 3339") {
  CHECK(to_rfc3339(Timestamp{0}) == "1970-01-01T00:00:00.000Z");
  CHECK(parse_rfc3339("2026-03-11T09:58:01.25Z").value().ms == 1773223081250);
  CHECK(parse_rfc3339("2026-03-11T10:58:01.250+01:00").value().ms == 1773223081250);
  CHECK(to_rfc3339(Timestamp{1773223081250}) == "2026-03-11T09:58:01.250Z");
  for (const char* bad : {"", "2026-03-11", "2026-02-30T00:00:00Z", "2026-03-11T09:58:01", "x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("a byte reader never passes the end and keeps its place on an error") {
  const Bytes bytes = to_bytes("\x01\x02\x03");
  ByteReader reader(bytes, std::endian::little, 100);
  CHECK(reader.u16().value() == 0x0201);
  CHECK_FALSE(reader.u16().has_value());
  CHECK(reader.where() == "byte 102");
  CHECK(reader.u8().value() == 3);
  CHECK(reader.at_end());
  CHECK_FALSE(reader.take(~0ULL).has_value());
  ByteReader big(bytes, std::endian::big);
  CHECK(big.u16().value() == 0x0102);
}

TEST_CASE("a sealed form gives back what was put in, and nothing once cut, altered or of another") {
  const SealedForm thing{
      .magic = "THING", .version = 3, .name = "thing", .remedy = "make it again"};
  Bytes form = thing.begin();
  put_number(form, std::uint32_t{0xDEADBEEF});
  put_number(form, -1.5F);
  put_short_text(form, "asthma");
  SealedForm::seal(form);
  auto reader = thing.open(form);
  REQUIRE(reader);
  CHECK(reader->where() == "byte 7");
  CHECK(reader->u32() == 0xDEADBEEFU);
  CHECK(reader->f32() == -1.5F);
  REQUIRE(reader->u16() == 6);
  CHECK(reader->text(6) == "asthma");
  CHECK(reader->at_end());
  for (std::size_t i = 0; i < form.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(thing.open(ByteView(form).first(i)));
    Bytes altered = form;
    altered[i] ^= std::byte{1};
    CHECK_FALSE(thing.open(altered));
  }
  SealedForm later = thing;
  later.version = 4;
  CHECK(later.open(form).error().code == ErrorCode::Unsupported);
}

TEST_CASE("UTF-8 is checked strictly") {
  CHECK(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
  for (const char* bad :
       {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xff"}) {
    CHECK_FALSE(is_utf8(bad));
  }
  const std::string text = "a\xc3\xa9\xf0\x9f\x98\x80z";
  CHECK(code_point_count(text) == 4);
  CHECK(byte_offset(text, 3).value() == 7);
  CHECK(byte_offset(text, 4).value() == text.size());
  CHECK_FALSE(byte_offset(text, 5).has_value());
  std::string round;
  for (std::size_t at = 0; at < text.size();) append_utf8(round, next_code_point(text, at));
  CHECK(round == text);
}
