// Smooths all labels of a volume at once, so that labels that touch go on touching: every voxel
// takes the label that has the largest share of a Gaussian neighbourhood of it. Segments smoothed
// one after another would leave gaps and overlaps instead.
//
// The Gaussian has the standard deviation `sigma_mm` along each axis and is cut at 3 of it; at the
// volume's end its last voxels are repeated. On equal shares a voxel keeps its label, else the
// smaller label wins.
#pragma once

#include <cstdint>
#include <span>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

// Voxels of `chosen` labels and unlabelled ones (0) may change, into one of these; empty means all
// labels. Voxels of other labels stay as they are.
// Cost: O(voxels near borders x labels there x sigma / spacing); parts without a border cost one
// look. The same bits for any number of threads.
// Errors: InvalidInput when the lattice is wrong (check_lattice), when sigma_mm is not above 0 or
// past 32 voxels of an axis.
[[nodiscard]] Status smooth_jointly(std::span<std::uint16_t> labels, const Lattice& lattice,
                                    std::span<const std::uint16_t> chosen, double sigma_mm,
                                    unsigned threads = 1);

}  // namespace consilium
