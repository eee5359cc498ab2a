// What a bootstrap draws: items or clusters, equal ones in one row, in an order that only their
// contents decide. Summands are whole multiples of a power of two, so that their sums are exact in
// any order. Used inside this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"

namespace consilium {

struct ResamplingUnits {
  std::vector<int> column_shift;  // a summand is value x 2^-shift
  std::vector<std::size_t> first{0};
  std::vector<std::uint32_t> column;
  std::vector<std::int64_t> value;
  std::vector<std::uint64_t> units;  // how many items or clusters share the row
  std::vector<double> influence;     // of one unit of the row, on the coefficient
  std::uint64_t unit_count = 0;

  [[nodiscard]] std::size_t count() const { return units.size(); }
};

// `influence` are the rows' linearised values. With no clusters, items are the units.
[[nodiscard]] ResamplingUnits resampling_units(const AgreementModel& model,
                                               std::span<const double> influence,
                                               const ClusterItems* clusters);

}  // namespace consilium
