// Labels of a night: the XML of NSRR ("PSGAnnotation") and of Compumedics Profusion
// ("CMPStudyConfig"), as the National Sleep Research Resource gives both.
//
// Stages become events of an epoch each with the texts of EDF+ ("Sleep stage W", "N1", "N2", "N3",
// "R", "?"): stages 3 and 4 are N3, movement and what was not scored are "?". Other events keep
// their name, and their channel where the record has one called so.
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/event.hpp"
#include "domain/signal/record.hpp"

namespace consilium {

[[nodiscard]] bool looks_like_sleep_xml(ByteView head);

struct SleepLabels {
  std::vector<SignalEvent> events{};  // by time
  std::vector<ReadNote> notes{};
};
// Errors: those of read_xml; Unsupported for another document; Corrupt with the line where a time
// is no number of seconds or the epoch's length not above 0.
[[nodiscard]] Result<SleepLabels> read_sleep_xml(ByteView bytes, const RecordHeader& record);

}  // namespace consilium
