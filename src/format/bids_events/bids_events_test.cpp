#include "format/bids_events/bids_events.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

namespace consilium {
namespace {

RecordHeader two_leads() {
  RecordHeader header;
  header.tick_rate = *Rate::of(360, 1);
  header.length_ticks = 3600;
  header.channels = {{.name = "II", .ticks_per_sample = 1},
                     {.name = "Resp", .ticks_per_sample = 4}};
  return header;
}

TEST_CASE("events are read as they were written") {
  const std::vector<SignalEvent> events{
      {.at = Tick{77}, .code = MitCode::Normal},
      {.at = Tick{720}, .duration_ticks = 361, .channels = {1}, .text = "hypopnoea"},
      {.at = Tick{1000}, .code = MitCode::RhythmChange, .text = "(AFIB"}};
  const std::string text = write_bids_events(two_leads(), events);
  CHECK(text ==
        "onset\tduration\ttrial_type\tsample\tchannel\tmit_code\n"
        "0.213888889\t0\tN\t77\tn/a\tN\n"
        "2\t1.002777778\thypopnoea\t180\tResp\tn/a\n"
        "2.777777778\t0\t(AFIB\t1000\tn/a\t+\n");
  const auto again = read_bids_events(bytes_of(text), two_leads());
  REQUIRE(again.has_value());
  CHECK(*again == events);
  const auto description = boost::json::parse(describe_bids_events(events));
  CHECK(description.at("trial_type").at("Levels").at("N").as_string() == "Normal beat");
}

TEST_CASE("columns in any order, and what is refused with its row") {
  const auto read = read_bids_events(bytes_of("trial_type\tonset\nstim\t1.5\n\n"), two_leads());
  REQUIRE(read.has_value());
  CHECK(*read == std::vector<SignalEvent>{{.at = Tick{540}, .text = "stim"}});
  CHECK(read_bids_events(bytes_of("duration\n1\n"), two_leads()).error().where == "row 1");
  CHECK(read_bids_events(bytes_of("onset\nx\n"), two_leads()).error().where == "row 2");
  CHECK(read_bids_events(bytes_of("onset\tduration\n1\t-1\n"), two_leads()).error().where ==
        "row 2");
  CHECK(read_bids_events(bytes_of("onset\tduration\n1\n"), two_leads()).error().where == "row 2");
}

}  // namespace
}  // namespace consilium
