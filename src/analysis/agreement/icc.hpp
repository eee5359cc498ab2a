// Intraclass correlation: the reliability of measured values. Source: P. E. Shrout, J. L. Fleiss,
// Psychol. Bull. 86 (1979) 420-428, with their confidence intervals.
//
// n items, each measured by k raters once; mean squares of the two-way analysis of variance: BMS
// between items, WMS within items, JMS between raters, EMS the rest.
//   (1,1) (BMS - WMS) / (BMS + (k-1) WMS)                    each item has raters of its own
//   (2,1) (BMS - EMS) / (BMS + (k-1) EMS + k (JMS-EMS) / n)  raters are a sample of raters
//   (3,1) (BMS - EMS) / (BMS + (k-1) EMS)                    these raters and no others
//   (1,k) (2,k) (3,k) the same of the mean of k ratings
// "Two-way, absolute agreement" elsewhere is (2,.), "consistency" is (3,.).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/statistics/interval.hpp"

namespace consilium {

enum class IccForm {
  OneWaySingle,
  TwoWayRandomSingle,
  TwoWayMixedSingle,
  OneWayMean,
  TwoWayRandomMean,
  TwoWayMixedMean,
};

// "(1,1)", "(2,1)", "(3,1)", "(1,k)", "(2,k)", "(3,k)".
[[nodiscard]] std::string_view name_of(IccForm form);

struct MeanSquares {
  double between_items = 0;   // BMS, n - 1 degrees of freedom
  double within_items = 0;    // WMS, n (k - 1)
  double between_raters = 0;  // JMS, k - 1
  double rest = 0;            // EMS, (n - 1)(k - 1)
};

struct IccEstimate {
  double coefficient = 0;
  Interval interval;
};

struct IccTable {
  MeanSquares mean_squares;
  std::array<IccEstimate, 6> of_form;  // in the order of IccForm

  [[nodiscard]] const IccEstimate& of(IccForm form) const {
    return of_form[static_cast<std::size_t>(form)];
  }
};

// All six from `ratings`, `item_count` rows of `rater_count` numbers, none missing.
// Where raters do not differ at all beyond a shift (EMS = 0) the intervals of (3,.) are points.
// Errors: InvalidInput on a wrong size, fewer than two items or raters, a missing (NaN) or infinite
// rating (its place is named; alpha allows for missing ones), a level outside (0, 1), or when all
// ratings are equal: the correlation is then undefined, not perfect.
// Cost: two passes over the ratings, and some 100 microseconds for the quantiles.
[[nodiscard]] Result<IccTable> intraclass_correlations(std::span<const double> ratings,
                                                       std::size_t item_count,
                                                       std::size_t rater_count,
                                                       double level = 0.95);

// One of them in the form that the bootstrap and clusters need; its `estimate` gives the linearised
// standard error, where the table gives the exact interval under normality. Errors: as above.
[[nodiscard]] Result<AgreementModel> icc_model(std::span<const double> ratings,
                                               std::size_t item_count, std::size_t rater_count,
                                               IccForm form);

}  // namespace consilium
