// The rhythm of a record from its beats alone: when they came and, where known, which are
// ventricular. By rules that can be read:
//
// Atrial fibrillation: over 65 intervals around a beat, differences between intervals that lie 1,
// 2, 3 and 4 beats apart. Of each distance the value below which 35 % of the differences lie is
// taken, and the smallest of the four over the median interval must be above 0.08. Extra beats
// disturb one distance and leave another (bigeminy repeats after 2, trigeminy after 3); only in
// fibrillation does no distance repeat. At least 30 s long. (The idea of lagged differences: D. E.
// Lake, J. R. Moorman, Am. J. Physiol. 300 (2011) H319-H325 compare templates of intervals.)
//
// Ventricular runs: 3 ventricular beats or more in a row, at 100 a minute or more (tachycardia;
// slower: idioventricular). Bigeminy: V and N in turn, at least 3 of each. Pause: an interval of
// 2 s or more. Brady- and tachycardia: the median of 9 intervals is above 1.2 s (50 a minute) or
// below 0.6 s (100 a minute), for at least 8 beats.
//
// Cost: some microseconds a beat. The result does not depend on the record's start: each beat's
// rhythm follows from the 32 before and after it, and the length of its episode.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium {

enum class Rhythm {
  Other,  // none of those below: "(N"
  AtrialFibrillation,
  VentricularTachycardia,
  IdioventricularRun,
  Bigeminy,
  Bradycardia,
  Tachycardia,
};

// The sign of MIT rhythm annotations: "(N", "(AFIB", "(VT", "(IVR", "(B", "(SBR"; theirs has none
// for tachycardia of any origin: "(TACHY".
[[nodiscard]] std::string_view rhythm_sign(Rhythm rhythm);

struct RhythmBeat {
  double at_s = 0;
  bool is_ventricular = false;
};

// Beats [first, last) of one rhythm; spans follow each other without a gap.
struct RhythmSpan {
  std::size_t first = 0;
  std::size_t last = 0;
  Rhythm rhythm = Rhythm::Other;
  friend bool operator==(const RhythmSpan&, const RhythmSpan&) = default;
};

struct RhythmFindings {
  std::vector<RhythmSpan> spans;
  std::vector<std::size_t> pauses;  // the beats before them
};

// Errors: InvalidInput when times do not rise.
[[nodiscard]] Result<RhythmFindings> rhythm_of(std::span<const RhythmBeat> beats);

// How irregular the intervals around each beat are, as said of fibrillation above; 0 where there
// are fewer than 13 intervals.
[[nodiscard]] std::vector<double> irregularity(std::span<const RhythmBeat> beats);

}  // namespace consilium
