// Confidence intervals by resampling whole clusters: units of one text, and texts of one patient,
// are alike, so that resampling them one by one would give intervals that are too short. For
// statistics that must be reckoned anew on each draw; coefficients that are functions of sums over
// items have a quicker bootstrap (agreement/bootstrap.hpp).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

struct ClusterBootstrapOptions {
  std::uint32_t replicates = 1000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

struct BootstrapInterval {
  double low = 0.0;
  double high = 0.0;
  std::uint32_t replicates = 0;  // that gave a value
  std::uint32_t undefined = 0;   // that gave none, and are left out
  friend bool operator==(const BootstrapInterval&, const BootstrapInterval&) = default;
};

// Percentile interval of a statistic (B. Efron, R. Tibshirani, An Introduction to the Bootstrap,
// 1993, ch. 13). Each replicate draws `cluster_count` clusters with replacement and asks for the
// statistic of the draw: `multiplicity[c]` says how often cluster c was drawn. The bounds are the
// order statistics of rank floor(a (n+1)) and n + 1 less that, with a = (1 - level) / 2, kept
// within 1 and n.
//
// Errors: InvalidInput for fewer than 2 clusters (nothing can then be said of their spread), no
// replicates or a level outside (0, 1), and when the statistic is undefined in over 1 of 20
// replicates: the interval would then be one of the lucky draws.
[[nodiscard]] Result<BootstrapInterval> cluster_bootstrap(
    std::uint32_t cluster_count, const ClusterBootstrapOptions& options,
    const std::function<std::optional<double>(std::span<const std::uint32_t>)>& statistic);

// Numbers clusters by what is in them, so that the interval does not hang on how the caller
// numbered patients and texts: `key[c]` describes continuum c, `cluster_of[c]` is its patient (any
// numbers; empty: each continuum is a cluster of its own). Returns the cluster of each continuum,
// from 0 in the order of the clusters' sorted keys; clusters of equal keys are interchangeable.
// Errors: InvalidInput when `cluster_of` is neither empty nor as long as `key`.
[[nodiscard]] Result<std::vector<std::uint32_t>> canonical_clusters(
    std::span<const std::vector<std::int64_t>> key, std::span<const std::uint32_t> cluster_of);

// The rank of each thing by its content, from 0; things of equal content have equal ranks.
[[nodiscard]] std::vector<std::uint32_t> ranks_by_content(
    std::span<const std::vector<std::int64_t>> content);

}  // namespace consilium
