#include "analysis/pixel_classifier/seed_likelihood.hpp"

#include <algorithm>
#include <vector>

#include "analysis/pixel_classifier/pixel_classifier.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t asked_voxels_max = 12'000'000;
constexpr std::uint32_t planes_at_once = 8;

}  // namespace

ThinnedGrid likelihood_grid(const Lattice& lattice) {
  ThinnedGrid grid{.volume_dims = lattice.dims};
  if (lattice.voxel_count() <= asked_voxels_max) return grid;
  double shortest = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double spacing = lattice.spacing_mm[axis];
    if (lattice.dims[axis] > 1 && (shortest == 0 || spacing < shortest)) shortest = spacing;
  }
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const bool is_fine = lattice.spacing_mm[axis] < 1.5 * shortest;
    if (lattice.dims[axis] > 1 && is_fine) grid.factor[axis] = 2;
  }
  return grid;
}

Result<SeedLikelihood> likelihood_of_seeds(const FeaturePyramid& pyramid,
                                           std::span<const std::uint8_t> seeds, unsigned threads,
                                           const std::function<Status()>& check) {
  if (seeds.size() != pyramid.lattice().voxel_count()) {
    return fail(ErrorCode::InvalidInput, "the seeds' length is not the volume's");
  }
  std::vector<LabelledVoxel> marked;
  for (std::size_t v = 0; v < seeds.size(); ++v) {
    if (seeds[v] != 0) marked.push_back({static_cast<std::uint32_t>(v), seeds[v]});
  }
  const PixelSamples samples = CSL_TRY(sample_voxels(pyramid, marked));
  const auto classifier = CSL_TRY(PixelClassifier::train(samples, {}, threads));
  const ThinnedGrid grid = likelihood_grid(pyramid.lattice());
  const auto dims = grid.dims();
  SeedLikelihood likelihood(grid, classifier.labels());
  std::vector<std::uint8_t> shares;
  for (std::uint32_t z = 0; z < dims[2]; z += planes_at_once) {
    if (check) CSL_TRY(check());
    const std::uint32_t planes = std::min(planes_at_once, dims[2] - z);
    shares.resize(classifier.labels().size() * dims[0] * dims[1] * planes);
    CSL_TRY(classifier.probabilities(pyramid, grid, z, shares, threads));
    likelihood.put(z, shares);
  }
  return likelihood;
}

}  // namespace consilium
