#include "format/brainvision/brainvision.hpp"

#include <doctest/doctest.h>

#include <map>

#include "base/byte_writer.hpp"
#include "tests/damaged.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

std::string made(std::string_view form, std::string_view orientation = "MULTIPLEXED") {
  return "Brain Vision Data Exchange Header File Version 1.0\r\n[Common "
         "Infos]\r\nDataFile=$b.eeg\r\n"
         "MarkerFile=$b.vmrk\r\nDataFormat=BINARY\r\nDataOrientation=" +
         std::string(orientation) +
         "\r\nNumberOfChannels=2\r\nSamplingInterval=2000\r\n"
         "[Binary Infos]\r\nBinaryFormat=" +
         std::string(form) +
         "\r\n[Channel Infos]\r\nCh1=Fp1\\1x,,0.5,\xC2\xB5V\r\nCh2=EMG,,2,mV\r\n"
         "[Comment]\r\nCh2=not,a,channel\r\n";
}

Result<Recording> open_made(const std::string& header, const Bytes& data,
                            std::string_view markers = "") {
  return open_brainvision(bytes_of(header), "rec.vhdr",
                          [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
                            if (name == "rec.eeg") return memory_source(data);
                            if (name == "rec.vmrk" && !markers.empty())
                              return memory_source(to_bytes(markers));
                            return fail(ErrorCode::NotFound, "not there");
                          });
}

TEST_CASE("multiplexed and vectorized samples, whole and real") {
  Bytes whole;
  for (const int value : {1, 2, -3, -4}) put_number(whole, static_cast<std::int16_t>(value));
  const auto multiplexed = open_made(made("INT_16"), whole);
  REQUIRE(multiplexed.has_value());
  const RecordHeader& header = multiplexed->samples->header();
  CHECK(header.channels[0].name == "Fp1,x");
  CHECK(header.channels[0].unit == "uV");
  CHECK(header.channels[0].rate == *Rate::of(500, 1));
  CHECK(*read_channel(*multiplexed->samples, 0) == std::vector<std::int32_t>{1, -3});
  CHECK(physical_value(header.channels[1], -4) == doctest::Approx(-8));
  CHECK(header.notes.size() == 1);  // the marker file is not there
  const auto vectorized = open_made(made("INT_16", "VECTORIZED"), whole);
  REQUIRE(vectorized.has_value());
  CHECK(*read_channel(*vectorized->samples, 0) == std::vector<std::int32_t>{1, 2});
  Bytes real;
  for (const float value : {1.25F, -2.5F}) put_number(real, value);
  const auto floats = open_made(made("IEEE_FLOAT_32"), real);
  REQUIRE(floats.has_value());
  const auto value = [&](std::size_t c) {
    return physical_value(floats->samples->header().channels[c],
                          read_channel(*floats->samples, c)->front());
  };
  CHECK(value(0) == doctest::Approx(0.625));
  CHECK(value(1) == doctest::Approx(-5.0));
}

TEST_CASE("markers are events on their channel, the first segment says when") {
  const auto recording =
      open_made(made("INT_16"), Bytes(40),
                "[Marker Infos]\nMk1=New Segment,,1,1,0,20131113161403794232\n"
                "Mk2=Stimulus,S  1,4,1,0\nMk3=Comment,a\\1b,6,3,2\nMk4=Bad,x,y\n");
  REQUIRE(recording.has_value());
  CHECK(recording->events ==
        std::vector<SignalEvent>{
            {.at = Tick{3}, .text = "Stimulus/S  1"},
            {.at = Tick{5}, .duration_ticks = 3, .channels = {1}, .text = "a,b"}});
  CHECK(recording->samples->header().identity.reveal(AuditedAccess::event_recorded()).base_time ==
        CivilTime{2013, 11, 13, 16, 14, 3, 794'232'000});
  CHECK(recording->samples->header().notes.size() == 1);
}

TEST_CASE("a real recording") {
  const auto path = test::data_path("signals/brainvision/test.vhdr");
  if (!path) {
    MESSAGE("skipped: shared data absent");
    return;
  }
  const Bytes header = read_all(**open_file_source(*path), 1 << 20).value();
  const auto recording = open_brainvision(
      header, "test.vhdr", [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
        return open_file_source(path->parent_path() / name);
      });
  REQUIRE(recording.has_value());
  const RecordHeader& info = recording->samples->header();
  CHECK(info.channels.size() == 32);
  CHECK(info.length_ticks == 7900);  // 505,600 bytes of 32 x 2
  CHECK(info.channels[31].unit == "C");
  CHECK(recording->events.size() == 13);  // 14 markers without the new segment
  CHECK(recording->events[0].at == Tick{486});
}

TEST_CASE("a header cut or flipped anywhere gives an error or a record, never a crash") {
  const Bytes data(400);
  test::check_damaged(to_bytes(made("INT_16")), [&](std::shared_ptr<const ByteSource> file) {
    return open_made(std::string(text_of(read_all(*file, 1 << 20).value())), data,
                     "[Marker Infos]\nMk2=Stimulus,S  1,4,1,0\n");
  });
}

}  // namespace
}  // namespace consilium
