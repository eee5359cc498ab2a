#include "analysis/seed_growth/seed_growth.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <random>
#include <tuple>

#include "analysis/seed_growth/level_solver.hpp"

using namespace consilium;

namespace {

using Labels = std::vector<std::uint8_t>;

struct Made {
  Lattice lattice;
  std::vector<std::int16_t> samples;
};

// Blobs of differing brightness in noise.
Made made_volume(std::array<std::uint32_t, 3> dims, std::array<double, 3> spacing,
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

VolumeView view_of(const Made& made) { return std::span<const std::int16_t>(made.samples); }

Labels random_seeds(std::size_t voxels, std::size_t count, std::mt19937& random) {
  constexpr std::array<std::uint8_t, 4> labels{1, 2, 7, background_label};
  Labels out(voxels);
  for (std::size_t i = 0; i < count; ++i) out[random() % voxels] = labels[random() % 4];
  return out;
}

SeedGrowth made_growth(const Made& made, const SeedGrowthOptions& options = {}) {
  auto made_one = SeedGrowth::create(view_of(made), made.lattice, options);
  REQUIRE_MESSAGE(made_one.has_value(), made_one.error().what);
  return std::move(*made_one);
}

Labels grown(const Made& made, const Labels& seeds, const SeedGrowthOptions& options = {},
             unsigned threads = 1) {
  SeedGrowth growth = made_growth(made, options);
  REQUIRE(growth.set_seeds(seeds).has_value());
  growth.update(threads);
  return {growth.labels().begin(), growth.labels().end()};
}

std::size_t differences(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  REQUIRE(a.size() == b.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

// The definition in seed_growth.hpp, by a heap and by coordinates: no rim, no buckets, no tiers.
Labels by_heap(const Made& made, const Labels& seeds, const SeedGrowthOptions& options) {
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
          queue.emplace(cost + std::max(length * model.cost[label][bins[to]] / 8, 1U) +
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
const std::vector<Case> cases{
    {"cube", {14, 12, 11}, {1, 1, 1}},         {"thick slices", {17, 16, 6}, {0.7, 0.7, 5}},
    {"one slice", {40, 31, 1}, {0.5, 0.8, 3}}, {"one sagittal slice", {1, 33, 20}, {4, 1, 1.5}},
    {"a row", {60, 1, 1}, {1, 1, 1}},          {"two slices", {19, 2, 15}, {1, 2, 1}}};

}  // namespace

TEST_CASE("labels are those of the definition, solved by a heap") {
  std::mt19937 random(7);
  for (const Case& one : cases) {
    for (std::uint32_t round = 0; round < 12; ++round) {
      CAPTURE(one.name);
      CAPTURE(round);
      const Made made = made_volume(one.dims, one.spacing, round);
      const Labels seeds = random_seeds(made.samples.size(), 2 + random() % 20, random);
      Labels locked(made.samples.size());
      for (auto& voxel : locked) voxel = random() % 8 == 0 ? 1 : 0;
      SeedGrowthOptions options;
      if (round % 3 == 1) options.locked = locked;
      if (round % 3 == 2) options.intensity_range = {-150, 120};
      CHECK(differences(grown(made, seeds, options), by_heap(made, seeds, options)) == 0);
    }
  }
}

TEST_CASE("after any edits labels are those of a fresh run on the same seeds and model") {
  std::mt19937 random(11);
  for (const Case& one : cases) {
    // With and without coarser grids.
    for (const std::uint64_t coarsest : {std::uint64_t{1} << 30U, std::uint64_t{60}}) {
      CAPTURE(one.name);
      CAPTURE(coarsest);
      const Made made = made_volume(one.dims, one.spacing, static_cast<std::uint32_t>(random()));
      const SeedGrowthOptions options{.coarsest_voxels_max = coarsest};
      SeedGrowth edited = made_growth(made, options);
      Labels seeds = random_seeds(made.samples.size(), 12, random);
      for (std::size_t i = 0; i < 4; ++i) seeds[i] = std::array<std::uint8_t, 4>{1, 2, 7, 255}[i];
      REQUIRE(edited.set_seeds(seeds).has_value());
      edited.update();
      SeedGrowth fresh = made_growth(made, options);
      REQUIRE(fresh.set_seeds(seeds).has_value());
      fresh.update();  // the same first seeds, so the same model
      for (int round = 0; round < 60; ++round) {
        CAPTURE(round);
        const Labels before(edited.labels().begin(), edited.labels().end());
        std::vector<SeedChange> changes;
        const auto stroke = static_cast<std::uint32_t>(random() % 6 + 1);
        const auto from = static_cast<std::uint32_t>(random() % made.samples.size());
        const std::uint8_t label = std::array<std::uint8_t, 6>{1, 2, 7, 255, 0, 0}[random() % 6];
        for (std::uint32_t i = 0; i < stroke; ++i) {
          // Erasing takes seeds there are; drawing any voxel.
          std::uint32_t voxel = (from + i) % static_cast<std::uint32_t>(made.samples.size());
          while (label == 0 && seeds[voxel] == 0 && voxel + 1 < seeds.size()) ++voxel;
          changes.push_back({voxel, label});
          seeds[voxel] = label;
        }
        REQUIRE(edited.set_seeds(changes).has_value());
        const SeedUpdate update = edited.update(1, ModelUse::Keep);
        REQUIRE_FALSE(update.is_relearnt);
        REQUIRE(fresh.set_seeds(seeds).has_value());
        fresh.solve_anew(static_cast<unsigned>(round % 3 + 1));
        REQUIRE(differences(edited.labels(), fresh.labels()) == 0);
        const auto& dims = one.dims;
        for (std::uint32_t v = 0; v < before.size(); ++v) {
          if (before[v] == edited.labels()[v]) continue;
          REQUIRE(update.changed.has_value());
          const std::array<std::uint32_t, 3> at{v % dims[0], v / dims[0] % dims[1],
                                                v / dims[0] / dims[1]};
          for (std::size_t axis = 0; axis < 3; ++axis) {
            REQUIRE(at[axis] >= update.changed->first[axis]);
            REQUIRE(at[axis] <= update.changed->last[axis]);
          }
        }
      }
    }
  }
}
