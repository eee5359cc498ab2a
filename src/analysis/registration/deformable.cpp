#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "analysis/registration/affine_math.hpp"
#include "analysis/registration/demons.hpp"
#include "analysis/registration/registration.hpp"
#include "analysis/registration/trilinear.hpp"
#include "base/check.hpp"

namespace consilium {
namespace registration {
namespace {

constexpr std::size_t levels_max = 5;
constexpr std::size_t coarse_nodes_min = 200;

struct DeformLevel {
  ImageLevel fixed;
  ImageLevel moving;
  Factors factors{1, 1, 1};  // of the finest level's nodes
};

// The box of moving in which the fixed box lies, and a quarter around it.
VoxelRange box_in_moving(const PlacedVolume& fixed, const VoxelRange& box,
                         const PlacedVolume& moving, const Affine& start) {
  const auto to_voxels = moving.affine.inverse();
  CSL_CHECK(to_voxels.has_value());
  const Affine map = chained(*to_voxels, chained(start, fixed.affine));
  std::array<double, 3> least{};
  std::array<double, 3> most{};
  least.fill(1e18);
  most.fill(-1e18);
  for (unsigned corner = 0; corner < 8; ++corner) {
    std::array<double, 3> at{};
    for (std::size_t a = 0; a < 3; ++a) {
      at[a] = (corner >> a & 1U) != 0 ? box.end[a] : box.first[a];
    }
    const PatientPoint there = map.apply(at[0], at[1], at[2]);
    const std::array<double, 3> voxel = {there.x_mm, there.y_mm, there.z_mm};
    for (std::size_t a = 0; a < 3; ++a) {
      least[a] = std::min(least[a], voxel[a]);
      most[a] = std::max(most[a], voxel[a]);
    }
  }
  VoxelRange result;
  for (std::size_t a = 0; a < 3; ++a) {
    const double margin = (most[a] - least[a]) / 4 + 2;
    const double edge = moving.dims[a];
    result.first[a] = static_cast<std::uint32_t>(std::clamp(least[a] - margin, 0.0, edge - 1));
    result.end[a] = std::max(static_cast<std::uint32_t>(std::clamp(most[a] + margin, 0.0, edge)),
                             result.first[a] + 1);
  }
  return result;
}

// The finest first.
Result<std::vector<DeformLevel>> deform_levels(const PlacedVolume& fixed, const VoxelRange& box,
                                               const PlacedVolume& moving, const Affine& start,
                                               const DeformableOptions& options) {
  const Lattice of_fixed = CSL_TRY(check_volume(fixed));
  const Lattice of_moving = CSL_TRY(check_volume(moving));
  const std::size_t most = std::max<std::size_t>(options.working_voxels_max, 1000);
  const VoxelRange moving_box = box_in_moving(fixed, box, moving, start);
  const double edge = std::max(working_spacing(box.dims(), of_fixed.spacing_mm, most),
                               working_spacing(moving_box.dims(), of_moving.spacing_mm, 4 * most));
  std::vector<DeformLevel> levels;
  levels.push_back(
      {.fixed = CSL_TRY(make_level(fixed, box, factors_for(box.dims(), of_fixed.spacing_mm, edge),
                                   options.threads)),
       .moving = CSL_TRY(make_level(moving, moving_box,
                                    factors_for(moving_box.dims(), of_moving.spacing_mm, edge),
                                    options.threads))});
  double wide = std::ranges::min(levels.front().fixed.spacing_mm);
  while (levels.size() < levels_max) {
    wide *= 2;
    const DeformLevel& finest = levels.front();
    const Factors factors = factors_for(finest.fixed.dims, finest.fixed.spacing_mm, wide);
    DeformLevel next{
        .fixed = coarser(finest.fixed, factors, options.threads),
        .moving =
            coarser(finest.moving, factors_for(finest.moving.dims, finest.moving.spacing_mm, wide),
                    options.threads),
        .factors = factors};
    if (next.fixed.size() < coarse_nodes_min || next.factors == levels.back().factors) break;
    levels.push_back(std::move(next));
  }
  for (DeformLevel& level : levels) {
    soften(level.fixed, 0.7, options.threads);
    soften(level.moving, 0.7, options.threads);
  }
  return levels;
}

// How the finer level's nodes lie among the coarser one's.
StepField carried(const StepField& field, const DeformLevel& from, const DeformLevel& to,
                  unsigned threads) {
  std::array<double, 3> offset{};
  std::array<double, 3> scale{};
  for (std::size_t a = 0; a < 3; ++a) {
    const double f = from.factors[a];
    const double t = to.factors[a];
    offset[a] = ((t - 1) / 2 - (f - 1) / 2) / f;
    scale[a] = t / f;
  }
  return resampled(field, to.fixed.dims, offset, scale, threads);
}

// As many edges of the level along every axis, but no less than a third of a node.
std::array<double, 3> sigma_nodes(const ImageLevel& level, double edges) {
  const double edge = std::ranges::min(level.spacing_mm);
  std::array<double, 3> sigma{};
  for (std::size_t a = 0; a < 3; ++a) {
    sigma[a] = edges * std::max(edge / level.spacing_mm[a], 0.35);
  }
  return sigma;
}

// Smoothed until it folds nowhere; the range of its volume change.
std::pair<double, double> unfold(StepField& field, unsigned threads) {
  std::vector<float> scratch;
  std::pair<double, double> range = jacobian_range(field, threads);
  for (int tries = 0; tries < 20 && range.first <= 0.05; ++tries) {
    smooth(field, {1, 1, 1}, scratch, threads);
    range = jacobian_range(field, threads);
  }
  return range;
}

double longest_mm(const StepField& field, const std::array<double, 3>& spacing_mm) {
  double squares = 0;
  for (std::size_t v = 0; v < field.size(); ++v) {
    double sum = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      const double mm = field.steps[a][v] * spacing_mm[a];
      sum += mm * mm;
    }
    squares = std::max(squares, sum);
  }
  return std::sqrt(squares);
}

Status check_focus(const VoxelRange& box, const VoxelDims& dims) {
  for (std::size_t a = 0; a < 3; ++a) {
    if (box.first[a] < box.end[a] && box.end[a] <= dims[a]) continue;
    return fail(ErrorCode::InvalidInput, "the part to register is empty or past the volume",
                fmt::format("axis {}: {} to {} of {}", a, box.first[a], box.end[a], dims[a]));
  }
  return {};
}

RegistrationQuality judged(const DeformableRegistration& found) {
  if (found.jacobian_min <= 0 || found.jacobian_max > 8) return RegistrationQuality::Implausible;
  if (found.similarity < 0.05 || found.similarity < found.similarity_before) {
    return RegistrationQuality::Uncertain;
  }
  return RegistrationQuality::Good;
}

}  // namespace
}  // namespace registration

using namespace registration;

Result<DeformableRegistration> register_deformable(const PlacedVolume& fixed,
                                                   const PlacedVolume& moving, const Affine& start,
                                                   const DeformableOptions& options) {
  const VoxelRange box = options.focus.value_or(whole_box(fixed.dims));
  CSL_TRY(check_focus(box, fixed.dims));
  const std::vector<DeformLevel> levels =
      CSL_TRY(deform_levels(fixed, box, moving, start, options));
  constexpr std::array<int, levels_max> steps_max = {20, 30, 40, 50, 50};  // the finest first
  StepField field(levels.back().fixed.dims);
  DeformableRegistration found;
  for (std::size_t l = levels.size(); l-- > 0;) {
    const DeformLevel& level = levels[l];
    if (l + 1 < levels.size()) field = carried(field, levels[l + 1], level, options.threads);
    const auto to_voxels = level.moving.affine.inverse();
    CSL_CHECK(to_voxels.has_value());
    const DemonsAgreement agreement = run_demons(
        level.fixed, level.moving, chained(*to_voxels, chained(start, level.fixed.affine)), field,
        {.similarity = options.similarity,
         .step_sigma = sigma_nodes(level.fixed, 1.5 * options.smoothing),
         .field_sigma = sigma_nodes(level.fixed, 0.4 * options.smoothing),
         .steps_max = steps_max[l],
         .threads = options.threads});
    found.similarity_before = agreement.before;
    found.similarity = agreement.after;
    std::tie(found.jacobian_min, found.jacobian_max) = unfold(field, options.threads);
  }
  const ImageLevel& finest = levels.front().fixed;
  found.displacement_mm_max = longest_mm(field, finest.spacing_mm);
  found.quality = judged(found);
  Deformation& deformation = found.deformation;
  deformation.to_moving = start;
  deformation.dims = field.dims;
  deformation.nodes = finest.affine;
  deformation.steps.resize(field.size() * 3);
  for (std::size_t v = 0; v < field.size(); ++v) {
    for (std::size_t a = 0; a < 3; ++a) deformation.steps[v * 3 + a] = field.steps[a][v];
  }
  return found;
}

}  // namespace consilium
