#include "analysis/leak_check/leak_check.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace consilium;

namespace {

void append(Bytes& out, std::string_view text) {
  const ByteView bytes = bytes_of(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

struct Element {
  std::uint32_t tag;
  std::string vr;
  std::string value;
};

// Explicit little endian with a preamble, written here without any other code of ours.
Bytes file_of(const std::vector<Element>& elements, char preamble = '\0') {
  Bytes out;
  append(out, std::string(128, preamble) + "DICM");
  for (const Element& element : elements) {
    std::string value = element.value;
    if (value.size() % 2 != 0) value += ' ';
    for (const unsigned shift : {16U, 24U, 0U, 8U}) {
      out.push_back(static_cast<std::byte>(element.tag >> shift & 0xFFU));
    }
    append(out, element.vr);
    if (element.vr == "OB" || element.vr == "OW" || element.vr == "UT") append(out, {"\0\0", 2});
    const std::size_t size_bytes =
        element.vr == "OB" || element.vr == "OW" || element.vr == "UT" ? 4 : 2;
    for (std::size_t i = 0; i < size_bytes; ++i) {
      out.push_back(static_cast<std::byte>(value.size() >> (8 * i) & 0xFFU));
    }
    append(out, value);
  }
  return out;
}

const std::vector<Element> source_elements{
    {0x00080005, "CS", "ISO_IR 100"},     {0x00080018, "UI", "1.2.3.4.5.6"},
    {0x00080020, "DA", "20240301"},       {0x00080050, "SH", "ACC778"},
    {0x00100010, "PN", "M\xFCller^Hans"}, {0x00100020, "LO", "PAT4711"},
};
const std::vector<Element> result_elements{
    {0x00080018, "UI", "2.25.1"}, {0x00080020, "DA", "20230301"}, {0x00100010, "PN", "P-1"},
    {0x00100020, "LO", "P-1"},    {0x00120062, "CS", "YES"},
};

std::vector<Leak> leaks_with(const Element& more, LeakPolicy policy = {}) {
  policy.dates = LeakPolicy::Dates::Moved;
  std::vector<Element> elements = result_elements;
  std::erase_if(elements, [&](const Element& e) { return e.tag == more.tag; });
  elements.push_back(more);
  std::ranges::sort(elements, {}, &Element::tag);
  LeakChecker checker(policy);
  return checker.check(file_of(source_elements), file_of(elements), "P1/I1.dcm");
}

}  // namespace

TEST_CASE("a clean result has no leak, and the bound counts what was sought") {
  LeakChecker checker({.dates = LeakPolicy::Dates::Moved});
  CHECK(checker.check(file_of(source_elements), file_of(result_elements), "P1/I1.dcm").empty());
  CHECK(checker.sought_count() == 5);  // a UID, a number, two parts of a name, an id
  CHECK(checker.bound() == "0 of 5 found: fewer than 1 in 1 with 95 % confidence");
}

TEST_CASE("an identifier is found in every encoding") {
  struct Form {
    const char* name;
    std::string bytes;
  };
  for (const auto& [name, bytes] : {
           Form{"Latin-1", "of M\xFCller"},
           Form{"UTF-8", "of M\xC3\xBCller"},
           Form{"capitals", "PAT4711, HANS"},
           Form{"UTF-16LE", std::string("H\0a\0n\0s\0", 8)},
           Form{"UTF-16BE", std::string("\0H\0a\0n\0s", 8)},
           Form{"a UID", "1.2.3.4.5.6"},
           Form{"a number", "see ACC778."},
       }) {
    CAPTURE(name);
    CHECK_FALSE(leaks_with({0x0040A160, "UT", bytes}).empty());
  }
  CHECK(leaks_with({0x0040A160, "UT", "Johansson and 1.2.3.4.5.67"}).empty());
}

TEST_CASE("names, pixels and bytes after the object are searched too") {
  LeakChecker checker({.dates = LeakPolicy::Dates::Moved});
  const Bytes source = file_of(source_elements);
  CHECK_FALSE(checker.check(source, file_of(result_elements), "hans/I1.dcm").empty());
  CHECK_FALSE(leaks_with({0x7FE00010, "OW", "....1.2.3.4.5.6 .."}).empty());
  Bytes trailing = file_of(result_elements);
  append(trailing, "Hans");
  CHECK_FALSE(checker.check(source, trailing, "x").empty());
  CHECK_FALSE(checker.check(source, file_of(result_elements, 'x'), "x").empty());
  CHECK_FALSE(checker.check(source, {}, "x").empty());
}

TEST_CASE("private elements, overlays and file meta of the source are leaks") {
  CHECK_FALSE(leaks_with({0x00091001, "LO", "x"}).empty());
  CHECK_FALSE(leaks_with({0x60003000, "OW", "xx"}).empty());
  CHECK_FALSE(leaks_with({0x50000022, "LO", "x"}).empty());
  CHECK_FALSE(leaks_with({0x00020016, "AE", "x"}).empty());
  CHECK_FALSE(leaks_with({0x00120062, "CS", "NO"}).empty());
  CHECK(leaks_with({0x00190010, "LO", "ACME"}, {.private_creators = {"ACME"}}).empty());
}

TEST_CASE("intervals and surrogates are compared over files") {
  LeakChecker checker({.dates = LeakPolicy::Dates::Moved});
  REQUIRE(checker.check(file_of(source_elements), file_of(result_elements), "a").empty());
  auto later = source_elements;
  later[1].value = "1.2.3.4.5.7";
  later[2].value = "20240311";
  auto result = result_elements;
  result[0].value = "2.25.2";
  result[1].value = "20230311";
  CHECK(checker.check(file_of(later), file_of(result), "b").empty());
  result[1].value = "20230312";
  CHECK_FALSE(checker.check(file_of(later), file_of(result), "c").empty());
  result[1].value = "20230311";
  result[3].value = "P-2";  // another pseudonym for the same patient
  CHECK_FALSE(checker.check(file_of(later), file_of(result), "d").empty());
  auto other = later;
  other[1].value = "1.2.3.4.5.8";
  other[5].value = "PAT4712";
  result[3].value = "P-1";  // the same pseudonym for another patient
  result[0].value = "2.25.3";
  CHECK_FALSE(checker.check(file_of(other), file_of(result), "e").empty());
}

TEST_CASE("what dates may still say follows the policy") {
  const auto leaks = [](LeakPolicy::Dates dates, const char* date) {
    LeakChecker checker({.dates = dates});
    auto result = result_elements;
    result[1].value = date;
    return checker.check(file_of(source_elements), file_of(result), "a").size();
  };
  using enum LeakPolicy::Dates;
  CHECK(leaks(Kept, "20240301") == 0);
  CHECK(leaks(Removed, "20240301") == 1);
  CHECK(leaks(Removed, "") == 0);
  CHECK(leaks(YearsOnly, "20240101") == 0);
  CHECK(leaks(YearsOnly, "20240301") == 1);
  CHECK(leaks(Moved, "20240301") == 1);
}
