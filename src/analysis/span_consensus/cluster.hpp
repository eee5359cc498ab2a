// Clusters of units that are the same one. Used by this module alone.
#pragma once

#include <cstdint>
#include <vector>

#include "analysis/matching/closeness.hpp"
#include "analysis/matching/unit.hpp"
#include "base/result.hpp"

namespace consilium::span_consensus_detail {

struct Clusters {
  // Places in `study.units`, by rater within a cluster; clusters in order of their first unit.
  std::vector<std::vector<std::uint32_t>> members;
  bool exact = true;
};

// The clusters of one continuum.
[[nodiscard]] Result<Clusters> cluster_units(const UnitStudy& study, const UnitOrder& order,
                                             std::uint32_t continuum, const Closeness& closeness);

}  // namespace consilium::span_consensus_detail
