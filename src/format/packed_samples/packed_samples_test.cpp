#include "format/packed_samples/packed_samples.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "base/byte_writer.hpp"

namespace consilium {
namespace {

RecordHeader two_channels() {
  RecordHeader header;
  header.channels = {{.name = "a", .rate = *Rate::of(100, 1)},
                     {.name = "b", .rate = *Rate::of(100, 1)}};
  return header;
}

TEST_CASE("interleaved samples are read by channel and by block, whatever the range") {
  Bytes bytes = to_bytes("head");
  for (int i = 0; i < 1000; ++i) {
    put_number(bytes, static_cast<std::int16_t>(i - 500));
    put_number(bytes, static_cast<std::int16_t>(-7 * i));
  }
  const auto source = packed_source(two_channels(), memory_source(bytes),
                                    {{.offset = 4, .stride = 4, .stored_count = 1000},
                                     {.offset = 6, .stride = 4, .stored_count = 1000}});
  REQUIRE(source.has_value());
  CHECK((*source)->header().length_ticks == 1000);
  SignalBlock block;
  REQUIRE((*source)->read_block({Tick{990}, Tick{2000}}, block).has_value());
  CHECK(block.channels[0] ==
        std::vector<std::int32_t>{490, 491, 492, 493, 494, 495, 496, 497, 498, 499});
  CHECK(block.channels[1][0] == -6930);
  CHECK((*read_channel(**source, 1))[999] == -6993);
}

TEST_CASE("blocks of several samples of a channel, big-endian, after a lead-in") {
  Bytes bytes;
  for (int i = 0; i < 12; ++i) {
    bytes.push_back(std::byte{0});
    bytes.push_back(static_cast<std::byte>(i));
  }
  // Blocks of 3 samples of one channel and 1 of another.
  RecordHeader header = two_channels();
  header.channels[1].rate = *Rate::of(50, 1);
  const auto source = packed_source(
      header, memory_source(bytes),
      {{.order = std::endian::big, .stride = 8, .per_block = 3, .stored_count = 9, .lead_in = 2},
       {.order = std::endian::big, .offset = 6, .stride = 8, .stored_count = 3}});
  REQUIRE(source.has_value());
  const std::int32_t none = missing_sample_default;
  CHECK(*read_channel(**source, 0) ==
        std::vector<std::int32_t>{none, none, 0, 1, 2, 4, 5, 6, 8, 9, 10});
  CHECK(*read_channel(**source, 1) == std::vector<std::int32_t>{3, 7, 11});
  std::int32_t middle[3];
  REQUIRE((*source)->read(0, SampleIndex{4}, middle).has_value());
  CHECK((middle[0] == 2 && middle[1] == 4 && middle[2] == 5));
}

TEST_CASE("a file that ends early has missing samples at its end") {
  RecordHeader header = two_channels();
  header.channels.pop_back();
  const auto source = packed_source(
      header, memory_source(to_bytes(std::string_view("\1\0\2\0\3", 5))), {{.stored_count = 4}});
  REQUIRE(source.has_value());
  CHECK(*read_channel(**source, 0) ==
        std::vector<std::int32_t>{1, 2, missing_sample_default, missing_sample_default});
}

TEST_CASE("every form gives the number that it stands for") {
  struct Case {
    PackedForm form;
    std::string_view bytes;
    std::int32_t value;
  };
  using namespace std::string_view_literals;
  for (const Case& known :
       {Case{PackedForm::I8, "\xFE"sv, -2}, Case{PackedForm::U8, "\xFE"sv, 254},
        Case{PackedForm::I16, "\xFE\xFF"sv, -2}, Case{PackedForm::U16, "\xFE\xFF"sv, 65534},
        Case{PackedForm::I24, "\xFE\xFF\xFF"sv, -2},
        Case{PackedForm::I32, "\xFE\xFF\xFF\xFF"sv, -2},
        Case{PackedForm::U32, "\xFE\xFF\xFF\xFF"sv, missing_sample_default},
        Case{PackedForm::F32, "\0\0\xC0\x3F"sv, 150},                     // 1.5
        Case{PackedForm::F32, "\0\0\xC0\x7F"sv, missing_sample_default},  // NaN
        Case{PackedForm::F64, "\0\0\0\0\0\0\xF8\xBF"sv, -150},
        // ITU-T G.711, tables 1 and 2: the ends of both scales and their middles.
        Case{PackedForm::Mulaw, "\x80"sv, 32124}, Case{PackedForm::Mulaw, "\x00"sv, -32124},
        Case{PackedForm::Mulaw, "\xFF"sv, 0}, Case{PackedForm::Alaw, "\xAA"sv, 32256},
        Case{PackedForm::Alaw, "\x2A"sv, -32256}, Case{PackedForm::Alaw, "\xD5"sv, 8}}) {
    CAPTURE(static_cast<int>(known.form));
    RecordHeader header = two_channels();
    header.channels.pop_back();
    const auto source = packed_source(
        header, memory_source(to_bytes(known.bytes)),
        {{.form = known.form, .stride = bytes_of(known.form), .stored_count = 1, .scale = 100}});
    REQUIRE(source.has_value());
    CHECK((*read_channel(**source, 0))[0] == known.value);
  }
}

TEST_CASE("impossible places are refused") {
  RecordHeader header = two_channels();
  header.channels.pop_back();
  const auto refused = [&](PackedTrack track) {
    return !packed_source(header, memory_source({}), {track}).has_value();
  };
  CHECK(refused({.stride = 1, .stored_count = 1}));
  CHECK(refused({.per_block = 0, .stored_count = 1}));
  CHECK(refused({.stored_count = -1}));
  CHECK(refused({.stride = 1ULL << 62U, .stored_count = 8}));
}

}  // namespace
}  // namespace consilium
