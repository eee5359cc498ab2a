#include "format/sample_csv/sample_csv.hpp"

#include <doctest/doctest.h>

#include <string>

#include "domain/signal/sample_table.hpp"
#include "tests/damaged.hpp"

namespace consilium {
namespace {

Result<Recording> open_text(std::string_view text) {
  return open_sample_csv(memory_source(to_bytes(text)));
}
const std::int32_t none = missing_sample_default;

TEST_CASE("names, units, times and a gap") {
  const auto recording = open_text(
      "time_s,II [mV],Resp\n0.000,0.5,1\n0.003,-0.25,2\n0.006,,3\n0.008,NaN,4\n0.019,1,5\n");
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  CHECK(header.channels.size() == 2);
  CHECK(header.channels[0].name == "II");
  CHECK(header.channels[0].unit == "mV");
  CHECK(header.channels[0].rate.hz() == doctest::Approx(375).epsilon(0.01));
  CHECK(*read_channel(*recording->samples, 0) ==
        std::vector<std::int32_t>{50, -25, none, none, none, none, none, 100});
  CHECK(*read_channel(*recording->samples, 1) ==
        std::vector<std::int32_t>{1, 2, 3, 4, none, none, none, 5});
  CHECK(header.gaps == std::vector<TickSpan>{{Tick{4}, Tick{7}}});
  std::int32_t middle[3];
  REQUIRE(recording->samples->read(1, SampleIndex{5}, middle).has_value());
  CHECK((middle[0] == none && middle[1] == none && middle[2] == 5));
}

TEST_CASE("a rate in a comment, decimal commas, units in a row of their own") {
  const auto recording =
      open_text("# sampling_rate_hz: 360\r\nI;II\r\nmV;mV\r\n0,5;1\r\n-0,125;2\r\n");
  REQUIRE(recording.has_value());
  const RecordHeader& header = recording->samples->header();
  CHECK(header.channels[0].rate == *Rate::of(360, 1));
  CHECK(header.channels[1].unit == "mV");
  CHECK(*read_channel(*recording->samples, 0) == std::vector<std::int32_t>{500, -125});
  const auto clock = open_text("time\tx\n09:59:59.5\t1\n10:00:00.0\t2\n10:00:00.5\t3\n");
  REQUIRE(clock.has_value());
  CHECK(clock->samples->header().channels[0].rate == *Rate::of(2, 1));
}

TEST_CASE("what cannot be is refused with its line") {
  struct Case {
    const char* text;
    const char* where;
  };
  for (const Case& bad :
       {Case{"1\n2\n3\n", "line 1"},  // no rate
        Case{"time,x\n0,1\n1,2,3\n", "line 3"}, Case{"time,x\n0,1\n1,y\n", "line 3"},
        Case{"time,x\n1,1\n0,2\n", "line 3"}, Case{"# fs: 0\n1\n", "line 1"},
        Case{"# fs: 10\n1\n\n2\n", "line 3"}}) {
    CAPTURE(bad.text);
    const auto recording = open_text(bad.text);
    REQUIRE_FALSE(recording.has_value());
    CHECK(recording.error().where == bad.where);
  }
}

TEST_CASE("a long table is read by ranges, and what is written is read back") {
  RecordHeader header;
  header.channels = {{.name = "ECG", .unit = "mV", .rate = *Rate::of(500, 1), .adu_per_unit = 200},
                     {.name = "Resp", .unit = "l", .rate = *Rate::of(125, 1), .adu_per_unit = 3}};
  std::vector<std::int32_t> fast(9000);
  std::vector<std::int32_t> slow(2250);
  for (std::size_t i = 0; i < fast.size(); ++i)
    fast[i] = static_cast<std::int32_t>(i * 37 % 4096) - 2048;
  for (std::size_t i = 0; i < slow.size(); ++i) slow[i] = static_cast<std::int32_t>(i);
  fast[17] = none;
  const auto source = sample_table(header, {fast, slow});
  REQUIRE(source.has_value());
  std::string text;
  REQUIRE(write_sample_csv(**source, [&](ByteView bytes) -> Status {
            text += text_of(bytes);
            return {};
          }).has_value());
  const auto again = open_text(text);
  REQUIRE(again.has_value());
  const Channel& channel = again->samples->header().channels[0];
  CHECK(channel.rate == *Rate::of(500, 1));
  const auto samples = *read_channel(*again->samples, 0);
  REQUIRE(samples.size() == fast.size());
  CHECK(samples[17] == none);
  for (const std::size_t i :
       {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{8999}}) {
    CHECK(physical_value(channel, samples[i]) == doctest::Approx(fast[i] / 200.0));
  }
  std::int32_t one[1];
  REQUIRE(again->samples->read(1, SampleIndex{8000}, one).has_value());
  CHECK(physical_value(again->samples->header().channels[1], one[0]) ==
        doctest::Approx(2000 / 3.0).epsilon(1e-3));
}

TEST_CASE("a table cut or flipped anywhere gives an error or a record, never a crash") {
  test::check_damaged(to_bytes("# fs: 10\ntime,II [mV]\n0,1.5\n0.1,2\n0.2,nan\n1,3\n"),
                      open_sample_csv);
}

}  // namespace
}  // namespace consilium
