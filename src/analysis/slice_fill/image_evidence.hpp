// What the image's values say of inside and outside a segment, learnt beside its drawn borders.
#pragma once

#include <span>
#include <vector>

#include "analysis/slice_fill/drawn_slice.hpp"
#include "analysis/slice_fill/shape_blend.hpp"

namespace consilium::slice_fill {

// The logarithm of how much likelier a value is inside than outside, from the histograms of the
// voxels within a band around the drawn borders; where both are alike it says nothing.
class ImageEvidence {
 public:
  ImageEvidence(std::span<const float> image, const SliceFrame& frame,
                const std::vector<DrawnSlice>& slices, double band_mm);

  // Moves the border of `shape` on slice w by up to `snap_mm`: the distance of a voxel drops where
  // it and its 8 neighbours look like inside, and rises where they look like outside.
  void move_border(PlaneDistance& shape, std::uint32_t w, double snap_mm) const;

 private:
  [[nodiscard]] float score_at(std::int64_t u, std::int64_t v, std::uint32_t w) const;
  std::span<const float> image_;
  SliceFrame frame_;
  float low_ = 0;
  float bins_per_value_ = 0;
  std::vector<float> scores_;  // -1 to 1 by bin; empty where nothing was learnt
};

}  // namespace consilium::slice_fill
