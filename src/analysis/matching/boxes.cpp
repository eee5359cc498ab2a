#include "analysis/matching/boxes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string_view>

namespace consilium {
namespace {

double area_of(const Box& box) { return (box.right - box.left) * (box.bottom - box.top); }

Status check_boxes(std::span<const Box> boxes, std::string_view list) {
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    const double area = area_of(box);
    if (!(box.left < box.right && box.top < box.bottom && std::isfinite(area) && area > 0.0)) {
      return fail(ErrorCode::InvalidInput, "a box is empty or not finite",
                  fmt::format("{} box {}", list, i), "give left < right and top < bottom");
    }
  }
  return {};
}

}  // namespace

double intersection_over_union(const Box& first, const Box& second) {
  const double width = std::min(first.right, second.right) - std::max(first.left, second.left);
  const double height = std::min(first.bottom, second.bottom) - std::max(first.top, second.top);
  if (!(width > 0.0 && height > 0.0)) return 0.0;
  const double shared = width * height;
  return shared / (area_of(first) + area_of(second) - shared);
}

Result<std::vector<Match>> match_boxes(std::span<const Box> first, std::span<const Box> second,
                                       double iou_min, WeightGoal goal) {
  if (!(iou_min > 0.0 && iou_min <= 1.0)) {
    return fail(ErrorCode::InvalidInput, "the least overlap is not in (0, 1]", {},
                "0.5 is what is mostly taken");
  }
  CSL_TRY(check_boxes(first, "first"));
  CSL_TRY(check_boxes(second, "second"));
  std::vector<std::uint32_t> order(second.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t j) { return second[j].left; });
  double widest = 0.0;
  for (const Box& box : second) widest = std::max(widest, box.right - box.left);
  std::vector<WeightedMatch> edges;
  for (std::uint32_t i = 0; i < first.size(); ++i) {
    const auto begin = std::ranges::lower_bound(order, first[i].left - widest, {},
                                                [&](std::uint32_t j) { return second[j].left; });
    for (auto at = begin; at != order.end() && second[*at].left < first[i].right; ++at) {
      const double iou = intersection_over_union(first[i], second[*at]);
      if (iou < iou_min) continue;
      edges.push_back({i, *at, static_cast<std::int64_t>(std::llround(std::ldexp(iou, 40)))});
    }
  }
  return maximum_weight_matching(static_cast<std::uint32_t>(first.size()),
                                 static_cast<std::uint32_t>(second.size()), edges, goal);
}

}  // namespace consilium
