// The beats of a recording, by its lead or by all its leads together.
#pragma once

#include <vector>

#include "analysis/qrs_detection/qrs_detection.hpp"
#include "transport/cli_detect/ecg_record.hpp"

namespace consilium::cli {

// Reads the record once, twice when it has several leads; a minute or so lies in memory.
[[nodiscard]] Result<std::vector<QrsComplex>> beats_in(const EcgRecord& record);
// Of one of its channels alone.
[[nodiscard]] Result<std::vector<QrsComplex>> beats_in(const EcgRecord& record,
                                                       std::size_t channel);

}  // namespace consilium::cli
