#include "format/ishne/ishne.hpp"

#include <doctest/doctest.h>

#include "base/byte_writer.hpp"
#include "format/crc_ccitt/crc_ccitt.hpp"
#include "tests/damaged.hpp"

namespace consilium {
namespace {

// A file as the standard lays it out, byte by byte.
Bytes made(std::string_view mark, const Bytes& data, std::int32_t samples) {
  Bytes head;
  const auto padded = [&](std::string_view text, std::size_t size) {
    put_text(head, text);
    head.resize(head.size() + size - text.size());
  };
  const auto numbers = [&](std::initializer_list<int> values) {
    for (const int value : values) put_number(head, static_cast<std::int16_t>(value));
  };
  for (const std::int32_t value : {5, samples, 522, 527}) put_number(head, value);
  numbers({1});
  padded("Ann", 40);
  padded("Roe", 40);
  padded("H-7", 20);
  numbers({2, 1, 8, 5, 1953, 22, 11, 2002, 23, 11, 2002, 9, 10, 11});
  numbers({2, 6, 11});  // II and V1
  head.resize(head.size() + 20);
  numbers({1, 1});
  head.resize(head.size() + 20);
  numbers({2500, 5000});
  head.resize(head.size() + 20);
  numbers({0});
  padded("digital", 40);
  numbers({250});
  padded("", 80 + 80 + 88);
  CHECK(head.size() == 512);
  put_text(head, "extra");
  Bytes file = to_bytes(mark);
  put_number(file, crc_ccitt(head));
  file.insert(file.end(), head.begin(), head.end());
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

Bytes three_frames() {
  Bytes data;
  for (const int value : {1, -1, 2, -2, 300, -300})
    put_number(data, static_cast<std::int16_t>(value));
  return data;
}

TEST_CASE("leads, resolutions and who it is") {
  const auto record = open_ishne(memory_source(made("ISHNE1.0", three_frames(), 3)));
  REQUIRE(record.has_value());
  const RecordHeader& header = (*record)->header();
  CHECK(header.notes.empty());
  REQUIRE(header.channels.size() == 2);
  CHECK(header.channels[0].name == "II");
  CHECK(header.channels[1].name == "V1");
  CHECK(physical_value(header.channels[0], 300) == doctest::Approx(750));
  CHECK(physical_value(header.channels[1], 300) == doctest::Approx(1500));
  CHECK(*read_channel(**record, 1) == std::vector<std::int32_t>{-1, -2, -300});
  const RecordIdentity who = header.identity.reveal(AuditedAccess::event_recorded());
  CHECK(who.patient_name == "Roe^Ann");
  CHECK(who.patient_id == "H-7");
  CHECK(who.sex == "F");
  CHECK(who.birth_date == "1953-05-08");
  CHECK(who.base_time == CivilTime{2002, 11, 22, 9, 10, 11});
}

TEST_CASE("a wrong checksum and another length are told") {
  Bytes file = made("ISHNE1.0", three_frames(), 4);
  file[520] ^= std::byte{1};
  const auto record = open_ishne(memory_source(file));
  REQUIRE(record.has_value());
  CHECK((*record)->header().notes.size() == 2);
  CHECK_FALSE(open_ishne(memory_source(made("ISHNE2.0", {}, 0))).has_value());
}

TEST_CASE("annotations are placed by their distances") {
  Bytes data;
  put_number(data, std::int32_t{100});
  const auto beat = [&](char label, int distance) {
    data.push_back(static_cast<std::byte>(label));
    data.push_back(std::byte{0});
    put_number(data, static_cast<std::uint16_t>(distance));
  };
  beat('N', 77);
  beat('V', 150);
  beat('X', 50);
  beat('Z', 1);
  RecordHeader record;
  record.tick_rate = *Rate::of(500, 1);
  record.length_ticks = 600;
  const auto read = read_ishne_annotations(*memory_source(made("ANN  1.0", data, 0)), record);
  REQUIRE(read.has_value());
  REQUIRE(read->events.size() == 4);
  CHECK(read->events[0] == SignalEvent{.at = Tick{200}, .code = MitCode::Normal});
  CHECK(read->events[1] == SignalEvent{.at = Tick{500}, .code = MitCode::VentricularPremature});
  CHECK(read->events[2] == SignalEvent{.at = Tick{600}, .code = MitCode::Artifact});
  CHECK(read->events[3].text == "Z");
  CHECK(read->notes.size() == 1);  // past the end
}

TEST_CASE("a file cut or flipped anywhere gives an error or a record, never a crash") {
  const auto open = [](std::shared_ptr<const ByteSource> file) -> Result<Recording> {
    Recording recording{.samples = CSL_TRY(open_ishne(file))};
    static_cast<void>(read_ishne_annotations(*file, recording.samples->header()));
    return recording;
  };
  test::check_damaged(made("ISHNE1.0", three_frames(), 3), open);
}

}  // namespace
}  // namespace consilium
