// What the seeds say of intensities: how unlikely each label finds each of them, and how much a
// step in intensity counts. All in whole numbers, so that sums of costs are exact.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "analysis/seed_growth/intensity_bins.hpp"
#include "analysis/seed_growth/likelihood.hpp"

namespace consilium::seed_growth {

// Parts of a step's cost for one shortest spacing. Why these: docs/decisions/seed-growth.md.
inline constexpr std::uint32_t base_cost = 6;
inline constexpr std::uint32_t unlikely_cost = 60;
inline constexpr double edge_cost_of_deviation = 32;
// A greater step counts as this: beyond, one wall is as good as another.
inline constexpr std::uint32_t edge_cost_max = 640;

// Per label how many of its seeds have each intensity.
using SeedCounts = std::array<std::vector<std::uint32_t>, 256>;  // bin_count long, or empty

struct Model {
  // Base and unlikeliness, for one shortest spacing. Empty: label not known.
  using Costs = std::array<std::vector<std::uint16_t>, 256>;
  Costs of_bin;  // [label][bin], from intensities: what drift is told by
  Costs cost;    // [label][what BinnedGrid::seen() gives]: what steps cost
  // |level[a] - level[b]| is what the step from bin a to bin b costs.
  std::array<std::uint16_t, 256> level{};
};

[[nodiscard]] Model learn(const SeedCounts& seeds, const BinTable& bins);

// Puts the likelihood in place of the intensities for what steps cost. A label that it does not
// know is neither likely nor unlikely anywhere.
void weigh_by(const SeedLikelihood& likelihood, Model& model);

// The mean over the seeds, each label weighing the same, of how far two models' judgements of them
// lie apart; in [0, 1]. A label that `present` does not know counts as 1.
[[nodiscard]] double drift(const SeedCounts& seeds, const Model& present, const Model& learnt);

}  // namespace consilium::seed_growth
