// Matching of two raters' boxes by their intersection over union.
#pragma once

#include <span>
#include <vector>

#include "analysis/matching/bipartite.hpp"

namespace consilium {

// Axis-parallel, in any one unit; left < right and top < bottom.
struct Box {
  double left = 0.0;
  double top = 0.0;
  double right = 0.0;
  double bottom = 0.0;
  friend bool operator==(const Box&, const Box&) = default;
};

// Area of the intersection over that of the union, in [0, 1]; 0 when the boxes only touch.
[[nodiscard]] double intersection_over_union(const Box& first, const Box& second);

// Pairs of boxes that overlap by at least `iou_min`, in (0, 1]: with `CardinalityFirst` as many as
// can be and among those the greatest sum of overlaps, with `Weight` the greatest sum alone.
// Overlaps are rounded to multiples of 2^-40. Sorted by `first`.
// Errors: InvalidInput when a box is empty or not finite, or `iou_min` is not in (0, 1].
// Cost: O(n log n + pairs that share x ranges), then the matching's own.
[[nodiscard]] Result<std::vector<Match>> match_boxes(
    std::span<const Box> first, std::span<const Box> second, double iou_min,
    WeightGoal goal = WeightGoal::CardinalityFirst);

}  // namespace consilium
