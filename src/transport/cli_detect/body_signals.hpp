// Events of signals other than the ECG as WFDB annotations: "N" at the top of each pulse, a note
// "INSP" at the end of each breath in, "(" and ")" around each burst of a muscle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "transport/cli_detect/ecg_record.hpp"

namespace consilium::cli {

[[nodiscard]] bool is_body_signal(const std::string& what);  // "pulses", "breaths", "bursts"

// The record's first channel that by its name or unit holds what is looked for. Errors: those of
// opening it; InvalidInput when there is none.
[[nodiscard]] Result<std::size_t> channel_for(const std::filesystem::path& record,
                                              const std::string& what);

struct FoundBodyEvents {
  std::vector<SignalEvent> events;
  std::size_t count = 0;
};
// In the record's first chosen channel, five minutes at a time.
[[nodiscard]] Result<FoundBodyEvents> body_events_in(const EcgRecord& record,
                                                     const std::string& what);

}  // namespace consilium::cli
