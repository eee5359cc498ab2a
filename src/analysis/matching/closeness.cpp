#include "analysis/matching/closeness.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::size_t pairs_max = std::size_t{1} << 26U;

std::int64_t apart(std::int64_t a, std::int64_t b) { return a < b ? b - a : a - b; }

std::int64_t overlap_weight(const Unit& first, const Unit& second, const Closeness& closeness) {
  const std::int64_t shared = shared_length(first.parts, second.parts);
  if (shared == 0) return 0;
  const std::int64_t covered = length_of(first) + length_of(second) - shared;
  if (closeness.kind == ClosenessKind::Iou &&
      static_cast<double>(shared) < closeness.iou_min * static_cast<double>(covered)) {
    return 0;
  }
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(Wide{shared} * closeness_one / Wide{covered}));
}

std::int64_t boundary_weight(const Unit& first, const Unit& second, std::int64_t tolerance) {
  if (first.parts.size() != second.parts.size()) return 0;
  Wide sum = 0;
  for (std::size_t p = 0; p < first.parts.size(); ++p) {
    const std::int64_t begin = apart(first.parts[p].begin, second.parts[p].begin);
    const std::int64_t end = apart(first.parts[p].end, second.parts[p].end);
    if (begin > tolerance || end > tolerance) return 0;
    sum += Wide{begin} + end;
  }
  const Wide all = (Wide{tolerance} + 1) * 2 * static_cast<Wide>(first.parts.size());
  return static_cast<std::int64_t>((all - sum) * closeness_one / all);
}

}  // namespace

Status check_closeness(const Closeness& closeness) {
  if (closeness.tolerance < 0 || closeness.tolerance > unit_position_max) {
    return fail(ErrorCode::InvalidInput, "the tolerance is negative or over 2^52", {},
                "give it in positions: code points or ticks");
  }
  if (!(closeness.iou_min > 0.0 && closeness.iou_min <= 1.0)) {
    return fail(ErrorCode::InvalidInput, "the least overlap is not in (0, 1]", {},
                "0.5 is what is mostly taken");
  }
  return {};
}

std::int64_t closeness_of(const Unit& first, const Unit& second, const Closeness& closeness) {
  if (closeness.same_category && first.category != second.category) return 0;
  switch (closeness.kind) {
    case ClosenessKind::SameParts:
      return first.parts == second.parts ? closeness_one : 0;
    case ClosenessKind::Boundaries:
      return boundary_weight(first, second, closeness.tolerance);
    case ClosenessKind::Overlap:
    case ClosenessKind::Iou:
      return overlap_weight(first, second, closeness);
  }
  return 0;
}

Result<std::vector<WeightedMatch>> close_pairs(std::span<const Unit> units,
                                               std::span<const std::uint32_t> first,
                                               std::span<const std::uint32_t> second,
                                               const Closeness& closeness) {
  const std::int64_t reach = closeness.kind == ClosenessKind::Boundaries ? closeness.tolerance : 0;
  const bool by_overlap =
      closeness.kind == ClosenessKind::Overlap || closeness.kind == ClosenessKind::Iou;
  // latest[j]: the last end of seconds 0 to j; where it lies before a unit, none of them is near.
  std::vector<std::int64_t> latest(second.size());
  std::int64_t end = -unit_position_max;
  for (std::size_t j = 0; j < second.size(); ++j) {
    end = std::max(end, hull_of(units[second[j]]).end);
    latest[j] = end;
  }
  std::vector<WeightedMatch> pairs;
  std::size_t low = 0;
  for (std::uint32_t i = 0; i < first.size(); ++i) {
    const Unit& a = units[first[i]];
    const Part hull = hull_of(a);
    // Firsts are sorted by begin, so what lies before this one lies before all that follow.
    if (by_overlap) {
      while (low < second.size() && latest[low] < hull.begin) ++low;
    } else {
      while (low < second.size() && units[second[low]].parts.front().begin < hull.begin - reach) {
        ++low;
      }
    }
    const std::int64_t last = by_overlap ? hull.end : hull.begin + reach;
    for (std::size_t j = low; j < second.size(); ++j) {
      const Unit& b = units[second[j]];
      if (b.parts.front().begin > last) break;
      const std::int64_t weight = closeness_of(a, b, closeness);
      if (weight == 0) continue;
      if (pairs.size() == pairs_max) {
        return fail(ErrorCode::TooLarge, "too many pairs of units are close", {},
                    "take a smaller tolerance or a greater least overlap");
      }
      pairs.push_back({i, static_cast<std::uint32_t>(j), weight});
    }
  }
  return pairs;
}

}  // namespace consilium
