#include "domain/text/note_kind.hpp"

#include <doctest/doctest.h>

using namespace consilium;

TEST_CASE("a document code has a name where it is known, and none where it is not") {
  CHECK(note_kind_named("18842-5") == "Discharge summary");
  CHECK(note_kind_named("18748-4") == "Radiology report");
  CHECK(note_kind_named("99999-9").empty());
  CHECK(note_kind_named("").empty());
}

TEST_CASE("only what is built as a LOINC code counts as one") {
  for (const char* code : {"18842-5", "1-8", "34746-8"}) CHECK(is_loinc_code(code));
  for (const char* text : {"", "-5", "text", "18842", "18842-55", "18842-x", "discharge-1"}) {
    CHECK_FALSE(is_loinc_code(text));
  }
}
