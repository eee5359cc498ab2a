// A made vessel tree that fills a lung. Targets are spread over the lung and joined one by one, the
// nearest to the root first, each to the node of the tree where the new wire plus a share of the
// way back to the root is shortest: the balanced minimum spanning tree of H. Cuntz et al., PLoS
// Comput. Biol. 6 (2010) e1000877. Radii follow C. D. Murray, Proc. Natl. Acad. Sci. 12 (1926)
// 207-214: the cube of a parent's radius is the sum of its children's cubes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/synthetic/thorax.hpp"

namespace consilium::synthetic {

struct VesselTreeOptions {
  PatientPoint root;
  PatientPoint box_low;
  PatientPoint box_high;
  std::size_t target_count = 600;
  double leaf_radius_mm = 0.5;
  double step_mm = 6.0;  // of the polyline that joins a target
};

// `is_inside` says whether a point may hold a vessel. Cost: O(targets x nodes), about 40 ms for the
// defaults.
[[nodiscard]] std::vector<Tube> grow_vessel_tree(
    const VesselTreeOptions& options, const std::function<bool(const PatientPoint&)>& is_inside,
    std::uint64_t seed);

}  // namespace consilium::synthetic
