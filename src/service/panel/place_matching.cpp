#include "service/panel/place_matching.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include "analysis/span_consensus/span_consensus.hpp"
#include "base/canonical_json.hpp"
#include "service/panel/region_places.hpp"

namespace consilium::service {
namespace {

// Where a protocol states no tolerance.
constexpr double iou_min_default = 0.5;
constexpr double distance_mm_default = 5;
constexpr double window_ms_default = 150;  // of beats, as AAMI EC57 takes it

struct TimeLine {
  double ticks_per_second = 1;
  std::int64_t length_ticks = 0;
};

Result<TimeLine> time_line_of(const storage::Reader& reader, const storage::ItemRow& item) {
  const storage::RecordingRow recording =
      CSL_TRY(storage::find_recording(reader, CSL_TRY(parse_id<RecordingId>(item.source_id))));
  const boost::json::value header = CSL_TRY(parse_json(recording.header_json));
  const boost::json::value& rate = header.at("tick_rate");
  return TimeLine{
      .ticks_per_second = rate.at("num").to_number<double>() / rate.at("den").to_number<double>(),
      .length_ticks = header.at("length_ticks").to_number<std::int64_t>()};
}

// An interval without an end lasts to the rater's next one, or to the end of the recording.
std::int64_t end_of(const IntervalTarget& interval, std::uint32_t rater,
                    const std::vector<Mark>& marks, std::int64_t length_ticks) {
  if (interval.end_tick) return *interval.end_tick;
  std::int64_t end = std::max(length_ticks, interval.begin_tick + 1);
  for (const Mark& mark : marks) {
    const auto* other = std::get_if<IntervalTarget>(&mark.annotation->target);
    if (mark.rater == rater && other != nullptr && other->begin_tick > interval.begin_tick &&
        other->channels == interval.channels) {
      end = std::min(end, other->begin_tick);
    }
  }
  return end;
}

// One mark as parts of an axis. `axis` tells axes of one item apart: intervals on other channels
// are other places.
struct Place {
  std::vector<std::string> axis;
  std::vector<Part> parts;
};

class Places {
 public:
  Places(const storage::ItemRow& item, const UnitPlan& plan, const std::vector<Mark>& marks)
      : item_(item), plan_(plan), marks_(marks) {}

  Status open(const storage::Reader& reader) {
    if (plan_.geometry == PlaceGeometry::Sample || plan_.geometry == PlaceGeometry::Interval) {
      line_ = CSL_TRY(time_line_of(reader, item_));
    }
    if (item_.kind != "image") return {};
    frames_ = CSL_TRY(FrameOrder::of_item(reader, item_));
    choose_common();
    return {};
  }

  Place of(const Mark& mark) {
    const Target& target = mark.annotation->target;
    if (const auto* spans = std::get_if<SpansTarget>(&target)) {
      Place place;
      for (const TextSpan& range : spans->ranges) {
        place.parts.push_back(
            {static_cast<std::int64_t>(range.begin), static_cast<std::int64_t>(range.end)});
      }
      place.parts = merged_parts(std::move(place.parts));
      return place;
    }
    if (const auto* sample = std::get_if<SampleTarget>(&target)) {
      return {.axis = {}, .parts = {{sample->tick, sample->tick}}};
    }
    if (const auto* interval = std::get_if<IntervalTarget>(&target)) {
      Place place{.axis = interval->channels,
                  .parts = {{interval->begin_tick,
                             end_of(*interval, mark.rater, marks_, line_.length_ticks)}}};
      std::ranges::sort(place.axis);
      return place;
    }
    const double reach_mm = plan_.tolerance.distance_mm_max.value_or(0) / 2;
    if (const auto* space = std::get_if<SpaceTarget>(&target)) {
      const auto volume = frames_.volume_of(*space);
      Place place;
      if (volume) place.parts = voxel_runs(*space, compared_on(*volume), reach_mm);
      // What the volumes that are compared do not share is told on its own.
      if (volume && place.parts.empty()) {
        place.parts = voxel_runs(*space, frames_.lattice(*volume), reach_mm);
      }
      // Outside of all images it is a place of its own, which nobody else's is.
      if (place.parts.empty())
        place = {.axis = {to_string(mark.annotation->id)}, .parts = {{0, 1}}};
      return place;
    }
    const auto& region = std::get<RegionTarget>(target);
    const auto volume = frames_.volume_of(region);
    if (volume && &compared_on(*volume) != &frames_.lattice(*volume)) {
      const auto area = frames_.area_in_space(region);
      Place place{.axis = {}, .parts = voxel_runs(*area, compared_on(*volume), reach_mm)};
      if (!place.parts.empty()) return place;
    }
    return {.axis = {}, .parts = pixel_runs(region, frames_.slice_of(region), reach_mm)};
  }

  double distance(const Mark& first, const Mark& second) {
    const auto* a = std::get_if<RegionTarget>(&first.annotation->target);
    const auto* b = std::get_if<RegionTarget>(&second.annotation->target);
    if (a != nullptr && b != nullptr &&
        frames_.slice_of(*a).volume == frames_.slice_of(*b).volume) {
      return distance_mm(*a, frames_.slice_of(*a), *b, frames_.slice_of(*b));
    }
    const auto one = patient_place(first);
    const auto other = patient_place(second);
    return one && other ? distance_mm(*one, *other) : std::numeric_limits<double>::infinity();
  }

  [[nodiscard]] Closeness closeness() const {
    const Tolerance& tolerance = plan_.tolerance;
    Closeness closeness{.kind = ClosenessKind::Iou,
                        .iou_min = tolerance.iou_min.value_or(iou_min_default),
                        .same_category = false};
    if (plan_.geometry == PlaceGeometry::Sample) {
      const double window_ms = tolerance.window_ms.value_or(window_ms_default);
      closeness.kind = ClosenessKind::Boundaries;
      closeness.tolerance = static_cast<std::int64_t>(window_ms * line_.ticks_per_second / 1000);
    } else if (plan_.geometry == PlaceGeometry::Interval && tolerance.window_ms &&
               !tolerance.iou_min) {
      closeness.kind = ClosenessKind::Boundaries;
      closeness.tolerance =
          static_cast<std::int64_t>(*tolerance.window_ms * line_.ticks_per_second / 1000);
    } else if (plan_.geometry == PlaceGeometry::Spans && tolerance.boundary_code_points_max &&
               !tolerance.iou_min) {
      closeness.kind = ClosenessKind::Boundaries;
      closeness.tolerance = *tolerance.boundary_code_points_max;
    }
    return closeness;
  }

 private:
  // Where marks of one frame of reference lie on several volumes (series, phases), their areas are
  // compared as voxels of one: the coarsest, in which an area on one slice is one slice.
  void choose_common() {
    std::map<std::string, std::set<std::size_t>> drawn_on;
    for (const Mark& mark : marks_) {
      std::optional<std::size_t> volume;
      const Target& target = mark.annotation->target;
      if (const auto* space = std::get_if<SpaceTarget>(&target)) volume = frames_.volume_of(*space);
      if (const auto* area = std::get_if<RegionTarget>(&target)) volume = frames_.volume_of(*area);
      if (volume) {
        drawn_on[frames_.lattice(*volume).grid.frame_of_reference_uid].insert(*volume);
      }
    }
    for (const auto& [frame, volumes] : drawn_on) {
      if (volumes.size() < 2) continue;
      common_[frame] = *std::ranges::max_element(
          volumes, {}, [&](std::size_t volume) { return voxel_mm3(frames_.lattice(volume).grid); });
    }
  }

  static double voxel_mm3(const Grid& grid) {
    const Affine& affine = grid.affine;
    return std::abs(dot(affine.axis_mm(0), cross(affine.axis_mm(1), affine.axis_mm(2))));
  }

  [[nodiscard]] const VolumeLattice& compared_on(std::size_t volume) const {
    const VolumeLattice& own = frames_.lattice(volume);
    const auto found = common_.find(own.grid.frame_of_reference_uid);
    return found == common_.end() ? own : frames_.lattice(found->second);
  }

  std::optional<PatientPlace> patient_place(const Mark& mark) {
    const Target& target = mark.annotation->target;
    if (const auto* space = std::get_if<SpaceTarget>(&target)) return frames_.place_of(*space);
    return frames_.place_of(std::get<RegionTarget>(target));
  }

  const storage::ItemRow& item_;
  const UnitPlan& plan_;
  const std::vector<Mark>& marks_;
  TimeLine line_;
  FrameOrder frames_;
  std::map<std::string, std::size_t> common_;  // by frame of reference, the volume
};

Result<std::vector<MarkCluster>> match_on_axes(Places& places, const UnitPlan& plan,
                                               const std::vector<Mark>& marks,
                                               std::uint32_t reader_count) {
  UnitStudy study{.rater_count = reader_count,
                  .category_count = static_cast<std::uint32_t>(plan.labels.size()),
                  .extents = {},
                  .readings = {},
                  .units = {}};
  std::map<std::vector<std::string>, std::uint32_t> axes;
  for (const Mark& mark : marks) {
    Place place = places.of(mark);
    const auto axis =
        axes.emplace(std::move(place.axis), static_cast<std::uint32_t>(axes.size())).first->second;
    const Part hull{place.parts.front().begin, place.parts.back().end};
    if (axis == study.extents.size()) study.extents.push_back(hull);
    study.extents[axis].begin = std::min(study.extents[axis].begin, hull.begin);
    study.extents[axis].end = std::max(study.extents[axis].end, hull.end);
    study.units.push_back(
        {.continuum = axis,
         .rater = mark.rater,
         .category = plan.class_of(mark.annotation->label.value_or("")).value_or(0),
         .parts = std::move(place.parts)});
  }
  for (std::uint32_t axis = 0; axis < study.extents.size(); ++axis) {
    for (std::uint32_t rater = 0; rater < reader_count; ++rater) {
      study.readings.push_back({axis, rater});
    }
  }
  const SpanConsensus consensus =
      CSL_TRY(span_consensus(study, {.closeness = places.closeness(), .rater_weight = {}}));
  std::vector<MarkCluster> clusters;
  for (const ConsensusUnit& unit : consensus.units) {
    MarkCluster& cluster = clusters.emplace_back();
    for (const ClusterVote& vote : unit.votes) {
      if (vote.unit) cluster.push_back(marks[*vote.unit]);
    }
  }
  return clusters;
}

// Clusters grow by their nearest pairs, and only while each two of their marks are near and of
// different raters. Ties go to the marks with the lower annotation ids.
std::vector<MarkCluster> match_by_distance(Places& places, double distance_max,
                                           const std::vector<Mark>& marks) {
  const auto near = [&](std::size_t a, std::size_t b) {
    return marks[a].rater != marks[b].rater && places.distance(marks[a], marks[b]) <= distance_max;
  };
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;
  for (std::size_t a = 0; a < marks.size(); ++a) {
    for (std::size_t b = a + 1; b < marks.size(); ++b) {
      if (near(a, b)) pairs.emplace_back(places.distance(marks[a], marks[b]), a, b);
    }
  }
  std::ranges::sort(pairs);
  std::vector<std::size_t> cluster_of(marks.size());
  std::iota(cluster_of.begin(), cluster_of.end(), std::size_t{0});
  std::vector<std::vector<std::size_t>> clusters(marks.size());
  for (std::size_t m = 0; m < marks.size(); ++m) clusters[m] = {m};
  for (const auto& [distance, a, b] : pairs) {
    const std::size_t first = cluster_of[a];
    const std::size_t second = cluster_of[b];
    if (first == second) continue;
    const bool fits = std::ranges::all_of(clusters[first], [&](std::size_t x) {
      return std::ranges::all_of(clusters[second], [&](std::size_t y) { return near(x, y); });
    });
    if (!fits) continue;
    for (const std::size_t m : clusters[second]) {
      clusters[first].push_back(m);
      cluster_of[m] = first;
    }
    clusters[second].clear();
  }
  std::vector<MarkCluster> result;
  for (std::vector<std::size_t>& members : clusters) {
    if (members.empty()) continue;
    MarkCluster& cluster = result.emplace_back();
    for (const std::size_t m : members) cluster.push_back(marks[m]);
    std::ranges::sort(cluster, {}, &Mark::rater);
  }
  return result;
}

}  // namespace

Result<std::vector<MarkCluster>> match_places(const storage::Reader& reader,
                                              const storage::ItemRow& item, const UnitPlan& plan,
                                              const std::vector<Mark>& marks,
                                              std::uint32_t reader_count) {
  if (marks.empty()) return std::vector<MarkCluster>{};
  Places places(item, plan, marks);
  CSL_TRY(places.open(reader));
  if (plan.geometry == PlaceGeometry::Point || plan.geometry == PlaceGeometry::Line) {
    return match_by_distance(places, plan.tolerance.distance_mm_max.value_or(distance_mm_default),
                             marks);
  }
  return match_on_axes(places, plan, marks, reader_count);
}

}  // namespace consilium::service
