// What a pixel classifier learnt from seeds says of every voxel, for growing from the same seeds.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "analysis/pixel_classifier/feature_pyramid.hpp"
#include "analysis/seed_growth/likelihood.hpp"
#include "base/result.hpp"

namespace consilium {

// Where the classifier is asked: every voxel, and past 12 million every second one along the axes
// whose spacing is within 1.5 of the shortest.
[[nodiscard]] ThinnedGrid likelihood_grid(const Lattice& lattice);

// `seeds`: the label of each voxel of the pyramid's volume, x fastest, 0 none, 255 background.
// `check` is called between parts; its error ends the work and is the answer.
// Errors: InvalidInput when the lengths differ, or when the seeds are of fewer than 2 labels or of
// more than 16. Cost: training, then about 0.2 us a voxel of likelihood_grid and thread.
[[nodiscard]] Result<SeedLikelihood> likelihood_of_seeds(const FeaturePyramid& pyramid,
                                                         std::span<const std::uint8_t> seeds,
                                                         unsigned threads = 1,
                                                         const std::function<Status()>& check = {});

}  // namespace consilium
