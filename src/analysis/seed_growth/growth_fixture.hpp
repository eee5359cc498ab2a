// Made volumes and seeds, and the engine's definition solved in another way. For this module's
// tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/seed_growth/model.hpp"
#include "analysis/seed_growth/seed_growth.hpp"

namespace consilium::test {

using Labels = std::vector<std::uint8_t>;

struct Made {
  Lattice lattice;
  std::vector<std::int16_t> samples;
};

// Blobs of differing brightness in noise.
inline Made made_volume(std::array<std::uint32_t, 3> dims, std::array<double, 3> spacing,
                        std::uint32_t seed) {
  Made out{.lattice = {.dims = dims, .spacing_mm = spacing}, .samples = {}};
  std::mt19937 random(seed);
  std::normal_distribution<double> noise(0, 20);
  const double phase = std::uniform_real_distribution<double>(0, 6)(random);
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const double wave =
            std::sin(x * 0.5 + phase) + std::sin(y * 0.4) + std::sin(z * 0.6 + phase);
        out.samples.push_back(static_cast<std::int16_t>(100 * std::floor(wave) + noise(random)));
      }
    }
  }
  return out;
}

inline VolumeView view_of(const Made& made) { return std::span<const std::int16_t>(made.samples); }

inline Labels random_seeds(std::size_t voxels, std::size_t count, std::mt19937& random) {
  constexpr std::array<std::uint8_t, 4> labels{1, 2, 7, background_label};
  Labels out(voxels);
  for (std::size_t i = 0; i < count; ++i) out[random() % voxels] = labels[random() % 4];
  return out;
}

inline SeedGrowth made_growth(const Made& made, const SeedGrowthOptions& options = {}) {
  auto made_one = SeedGrowth::create(view_of(made), made.lattice, options);
  REQUIRE_MESSAGE(made_one.has_value(), made_one.error().what);
  return std::move(*made_one);
}

inline Labels grown(const Made& made, const Labels& seeds, const SeedGrowthOptions& options = {},
                    unsigned threads = 1) {
  SeedGrowth growth = made_growth(made, options);
  REQUIRE(growth.set_seeds(seeds).has_value());
  growth.update(threads);
  return {growth.labels().begin(), growth.labels().end()};
}

inline std::size_t differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  REQUIRE(a.size() == b.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

// How likely a label is at a voxel, in 1/255.
using Likely = std::function<std::uint8_t(std::uint8_t label, std::uint32_t voxel)>;

// The definition in seed_growth.hpp, by a heap and by coordinates: no rim, no buckets, no tiers.
inline Labels by_heap(const Made& made, const Labels& seeds, const SeedGrowthOptions& options,
                      const Likely& likely = {}) {
  const auto binned = seed_growth::bin_volume(view_of(made), made.lattice, options, 1);
  REQUIRE(binned.has_value());
  const seed_growth::BinnedGrid& grid = binned->grids.front();
  const auto& dims = made.lattice.dims;
  const auto at = [&](std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return x + dims[0] * (y + dims[1] * z);
  };
  std::vector<std::uint8_t> bins(seeds.size());
  seed_growth::SeedCounts counts;
  for (std::uint32_t z = 0; z < dims[2]; ++z) {
    for (std::uint32_t y = 0; y < dims[1]; ++y) {
      for (std::uint32_t x = 0; x < dims[0]; ++x) {
        const std::uint32_t v = at(x, y, z);
        bins[v] = grid.bins[grid.grid.index(x, y, z)];
        if (seeds[v] == 0 || bins[v] == seed_growth::closed) continue;
        counts[seeds[v]].resize(seed_growth::bin_count);
        ++counts[seeds[v]][bins[v]];
      }
    }
  }
  const seed_growth::Model model = seed_growth::learn(counts, binned->table);
  double shortest = std::numeric_limits<double>::infinity();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (dims[axis] > 1) shortest = std::min(shortest, made.lattice.spacing_mm[axis]);
  }
  using Entry = std::tuple<std::uint32_t, std::uint8_t, std::uint32_t>;  // cost, label, voxel
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  Labels out(seeds.size());
  std::vector<bool> is_done(seeds.size());
  for (std::uint32_t v = 0; v < seeds.size(); ++v) {
    if (seeds[v] != 0 && bins[v] != seed_growth::closed) queue.emplace(0, seeds[v], v);
  }
  while (!queue.empty()) {
    const auto [cost, label, v] = queue.top();
    queue.pop();
    if (is_done[v]) continue;
    is_done[v] = true;
    out[v] = label;
    const auto x = static_cast<int>(v % dims[0]);
    const auto y = static_cast<int>(v / dims[0] % dims[1]);
    const auto z = static_cast<int>(v / dims[0] / dims[1]);
    for (int dz = -1; dz <= 1; ++dz) {
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          const int to_x = x + dx;
          const int to_y = y + dy;
          const int to_z = z + dz;
          if (to_x < 0 || to_y < 0 || to_z < 0) continue;
          if (std::cmp_greater_equal(to_x, dims[0]) || std::cmp_greater_equal(to_y, dims[1]) ||
              std::cmp_greater_equal(to_z, dims[2])) {
            continue;
          }
          const std::uint32_t to =
              at(static_cast<std::uint32_t>(to_x), static_cast<std::uint32_t>(to_y),
                 static_cast<std::uint32_t>(to_z));
          if (is_done[to] || bins[to] == seed_growth::closed || seeds[to] != 0) continue;
          const auto& s = made.lattice.spacing_mm;
          const double mm =
              std::sqrt(dx * s[0] * dx * s[0] + dy * s[1] * dy * s[1] + dz * s[2] * dz * s[2]);
          const auto length = static_cast<std::uint32_t>(std::lround(8 * mm / shortest));
          const auto edge =
              static_cast<std::uint32_t>(std::abs(model.level[bins[v]] - model.level[bins[to]]));
          std::uint32_t unlikely = model.of_bin[label][bins[to]];
          if (likely) {
            unlikely = static_cast<std::uint32_t>(
                6 + std::lround(60 * std::sqrt(1 - likely(label, to) / 255.0)));
          }
          queue.emplace(cost + std::max(length * unlikely / 8, 1U) +
                            std::min(edge, seed_growth::edge_cost_max),
                        label, to);
        }
      }
    }
  }
  return out;
}

struct Case {
  const char* name;
  std::array<std::uint32_t, 3> dims;
  std::array<double, 3> spacing;
};
inline const std::vector<Case> cases{
    {"cube", {14, 12, 11}, {1, 1, 1}},         {"thick slices", {17, 16, 6}, {0.7, 0.7, 5}},
    {"one slice", {40, 31, 1}, {0.5, 0.8, 3}}, {"one sagittal slice", {1, 33, 20}, {4, 1, 1.5}},
    {"a row", {60, 1, 1}, {1, 1, 1}},          {"two slices", {19, 2, 15}, {1, 2, 1}}};

}  // namespace consilium::test
