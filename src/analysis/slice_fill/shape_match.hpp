// Which parts of one drawn slice go on as which parts of the next.
#pragma once

#include <vector>

#include "analysis/slice_fill/drawn_slice.hpp"

namespace consilium::slice_fill {

// Parts that belong together on both slices; one side is empty where a part has no partner.
struct ShapePair {
  Shape first;
  Shape second;
};

// Parts match when they overlap by a seventh of the smaller one, or most of all; a part that
// overlaps none matches the nearest other one of these within the sum of their radii and a half.
// Parts that are tied together by that make one pair. Pairs come in the order of their first part.
[[nodiscard]] std::vector<ShapePair> match_shapes(const DrawnSlice& first, const DrawnSlice& second,
                                                  const SliceFrame& frame);

}  // namespace consilium::slice_fill
