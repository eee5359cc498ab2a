// Two WFDB annotation files on one time line.
#pragma once

#include <cstdint>
#include <vector>

#include "format/wfdb/wfdb_annotations.hpp"
#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {

struct TimedMark {
  std::int64_t time = 0;  // in ticks of EventPair::rate_hz
  MitCode code = MitCode::None;
};

struct EventPair {
  double rate_hz = 0;
  std::int64_t window = 0;  // --window-ms in ticks, rounded down
  std::vector<TimedMark> reference;
  std::vector<TimedMark> test;  // both in the order of time
};

// The rate is --rate, else that of the header beside one of the files (100.atr: 100.hea).
// Errors: those of reading; NotFound when there is no header; InvalidInput for a file without
// annotations or a time that leaves 52 bits.
[[nodiscard]] Result<EventPair> read_event_pair(const CompareCommand& command);

}  // namespace consilium::cli
