// The five classes of beats of ANSI/AAMI EC57, and which MIT codes they stand for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "domain/signal/event.hpp"

namespace consilium {

enum class BeatClass : std::uint8_t {
  Normal,            // N: also bundle branch block and escape beats
  Supraventricular,  // S: premature, from above the ventricles
  Ventricular,       // V
  Fusion,            // F: of a normal and a ventricular beat
  Unclassifiable,    // Q: paced ones too
};
inline constexpr std::size_t beat_class_count = 5;
inline constexpr std::array<std::string_view, beat_class_count> beat_class_names{"N", "S", "V", "F",
                                                                                 "Q"};

// As WFDB's bxb maps codes of beats (escape beats are N).
[[nodiscard]] BeatClass beat_class_of(MitCode code);
// The code that stands for the whole class.
[[nodiscard]] MitCode code_of(BeatClass beat_class);

}  // namespace consilium
