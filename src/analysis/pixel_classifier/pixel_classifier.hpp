// Learns from strokes what each structure looks like, and labels the rest of the volume, or the
// next one: features at several scales (feature_pyramid.hpp), boosted trees (boosted_trees.hpp).
//
// The model is a rater's knowledge: kept per project it labels the next case before a person looks,
// and its labels are votes of that rater. Label 255 is background and comes out as 0.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/pixel_classifier/boosted_trees.hpp"
#include "analysis/pixel_classifier/feature_pyramid.hpp"
#include "domain/image/thinned_grid.hpp"

namespace consilium {

struct LabelledVoxel {
  std::uint32_t voxel = 0;  // x + dims[0] * (y + dims[1] * z)
  std::uint8_t label = 0;   // 1 to 255
};

// What one case gives to learn from; kept with the model, so that later cases add to it.
struct PixelSamples {
  std::vector<std::uint8_t> labels;    // of each sample
  std::vector<std::int16_t> features;  // feature_count of each sample, side by side
  void append(const PixelSamples& other);
};

// Features of the voxels. Of more than `count_max` a share of every label is taken, spread evenly
// over its voxels. Errors: InvalidInput on a voxel that is not there or label 0.
[[nodiscard]] Result<PixelSamples> sample_voxels(const FeaturePyramid& pyramid,
                                                 std::span<const LabelledVoxel> voxels,
                                                 std::size_t count_max = 12'000);

struct VoxelRegion {
  std::array<std::uint32_t, 3> first{};
  std::array<std::uint32_t, 3> size{};
};

class PixelClassifier {
 public:
  // Errors: InvalidInput when fewer than two labels are marked, or more than 16; those of
  // BoostedTrees::train.
  [[nodiscard]] static Result<PixelClassifier> train(const PixelSamples& samples,
                                                     const BoostingOptions& options = {},
                                                     unsigned threads = 1);

  [[nodiscard]] std::span<const std::uint8_t> labels() const { return labels_; }

  // The likeliest label of each voxel of the region, 0 for background; and, where `margin` is not
  // empty, how far it is ahead of the next: 0 (a tie) to 255 (sure). x fastest within the region.
  // Errors: InvalidInput when the region leaves the volume or a length is not the region's.
  // Cost: about 0.25 us a voxel and thread.
  [[nodiscard]] Status classify(const FeaturePyramid& pyramid, const VoxelRegion& region,
                                std::span<std::uint8_t> label, std::span<std::uint8_t> margin,
                                unsigned threads = 1) const;

  // Probabilities in 1/255 of labels() (background as 255) at the planes of a thinned grid from
  // `first_plane` on: of label k and voxel i of these planes, x fastest, at out[k * voxels + i].
  // Errors: InvalidInput when the grid is not of this volume, a plane is not there, or the length
  // is not that of whole planes. Cost: about 0.2 us a voxel of the thinned grid and thread.
  [[nodiscard]] Status probabilities(const FeaturePyramid& pyramid, const ThinnedGrid& grid,
                                     std::uint32_t first_plane, std::span<std::uint8_t> out,
                                     unsigned threads = 1) const;

  [[nodiscard]] Bytes serialise() const;
  [[nodiscard]] static Result<PixelClassifier> parse(ByteView bytes);

 private:
  std::vector<std::uint8_t> labels_;  // of the trees' classes, ascending
  BoostedTrees trees_;
};

}  // namespace consilium
