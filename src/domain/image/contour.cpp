#include "domain/image/contour.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace consilium {
namespace {

bool is_straight(const ImagePoint& a, const ImagePoint& b, const ImagePoint& c) {
  return (b.x - a.x) * (c.y - b.y) == (b.y - a.y) * (c.x - b.x);
}

Ring without_straight_points(const Ring& ring) {
  Ring out;
  for (std::size_t n = 0; n < ring.size(); ++n) {
    const ImagePoint& before = ring[(n + ring.size() - 1) % ring.size()];
    if (!is_straight(before, ring[n], ring[(n + 1) % ring.size()])) out.push_back(ring[n]);
  }
  return out;
}

// Half-way points between neighbours: of a box of `width` x `height` pixels with one more round it,
// those to the right of pixel (x, y) and those below.
class Tracer {
 public:
  Tracer(std::span<const std::uint16_t> plane, std::uint32_t stride, const SliceLabel& label)
      : plane_(plane),
        stride_(stride),
        label_(label),
        columns_(static_cast<std::int64_t>(label.x_end - label.x_begin) + 2),
        rows_(static_cast<std::int64_t>(label.y_end - label.y_begin) + 2),
        next_(static_cast<std::size_t>(2 * columns_ * rows_), -1) {}

  std::vector<Ring> rings() {
    for (std::int64_t y = 0; y + 1 < rows_; ++y) {
      for (std::int64_t x = 0; x + 1 < columns_; ++x) link_cell(x, y);
    }
    std::vector<Ring> rings;
    for (std::size_t start = 0; start < next_.size(); ++start) {
      if (next_[start] < 0) continue;
      Ring ring;
      for (std::size_t at = start; next_[at] >= 0;) {
        ring.push_back(point(at));
        const auto to = static_cast<std::size_t>(next_[at]);
        next_[at] = -1;
        at = to;
      }
      rings.push_back(without_straight_points(ring));
    }
    return rings;
  }

 private:
  // Box coordinates: (0, 0) is the pixel up and left of the box's first.
  bool is_in(std::int64_t x, std::int64_t y) const {
    if (x < 1 || y < 1 || x > columns_ - 2 || y > rows_ - 2) return false;
    const auto column = static_cast<std::size_t>(x - 1) + label_.x_begin;
    const auto row = static_cast<std::size_t>(y - 1) + label_.y_begin;
    return plane_[row * stride_ + column] == label_.value;
  }
  std::int64_t right_of(std::int64_t x, std::int64_t y) const { return 2 * (y * columns_ + x); }
  std::int64_t below(std::int64_t x, std::int64_t y) const { return right_of(x, y) + 1; }

  ImagePoint point(std::size_t vertex) const {
    const auto place = static_cast<std::int64_t>(vertex / 2);
    const double x = static_cast<double>(place % columns_ - 1 + std::int64_t{label_.x_begin});
    const double y = static_cast<double>(place / columns_ - 1 + std::int64_t{label_.y_begin});
    return vertex % 2 == 0 ? ImagePoint{x + 0.5, y} : ImagePoint{x, y + 0.5};
  }

  void link(std::int64_t from, std::int64_t to) { next_[static_cast<std::size_t>(from)] = to; }

  // The cell between the centres (x, y) and (x + 1, y + 1); what is in lies left of the way.
  void link_cell(std::int64_t x, std::int64_t y) {
    const int code = (is_in(x, y) ? 1 : 0) | (is_in(x + 1, y) ? 2 : 0) |
                     (is_in(x + 1, y + 1) ? 4 : 0) | (is_in(x, y + 1) ? 8 : 0);
    if (code == 0 || code == 15) return;
    const std::int64_t top = right_of(x, y);
    const std::int64_t right = below(x + 1, y);
    const std::int64_t bottom = right_of(x, y + 1);
    const std::int64_t left = below(x, y);
    switch (code) {
      case 1:
        return link(left, top);
      case 2:
        return link(top, right);
      case 3:
        return link(left, right);
      case 4:
        return link(right, bottom);
      case 5:
        link(left, top);
        return link(right, bottom);
      case 6:
        return link(top, bottom);
      case 7:
        return link(left, bottom);
      case 8:
        return link(bottom, left);
      case 9:
        return link(bottom, top);
      case 10:
        link(top, right);
        return link(bottom, left);
      case 11:
        return link(bottom, right);
      case 12:
        return link(right, left);
      case 13:
        return link(right, top);
      default:
        return link(top, left);
    }
  }

  std::span<const std::uint16_t> plane_;
  std::uint32_t stride_;
  SliceLabel label_;
  std::int64_t columns_;
  std::int64_t rows_;
  std::vector<std::int64_t> next_;
};

bool is_inside(std::span<const ImagePoint> ring, const ImagePoint& point) {
  bool inside = false;
  for (std::size_t a = 0, b = ring.size() - 1; a < ring.size(); b = a++) {
    const bool spans = (ring[a].y > point.y) != (ring[b].y > point.y);
    if (spans &&
        point.x <
            (ring[b].x - ring[a].x) * (point.y - ring[a].y) / (ring[b].y - ring[a].y) + ring[a].x) {
      inside = !inside;
    }
  }
  return inside;
}

double squared_distance(const ImagePoint& a, const ImagePoint& b) {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// The hole entered at its leftmost point from the outer ring's nearest one, and left again.
void join_hole(Ring& outer, const Ring& hole) {
  const auto entry =
      static_cast<std::size_t>(std::ranges::min_element(hole, {}, &ImagePoint::x) - hole.begin());
  std::size_t gate = 0;
  for (std::size_t n = 1; n < outer.size(); ++n) {
    if (squared_distance(outer[n], hole[entry]) < squared_distance(outer[gate], hole[entry])) {
      gate = n;
    }
  }
  Ring way;
  for (std::size_t n = 0; n <= hole.size(); ++n) way.push_back(hole[(entry + n) % hole.size()]);
  way.push_back(outer[gate]);
  outer.insert(outer.begin() + static_cast<std::ptrdiff_t>(gate) + 1, way.begin(), way.end());
}

}  // namespace

std::vector<std::uint16_t> slice_values(const MaskLayer& layer, std::uint32_t slice) {
  const std::uint32_t width = layer.grid.dims[0];
  const std::uint32_t height = layer.grid.dims[1];
  std::vector<std::uint16_t> plane(std::size_t{width} * height);
  const auto counts = brick_dims(layer.grid);
  const std::uint32_t first = slice / brick_edge * counts[0] * counts[1];
  const auto copy = [&](const auto& bricks, const auto& value_at) {
    const auto end = bricks.lower_bound(first + counts[0] * counts[1]);
    for (auto brick = bricks.lower_bound(first); brick != end; ++brick) {
      const std::uint32_t place = brick->first - first;
      const std::uint32_t x_begin = place % counts[0] * brick_edge;
      const std::uint32_t y_begin = place / counts[0] * brick_edge;
      for (std::uint32_t y = y_begin; y < std::min(y_begin + brick_edge, height); ++y) {
        for (std::uint32_t x = x_begin; x < std::min(x_begin + brick_edge, width); ++x) {
          plane[std::size_t{y} * width + x] =
              value_at(brick->second, place_in_brick({.i = x, .j = y, .k = slice}));
        }
      }
    }
  };
  if (const auto* labels = std::get_if<ExclusiveBricks>(&layer.bricks)) {
    copy(*labels, [](const auto& voxels, std::size_t at) { return voxels[at]; });
  } else {
    copy(std::get<BinaryBricks>(layer.bricks), [](const auto& bits, std::size_t at) {
      return static_cast<std::uint16_t>((bits[at / 8] >> (at % 8)) & 1U);
    });
  }
  return plane;
}

std::vector<SliceLabel> labels_on(std::span<const std::uint16_t> plane, std::uint32_t width) {
  std::map<std::uint16_t, SliceLabel> found;
  SliceLabel* last = nullptr;
  for (std::size_t at = 0; at < plane.size(); ++at) {
    const std::uint16_t value = plane[at];
    if (value == 0) continue;
    const auto x = static_cast<std::uint32_t>(at % width);
    const auto y = static_cast<std::uint32_t>(at / width);
    if (last == nullptr || last->value != value) {
      last =
          &found
               .try_emplace(
                   value,
                   SliceLabel{
                       .value = value, .x_begin = x, .y_begin = y, .x_end = x + 1, .y_end = y + 1})
               .first->second;
    }
    last->x_begin = std::min(last->x_begin, x);
    last->x_end = std::max(last->x_end, x + 1);
    last->y_end = y + 1;
  }
  std::vector<SliceLabel> labels;
  for (const auto& [value, label] : found) labels.push_back(label);
  return labels;
}

std::vector<Ring> rings_of(std::span<const std::uint16_t> plane, std::uint32_t width,
                           const SliceLabel& label) {
  return Tracer(plane, width, label).rings();
}

double twice_area(std::span<const ImagePoint> ring) {
  double twice = 0;
  for (std::size_t a = 0, b = ring.size() - 1; a < ring.size(); b = a++) {
    twice += ring[b].x * ring[a].y - ring[a].x * ring[b].y;
  }
  return twice;
}

std::vector<Ring> with_keyholes(std::vector<Ring> rings) {
  std::vector<Ring> outers;
  std::vector<Ring> holes;
  for (Ring& ring : rings) {
    (twice_area(ring) < 0 ? outers : holes).push_back(std::move(ring));
  }
  // The innermost ring round each hole, chosen before any hole is joined.
  std::vector<std::size_t> owner(holes.size(), outers.size());
  for (std::size_t h = 0; h < holes.size(); ++h) {
    double smallest = std::numeric_limits<double>::infinity();
    for (std::size_t o = 0; o < outers.size(); ++o) {
      const double area = std::abs(twice_area(outers[o]));
      if (area < smallest && is_inside(outers[o], holes[h].front())) {
        smallest = area;
        owner[h] = o;
      }
    }
  }
  for (std::size_t h = 0; h < holes.size(); ++h) {
    if (owner[h] < outers.size()) join_hole(outers[owner[h]], holes[h]);
  }
  return outers;
}

void flip_inside(std::span<const ImagePoint> ring, std::uint32_t width, std::uint32_t height,
                 std::span<std::uint8_t> plane) {
  if (ring.size() < 3) return;
  const auto [low, high] = std::ranges::minmax(ring, {}, &ImagePoint::y);
  const double last_row = static_cast<double>(height) - 1;
  if (!(low.y <= last_row) || !(high.y >= 0)) return;
  const auto first = static_cast<std::uint32_t>(std::ceil(std::max(low.y, 0.0)));
  const auto last = static_cast<std::uint32_t>(std::floor(std::min(high.y, last_row)));
  std::vector<double> crossings;
  for (std::uint32_t y = first; y <= last && y < height; ++y) {
    crossings.clear();
    for (std::size_t a = 0, b = ring.size() - 1; a < ring.size(); b = a++) {
      if ((ring[a].y > y) == (ring[b].y > y)) continue;
      crossings.push_back((ring[b].x - ring[a].x) * (y - ring[a].y) / (ring[b].y - ring[a].y) +
                          ring[a].x);
    }
    std::ranges::sort(crossings);
    for (std::size_t c = 0; c + 1 < crossings.size(); c += 2) {
      const auto column = [&](double x) {
        return static_cast<std::uint32_t>(std::clamp(std::ceil(x), 0.0, double{1.0} * width));
      };
      for (std::uint32_t x = column(crossings[c]); x < column(crossings[c + 1]); ++x) {
        plane[std::size_t{y} * width + x] ^= 1U;
      }
    }
  }
}

}  // namespace consilium
