// Beats that look alike, put together, so that one name names them all.
//
// Features are brought down to their principal components, parted into many small clusters
// (k-means; S. P. Lloyd, IEEE Trans. Inf. Theory 28 (1982) 129-137, with the seeds of D. Arthur,
// S. Vassilvitskii, SODA 2007), and these joined, two at a time, where that costs least in squared
// distance (J. H. Ward, J. Am. Stat. Assoc. 58 (1963) 236-244) until few enough are left: small
// clusters that lie far off stay on their own. One thread, one seed: the same beats give the same
// clusters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "base/result.hpp"

namespace consilium {

struct BeatCluster {
  std::size_t size = 0;
  std::size_t representative = 0;  // the beat that lies nearest to the cluster's middle
};

struct BeatClusters {
  std::vector<BeatCluster> clusters;   // the largest first
  std::vector<std::uint16_t> cluster;  // of each beat
  // Of each beat, 0 to 1: how near another cluster's middle lies beside that of its own; 1 is
  // halfway between, where a look is worth most.
  std::vector<float> doubt;
};

inline constexpr std::size_t beat_cluster_count_max = 64;

// Errors: InvalidInput for a count of 0 or past 64.
// Cost: some 10 microseconds a beat.
[[nodiscard]] Result<BeatClusters> cluster_beats(const BeatFeatures& features,
                                                 std::size_t cluster_count_max);

}  // namespace consilium
