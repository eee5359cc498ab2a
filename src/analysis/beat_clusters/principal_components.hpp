// The directions in which rows of features differ most. Used inside this module.
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/beat_clusters/beat_shapes.hpp"

namespace consilium::clusters {

// Rows of `features` in their first `count` principal components (fewer when there are fewer
// columns), from at most some 4,000 evenly chosen rows. By orthogonal iteration.
[[nodiscard]] BeatFeatures principal_components(const BeatFeatures& features, std::size_t count);

}  // namespace consilium::clusters
