#include "format/wfdb/wfdb_annotations.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/byte_source.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

Bytes bytes_from(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Bytes file_at(const std::filesystem::path& path) {
  return *read_all(**open_file_source(path), 1U << 30U);
}

// Annotation files have as many endings as there are annotators: all that is not known to be else.
bool is_annotation_file(const std::filesystem::path& path) {
  static constexpr std::string_view others[] = {".hea", ".dat", ".mat", ".csv", ".txt", ".htm",
                                                ".xml", ".d0",  ".d1",  ".d2",  ".d3",  ".d4",
                                                ".d5",  ".d6",  ".d7",  ".d8",  ".d9"};
  return std::ranges::find(others, path.extension().string()) == std::end(others);
}

TEST_CASE("every annotation file at hand is written as the same bytes that were read") {
  int files = 0;
  std::size_t annotations = 0;
  int with_verbatim = 0;
  for (const char* folder : {"signals/mitdb", "signals/qtdb", "signals/ludb", "signals/wfdb",
                             "signals/cpsc2021", "signals/nsr2db", "malformed/signals"}) {
    const auto path = test::data_path(folder);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(*path)) {
      if (!entry.is_regular_file() || !is_annotation_file(entry.path())) continue;
      CAPTURE(entry.path().filename().string());
      const Bytes bytes = file_at(entry.path());
      const auto read = read_mit_annotations(bytes);
      REQUIRE(read.has_value());
      CHECK(*write_mit_annotations(*read) == bytes);
      ++files;
      annotations += read->annotations.size();
      if (!read->verbatim.empty()) ++with_verbatim;
    }
  }
  MESSAGE(files << " files, " << annotations << " annotations; in " << with_verbatim
                << " some stand otherwise than we would write them");
  CHECK(files > 1500);
}

TEST_CASE("the reference beats of a record are found as they are published") {
  const auto path = test::data_path("signals/mitdb/101.atr");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const auto read = read_mit_annotations(file_at(*path));
  REQUIRE(read.has_value());
  // MIT-BIH directory, record 101: 1860 normal, 3 atrial premature, 2 unclassifiable.
  std::map<int, int> counts;
  for (const MitAnnotation& annotation : read->annotations) ++counts[annotation.code];
  CHECK(counts[1] == 1860);
  CHECK(counts[8] == 3);
  CHECK(counts[13] == 2);
  CHECK(read->aux_of(read->annotations.front()).starts_with("(N"));
}

TEST_CASE("skips may be chained and negative, and fields hold until changed") {
  // SKIP 70000, N; SKIP -100, SKIP 5, V with subtype -1, chan 2, num 3, aux "abc"; A at +7; end.
  const Bytes bytes = bytes_from({0x00, 0xEC, 0x01, 0x00, 0x70, 0x11, 0x00, 0x04,              //
                                  0x00, 0xEC, 0xFF, 0xFF, 0x9C, 0xFF, 0x00, 0xEC, 0x00, 0x00,  //
                                  0x05, 0x00, 0x00, 0x14, 0xFF, 0xF7, 0x02, 0xF8, 0x03, 0xF0,  //
                                  0x03, 0xFC, 'a',  'b',  'c',  0x00, 0x07, 0x20, 0x00, 0x00});
  const auto read = read_mit_annotations(bytes);
  REQUIRE(read.has_value());
  REQUIRE(read->annotations.size() == 3);
  CHECK(read->annotations[0].time == 70000);
  const MitAnnotation& second = read->annotations[1];
  CHECK(second.time == 69905);
  CHECK(second.code == 5);
  CHECK(second.subtype == -1);
  CHECK(second.chan == 2);
  CHECK(second.num == 3);
  CHECK(read->aux_of(second) == "abc");
  const MitAnnotation& third = read->annotations[2];
  CHECK(third.time == 69912);
  CHECK(third.subtype == 0);
  CHECK(third.chan == 2);
  CHECK(third.num == 3);
  CHECK(*write_mit_annotations(*read) == bytes);

  MitAnnotations changed = *read;
  changed.annotations[1].subtype = 1;  // its bytes no longer hold: ours are written
  const auto again = read_mit_annotations(*write_mit_annotations(changed));
  CHECK(again->annotations == changed.annotations);
  CHECK(again->verbatim.empty());
}

TEST_CASE("a file cut anywhere gives what is whole, and the same bytes again") {
  const auto path = test::data_path("signals/wfdb/1003.atr");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Bytes whole = file_at(*path);
  for (std::size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 37) {
    Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = read_mit_annotations(cut);
    REQUIRE(read.has_value());
    CHECK_FALSE(read->notes.empty());
    CHECK(*write_mit_annotations(*read) == cut);
    if (!cut.empty()) {
      cut.back() ^= std::byte{0xFF};
      const auto flipped = read_mit_annotations(cut);
      REQUIRE(flipped.has_value());
      CHECK(*write_mit_annotations(*flipped) == cut);
    }
  }
}

RecordHeader record_at(std::int64_t hz) {
  RecordHeader record;
  record.tick_rate = *Rate::of(hz, 1);
  record.length_ticks = hz * 3600;
  return record;
}

TEST_CASE("a time resolution and codes of the file's own are taken from its first notes") {
  MitAnnotations written;
  const auto add = [&](std::int64_t time, MitCode code, std::string_view text) {
    written.annotations.push_back(
        {.time = time,
         .aux_offset = text.empty() ? 0U : static_cast<std::uint32_t>(written.aux.size()),
         .aux_size = static_cast<std::uint16_t>(text.size()),
         .code = static_cast<std::uint8_t>(code)});
    written.aux += text;
  };
  add(0, MitCode::Note, "## time resolution: 1000");
  add(0, MitCode::Note, "## annotation type definitions");
  add(0, MitCode::Note, "42 Z zebra crossing");
  add(0, MitCode::Note, "## end of definitions");
  add(0, MitCode::Note, "a note of the patient");
  add(1500, static_cast<MitCode>(42), "");
  const auto read = read_mit_annotations(*write_mit_annotations(written));
  REQUIRE(read.has_value());
  CHECK(read->annotations == written.annotations);
  CHECK(read->time_resolution == *Rate::of(1000, 1));
  REQUIRE(read->custom_codes.size() == 1);
  CHECK(read->custom_codes[0] ==
        CustomCode{.code = 42, .mnemonic = "Z", .meaning = "zebra crossing"});
  const auto events = events_of(*read, record_at(360), *Rate::of(360, 1));
  REQUIRE(events.has_value());
  REQUIRE(events->size() == 2);
  CHECK((*events)[0].text == "a note of the patient");
  CHECK((*events)[1].at == Tick{540});
}

TEST_CASE("notes on the file itself are no events") {
  const auto path = test::data_path("signals/wfdb/1003.atr");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const auto read = read_mit_annotations(file_at(*path));
  REQUIRE(read->custom_codes.size() == 6);
  CHECK(read->custom_codes[0] ==
        CustomCode{.code = 15, .mnemonic = "c", .meaning = "calibration pulse"});
  const auto events = events_of(*read, record_at(360), *Rate::of(360, 1));
  CHECK(events->size() == 957);
  CHECK(events->front().at == Tick{73});
}

TEST_CASE("events are written in the order of time, intervals as their two ends") {
  const RecordHeader record = record_at(1000);
  const std::vector<SignalEvent> events{
      {.at = Tick{5000}, .code = MitCode::VentricularPremature, .chan = 1},
      {.at = Tick{1000}, .duration_ticks = 3000, .text = "noise"},
      {.at = Tick{2000}, .duration_ticks = 9000, .code = MitCode::RhythmChange, .text = "(AFIB"}};
  const auto made = annotations_of(events, record, *Rate::of(250, 1));
  REQUIRE(made.has_value());
  const auto back =
      events_of(*read_mit_annotations(*write_mit_annotations(*made)), record, *Rate::of(250, 1));
  REQUIRE(back.has_value());
  const std::vector<SignalEvent> expected{
      {.at = Tick{1000}, .code = MitCode::WaveformOnset, .text = "noise"},
      {.at = Tick{2000}, .code = MitCode::RhythmChange, .text = "(AFIB"},
      {.at = Tick{4000}, .code = MitCode::WaveformEnd},
      {.at = Tick{5000}, .code = MitCode::VentricularPremature, .chan = 1}};
  CHECK(*back == expected);
  const std::vector<SignalEvent> too_long{{.text = std::string(256, 'x')}};
  CHECK(annotations_of(too_long, record, *Rate::of(250, 1)).error().code ==
        ErrorCode::InvalidInput);
}

TEST_CASE("the AHA form is read, written the same, and made anew") {
  MitAnnotations made{.form = AnnotationForm::Aha};
  made.annotations = {{.time = 100'000, .code = 1}, {.time = 100'350, .code = 5}};
  const auto bytes = write_mit_annotations(made);
  REQUIRE(bytes.has_value());
  CHECK(bytes->size() == 1024);
  const auto read = read_mit_annotations(*bytes);
  REQUIRE(read.has_value());
  CHECK(read->form == AnnotationForm::Aha);
  CHECK(read->annotations == made.annotations);
  CHECK(*write_mit_annotations(*read) == *bytes);
}

}  // namespace
}  // namespace consilium
