#include "analysis/mask_consensus/shape_average.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/distance/distance.hpp"

namespace consilium {
namespace {

// Distances are added as whole multiples of 2^-24 of the diagonal, so that the raters' order does
// not matter.
constexpr double steps_per_diagonal = 16'777'216;

double diagonal_mm(const Lattice& lattice) {
  double sum = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double edge = lattice.dims[axis] * lattice.spacing_mm[axis];
    sum += edge * edge;
  }
  return std::sqrt(sum);
}

std::vector<std::uint16_t> labels_of(std::span<const std::span<const std::uint16_t>> volumes) {
  std::vector<std::uint8_t> used(65'536);
  for (const auto& volume : volumes) {
    for (const std::uint16_t label : volume) used[label] = 1;
  }
  std::vector<std::uint16_t> labels;
  for (std::size_t label = 0; label < used.size(); ++label) {
    if (used[label] != 0) labels.push_back(static_cast<std::uint16_t>(label));
  }
  return labels;
}

}  // namespace

Result<std::vector<std::uint16_t>> shape_average(
    std::span<const std::span<const std::uint16_t>> volumes, const Lattice& lattice,
    const ShapeAverageSettings& settings) {
  if (volumes.empty()) return fail(ErrorCode::InvalidInput, "there is no rater's volume");
  for (const auto& volume : volumes) CSL_TRY(check_lattice(lattice, volume.size()));
  const std::size_t voxels = lattice.voxel_count();
  const std::vector<std::uint16_t> labels = labels_of(volumes);
  if (!settings.undecided && labels.back() == 65'535) {
    return fail(ErrorCode::InvalidInput, "no label is left for undecided voxels", {},
                "give the label of undecided voxels");
  }
  const std::uint16_t undecided =
      settings.undecided.value_or(static_cast<std::uint16_t>(labels.back() + 1));
  const auto diagonal = static_cast<float>(diagonal_mm(lattice));
  const double steps_per_mm = steps_per_diagonal / diagonal;

  std::vector<std::uint16_t> result(voxels);
  std::vector<std::int64_t> least(voxels, std::numeric_limits<std::int64_t>::max());
  std::vector<std::int64_t> sums(voxels);
  std::vector<std::uint8_t> mask(voxels);
  std::vector<float> distances(voxels);
  for (const std::uint16_t label : labels) {
    std::ranges::fill(sums, 0);
    for (const auto& volume : volumes) {
      for (std::size_t v = 0; v < voxels; ++v) mask[v] = volume[v] == label ? 1 : 0;
      CSL_TRY(signed_distance(mask, lattice, distances, settings.threads));
      for (std::size_t v = 0; v < voxels; ++v) {
        const float distance = std::clamp(distances[v], -diagonal, diagonal);
        sums[v] += std::llround(static_cast<double>(distance) * steps_per_mm);
      }
    }
    for (std::size_t v = 0; v < voxels; ++v) {
      if (sums[v] > least[v]) continue;
      result[v] = sums[v] < least[v] ? label : undecided;
      least[v] = sums[v];
    }
  }
  return result;
}

}  // namespace consilium
