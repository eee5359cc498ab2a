#include "format/scp_ecg/scp_ecg.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "base/byte_writer.hpp"
#include "format/crc_ccitt/crc_ccitt.hpp"
#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

using Samples = std::vector<std::int32_t>;

// Packs bits, the first one highest; what the default table's codes look like is written here anew.
class BitWriter {
 public:
  void put(std::uint32_t bits, int count) {
    for (int i = count; i-- > 0;) {
      if (at_ % 8 == 0) bytes_.push_back(std::byte{0});
      if ((bits >> static_cast<unsigned>(i) & 1U) != 0) {
        bytes_.back() |= static_cast<std::byte>(0x80U >> (at_ % 8));
      }
      ++at_;
    }
  }
  void put_standard(std::int32_t value) {
    const int size = std::abs(value);
    if (value == 0) return put(0, 1);
    if (size <= 8) {
      for (int i = 0; i < size; ++i) put(1, 1);
      put(0, 1);
      return put(value < 0 ? 1 : 0, 1);
    }
    if (value >= -128 && value < 128) {
      put(0x3FE, 10);
      return put(static_cast<std::uint32_t>(value) & 0xFFU, 8);
    }
    put(0x3FF, 10);
    put(static_cast<std::uint32_t>(value) & 0xFFFFU, 16);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

Samples differences(Samples samples, int order) {
  const Samples from = samples;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (order == 1) samples[i] = from[i] - from[i - 1];
    if (order == 2 && i >= 2) samples[i] = from[i] - 2 * from[i - 1] + from[i - 2];
  }
  return samples;
}

Bytes coded(const Samples& samples, int order) {
  BitWriter bits;
  for (const std::int32_t value : differences(samples, order)) bits.put_standard(value);
  Bytes bytes = bits.take();
  if (bytes.size() % 2 != 0) bytes.push_back(std::byte{0});
  return bytes;
}

struct MadeSection {
  int id;
  Bytes body;
};

Bytes made_file(const std::vector<MadeSection>& sections) {
  const auto section = [](int id, const Bytes& body) {
    Bytes rest;
    put_number(rest, static_cast<std::uint16_t>(id));
    put_number(rest, static_cast<std::uint32_t>(body.size() + 16));
    put_text(rest, std::string_view("\x14\x14\0\0\0\0\0\0", 8));
    rest.insert(rest.end(), body.begin(), body.end());
    Bytes all;
    put_number(all, crc_ccitt(rest));
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  };
  Bytes pointers;
  std::uint32_t at = 6 + 16 + 10 * static_cast<std::uint32_t>(sections.size()) + 1;
  for (const MadeSection& one : sections) {
    put_number(pointers, static_cast<std::uint16_t>(one.id));
    put_number(pointers, static_cast<std::uint32_t>(one.body.size() + 16));
    put_number(pointers, at);
    at += static_cast<std::uint32_t>(one.body.size() + 16);
  }
  Bytes rest;
  put_number(rest, at - 1);
  const Bytes zero = section(0, pointers);
  rest.insert(rest.end(), zero.begin(), zero.end());
  for (const MadeSection& one : sections) {
    const Bytes bytes = section(one.id, one.body);
    rest.insert(rest.end(), bytes.begin(), bytes.end());
  }
  Bytes file;
  put_number(file, crc_ccitt(rest));
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

MadeSection standard_tables() {
  Bytes body;
  put_number(body, std::uint16_t{19999});
  return {2, body};
}
MadeSection leads_section(const std::vector<int>& numbers, std::uint32_t count, int flags) {
  Bytes body;
  put_number(body, static_cast<std::uint8_t>(numbers.size()));
  put_number(body, static_cast<std::uint8_t>(flags));
  for (const int number : numbers) {
    put_number(body, std::uint32_t{1});
    put_number(body, count);
    put_number(body, static_cast<std::uint8_t>(number));
  }
  return {3, body};
}
MadeSection signals_section(int id, int interval_us, int order, bool bimodal,
                            const std::vector<Bytes>& leads, int nv = 2500) {
  Bytes body;
  put_number(body, static_cast<std::uint16_t>(nv));
  put_number(body, static_cast<std::uint16_t>(interval_us));
  put_number(body, static_cast<std::uint8_t>(order));
  put_number(body, static_cast<std::uint8_t>(bimodal ? 1 : 0));
  for (const Bytes& lead : leads) put_number(body, static_cast<std::uint16_t>(lead.size()));
  for (const Bytes& lead : leads) body.insert(body.end(), lead.begin(), lead.end());
  return {id, body};
}

Samples wave(std::size_t count, int seed) {
  Samples samples;
  for (std::size_t i = 0; i < count; ++i) {
    samples.push_back(
        static_cast<std::int32_t>((i * i * 13 + static_cast<std::size_t>(seed)) % 700) - 350);
  }
  return samples;
}

TEST_CASE("the checksum is that of the published check value") {
  CHECK(crc_ccitt(bytes_of("123456789")) == 0x29B1);
}

TEST_CASE("differences of each order under the default table") {
  for (const int order : {0, 1, 2}) {
    CAPTURE(order);
    const Samples one = wave(500, 1);
    const Samples two = wave(500, 99);
    const auto recording = open_scp(memory_source(made_file(
        {standard_tables(), leads_section({1, 2}, 500, 0),
         signals_section(6, 2000, order, false, {coded(one, order), coded(two, order)})})));
    REQUIRE(recording.has_value());
    const RecordHeader& header = recording->samples->header();
    CHECK(header.notes.empty());
    REQUIRE(header.channels.size() == 6);  // with the four derived
    CHECK(header.channels[2].name == "III");
    CHECK(header.channels[0].rate == *Rate::of(500, 1));
    CHECK(physical_value(header.channels[0], 4) == doctest::Approx(10.0));  // 2.5 uV a step
    CHECK(*read_channel(*recording->samples, 0) == one);
    CHECK(*read_channel(*recording->samples, 1) == two);
  }
}

TEST_CASE("custom tables and switches between them") {
  // Table 1: 0 -> 5, 10 -> an 8-bit value, 11 -> table 2. Table 2: 0 -> -7, 1 -> table 1.
  Bytes tables;
  put_number(tables, std::uint16_t{2});
  const auto code = [&](int prefix, int total, int is_value, int value, std::uint32_t bits) {
    put_number(tables, static_cast<std::uint8_t>(prefix));
    put_number(tables, static_cast<std::uint8_t>(total));
    put_number(tables, static_cast<std::uint8_t>(is_value));
    put_number(tables, static_cast<std::int16_t>(value));
    put_number(tables, bits);
  };
  put_number(tables, std::uint16_t{3});
  code(1, 1, 1, 5, 0);
  code(2, 10, 1, 0, 1);  // "10" stored with its first bit lowest
  code(2, 2, 0, 2, 3);
  put_number(tables, std::uint16_t{2});
  code(1, 1, 1, -7, 0);
  code(1, 1, 0, 1, 1);
  BitWriter bits;
  bits.put(0, 1);  // 5
  bits.put(2, 2);
  bits.put(0xF6, 8);  // -10
  bits.put(3, 2);     // table 2
  bits.put(0, 1);     // -7
  bits.put(0, 1);     // -7
  bits.put(1, 1);     // table 1
  bits.put(0, 1);     // 5
  const auto recording = open_scp(memory_source(made_file(
      {{2, tables}, leads_section({3}, 5, 0), signals_section(6, 1000, 0, false, {bits.take()})})));
  REQUIRE(recording.has_value());
  CHECK(*read_channel(*recording->samples, 0) == Samples{5, -10, -7, -7, 5});
}

MadeSection beats_section(const std::vector<std::array<std::uint32_t, 4>>& beats, int reference_ms,
                          int fiducial, const std::vector<std::array<std::uint32_t, 2>>& zones) {
  Bytes body;
  put_number(body, static_cast<std::uint16_t>(reference_ms));
  put_number(body, static_cast<std::uint16_t>(fiducial));
  put_number(body, static_cast<std::uint16_t>(beats.size()));
  for (const auto& beat : beats) {
    put_number(body, static_cast<std::uint16_t>(beat[0]));
    for (std::size_t i = 1; i < 4; ++i) put_number(body, beat[i]);
  }
  for (const auto& zone : zones) {
    put_number(body, zone[0]);
    put_number(body, zone[1]);
  }
  return {4, body};
}

TEST_CASE("the reference beat is added where it was taken out, and beats are events") {
  const Samples reference = wave(100, 5);  // 200 ms at 500 Hz, its fiducial at sample 41
  const Samples ecg = wave(600, 50);
  Samples residual = ecg;
  for (const std::int32_t fiducial : {141, 401}) {
    for (std::int32_t i = 0; i < 100; ++i) {
      // The reference beat is in steps of half the size.
      residual[static_cast<std::size_t>(fiducial - 41 + i)] -=
          static_cast<std::int32_t>(std::lround(reference[static_cast<std::size_t>(i)] * 0.5));
    }
  }
  const auto file = made_file(
      {standard_tables(), leads_section({1}, 600, 1),
       beats_section({{0, 101, 141, 200}, {1, 250, 270, 300}, {0, 361, 401, 460}}, 200, 41, {}),
       signals_section(5, 2000, 1, false, {coded(reference, 1)}, 1250),
       signals_section(6, 2000, 2, false, {coded(residual, 2)}, 2500)});
  const auto recording = open_scp(memory_source(file));
  REQUIRE(recording.has_value());
  CHECK(*read_channel(*recording->samples, 0) == ecg);
  REQUIRE(recording->events.size() == 3);
  CHECK(recording->events[0] == SignalEvent{.at = Tick{140}, .code = MitCode::Normal});
  CHECK(recording->events[1].code == MitCode::Unclassifiable);
  const auto beat = open_scp_reference_beat(memory_source(file));
  REQUIRE(beat.has_value());
  CHECK(*read_channel(**beat, 0) == reference);
}

TEST_CASE("bimodal data keep every sample in the zones and lines between them") {
  // 40 samples: [0, 16) kept one in four, [16, 24) every one, [24, 40) one in four.
  Samples stored;
  for (int k = 0; k < 4; ++k) stored.push_back(100 * k);
  for (int k = 0; k < 8; ++k) stored.push_back(1000 + k);
  for (int k = 0; k < 4; ++k) stored.push_back(-50);
  const auto recording =
      open_scp(memory_source(made_file({standard_tables(), leads_section({1}, 40, 0),
                                        beats_section({{1, 17, 20, 24}}, 16, 4, {{17, 24}}),
                                        signals_section(5, 2000, 0, false, {coded(wave(8, 1), 0)}),
                                        signals_section(6, 8000, 0, true, {coded(stored, 0)})})));
  REQUIRE(recording.has_value());
  CHECK(recording->samples->header().channels[0].rate == *Rate::of(500, 1));
  const Samples samples = *read_channel(*recording->samples, 0);
  REQUIRE(samples.size() == 40);
  for (std::size_t i = 0; i < 8; ++i) CHECK(samples[16 + i] == 1000 + static_cast<int>(i));
  // The mean of [4, 8) is what was kept for it, but for the rounding of four samples.
  CHECK(std::abs(samples[4] + samples[5] + samples[6] + samples[7] - 4 * 100) <= 2);
  CHECK(samples[0] == 0);
  CHECK(samples[30] == -50);
}

TEST_CASE("wrong checksums are told, and what a patient is goes to the identity") {
  Bytes patient;
  const auto tag = [&](int number, std::string_view value) {
    put_number(patient, static_cast<std::uint8_t>(number));
    put_number(patient, static_cast<std::uint16_t>(value.size()));
    put_text(patient, value);
  };
  using namespace std::string_view_literals;
  tag(0, "M\xFCller\0"sv);
  tag(1, "Eva\0"sv);
  tag(2, "42-7\0"sv);
  tag(5, "\xA1\x07\x05\x08"sv);  // 1953-05-08
  tag(8, "\x02"sv);
  tag(25, "\xD2\x07\x0B\x16"sv);  // 2002-11-22
  tag(26, "\x09\x0A\x00"sv);
  tag(28, "\x96\x00"sv);
  tag(255, "");
  Bytes file = made_file({{1, patient},
                          standard_tables(),
                          leads_section({1}, 10, 0),
                          signals_section(6, 2000, 1, false, {coded(wave(10, 1), 1)})});
  const auto recording = open_scp(memory_source(file));
  REQUIRE(recording.has_value());
  const RecordIdentity who =
      recording->samples->header().identity.reveal(AuditedAccess::event_recorded());
  CHECK(who.patient_name == "M\xC3\xBCller^Eva");
  CHECK(who.patient_id == "42-7");
  CHECK(who.birth_date == "1953-05-08");
  CHECK(who.sex == "F");
  CHECK(who.base_time == CivilTime{2002, 11, 22, 9, 10, 0});
  CHECK(recording->samples->header().channels[0].filter == "LP:150Hz");
  file[0] ^= std::byte{1};
  const auto noted = open_scp(memory_source(file));
  REQUIRE(noted.has_value());
  CHECK(noted->samples->header().notes.size() == 1);
}

TEST_CASE("real files: the leads keep Einthoven's sum") {
  struct Case {
    const char* file;
    std::size_t leads;
    std::int64_t samples;
  };
  for (const Case& known : {Case{"signals/scp_ecg/Example.scp", 12, 5000},
                            Case{"signals/scp_ecg/test.scp", 12, 5000}}) {
    CAPTURE(known.file);
    const auto path = test::data_path(known.file);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto recording = open_scp(*open_file_source(*path));
    REQUIRE(recording.has_value());
    const RecordHeader& header = recording->samples->header();
    for (const ReadNote& note : header.notes) MESSAGE(note.what << " " << note.where);
    CHECK(header.channels.size() == known.leads);
    CHECK(header.channels[0].sample_count == known.samples);
  }
}

TEST_CASE("a file cut or flipped anywhere gives an error or a record, never a crash") {
  const Samples ecg = wave(60, 3);
  const Bytes whole =
      made_file({standard_tables(), leads_section({1, 2}, 60, 1),
                 beats_section({{0, 10, 20, 40}}, 60, 11, {{15, 25}}),
                 signals_section(5, 2000, 1, false, {coded(wave(30, 5), 1), coded(wave(30, 6), 1)}),
                 signals_section(6, 8000, 2, true, {coded(ecg, 2), coded(ecg, 2)})});
  test::check_damaged(whole, open_scp);
  const auto path = test::data_path("signals/scp_ecg/test.scp");
  if (path) test::check_damaged(read_all(**open_file_source(*path), 1 << 20).value(), open_scp);
}

}  // namespace
}  // namespace consilium
