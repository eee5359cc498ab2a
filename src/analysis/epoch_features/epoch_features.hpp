// Numbers that sum up one epoch of one channel, mostly of an EEG: powers of the usual bands, where
// the spectrum ends, and how the signal moves. For tables, plots and models.
//
// The spectrum is Welch's (IEEE Trans. Audio Electroacoust. 15 (1967) 70-73): pieces of some four
// seconds (the largest power of two of samples that they hold), half overlapping, less their mean,
// under a Hann window. Activity, mobility and complexity: B. Hjorth, Electroencephalogr. Clin.
// Neurophysiol. 29 (1970) 306-310.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace consilium {

struct EpochFeatures {
  // In the unit squared: 0.5 to 4 Hz, to 8, to 12, to 16, to 30. Bands past half the rate hold what
  // there is.
  double delta = 0;
  double theta = 0;
  double alpha = 0;
  double sigma = 0;
  double beta = 0;
  double edge_hz = 0;      // below which 95 % of the power from 0.5 to 30 Hz lies
  double activity = 0;     // variance
  double mobility = 0;     // deviation of the steps over that of the signal
  double complexity = 0;   // mobility of the steps over that of the signal
  double line_length = 0;  // mean step, without sign
  double crossings = 0;    // share of the steps that cross the mean
};
inline constexpr std::size_t epoch_feature_count = 11;
[[nodiscard]] std::array<std::string_view, epoch_feature_count> epoch_feature_names();
[[nodiscard]] std::array<double, epoch_feature_count> as_row(const EpochFeatures& features);

// Samples that are no numbers stand for the ones before. Errors: InvalidInput for fewer than 16
// samples, or a rate below 1 Hz. Cost: 30 s at 100 Hz take about 0.1 ms.
[[nodiscard]] Result<EpochFeatures> epoch_features(std::span<const float> samples,
                                                   double sampling_rate_hz);

}  // namespace consilium
