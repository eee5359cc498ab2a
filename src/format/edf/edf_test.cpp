#include "format/edf/edf.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "domain/signal/sample_table.hpp"
#include "format/edf/edf_writer.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

// Two channels of 4 and 1 samples a second in made files, and an annotation signal.
struct MadeFile {
  std::string reserved = "EDF+D";
  std::string count = "3";
  std::string seconds = "1";
  std::vector<std::string> lists{};  // of each record; 0-filled to 40 bytes

  [[nodiscard]] Bytes bytes() const {
    const auto field = [](std::string text, std::size_t size) {
      text.resize(size, ' ');
      return text;
    };
    std::string text = field("0", 8) + field("X X X X", 80) +
                       field("Startdate 02-MAR-2019 X X X", 80) + "02.03.1910.11.12" +
                       field("1024", 8) + field(reserved, 44) + field(count, 8) +
                       field(seconds, 8) + field("3", 4);
    text += field("A", 16) + field("B", 16) + field("EDF Annotations", 16);
    text += field("", 240);
    text += field("uV", 8) + field("mV", 8) + field("", 8);
    text += field("-100", 8) + field("-1", 8) + field("-1", 8);
    text += field("100", 8) + field("1", 8) + field("1", 8);
    text += field("-2048", 8) + field("-32768", 8) + field("-32768", 8);
    text += field("2047", 8) + field("32767", 8) + field("32767", 8);
    text += field("HP:0.1Hz", 80) + field("", 160);
    text += field("4", 8) + field("1", 8) + field("20", 8);
    text += field("", 96);
    int value = 0;
    for (std::string list : lists) {
      for (int i = 0; i < 5; ++i) {
        ++value;
        text += static_cast<char>(value & 0xFF);
        text += static_cast<char>(value >> 8);
      }
      list.resize(40, '\0');
      text += list;
    }
    return to_bytes(text);
  }
};

Result<std::unique_ptr<EdfRecord>> open_bytes(Bytes bytes,
                                              EdfReading reading = EdfReading::Tolerant) {
  return open_edf(memory_source(std::move(bytes)), reading);
}

TEST_CASE("gaps of a discontinuous file are counted and hold missing samples") {
  const MadeFile file{.lists = {"+0.5\x14\x14", "+1.5\x14\x14", "+4.75\x14\x14"}};
  const auto record = open_bytes(file.bytes());
  REQUIRE(record.has_value());
  const RecordHeader& header = (*record)->header();
  CHECK((*record)->variant() == EdfVariant::EdfPlusD);
  CHECK(header.tick_rate == *Rate::of(4, 1));
  CHECK(header.length_ticks == 21);
  CHECK(header.gaps == std::vector<TickSpan>{{Tick{8}, Tick{17}}});
  const std::int32_t none = missing_sample_default;
  CHECK(*read_channel(**record, 0) ==
        std::vector<std::int32_t>{1,    2,    3,    4,    6,    7,    8,  9,  none, none, none,
                                  none, none, none, none, none, none, 11, 12, 13,   14});
  // Its third sample, at 4.25 s after the first, lies nearest to place 4.
  CHECK(*read_channel(**record, 1) == std::vector<std::int32_t>{5, 10, none, none, 15});
  CHECK(header.notes.size() == 1);
  const auto time = header.identity.reveal(AuditedAccess::event_recorded()).base_time;
  CHECK(time == CivilTime{2019, 3, 2, 10, 11, 12, 500'000'000});
  SignalBlock block;
  REQUIRE((*record)->read_block({Tick{6}, Tick{20}}, block).has_value());
  CHECK(block.first[0] == SampleIndex{6});
  CHECK(block.channels[0].front() == 8);
  CHECK(block.channels[0].back() == 13);
}

TEST_CASE("annotations are taken with onset, duration and all texts of a list") {
  const MadeFile file{.reserved = "EDF+C",
                      .lists = {std::string("+0\x14\x14\0+0.25\x15"
                                            "1.5\x14one\x14two\x14\0",
                                            25),
                                std::string("+1\x14\x14\0-0.5\x14\xC3\xA4\x14\0", 13),
                                std::string("+2\x14\x14\0+2\x14\xE4\x14\0", 10)}};
  const auto record = open_bytes(file.bytes(), EdfReading::Strict);
  REQUIRE(record.has_value());
  const std::vector<EdfAnnotation> expected{
      {.onset_ns = 250'000'000, .duration_ns = 1'500'000'000, .text = "one"},
      {.onset_ns = 250'000'000, .duration_ns = 1'500'000'000, .text = "two"},
      {.onset_ns = -500'000'000, .text = "\xC3\xA4"},
      {.onset_ns = 2'000'000'000, .text = "\xC3\xA4"}};  // was Latin-1
  CHECK((*record)->annotations() == expected);
  const auto events = events_of(**record);
  CHECK(events[0].at == Tick{1});
  CHECK(events[0].duration_ticks == 6);
}

TEST_CASE("what is broken is mended with a note, and refused in strict reading") {
  const std::vector<std::string> lists{"+0\x14\x14", "+1\x14\x14", "+2\x14\x14"};
  struct Case {
    std::string name;
    MadeFile file;
    std::size_t cut = 0;
    std::int64_t samples = 12;
  };
  for (const Case& wrong :
       {Case{"count open", {.reserved = "EDF+C", .count = "-1", .lists = lists}},
        Case{"count too high", {.reserved = "EDF+C", .count = "9", .lists = lists}},
        Case{"cut short", {.reserved = "EDF+C", .lists = lists}, 7, 8},
        Case{"duration no number", {.reserved = "EDF+C", .seconds = "one", .lists = lists}},
        Case{"list damaged", {.reserved = "EDF+C", .lists = {"+0\x14\x14", "x", "+2\x14\x14"}}},
        Case{"back in time", {.lists = {"+0\x14\x14", "+9\x14\x14", "+2\x14\x14"}}, 0, 44}}) {
    CAPTURE(wrong.name);
    Bytes bytes = wrong.file.bytes();
    bytes.resize(bytes.size() - wrong.cut);
    const auto record = open_bytes(bytes);
    REQUIRE(record.has_value());
    CHECK_FALSE((*record)->header().notes.empty());
    CHECK((*record)->header().channels[0].sample_count == wrong.samples);
    CHECK_FALSE(open_bytes(bytes, EdfReading::Strict).has_value());
  }
  CHECK(open_bytes(to_bytes("0       nothing")).error().code == ErrorCode::Corrupt);
}

TEST_CASE("the files at hand open, and every way to read them gives the same samples") {
  struct Case {
    std::string name;
    std::size_t channels;
    std::size_t annotations;
  };
  for (const Case& file :
       {Case{"test.edf", 139, 5}, Case{"test.bdf", 73, 0},
        Case{"duplicate_channel_labels.edf", 3, 0}, Case{"test_uneven_samp.edf", 2, 0},
        Case{"test_utf8.edf", 1, 5}, Case{"test_subsecond.edf", 1, 4},
        Case{"test_edf_stim_channel.edf", 25, 0}}) {
    CAPTURE(file.name);
    const auto path = test::data_path("signals/edf/" + file.name);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto record = open_edf(*open_file_source(*path));
    REQUIRE(record.has_value());
    const RecordHeader& header = (*record)->header();
    for (const ReadNote& note : header.notes) MESSAGE(file.name << ": " << note.what);
    CHECK(header.channels.size() == file.channels);
    CHECK((*record)->annotations().size() == file.annotations);
    SignalBlock block;
    REQUIRE((*record)->read_block({Tick{0}, Tick{header.length_ticks}}, block).has_value());
    std::minstd_rand random(1);
    for (std::size_t c = 0; c < header.channels.size(); ++c) {
      CHECK(*read_channel(**record, c) == block.channels[c]);
      const std::size_t size = block.channels[c].size();
      const std::size_t first = random() % size;
      std::vector<std::int32_t> part(random() % (size - first));
      REQUIRE((*record)->read(c, SampleIndex{static_cast<std::int64_t>(first)}, part).has_value());
      CHECK(std::ranges::equal(part, std::span(block.channels[c]).subspan(first, part.size())));
    }
  }
}

Bytes gathered(const std::function<Result<EdfWritten>(const ByteSink&)>& write) {
  Bytes bytes;
  const auto written = write([&](ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return Status{};
  });
  REQUIRE(written.has_value());
  return bytes;
}

TEST_CASE("what is written is read strictly, the same samples and annotations") {
  const MadeFile file{.reserved = "EDF+C", .lists = {"+0\x14\x14", "+1\x14\x14", "+2\x14\x14"}};
  const auto source = open_bytes(file.bytes());
  REQUIRE(source.has_value());
  std::vector<SignalEvent> events;
  for (std::int64_t i = 0; i < 12; ++i) {
    events.push_back({.at = Tick{i}, .duration_ticks = i % 3, .text = "mark " + std::to_string(i)});
  }
  for (const std::size_t length : {3, 900}) {  // short, and longer than any record has room for
    events[3].text = std::string(length, 'x');
    const Bytes bytes =
        gathered([&](const ByteSink& sink) { return write_edf(**source, events, {}, sink); });
    const auto again = open_bytes(bytes, EdfReading::Strict);
    REQUIRE(again.has_value());
    CHECK((*again)->variant() == EdfVariant::EdfPlusC);
    for (std::size_t c = 0; c < 2; ++c) {
      CHECK(*read_channel(**again, c) == *read_channel(**source, c));
      const Channel& from = (*source)->header().channels[c];
      const Channel& to = (*again)->header().channels[c];
      CHECK(std::abs(physical_value(to, 1000) - physical_value(from, 1000)) <
            1e-4 * std::abs(physical_value(from, 1000)));
      CHECK(to.filter == from.filter);
    }
    CHECK(events_of(**again) == events);
    const Bytes alone = gathered([&](const ByteSink& sink) {
      return write_edf_annotations(events, (*source)->header().tick_rate, {}, sink);
    });
    const auto list = open_bytes(alone, EdfReading::Strict);
    REQUIRE(list.has_value());
    CHECK((*list)->header().channels.empty());
    REQUIRE((*list)->annotations().size() == events.size());
    CHECK((*list)->annotations()[3].text == events[3].text);
    CHECK((*list)->annotations()[3].onset_ns == 750'000'000);
  }
}

TEST_CASE("a great many annotations alone are spread over records") {
  std::vector<SignalEvent> events;
  for (std::int64_t i = 0; i < 20'000; ++i) events.push_back({.at = Tick{i}, .text = "N"});
  const Bytes bytes = gathered([&](const ByteSink& sink) {
    return write_edf_annotations(events, *Rate::of(360, 1), {}, sink);
  });
  const auto record = open_bytes(bytes, EdfReading::Strict);
  REQUIRE(record.has_value());
  CHECK((*record)->annotations().size() == 20'000);
  CHECK(bytes.size() < 1'000'000);
}

TEST_CASE("a file cut or flipped anywhere is refused or read, never a crash") {
  const auto path = test::data_path("signals/edf/test_utf8.edf");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Bytes whole = *read_all(**open_file_source(*path), 1U << 20U);
  const auto try_bytes = [](Bytes bytes) {
    const auto record = open_bytes(std::move(bytes));
    if (!record) return;
    for (std::size_t c = 0; c < (*record)->header().channels.size(); ++c) {
      static_cast<void>(read_channel(**record, c, 200'000));
    }
  };
  for (std::size_t i = 0; i < whole.size(); i += i < 1024 ? 1 : 7919) {
    try_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)));
    Bytes flipped(whole.begin(),
                  whole.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(i + 1, 4096)));
    flipped[i] ^= std::byte{0x0B};
    try_bytes(std::move(flipped));
  }
}

TEST_CASE("BDF+ holds samples of 24 bits, and reads back strictly") {
  RecordHeader header;
  header.channels = {{.name = "Cz", .unit = "uV", .rate = *Rate::of(256, 1), .adu_per_unit = 32}};
  std::vector<std::int32_t> samples(1024);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = static_cast<std::int32_t>(i * 16'000) - 8'000'000;
  }
  const auto source = sample_table(header, {samples});
  REQUIRE(source.has_value());
  const std::vector<SignalEvent> events{{.at = Tick{300}, .duration_ticks = 64, .text = "spindle"}};
  const Bytes bytes = gathered([&](const ByteSink& sink) {
    return write_edf(**source, events, {.form = EdfForm::Bdf}, sink);
  });
  const auto again = open_bytes(bytes, EdfReading::Strict);
  REQUIRE(again.has_value());
  CHECK((*again)->variant() == EdfVariant::BdfPlusC);
  CHECK(*read_channel(**again, 0) == samples);
  CHECK(events_of(**again) == events);
  // The same samples do not fit 16 bits.
  CHECK_FALSE(write_edf(**source, events, {}, [](ByteView) -> Status { return {}; }).has_value());
}

}  // namespace
}  // namespace consilium
