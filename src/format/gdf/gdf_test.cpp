#include "format/gdf/gdf.hpp"

#include <doctest/doctest.h>

#include <bit>

#include "base/byte_writer.hpp"
#include "tests/damaged.hpp"

namespace consilium {
namespace {

// Two signals, of 4 and 2 samples a second in records of 1 s, laid out as the paper has it.
Bytes made(std::string_view version, bool is_two, int type, int records) {
  Bytes file;
  const auto padded = [&](std::string_view text, std::size_t size) {
    put_text(file, text);
    file.resize(file.size() + size - text.size());
  };
  const auto real = [&](double value) { put_number(file, std::bit_cast<std::uint64_t>(value)); };
  padded(version, 8);
  padded("P7 Roe", is_two ? 66 : 80);
  file.resize(184);
  if (is_two) put_number(file, std::uint16_t{3});
  if (!is_two) put_number(file, std::uint64_t{768});
  file.resize(236);
  put_number(file, std::int64_t{records});
  put_number(file, std::uint32_t{1});
  put_number(file, std::uint32_t{1});
  if (is_two) put_number(file, std::uint16_t{2});
  if (!is_two) put_number(file, std::uint32_t{2});
  file.resize(256);
  for (const std::string_view label : {"C3", "ECG"}) padded(label, 16);
  file.resize(file.size() + 160);
  for (int i = 0; i < 2; ++i) {
    padded(is_two ? "" : "uV", is_two ? 6 : 8);
  }
  if (is_two) {
    for (int i = 0; i < 2; ++i) put_number(file, std::uint16_t{4275});
  }
  for (const double value : {-100.0, -100.0, 100.0, 100.0}) real(value);
  for (const double value : {-1000.0, -1000.0, 1000.0, 1000.0}) {
    if (is_two) real(value);
    if (!is_two) put_number(file, static_cast<std::int64_t>(value));
  }
  file.resize(256 + 2 * 216);
  for (const std::uint32_t count : {4U, 2U}) put_number(file, count);
  for (int i = 0; i < 2; ++i) put_number(file, static_cast<std::uint32_t>(type));
  file.resize(768);
  for (int i = 0; i < 6 * records; ++i) {
    if (type == 3) put_number(file, static_cast<std::int16_t>(i * 10));
    if (type == 16) put_number(file, static_cast<float>(i * 10));
  }
  return file;
}

void put_three(Bytes& file, std::uint32_t value) {
  for (unsigned i = 0; i < 3; ++i) file.push_back(static_cast<std::byte>(value >> (8U * i)));
}

TEST_CASE("both versions: samples, units, rates and events") {
  for (const bool is_two : {false, true}) {
    CAPTURE(is_two);
    Bytes file = made(is_two ? "GDF 2.10" : "GDF 1.25", is_two, 3, 2);
    file.push_back(std::byte{3});
    put_three(file, is_two ? 2 : 4);
    if (is_two) put_number(file, 4.0F);
    if (!is_two) put_number(file, std::uint32_t{2});
    for (const std::uint32_t position : {3U, 1U}) put_number(file, position);
    for (const int type : {0x0301, 0x0300}) put_number(file, static_cast<std::uint16_t>(type));
    for (const int channel : {2, 0}) put_number(file, static_cast<std::uint16_t>(channel));
    for (const std::uint32_t length : {4U, 0U}) put_number(file, length);
    const auto recording = open_gdf(memory_source(file));
    REQUIRE(recording.has_value());
    const RecordHeader& header = recording->samples->header();
    CHECK(header.notes.empty());
    REQUIRE(header.channels.size() == 2);
    CHECK(header.channels[0].name == "C3");
    CHECK(header.channels[0].unit == "uV");
    CHECK(header.channels[0].rate == *Rate::of(4, 1));
    CHECK(physical_value(header.channels[0], 30) == doctest::Approx(3.0));
    CHECK(*read_channel(*recording->samples, 0) ==
          std::vector<std::int32_t>{0, 10, 20, 30, 60, 70, 80, 90});
    CHECK(*read_channel(*recording->samples, 1) == std::vector<std::int32_t>{40, 50, 100, 110});
    CHECK(recording->events ==
          std::vector<SignalEvent>{
              {.at = Tick{0}, .text = "0x0300"},
              {.at = Tick{2}, .duration_ticks = 4, .channels = {1}, .text = "0x0301"}});
    const auto who = header.identity.reveal(AuditedAccess::event_recorded());
    CHECK(who.patient_id == "P7");
  }
}

TEST_CASE("floating-point samples, and more records stated than there are") {
  Bytes file = made("GDF 2.10", true, 16, 2);
  file[236] = std::byte{9};
  const auto recording = open_gdf(memory_source(file));
  REQUIRE(recording.has_value());
  const Channel& channel = recording->samples->header().channels[0];
  CHECK(physical_value(channel, (*read_channel(*recording->samples, 0))[3]) ==
        doctest::Approx(3.0));
  CHECK(recording->samples->header().notes.size() == 1);
  CHECK_FALSE(open_gdf(memory_source(made("GDF 2.10", true, 7, 1))).has_value());
  CHECK_FALSE(open_gdf(memory_source(made("GDF 3.00", true, 3, 1))).has_value());
}

TEST_CASE("a file cut or flipped anywhere gives an error or a record, never a crash") {
  Bytes file = made("GDF 1.25", false, 3, 2);
  file.push_back(std::byte{1});
  put_three(file, 4);
  put_number(file, std::uint32_t{1});
  put_number(file, std::uint32_t{3});
  put_number(file, std::uint16_t{1});
  test::check_damaged(file, open_gdf);
}

}  // namespace
}  // namespace consilium
