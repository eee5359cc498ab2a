// The shape of a segment on the slices between drawn ones, as a signed distance.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/slice_fill/drawn_slice.hpp"

namespace consilium::slice_fill {

// Matching shapes on slices that rise; the gap lies between two of them. One shape alone is an end:
// it shrinks away over `cap_slices` slices, upward or downward.
struct ShapeRow {
  std::uint16_t label = 0;
  std::vector<Shape> shapes;  // 2 to 4, or 1
  std::uint32_t w_first = 0;  // slices to fill: [w_first, w_end)
  std::uint32_t w_end = 0;
  double cap_slices = 0;  // only of an end
  double cap_bulge = 0;   // area at u of the cap: 1 - (1 - bulge) u - bulge u^2
  PlanePoint drift;       // of an end's centroid, a slice
};

// Values of a window, row by row: negative inside.
struct PlaneDistance {
  Window window;
  std::vector<float> values;
};

// The row's distances on every slice of it. Cost: a distance transform of the window for every
// shape, then a few sums a voxel and slice.
class ShapeBlend {
 public:
  ShapeBlend(const ShapeRow& row, const SliceFrame& frame);
  [[nodiscard]] PlaneDistance at(std::uint32_t w) const;

 private:
  struct Key {
    double w = 0;
    PlanePoint centroid;
    std::vector<float> distances;  // over the window, laid at the rounded centroid
  };
  [[nodiscard]] PlaneDistance blended(double w) const;
  [[nodiscard]] PlaneDistance capped(double w) const;
  // Adds weight x the key's distances, moved by a part of a voxel, to `to`.
  void add(const Key& key, double weight, const PlanePoint& centroid, PlaneDistance& to) const;
  [[nodiscard]] Window window_at(const PlanePoint& centroid) const;

  const ShapeRow* row_;
  Window relative_;  // to the rounded centroid
  std::vector<Key> keys_;
  std::vector<float> depths_;  // of an end: the distances inside it, rising
};

}  // namespace consilium::slice_fill
