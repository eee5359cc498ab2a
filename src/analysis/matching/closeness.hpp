// How close two units are, and which pairs of two lists are close enough to be the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/matching/bipartite.hpp"
#include "analysis/matching/unit.hpp"

namespace consilium {

enum class ClosenessKind {
  SameParts,   // every begin and end is the same
  Boundaries,  // as many parts, and every begin and end differs by at most `tolerance`
  Overlap,     // at least one shared position
  Iou,         // shared positions over covered ones, at least `iou_min`
};

struct Closeness {
  ClosenessKind kind = ClosenessKind::SameParts;
  std::int64_t tolerance = 0;  // Boundaries: positions; of point events this is the window
  double iou_min = 0.5;        // Iou: in (0, 1]
  bool same_category = true;   // units of different categories are never close
};

// 1 as a weight; closer than the threshold is at least 1 of these.
inline constexpr std::int64_t closeness_one = std::int64_t{1} << 32;

// Errors: InvalidInput when the tolerance is negative or `iou_min` is not in (0, 1].
[[nodiscard]] Status check_closeness(const Closeness& closeness);

// From 1 to `closeness_one` when close enough, else 0: for SameParts 1; for Overlap and Iou the
// intersection over union; for Boundaries 1 - d / ((tolerance + 1) x boundaries), where d sums the
// differences of the boundaries (a point event has one boundary). Whole numbers, rounded down, so
// the same for (a, b) and (b, a).
[[nodiscard]] std::int64_t closeness_of(const Unit& first, const Unit& second,
                                        const Closeness& closeness);

// All pairs that are close enough, as places in the two lists of places in `units`. Both lists
// are sorted as UnitOrder does.
// Errors: TooLarge past 2^26 pairs.
// Cost: O(n log n + pairs whose hulls are near each other).
[[nodiscard]] Result<std::vector<WeightedMatch>> close_pairs(std::span<const Unit> units,
                                                             std::span<const std::uint32_t> first,
                                                             std::span<const std::uint32_t> second,
                                                             const Closeness& closeness);

}  // namespace consilium
