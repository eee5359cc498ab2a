// How well one mask agrees with another: volumes, overlap, and distances between their surfaces,
// all from one pass over the voxels. semantics.md says what always holds.
//
// Volumes are dense, x fastest; a Lattice gives dimensions and spacing in mm. A volume of one slice
// is planar: contours take the place of surfaces, lengths in mm that of areas in mm^2; volumes
// still count the slice's thickness.
//
// What is undefined is an empty optional, never 1 or NaN. With both masks empty that is all but
// counts and volumes. With one empty: Dice, Jaccard and surface Dice are 0, distances infinite, and
// what divides by the empty one is undefined.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"

namespace consilium {

// There are two surfaces that people mean; their numbers differ, so the result names its own.
enum class SurfaceDefinition {
  // Elements between the voxels, weighted by their marching-cubes area; the convention of
  // google-deepmind/surface-distance (S. Nikolov et al., J. Med. Internet Res. 23 (2021) e26151).
  MarchingCubes,
  // The mask's voxels with a face neighbour (in a plane an edge neighbour) outside, or at the
  // volume's edge; each counts 1. The convention of MedPy and MONAI.
  VoxelBorder,
};

struct MaskMetricsSettings {
  SurfaceDefinition surface = SurfaceDefinition::MarchingCubes;
  double tolerance_mm = 1;  // surfaces this near or nearer agree; compared without slack
  double percentile = 95;   // of the robust Hausdorff distance, in [0, 100]
  unsigned threads = 1;     // changes no bit of the result
  friend bool operator==(const MaskMetricsSettings&, const MaskMetricsSettings&) = default;
};

struct OverlapMetrics {
  std::uint64_t reference_voxels = 0;
  std::uint64_t other_voxels = 0;
  std::uint64_t common_voxels = 0;
  double reference_ml = 0;
  double other_ml = 0;
  double common_ml = 0;
  std::optional<double> dice{};     // 2 common / (reference + other)
  std::optional<double> jaccard{};  // common / (reference + other - common)
  double volume_difference_ml = 0;  // other - reference
  // (other - reference) / reference; undefined when the reference is empty.
  std::optional<double> relative_volume_difference{};
  std::optional<double> sensitivity{};  // common / reference
  std::optional<double> precision{};    // common / other
  friend bool operator==(const OverlapMetrics&, const OverlapMetrics&) = default;
};

// From one surface to the other; all undefined when the one it starts from is empty.
struct DirectedSurfaceMetrics {
  double size = 0;                     // mm^2, mm in a plane; border voxels
  std::optional<double> average_mm{};  // weighted by size
  std::optional<double> maximum_mm{};
  // MarchingCubes: the least distance within which `percentile` per cent of the area lies.
  // VoxelBorder: between order statistics, linearly (Hyndman and Fan's type 7, numpy's default).
  std::optional<double> percentile_mm{};
  std::optional<double> overlap{};  // the share of size within the tolerance
  friend bool operator==(const DirectedSurfaceMetrics&, const DirectedSurfaceMetrics&) = default;
};

struct SurfaceMetrics {
  SurfaceDefinition definition = SurfaceDefinition::MarchingCubes;
  bool planar = false;
  double tolerance_mm = 0;
  double percentile = 0;
  DirectedSurfaceMetrics reference_to_other{};
  DirectedSurfaceMetrics other_to_reference{};
  std::optional<double> hausdorff_mm{};  // the greater of both maxima
  // The greater of both directed percentiles: surface-distance's and MONAI's "HD95".
  std::optional<double> hausdorff_percentile_mm{};
  // The percentile of both directions' distances taken together: MedPy's hd95. VoxelBorder only.
  std::optional<double> pooled_percentile_mm{};
  std::optional<double> assd_mm{};         // the mean of both averages (MedPy's before 0.5)
  std::optional<double> pooled_assd_mm{};  // over both surfaces' elements: MedPy's, MONAI's
  // Surface Dice at the tolerance (normalised surface distance): the size within it, of both, in
  // both sizes.
  std::optional<double> surface_dice{};
  friend bool operator==(const SurfaceMetrics&, const SurfaceMetrics&) = default;
};

struct MaskMetrics {
  OverlapMetrics overlap;
  SurfaceMetrics surface;
  friend bool operator==(const MaskMetrics&, const MaskMetrics&) = default;
};

struct LabelMetrics {
  std::uint16_t label = 0;
  MaskMetrics metrics;
  friend bool operator==(const LabelMetrics&, const LabelMetrics&) = default;
};

// Voxels not 0 are in the mask. Errors: InvalidInput when the lengths differ or are not the
// lattice's, when a spacing is not above 0 and finite, the tolerance not 0 or more and finite, or
// the percentile outside [0, 100].
// Cost: O(voxels / 8) to find the masks, then O(surface elements) searches, each of which looks
// through a disc of rows as wide as its distance. Memory: 4 bits a voxel of the box around both
// masks, and 16 bytes a surface element.
[[nodiscard]] Result<MaskMetrics> compare_masks(std::span<const std::uint8_t> reference,
                                                std::span<const std::uint8_t> other,
                                                const Lattice& lattice,
                                                const MaskMetricsSettings& settings = {});

// Every label but 0 that occurs in either volume, in ascending order, each as its own pair of
// masks. A label in one volume alone is a pair with one empty mask. Two volumes without labels
// give no entry. Errors and cost as above; the box is that of each label.
[[nodiscard]] Result<std::vector<LabelMetrics>> compare_labels(
    std::span<const std::uint16_t> reference, std::span<const std::uint16_t> other,
    const Lattice& lattice, const MaskMetricsSettings& settings = {});

}  // namespace consilium
