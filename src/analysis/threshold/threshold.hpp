// Thresholds that a histogram suggests, by the methods that people know from other programs.
//
// A threshold is the last bin of the lower class: voxels of bins [0, bin] lie below it, the rest
// above. Values enter as bin numbers, which all methods but Li's do not mind; Li's counts from the
// first bin that is not empty. Same counts, same answer: sums are made in a fixed order.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium {

enum class ThresholdMethod {
  Otsu,        // most variance between the classes: N. Otsu, IEEE Trans. SMC 9 (1979) 62-66
  Huang,       // least fuzziness: L.-K. Huang, M.-J. Wang, Pattern Recognition 28 (1995) 41-51
  Li,          // least cross entropy, by steps from the mean: C. Li, P. Tam, Pattern Recognition
               // Letters 19 (1998) 771-776
  Triangle,    // farthest from the line peak to tail: G. Zack et al., J. Histochem. Cytochem. 25
               // (1977) 741-753
  IsoData,     // midway between the classes' means: T. Ridler, S. Calvard, IEEE Trans. SMC 8 (1978)
               // 630-632; the lowest of several
  MaxEntropy,  // most entropy of both classes: J. Kapur et al., CVGIP 29 (1985) 273-285
  Intermodes,  // midway between two peaks, once smoothing leaves two: J. Prewitt, M. Mendelsohn,
               // Ann. N. Y. Acad. Sci. 128 (1966) 1035-1053
  Moments,     // keeps the first three moments: W.-H. Tsai, CVGIP 29 (1985) 377-393
};
inline constexpr ThresholdMethod threshold_methods[] = {
    ThresholdMethod::Otsu,       ThresholdMethod::Huang,   ThresholdMethod::Li,
    ThresholdMethod::Triangle,   ThresholdMethod::IsoData, ThresholdMethod::MaxEntropy,
    ThresholdMethod::Intermodes, ThresholdMethod::Moments};
[[nodiscard]] std::string_view name_of(ThresholdMethod method);  // "max_entropy"

inline constexpr std::size_t histogram_bins_max = 65'536;

// Nothing where the method has no answer: fewer than two bins that are not empty, no two peaks.
// Cost: O(bins), Huang O(bins x bins in use), Intermodes O(bins x smoothings, 10,000 at most).
// At most histogram_bins_max counts.
[[nodiscard]] std::optional<std::size_t> threshold_bin(std::span<const std::uint64_t> counts,
                                                       ThresholdMethod method);

// Otsu's thresholds between `classes` classes, rising: the exact best, by dynamic programming over
// the bins (P. Liao, T. Chen, P. Chung, J. Inf. Sci. Eng. 17 (2001) 713-727 gives the table).
// Errors: InvalidInput when classes is not 2 to 6, when fewer bins than classes are not empty, or
// past 4,096 bins. Cost: O(classes x bins^2).
[[nodiscard]] Result<std::vector<std::size_t>> multi_otsu(std::span<const std::uint64_t> counts,
                                                          std::size_t classes);

}  // namespace consilium
