// What is drawn of one label on one slice, in connected parts; and shapes: some of these parts.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "analysis/components/components.hpp"
#include "analysis/distance/lattice.hpp"

namespace consilium::slice_fill {

// The volume as slices across an axis: u and v run within a slice (u the faster in memory), w from
// slice to slice.
struct SliceFrame {
  std::size_t u_count = 0, v_count = 0, w_count = 0;
  std::size_t u_stride = 0, v_stride = 0, w_stride = 0;
  double u_mm = 0, v_mm = 0, w_mm = 0;
};
[[nodiscard]] SliceFrame slice_frame(const Lattice& lattice, std::size_t axis);

struct PlanePoint {
  double u = 0;
  double v = 0;
};

struct Part {
  std::uint64_t area = 0;  // voxels
  PlanePoint sum;          // of their places
};

struct DrawnSlice {
  std::uint32_t w = 0;
  std::uint32_t u_first = 0, v_first = 0;  // where `bits` begins
  BitVolume bits;
  Components components;  // of `bits`, corners touching
  std::vector<Part> parts;
};

// Label -> its drawn slices, rising; only labels of `segments`, or all when that is empty.
using DrawnLabels = std::map<std::uint16_t, std::vector<DrawnSlice>>;
[[nodiscard]] DrawnLabels drawn_labels(std::span<const std::uint16_t> labels,
                                       const Lattice& lattice, std::size_t axis,
                                       std::span<const std::uint16_t> segments, unsigned threads);

// Some parts of one slice, as one shape.
struct Shape {
  const DrawnSlice* slice = nullptr;
  std::vector<std::uint32_t> parts;  // rising

  [[nodiscard]] double area() const;
  [[nodiscard]] PlanePoint centroid() const;
};

// A window on a slice that may reach past its ends.
struct Window {
  std::int64_t u_first = 0, v_first = 0;
  std::size_t u_count = 0, v_count = 0;
};
// The box of the shape's voxels.
[[nodiscard]] Window window_of(const Shape& shape);
// Signed distance in mm (negative inside) at every place of the window, which holds the shape.
[[nodiscard]] std::vector<float> signed_distance_in(const Shape& shape, const Window& window,
                                                    const SliceFrame& frame);

}  // namespace consilium::slice_fill
