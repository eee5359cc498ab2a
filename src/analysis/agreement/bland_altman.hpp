// Agreement of two methods of measurement: the bias and the limits within which most differences
// lie. Sources: J. M. Bland, D. G. Altman, Lancet 327 (1986) 307-310 and Stat. Methods Med. Res. 8
// (1999) 135-160; repeated pairs where the true value varies: J. Biopharm. Stat. 17 (2007) 571-582;
// intervals of the limits for these: G. Y. Zou, Stat. Methods Med. Res. 22 (2013) 630-642 (MOVER).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {

struct BlandAltman {
  double bias = 0;                // mean of first - second
  double standard_deviation = 0;  // of a single difference
  double lower_limit = 0;         // bias -+ z x standard deviation, z = 1.96 for 95 %
  double upper_limit = 0;
  Interval bias_interval;
  Interval lower_limit_interval;
  Interval upper_limit_interval;
  std::size_t pair_count = 0;
  std::size_t patient_count = 0;
};

// `first[i]` and `second[i]` are the two methods' values of pair i, in one unit. `coverage` is the
// share of differences between the limits, `level` the confidence of the intervals. One pair a
// patient: bias -+ t s / sqrt(n), limits -+ t s sqrt(1 / n + z^2 / (2 (n - 1))).
// Errors: InvalidInput when the lengths differ, fewer than two pairs are given, a value is not
// finite (its pair is named), or coverage or level is not in (0, 1).
// Cost: one pass.
[[nodiscard]] Result<BlandAltman> bland_altman(std::span<const double> first,
                                               std::span<const double> second,
                                               double coverage = 0.95, double level = 0.95);

// The same when a patient has several pairs and the true value varies between them:
// `patient[i]` is the number of pair i's patient. The variance of a single difference is that
// between patients plus that within, from a one-way analysis of variance of the differences
// weighted by patients (Zou's: mean of patients' means, harmonic mean number of pairs).
// Errors: as above, and InvalidInput when fewer than two patients are given or none has two pairs
// (then use the one above).
// Cost: a sort of the patients.
[[nodiscard]] Result<BlandAltman> bland_altman_repeated(std::span<const double> first,
                                                        std::span<const double> second,
                                                        std::span<const std::uint32_t> patient,
                                                        double coverage = 0.95,
                                                        double level = 0.95);

enum class BlandAltmanPart { Bias, LowerLimit, UpperLimit };

// Bias or a limit in the form that the bootstrap and clusters need: for intervals that do not rest
// on normal differences. Errors: as `bland_altman`.
[[nodiscard]] Result<AgreementModel> bland_altman_model(std::span<const double> first,
                                                        std::span<const double> second,
                                                        BlandAltmanPart part,
                                                        double coverage = 0.95);

}  // namespace consilium
