#include "service/segmentation/propagate.hpp"

#include <algorithm>
#include <utility>

namespace consilium::service {
namespace {

constexpr double focus_margin_mm = 20;  // around what the labels may reach

// The labels that are wanted, as they shall be called. Segments of layers of their own take part
// when they are named.
std::vector<std::uint16_t> wanted_labels(const PropagateOperation& operation,
                                         const WorkingMask& prior) {
  const VoxelDims& dims = prior.grid().dims;
  std::vector<std::uint16_t> labels = prior.labels(0, whole_box(dims));
  const auto& only = operation.from_segments;
  for (std::uint16_t& label : labels) {
    if (label == 0) continue;
    if (!only.empty() && std::ranges::find(only, label) == only.end()) {
      label = 0;
    } else if (operation.segment) {
      label = *operation.segment;
    }
  }
  for (const std::uint16_t segment : only) {
    if (!prior.extent(segment)) continue;
    const std::vector<std::uint16_t> own = prior.labels(segment, whole_box(dims));
    for (std::size_t v = 0; v < own.size(); ++v) {
      if (own[v] != 0) labels[v] = operation.segment.value_or(segment);
    }
  }
  return labels;
}

}  // namespace

RegistrationQuality Propagation::quality() const {
  return bend ? std::max(rigid.quality, bend->quality) : rigid.quality;
}

Result<Propagation> propagate_prior(const PropagateOperation& operation, const Grid& grid,
                                    const SeriesVolume& image, const WorkingMask& prior,
                                    const SeriesVolume& prior_image, unsigned threads) {
  const PlacedVolume fixed{.samples = image.view(), .dims = grid.dims, .affine = grid.affine};
  const Grid& prior_grid = prior.grid();
  const PlacedVolume moving{
      .samples = prior_image.view(), .dims = prior_grid.dims, .affine = prior_grid.affine};
  const std::vector<std::uint16_t> labels = wanted_labels(operation, prior);
  const PlacedLabels from{.labels = labels, .dims = prior_grid.dims, .affine = prior_grid.affine};
  const Similarity similarity =
      operation.other_modality ? Similarity::MutualInformation : Similarity::Correlation;
  Propagation result;
  // Within one frame of reference the coordinates are to be trusted.
  const bool recentre = grid.frame_of_reference_uid != prior_grid.frame_of_reference_uid;
  result.rigid = CSL_TRY(register_rigid(
      fixed, moving, {.similarity = similarity, .recentre = recentre, .threads = threads}));
  Deformation deformation;
  deformation.to_moving = result.rigid.to_moving;
  const VoxelRange focus =
      CSL_TRY(reached_box(from, deformation, grid.dims, grid.affine, focus_margin_mm));
  if (!operation.rigid_only && focus.end[0] > 0) {
    result.bend = CSL_TRY(
        register_deformable(fixed, moving, result.rigid.to_moving,
                            {.similarity = similarity, .focus = focus, .threads = threads}));
    deformation = std::exchange(result.bend->deformation, {});
  }
  if (result.quality() == RegistrationQuality::Implausible) {
    return fail(ErrorCode::InvalidInput, "the two images cannot be laid over each other", "",
                "choose another earlier series, or draw anew");
  }
  result.carried = CSL_TRY(propagate_labels(from, deformation, grid.dims, grid.affine, threads));
  return result;
}

}  // namespace consilium::service
