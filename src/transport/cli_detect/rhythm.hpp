// Rhythm and signal quality of a recording as WFDB annotations.
#pragma once

#include <string>
#include <vector>

#include "transport/cli_detect/ecg_record.hpp"

namespace consilium::cli {

struct FoundSpans {
  std::vector<SignalEvent> events;
  std::vector<std::pair<std::string, double>> seconds;  // by kind, in order of its first
  std::size_t pauses = 0;
};

// Rhythm changes ("(AFIB" and others) from the annotated beats; a note "PAUSE" before each.
[[nodiscard]] Result<FoundSpans> rhythm_in(const EcgRecord& record,
                                           const std::vector<SignalEvent>& beats);

// Changes of quality ("~"): bit l of the subtype says that lead l is poor, as WFDB has it (the
// first four leads). `seconds` holds how long each lead was poor, by its name.
[[nodiscard]] Result<FoundSpans> quality_in(const EcgRecord& record,
                                            const std::vector<std::int64_t>& all_beats);

}  // namespace consilium::cli
