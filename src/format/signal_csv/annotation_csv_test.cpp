#include "format/signal_csv/annotation_csv.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace consilium {
namespace {

TEST_CASE("rows are read as they were written, whatever their texts hold") {
  const std::vector<AnnotationRow> rows{{.record = "r1",
                                         .rater = "rater, \"A\"",
                                         .label = "two\r\nlines",
                                         .code = MitCode::Note,  // its sign is a quote
                                         .onset_ns = 1'500'000'001,
                                         .duration_ns = 250'000'000,
                                         .sample = 540,
                                         .channels = {"II", "V;1", "a\\b"},
                                         .protocol = "ecg@1.2.0",
                                         .created_at = "2026-03-11T09:58:01.250Z",
                                         .stage = "adjudicate",
                                         .group = "waves 12"},
                                        {.label = "N", .code = MitCode::Normal, .onset_ns = -1},
                                        {.onset_ns = std::numeric_limits<std::int64_t>::max()}};
  const std::string text = write_annotation_csv(rows);
  CHECK(text.find("1.500000001,0.25,540,II;V\\;1;a\\\\b,ecg@1.2.0") != std::string::npos);
  CHECK(text.find(",created_at,stage,group\r\n") != std::string::npos);
  CHECK(text.find("09:58:01.250Z,adjudicate,waves 12\r\n") != std::string::npos);
  const auto read = read_annotation_csv(bytes_of(text));
  REQUIRE(read.has_value());
  CHECK(*read == rows);
}

TEST_CASE("columns may stand in any order, with others between them") {
  const auto read = read_annotation_csv(
      bytes_of("\xEF\xBB\xBFlabel,comment,onset_s\nspindle,nice,12.5\n\nk-complex,,13"));
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK((*read)[0] == AnnotationRow{.label = "spindle", .onset_ns = 12'500'000'000});
  CHECK((*read)[1] == AnnotationRow{.label = "k-complex", .onset_ns = 13'000'000'000});
}

TEST_CASE("what does not fit is refused with its row") {
  struct Case {
    const char* text;
    const char* where;
  };
  for (const Case& wrong :
       {Case{"label\nx\n", "row 1"}, Case{"onset_s\n1\nx\n", "row 3"},
        Case{"onset_s\n\"1", "row 2"}, Case{"onset_s,mit_code\n1,??\n", "row 2"},
        Case{"onset_s,label\n1\n", "row 2"}, Case{"onset_s,duration_s\n1,-2\n", "row 2"},
        Case{"onset_s\n99999999999\n", "row 2"}}) {
    CAPTURE(wrong.text);
    const auto read = read_annotation_csv(bytes_of(wrong.text));
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == ErrorCode::Corrupt);
    CHECK(read.error().where == wrong.where);
  }
}

}  // namespace
}  // namespace consilium
