// P, QRS and T of every beat as WFDB annotations: "(" before a wave, "p", "N" or "t" at its peak,
// ")" behind it; NUM of the marks around says which wave: 0 P, 1 QRS, 2 T.
#pragma once

#include <array>
#include <vector>

#include "analysis/ecg_delineation/ecg_delineation.hpp"
#include "transport/cli_detect/ecg_record.hpp"

namespace consilium::cli {

struct FoundWaves {
  std::vector<SignalEvent> events;
  std::array<std::size_t, 3> counts{};  // P, QRS, T
};
// Beats are looked for in all leads of voltage, also where one lead alone is delineated.
[[nodiscard]] Result<FoundWaves> waves_in(const EcgRecord& record,
                                          const std::vector<std::int64_t>& beats);

}  // namespace consilium::cli
