// Outlines of masks and masks of outlines, on one slice.
//
// Outlines: marching squares (W. E. Lorensen, H. E. Cline, Computer Graphics 21 (1987) 163-169, in
// two dimensions) at one half: a vertex lies half way between the centres of a pixel that is in and
// a neighbour that is not. Pixels that touch at a corner only are parted. The outline cuts an
// eighth of a pixel off each corner, and the pixels come back exactly.
// Filling: a pixel is in when its centre is, by the even-odd rule; a centre on an edge is in when
// the edge is its left or upper one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/image/geometry.hpp"
#include "domain/image/mask.hpp"

namespace consilium {

using Ring = std::vector<ImagePoint>;  // the last point joins the first

// The pixels of a slice that belong to one label, and the smallest box that holds them.
struct SliceLabel {
  std::uint16_t value = 0;
  std::uint32_t x_begin = 0, y_begin = 0;  // the box, its ends one past the last pixel
  std::uint32_t x_end = 0, y_end = 0;
};

// Slice k of a layer, rows from the top: its labels (1 in a binary layer). Cost: O(pixels).
[[nodiscard]] std::vector<std::uint16_t> slice_values(const MaskLayer& layer, std::uint32_t slice);
// The labels on a plane in ascending order, 0 left out. Cost: one pass.
[[nodiscard]] std::vector<SliceLabel> labels_on(std::span<const std::uint16_t> plane,
                                                std::uint32_t width);

// All rings of the label: outer ones run against the clock as seen, rings of holes with it. Points
// within a straight line are left out. Cost: O(pixels of the box).
[[nodiscard]] std::vector<Ring> rings_of(std::span<const std::uint16_t> plane, std::uint32_t width,
                                         const SliceLabel& label);
// Each hole joined to the ring round it by a channel of no width (PS3.3 C.8.8.6.3, "keyhole"): one
// ring for each connected part, the same pixels by the even-odd rule and by winding.
// Cost: O(points of a hole + points of its outer ring) each.
[[nodiscard]] std::vector<Ring> with_keyholes(std::vector<Ring> rings);

// Twice the signed area, positive when the ring runs with the clock as seen (y grows downwards).
[[nodiscard]] double twice_area(std::span<const ImagePoint> ring);

// Turns every pixel inside of the ring over: after all rings of a shape, what is 1 is in by the
// even-odd rule. `plane` is width x height. Cost: O(points x rows they span + pixels).
void flip_inside(std::span<const ImagePoint> ring, std::uint32_t width, std::uint32_t height,
                 std::span<std::uint8_t> plane);

}  // namespace consilium
