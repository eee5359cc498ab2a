#include "analysis/statistics/cluster_bootstrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>

#include "base/random.hpp"

namespace consilium {

Result<BootstrapInterval> cluster_bootstrap(
    std::uint32_t cluster_count, const ClusterBootstrapOptions& options,
    const std::function<std::optional<double>(std::span<const std::uint32_t>)>& statistic) {
  if (cluster_count < 2) {
    return fail(ErrorCode::InvalidInput, "an interval needs two clusters or more",
                fmt::format("{} clusters", cluster_count), "add texts or patients");
  }
  if (options.replicates == 0 || !(options.level > 0.0 && options.level < 1.0)) {
    return fail(ErrorCode::InvalidInput, "there are no replicates, or the level is not in (0, 1)",
                {}, "1000 replicates and a level of 0.95 are usual");
  }
  SeededRandom random(options.seed);
  BootstrapInterval interval;
  std::vector<double> values;
  std::vector<std::uint32_t> multiplicity(cluster_count);
  for (std::uint32_t r = 0; r < options.replicates; ++r) {
    std::ranges::fill(multiplicity, 0U);
    for (std::uint32_t c = 0; c < cluster_count; ++c) ++multiplicity[random.below(cluster_count)];
    if (const auto value = statistic(multiplicity)) {
      values.push_back(*value);
    } else {
      ++interval.undefined;
    }
  }
  if (std::uint64_t{interval.undefined} * 20 > options.replicates) {
    return fail(ErrorCode::InvalidInput, "the measure is undefined in many resamples",
                fmt::format("{} of {}", interval.undefined, options.replicates),
                "add texts or patients");
  }
  std::ranges::sort(values);
  interval.replicates = static_cast<std::uint32_t>(values.size());
  const auto n = static_cast<std::int64_t>(values.size());
  const double tail = (1.0 - options.level) / 2.0;
  const std::int64_t rank = std::clamp<std::int64_t>(
      static_cast<std::int64_t>(std::floor(tail * static_cast<double>(n + 1))), 1, n);
  interval.low = values[static_cast<std::size_t>(rank - 1)];
  interval.high = values[static_cast<std::size_t>(n - rank)];
  return interval;
}

Result<std::vector<std::uint32_t>> canonical_clusters(
    std::span<const std::vector<std::int64_t>> key, std::span<const std::uint32_t> cluster_of) {
  if (!cluster_of.empty() && cluster_of.size() != key.size()) {
    return fail(ErrorCode::InvalidInput, "clusters are not given for every continuum",
                fmt::format("{} for {}", cluster_of.size(), key.size()),
                "give one cluster a continuum, or none at all");
  }
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;
  for (std::uint32_t c = 0; c < key.size(); ++c) {
    members[cluster_of.empty() ? c : cluster_of[c]].push_back(c);
  }
  std::vector<std::pair<std::vector<std::vector<std::int64_t>>, std::vector<std::uint32_t>>> all;
  for (auto& [cluster, continua] : members) {
    std::vector<std::vector<std::int64_t>> keys;
    for (const std::uint32_t c : continua) keys.push_back(key[c]);
    std::ranges::sort(keys);
    all.emplace_back(std::move(keys), continua);
  }
  std::ranges::sort(all);
  std::vector<std::uint32_t> result(key.size());
  for (std::uint32_t k = 0; k < all.size(); ++k) {
    for (const std::uint32_t c : all[k].second) result[c] = k;
  }
  return result;
}

std::vector<std::uint32_t> ranks_by_content(std::span<const std::vector<std::int64_t>> content) {
  std::vector<std::uint32_t> order(content.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order,
                    [&](std::uint32_t a, std::uint32_t b) { return content[a] < content[b]; });
  std::vector<std::uint32_t> rank(order.size(), 0);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const bool same = content[order[i]] == content[order[i - 1]];
    rank[order[i]] = rank[order[i - 1]] + (same ? 0 : 1);
  }
  return rank;
}

}  // namespace consilium
