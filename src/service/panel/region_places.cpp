#include "service/panel/region_places.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/canonical_json.hpp"
#include "service/annotation/mask_bricks.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// An axis position is (plane x rows + row) x columns + column, below 2^52 for a million planes.
// Pixels beyond are cut off; images of that size come in tiles, and tiles are frames.
constexpr int column_bits = 16;
constexpr int row_bits = 16;
constexpr std::int64_t edge_max = std::int64_t{1} << 16U;
constexpr int ellipse_corners = 180;

std::vector<ImagePoint> outline_of(const RegionTarget& region) {
  const std::vector<ImagePoint>& p = region.points;
  if (region.kind == GeometryKind::Box) {
    return {p[0], {p[1].x, p[0].y}, p[1], {p[0].x, p[1].y}};
  }
  if (region.kind != GeometryKind::Ellipse) return p;
  const ImagePoint centre{(p[0].x + p[1].x) / 2, (p[0].y + p[1].y) / 2};
  std::vector<ImagePoint> outline;
  for (int k = 0; k < ellipse_corners; ++k) {
    const double angle = 2 * std::numbers::pi * k / ellipse_corners;
    const double major = std::cos(angle);
    const double minor = std::sin(angle);
    outline.push_back({centre.x + (p[1].x - p[0].x) / 2 * major + (p[3].x - p[2].x) / 2 * minor,
                       centre.y + (p[1].y - p[0].y) / 2 * major + (p[3].y - p[2].y) / 2 * minor});
  }
  return outline;
}

std::int64_t clamped(double place) {
  return static_cast<std::int64_t>(std::clamp(place, 0.0, static_cast<double>(edge_max - 1)));
}

struct Run {
  std::int64_t row = 0;
  std::int64_t begin = 0;  // columns
  std::int64_t end = 0;
};

std::vector<Run> runs_of(const std::vector<ImagePoint>& outline) {
  const auto [low, high] = std::ranges::minmax_element(outline, {}, &ImagePoint::y);
  std::vector<Run> runs;
  std::vector<double> crossings;
  for (std::int64_t row = clamped(std::ceil(low->y)); row <= clamped(std::floor(high->y)); ++row) {
    crossings.clear();
    const auto y = static_cast<double>(row);
    for (std::size_t i = 0; i < outline.size(); ++i) {
      const ImagePoint& a = outline[i];
      const ImagePoint& b = outline[(i + 1) % outline.size()];
      if ((a.y <= y) != (b.y <= y)) {
        crossings.push_back(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
      }
    }
    std::ranges::sort(crossings);
    for (std::size_t c = 0; c + 1 < crossings.size(); c += 2) {
      const std::int64_t begin = clamped(std::ceil(crossings[c]));
      const std::int64_t end = clamped(std::floor(crossings[c + 1])) + 1;
      if (begin < end) runs.push_back({row, begin, end});
    }
  }
  if (runs.empty()) {
    const std::int64_t column = clamped(std::round(outline.front().x));
    runs.push_back({clamped(std::round(outline.front().y)), column, column + 1});
  }
  return runs;
}

double gap_mm(const ImagePoint& a, const ImagePoint& b, const FrameOrder::Slice& slice,
              double depth_mm) {
  return std::hypot((a.x - b.x) * slice.column_mm, (a.y - b.y) * slice.row_mm, depth_mm);
}

}  // namespace

std::int64_t axis_position(std::int64_t plane, std::int64_t row, std::int64_t column) {
  return (((plane << row_bits) + row) << column_bits) + column;
}

Result<FrameOrder> FrameOrder::of_item(const storage::Reader& reader,
                                       const storage::ItemRow& item) {
  FrameOrder order;
  if (item.kind != "image") return order;
  for (const storage::SeriesRow& series :
       CSL_TRY(storage::series_of_study(reader, CSL_TRY(parse_id<StudyId>(item.source_id))))) {
    if (series.volumes_json.empty()) continue;
    const json::value volumes = CSL_TRY(parse_json(series.volumes_json));
    for (const json::value& volume : volumes.as_array()) {
      const json::array& spacing = volume.at("spacing_mm").as_array();
      const json::array& slices = volume.at("slices").as_array();
      VolumeLattice lattice{
          .grid = CSL_TRY(read_grid(reader, std::string(volume.at("grid_id").as_string()))),
          .inverse = {},
          .first_plane = order.plane_count_};
      const auto inverse = lattice.grid.affine.inverse();
      lattice.inverse = inverse.value_or(Affine{});
      order.first_volume_.try_emplace(series.id, order.lattices_.size());
      order.lattices_.push_back(inverse ? std::optional(std::move(lattice)) : std::nullopt);
      for (std::size_t k = 0; k < slices.size(); ++k) {
        order.slices_[{std::string(slices[k].at("instance_uid").as_string()),
                       slices[k].at("frame").to_number<std::uint32_t>()}] = {
            .volume = order.volume_count_,
            .index = static_cast<std::int64_t>(k),
            .plane = order.plane_count_++,
            .column_mm = spacing[0].to_number<double>(),
            .row_mm = spacing[1].to_number<double>(),
            .slice_mm = spacing[2].to_number<double>(),
            .slice_count = static_cast<std::int64_t>(slices.size())};
      }
      ++order.volume_count_;
    }
  }
  return order;
}

FrameOrder::Slice FrameOrder::slice_of(const RegionTarget& region) {
  const auto [found, is_new] =
      slices_.try_emplace({region.instance_uid, region.frame_index}, Slice{});
  if (is_new) {
    found->second.volume = volume_count_++;
    found->second.plane = plane_count_++;
  }
  return found->second;
}

std::optional<std::size_t> FrameOrder::volume_of(const SpaceTarget& space) const {
  const auto found = first_volume_.find(space.series_id);
  if (found == first_volume_.end() || !lattices_[found->second]) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> FrameOrder::volume_of(const RegionTarget& region) {
  const Slice slice = slice_of(region);
  if (slice.volume >= std::ssize(lattices_)) return std::nullopt;
  const auto volume = static_cast<std::size_t>(slice.volume);
  return lattices_[volume] ? std::optional(volume) : std::nullopt;
}

const VolumeLattice& FrameOrder::lattice(std::size_t volume) const { return *lattices_[volume]; }

std::optional<PatientPlace> FrameOrder::in_patient(const RegionTarget& region,
                                                   const std::vector<ImagePoint>& points) {
  const auto volume = volume_of(region);
  if (!volume) return std::nullopt;
  const Grid& grid = lattice(*volume).grid;
  PatientPlace place{.frame_of_reference_uid = grid.frame_of_reference_uid, .points = {}};
  const auto slice = static_cast<double>(slice_of(region).index);
  for (const ImagePoint& point : points) {
    place.points.push_back(grid.affine.apply(point.x, point.y, slice));
  }
  return place;
}

std::optional<PatientPlace> FrameOrder::place_of(const RegionTarget& region) {
  return in_patient(region, region.points);
}

std::optional<SpaceTarget> FrameOrder::area_in_space(const RegionTarget& region) {
  auto place = in_patient(region, outline_of(region));
  if (!place) return std::nullopt;
  return SpaceTarget{.series_id = region.series_id,
                     .kind = PlaceKind::Polygon,
                     .points = std::move(place->points)};
}

std::optional<PatientPlace> FrameOrder::place_of(const SpaceTarget& space) const {
  const auto volume = volume_of(space);
  if (!volume) return std::nullopt;
  return PatientPlace{.frame_of_reference_uid = lattice(*volume).grid.frame_of_reference_uid,
                      .points = space.points};
}

std::vector<Part> pixel_runs(const RegionTarget& region, const FrameOrder::Slice& slice,
                             double reach_mm) {
  const std::vector<Run> runs = runs_of(outline_of(region));
  const auto reach = slice.slice_mm > 0 ? static_cast<std::int64_t>(reach_mm / slice.slice_mm) : 0;
  const std::int64_t first = std::max<std::int64_t>(0, slice.index - reach);
  const std::int64_t last = std::min(slice.slice_count - 1, slice.index + reach);
  std::vector<Part> parts;
  for (std::int64_t k = first; k <= last; ++k) {
    const std::int64_t plane = slice.plane - slice.index + k;
    for (const Run& run : runs) {
      const std::int64_t begin = axis_position(plane, run.row, run.begin);
      parts.push_back({begin, begin + run.end - run.begin});
    }
  }
  return merged_parts(std::move(parts));
}

double distance_mm(const RegionTarget& first, const FrameOrder::Slice& first_slice,
                   const RegionTarget& second, const FrameOrder::Slice& second_slice) {
  if (first_slice.volume != second_slice.volume) return std::numeric_limits<double>::infinity();
  const double depth =
      static_cast<double>(first_slice.index - second_slice.index) * first_slice.slice_mm;
  const auto gap = [&](const ImagePoint& a, const ImagePoint& b) {
    return gap_mm(a, b, first_slice, depth);
  };
  const ImagePoint& begin = first.points.front();
  const ImagePoint& end = first.points.back();
  const double forward =
      std::max(gap(begin, second.points.front()), gap(end, second.points.back()));
  const double backward =
      std::max(gap(begin, second.points.back()), gap(end, second.points.front()));
  return std::min(forward, backward);
}

}  // namespace consilium::service
