#include "analysis/mask_metrics/surface_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace consilium::mask_metrics {
namespace {

struct Element {
  double distance = 0;
  double size = 0;
};

// The least distance d so that elements at most d away hold `share` of the size. Not by sorting:
// the side of a pivot that holds the answer is split again, until one distance is left.
double percentile_by_size(const Elements& all, double total, double share) {
  std::vector<Element> left;
  left.reserve(all.sizes.size());
  for (std::size_t i = 0; i < all.sizes.size(); ++i) {
    left.push_back({.distance = all.distances_mm[i], .size = all.sizes[i]});
  }
  double below = 0;  // the size of all that is nearer than what is left
  auto first = left.begin();
  auto last = left.end();
  while (true) {
    const double pivot = first[(last - first) / 2].distance;
    const auto nearer_end = std::partition(
        first, last, [&](const Element& element) { return element.distance < pivot; });
    const auto equal_end = std::partition(
        nearer_end, last, [&](const Element& element) { return element.distance == pivot; });
    double nearer = below;
    for (auto it = first; it != nearer_end; ++it) nearer += it->size;
    if (nearer_end != first && nearer / total >= share) {
      last = nearer_end;
      continue;
    }
    double within = nearer;
    for (auto it = nearer_end; it != equal_end; ++it) within += it->size;
    // The last distance answers when rounding keeps the sum below the share.
    if (within / total >= share || equal_end == last) return pivot;
    below = within;
    first = equal_end;
  }
}

// Between order statistics, linearly. Consumes the order of `distances`.
double percentile_by_rank(std::vector<double>& distances, double share) {
  const double rank = share * static_cast<double>(distances.size() - 1);
  const auto low = static_cast<std::ptrdiff_t>(std::floor(rank));
  const auto at_low = distances.begin() + low;
  std::nth_element(distances.begin(), at_low, distances.end());
  if (std::isinf(*at_low) || at_low + 1 == distances.end()) return *at_low;
  const double next = *std::min_element(at_low + 1, distances.end());
  return *at_low + (next - *at_low) * (rank - static_cast<double>(low));
}

// Of a surface: how much there is, how much within the tolerance, and distance times size.
struct Sums {
  double size = 0;
  double near = 0;
  double weighted_mm = 0;
};

Sums sums_of(const Elements& all, double tolerance_mm) {
  Sums sums;
  for (std::size_t i = 0; i < all.sizes.size(); ++i) {
    sums.size += all.sizes[i];
    if (all.distances_mm[i] <= tolerance_mm) sums.near += all.sizes[i];
    sums.weighted_mm += all.distances_mm[i] * all.sizes[i];
  }
  return sums;
}

DirectedSurfaceMetrics directed(const Elements& all, const Sums& sums,
                                const MaskMetricsSettings& settings) {
  DirectedSurfaceMetrics result{.size = sums.size};
  if (all.sizes.empty()) return result;
  result.average_mm = sums.weighted_mm / sums.size;
  result.maximum_mm = std::ranges::max(all.distances_mm);
  result.overlap = sums.near / sums.size;
  const double share = settings.percentile / 100;
  if (settings.surface == SurfaceDefinition::MarchingCubes) {
    result.percentile_mm = percentile_by_size(all, sums.size, share);
  } else {
    std::vector<double> distances(all.distances_mm.begin(), all.distances_mm.end());
    result.percentile_mm = percentile_by_rank(distances, share);
  }
  return result;
}

}  // namespace

SurfaceMetrics summarise(const Elements& reference, const Elements& other,
                         const MaskMetricsSettings& settings, bool planar) {
  const Sums of_reference = sums_of(reference, settings.tolerance_mm);
  const Sums of_other = sums_of(other, settings.tolerance_mm);
  SurfaceMetrics result{.definition = settings.surface,
                        .planar = planar,
                        .tolerance_mm = settings.tolerance_mm,
                        .percentile = settings.percentile};
  result.reference_to_other = directed(reference, of_reference, settings);
  result.other_to_reference = directed(other, of_other, settings);
  if (reference.sizes.empty() && other.sizes.empty()) return result;
  result.surface_dice = (of_reference.near + of_other.near) / (of_reference.size + of_other.size);
  if (reference.sizes.empty() || other.sizes.empty()) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    result.hausdorff_mm = infinity;
    result.hausdorff_percentile_mm = infinity;
    result.assd_mm = infinity;
    result.pooled_assd_mm = infinity;
    if (settings.surface == SurfaceDefinition::VoxelBorder) result.pooled_percentile_mm = infinity;
    return result;
  }
  const DirectedSurfaceMetrics& there = result.reference_to_other;
  const DirectedSurfaceMetrics& back = result.other_to_reference;
  result.hausdorff_mm = std::max(*there.maximum_mm, *back.maximum_mm);
  result.hausdorff_percentile_mm = std::max(*there.percentile_mm, *back.percentile_mm);
  result.assd_mm = (*there.average_mm + *back.average_mm) / 2;
  result.pooled_assd_mm =
      (of_reference.weighted_mm + of_other.weighted_mm) / (of_reference.size + of_other.size);
  if (settings.surface == SurfaceDefinition::VoxelBorder) {
    std::vector<double> pooled(reference.distances_mm.begin(), reference.distances_mm.end());
    pooled.insert(pooled.end(), other.distances_mm.begin(), other.distances_mm.end());
    result.pooled_percentile_mm = percentile_by_rank(pooled, settings.percentile / 100);
  }
  return result;
}

}  // namespace consilium::mask_metrics
