#include "analysis/slice_fill/shape_plan.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/slice_fill/shape_match.hpp"

namespace consilium::slice_fill {
namespace {

// A shape that changes more than this from slice to slice says nothing of a smooth course.
constexpr double area_ratio_max = 3;

bool is_alike(const Shape& a, const Shape& b) {
  return a.area() <= area_ratio_max * b.area() && b.area() <= area_ratio_max * a.area();
}

class Planner {
 public:
  Planner(std::uint16_t label, const std::vector<DrawnSlice>& slices, const SliceFrame& frame,
          bool cap_ends)
      : label_(label), slices_(slices), frame_(frame), cap_ends_(cap_ends) {}

  std::vector<ShapeRow> rows(std::size_t& gaps) {
    for (std::size_t i = 0; i + 1 < slices_.size(); ++i) {
      if (slices_[i + 1].w == slices_[i].w + 1) continue;
      ++gaps;
      plan_gap(i);
    }
    if (cap_ends_ && slices_.size() > 1) {
      cap_whole(0, 1);
      cap_whole(slices_.size() - 1, slices_.size() - 2);
    }
    return std::move(rows_);
  }

 private:
  void plan_gap(std::size_t i) {
    const std::uint32_t from = slices_[i].w + 1;
    const std::uint32_t to = slices_[i + 1].w;
    for (ShapePair& pair : match_shapes(slices_[i], slices_[i + 1], frame_)) {
      if (pair.second.parts.empty()) {
        cap(pair.first, i, i + 1);
      } else if (pair.first.parts.empty()) {
        cap(pair.second, i + 1, i);
      } else {
        ShapeRow row{.label = label_, .shapes = {}, .w_first = from, .w_end = to, .drift = {}};
        const auto before = beyond(i, i + 1, pair.first);
        const auto after = beyond(i + 1, i, pair.second);
        const bool smooth = is_alike(pair.first, pair.second);
        if (before && smooth) row.shapes.push_back(*before);
        row.shapes.push_back(std::move(pair.first));
        row.shapes.push_back(std::move(pair.second));
        if (after && smooth) row.shapes.push_back(*after);
        rows_.push_back(std::move(row));
      }
    }
  }

  // The shape on a slice beyond slice `near` as seen from slice `far`, that goes on as `shape` and
  // nothing else. Slices nearer than half the gap would make noise large, farther than two gaps
  // they know nothing of it.
  std::optional<Shape> beyond(std::size_t near, std::size_t far, const Shape& shape) const {
    const auto w_of = [&](std::size_t i) { return static_cast<double>(slices_[i].w); };
    const double gap = std::abs(w_of(far) - w_of(near));
    const bool upward = near > far;
    for (std::size_t i = near; upward ? i + 1 < slices_.size() : i > 0;) {
      upward ? ++i : --i;
      const double apart = std::abs(w_of(i) - w_of(near));
      if (apart > 2 * gap) return std::nullopt;
      if (2 * apart < gap) continue;
      for (ShapePair& pair : match_shapes(slices_[i], slices_[near], frame_)) {
        if (pair.second.parts != shape.parts || pair.first.parts.empty()) continue;
        if (!is_alike(pair.first, shape)) return std::nullopt;
        return std::move(pair.first);
      }
      return std::nullopt;
    }
    return std::nullopt;
  }

  void cap_whole(std::size_t end, std::size_t inner) {
    for (ShapePair& pair : match_shapes(slices_[end], slices_[inner], frame_)) {
      if (!pair.first.parts.empty()) cap(pair.first, end, inner, &pair.second);
    }
  }

  // `shape` of slice `end` has nothing beyond it on the side away from `inner` when `toward` is
  // given (the end of the label), else none on slice `inner` itself (a part without a partner).
  void cap(const Shape& shape, std::size_t end, std::size_t inner, const Shape* toward = nullptr) {
    if (!cap_ends_) return;
    const auto w_end = static_cast<double>(slices_[end].w);
    const auto w_inner = static_cast<double>(slices_[inner].w);
    const double step = std::abs(w_end - w_inner);
    // Unmatched parts grow towards `inner`, ends away from it.
    const bool upward = (toward == nullptr) == (w_inner > w_end);
    ShapeRow row{.label = label_, .shapes = {shape}, .cap_slices = step / 2, .drift = {}};
    if (toward != nullptr && !toward->parts.empty()) {
      const PlanePoint from = toward->centroid();
      const PlanePoint at = shape.centroid();
      row.drift = {.u = (at.u - from.u) / step, .v = (at.v - from.v) / step};
      follow_areas(row, *toward, end, inner);
    }
    const auto reach = static_cast<std::uint32_t>(std::max(std::ceil(row.cap_slices) - 1, 0.0));
    const auto w = slices_[end].w;
    row.w_first = upward ? w + 1 : w - std::min(reach, w);
    row.w_end =
        upward ? std::min<std::uint32_t>(w + 1 + reach, static_cast<std::uint32_t>(frame_.w_count))
               : w;
    if (row.w_first < row.w_end) rows_.push_back(std::move(row));
  }

  // The areas of three slices on a parabola that falls to 0 within a step beyond the end, as those
  // of an ellipsoid do: then the end lies there.
  void follow_areas(ShapeRow& row, const Shape& toward, std::size_t end, std::size_t inner) const {
    const auto third = beyond(inner, end, toward);
    if (!third) return;
    const auto w_of = [](const Shape& shape) { return static_cast<double>(shape.slice->w); };
    const double a0 = row.shapes.front().area();
    const double step = std::abs(w_of(toward) - static_cast<double>(slices_[end].w));
    const double s = std::abs(w_of(*third) - static_cast<double>(slices_[end].w));
    // A(u) = a0 + b u + c u^2 at u = 0, -step and -s; u grows beyond the end.
    const double slope_near = (a0 - toward.area()) / step;
    const double slope_far = (a0 - third->area()) / s;
    const double c = (slope_far - slope_near) / (step - s);
    const double b = slope_near + c * step;
    const double root = b * b - 4 * a0 * c;
    if (c >= 0 || root < 0) return;
    const double u = (-b - std::sqrt(root)) / (2 * c);
    if (!(u > 0.5 && u <= step)) return;
    row.cap_slices = u;
    row.cap_bulge = std::clamp(-c * u * u / a0, 0.0, 1.0);
  }

  std::uint16_t label_;
  const std::vector<DrawnSlice>& slices_;
  const SliceFrame& frame_;
  bool cap_ends_;
  std::vector<ShapeRow> rows_;
};

}  // namespace

std::vector<ShapeRow> shape_rows(std::uint16_t label, const std::vector<DrawnSlice>& slices,
                                 const SliceFrame& frame, bool cap_ends, std::size_t& gaps) {
  return Planner(label, slices, frame, cap_ends).rows(gaps);
}

}  // namespace consilium::slice_fill
