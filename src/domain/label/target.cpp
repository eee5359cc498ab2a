#include "domain/label/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t point_count_max = 100'000;
constexpr std::size_t range_count_max = 10'000;
constexpr std::size_t channel_count_max = 1'024;
// Past 2^53 an integer does not survive every JSON reader.
constexpr std::int64_t offset_max = 9'007'199'254'740'992;

constexpr std::array<std::string_view, 21> place_names = {
    "whole",    "patient",     "study", "series",  "instance", "frame",         "point",
    "polyline", "polygon",     "box",   "ellipse", "length",   "bidirectional", "angle",
    "cobb",     "rotated_box", "mask",  "spans",   "relation", "sample",        "interval"};

PlaceKind place_of(GeometryKind kind) {
  switch (kind) {
    case GeometryKind::Point:
      return PlaceKind::Point;
    case GeometryKind::Polyline:
      return PlaceKind::Polyline;
    case GeometryKind::Polygon:
      return PlaceKind::Polygon;
    case GeometryKind::Box:
      return PlaceKind::Box;
    case GeometryKind::Ellipse:
      return PlaceKind::Ellipse;
    case GeometryKind::Length:
      return PlaceKind::Length;
    case GeometryKind::Bidirectional:
      return PlaceKind::Bidirectional;
    case GeometryKind::Angle:
      return PlaceKind::Angle;
    case GeometryKind::Cobb:
      return PlaceKind::Cobb;
    case GeometryKind::RotatedBox:
      return PlaceKind::RotatedBox;
  }
  return PlaceKind::Point;
}

std::optional<GeometryKind> geometry_named(std::string_view name) {
  for (const GeometryKind kind :
       {GeometryKind::Point, GeometryKind::Polyline, GeometryKind::Polygon, GeometryKind::Box,
        GeometryKind::Ellipse, GeometryKind::Length, GeometryKind::Bidirectional,
        GeometryKind::Angle, GeometryKind::Cobb, GeometryKind::RotatedBox}) {
    if (name_of(place_of(kind)) == name) return kind;
  }
  return std::nullopt;
}

// Pixels need not be square, so right angles are not asked for: opposite sides are equal, within
// a tenth of a pixel of rounding, and the corners span an area.
bool is_parallelogram(const std::vector<ImagePoint>& p) {
  const double across_x = p[1].x - p[0].x - (p[2].x - p[3].x);
  const double across_y = p[1].y - p[0].y - (p[2].y - p[3].y);
  const double area = (p[1].x - p[0].x) * (p[3].y - p[0].y) - (p[1].y - p[0].y) * (p[3].x - p[0].x);
  return std::hypot(across_x, across_y) <= 0.1 && area != 0;
}

void check_geometry(JsonFields& geometry, GeometryKind kind,
                    const std::vector<ImagePoint>& points) {
  const auto expect = [&](bool holds, std::string_view what) {
    if (!holds) geometry.problem("points", std::string(what));
  };
  const std::size_t count = points.size();
  switch (kind) {
    case GeometryKind::Point:
      return expect(count == 1, "a point has exactly one point");
    case GeometryKind::Polyline:
      return expect(count >= 2, "a polyline has two points or more");
    case GeometryKind::Polygon:
      return expect(count >= 3, "a polygon has three points or more");
    case GeometryKind::Box:
      return expect(count == 2 && points[0].x < points[1].x && points[0].y < points[1].y,
                    "a box has two points: the corner with the smaller x and y, then the other");
    case GeometryKind::Ellipse:
      return expect(count == 4,
                    "an ellipse has four points: the ends of the major axis, then of the minor");
    case GeometryKind::Length:
      return expect(count == 2 && points[0] != points[1], "a length has two points that differ");
    case GeometryKind::Bidirectional:
      return expect(count == 4 && points[0] != points[1],
                    "a bidirectional measurement has four points: the ends of the long axis, which "
                    "differ, then of the short one");
    case GeometryKind::Angle:
      return expect(count == 3 && points[0] != points[1] && points[1] != points[2],
                    "an angle has three points, the second being the vertex");
    case GeometryKind::Cobb:
      return expect(count == 4 && points[0] != points[1] && points[2] != points[3],
                    "a Cobb angle has four points: the ends of one line, then of the other");
    case GeometryKind::RotatedBox:
      return expect(count == 4 && is_parallelogram(points),
                    "a rotated box has four points: its corners, one after another round it");
  }
}

InstanceTarget read_instance(JsonFields& fields) {
  InstanceTarget instance{.series_id = fields.id<SeriesId>("series_id"),
                          .instance_uid = fields.text("instance_uid", 64)};
  if (instance.instance_uid.find_first_not_of("0123456789.") != std::string::npos) {
    fields.problem("instance_uid", "a UID has digits and dots only");
  }
  return instance;
}

std::uint32_t read_frame_index(JsonFields& fields) {
  return static_cast<std::uint32_t>(
      fields.optional_integer("frame", 0, std::numeric_limits<std::uint32_t>::max()).value_or(0));
}

FrameTarget read_frame(JsonFields& fields) {
  InstanceTarget instance = read_instance(fields);
  static_cast<void>(fields.require("frame"));
  return {.series_id = instance.series_id,
          .instance_uid = std::move(instance.instance_uid),
          .frame_index = read_frame_index(fields)};
}

Target read_region(JsonFields& fields, std::vector<Violation>& problems) {
  RegionTarget region;
  InstanceTarget instance = read_instance(fields);
  region.series_id = instance.series_id;
  region.instance_uid = std::move(instance.instance_uid);
  region.frame_index = read_frame_index(fields);
  const json::value* value = fields.require("geometry");
  if (value == nullptr) return region;
  JsonFields geometry(*value, fields.path_of("geometry"), problems);
  const auto kind = geometry_named(geometry.text("kind"));
  if (!kind) {
    geometry.problem("kind", "there is no such kind of geometry",
                     "use point, polyline, polygon, box, ellipse, length, bidirectional, angle, "
                     "cobb or rotated_box");
  }
  const std::size_t before = problems.size();
  geometry.each("points", point_count_max, [&](const json::value& point, const std::string& where) {
    const json::array* pair = point.if_array();
    const auto finite = [](const json::value& v) {
      return v.is_number() && std::isfinite(v.to_number<double>());
    };
    if (pair == nullptr || pair->size() != 2 || !finite((*pair)[0]) || !finite((*pair)[1])) {
      problems.push_back({where, "a point is [x, y], two numbers in pixels", {}});
      return;
    }
    region.points.push_back({(*pair)[0].to_number<double>(), (*pair)[1].to_number<double>()});
  });
  geometry.refuse_unknown();
  region.kind = kind.value_or(GeometryKind::Point);
  if (kind && problems.size() == before) check_geometry(geometry, *kind, region.points);
  return region;
}

Target read_mask(JsonFields& fields) {
  MaskTarget mask;
  mask.grid_id = fields.text("grid_id");
  if (mask.grid_id.size() != 64 ||
      mask.grid_id.find_first_not_of("0123456789abcdef") != std::string::npos) {
    fields.problem("grid_id", "this is not a grid's id: 64 lower-case hexadecimal digits");
  }
  mask.segment = static_cast<std::uint16_t>(
      fields.integer("segment", 1, std::numeric_limits<std::uint16_t>::max()));
  return mask;
}

Target read_spans(JsonFields& fields, std::vector<Violation>& problems) {
  SpansTarget spans;
  const json::value* ranges = fields.require("ranges");
  fields.each("ranges", range_count_max, [&](const json::value& range, const std::string& where) {
    const json::array* pair = range.if_array();
    boost::system::error_code first_bad;
    boost::system::error_code second_bad;
    if (pair == nullptr || pair->size() != 2) {
      problems.push_back({where, "a range is [begin, end] in code points", {}});
      return;
    }
    const auto begin = (*pair)[0].to_number<std::int64_t>(first_bad);
    const auto end = (*pair)[1].to_number<std::int64_t>(second_bad);
    if (first_bad || second_bad || begin < 0 || end > offset_max) {
      problems.push_back({where, "a range has two whole numbers from 0", {}});
    } else if (begin >= end) {
      problems.push_back({where, "the range is empty or reversed", {}});
    } else if (!spans.ranges.empty() &&
               spans.ranges.back().end > static_cast<std::uint64_t>(begin)) {
      problems.push_back({where, "the range begins before the one before it ends",
                          "send ranges sorted and disjoint"});
    } else {
      spans.ranges.push_back({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end)});
    }
  });
  if (ranges != nullptr && ranges->is_array() && ranges->get_array().empty()) {
    fields.problem("ranges", "a span has at least one range");
  }
  return spans;
}

Target read_relation(JsonFields& fields) {
  RelationTarget relation{.from = fields.id<AnnotationId>("from"),
                          .to = fields.id<AnnotationId>("to")};
  if (relation.from == relation.to) {
    fields.problem("to", "a relation joins two different annotations");
  }
  return relation;
}

Target read_sample(JsonFields& fields) {
  return SampleTarget{.tick = fields.integer("tick", 0, offset_max),
                      .channel = fields.optional_text("channel", 256)};
}

Target read_interval(JsonFields& fields) {
  IntervalTarget interval{.begin_tick = fields.integer("begin_tick", 0, offset_max),
                          .end_tick = fields.optional_integer("end_tick", 0, offset_max),
                          .channels = fields.texts("channels", channel_count_max)};
  if (interval.end_tick && *interval.end_tick <= interval.begin_tick) {
    fields.problem("end_tick", "the interval is empty or reversed");
  }
  auto sorted = interval.channels;
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) {
    fields.problem("channels", "a channel is named twice");
  }
  return interval;
}

struct TargetWriter {
  json::object& out;

  void operator()(const WholeTarget&) const {}
  void operator()(const PatientTarget& target) const {
    out["patient_id"] = to_string(target.patient_id);
  }
  void operator()(const StudyTarget& target) const { out["study_id"] = to_string(target.study_id); }
  void operator()(const SeriesTarget& target) const {
    out["series_id"] = to_string(target.series_id);
  }
  void operator()(const InstanceTarget& target) const {
    out["series_id"] = to_string(target.series_id);
    out["instance_uid"] = target.instance_uid;
  }
  void operator()(const FrameTarget& target) const {
    out["series_id"] = to_string(target.series_id);
    out["instance_uid"] = target.instance_uid;
    out["frame"] = target.frame_index;
  }
  void operator()(const RegionTarget& target) const {
    out["series_id"] = to_string(target.series_id);
    out["instance_uid"] = target.instance_uid;
    out["frame"] = target.frame_index;
    json::array points;
    for (const ImagePoint& point : target.points) points.push_back(json::array{point.x, point.y});
    out["geometry"] =
        json::object{{"kind", name_of(place_of(target.kind))}, {"points", std::move(points)}};
  }
  void operator()(const MaskTarget& target) const {
    out["grid_id"] = target.grid_id;
    out["segment"] = target.segment;
  }
  void operator()(const SpansTarget& target) const {
    json::array ranges;
    for (const TextSpan& range : target.ranges) {
      ranges.push_back(json::array{range.begin, range.end});
    }
    out["ranges"] = std::move(ranges);
  }
  void operator()(const RelationTarget& target) const {
    out["from"] = to_string(target.from);
    out["to"] = to_string(target.to);
  }
  void operator()(const SampleTarget& target) const {
    out["tick"] = target.tick;
    out["channel"] = target.channel ? json::value(*target.channel) : json::value(nullptr);
  }
  void operator()(const IntervalTarget& target) const {
    out["begin_tick"] = target.begin_tick;
    out["end_tick"] = target.end_tick ? json::value(*target.end_tick) : json::value(nullptr);
    json::array channels;
    for (const std::string& channel : target.channels) channels.emplace_back(channel);
    out["channels"] = std::move(channels);
  }
};

// The "type" of a target in JSON: every geometry of a frame is a "region".
std::string_view type_of(const Target& target) {
  return std::holds_alternative<RegionTarget>(target) ? "region" : name_of(place_kind(target));
}

}  // namespace

PlaceKind place_kind(const Target& target) {
  struct Visitor {
    PlaceKind operator()(const WholeTarget&) const { return PlaceKind::Whole; }
    PlaceKind operator()(const PatientTarget&) const { return PlaceKind::Patient; }
    PlaceKind operator()(const StudyTarget&) const { return PlaceKind::Study; }
    PlaceKind operator()(const SeriesTarget&) const { return PlaceKind::Series; }
    PlaceKind operator()(const InstanceTarget&) const { return PlaceKind::Instance; }
    PlaceKind operator()(const FrameTarget&) const { return PlaceKind::Frame; }
    PlaceKind operator()(const RegionTarget& region) const { return place_of(region.kind); }
    PlaceKind operator()(const MaskTarget&) const { return PlaceKind::Mask; }
    PlaceKind operator()(const SpansTarget&) const { return PlaceKind::Spans; }
    PlaceKind operator()(const RelationTarget&) const { return PlaceKind::Relation; }
    PlaceKind operator()(const SampleTarget&) const { return PlaceKind::Sample; }
    PlaceKind operator()(const IntervalTarget&) const { return PlaceKind::Interval; }
  };
  return std::visit(Visitor{}, target);
}

std::string part_key(const Target& target) {
  if (const auto* series = std::get_if<SeriesTarget>(&target)) return to_string(series->series_id);
  if (const auto* instance = std::get_if<InstanceTarget>(&target)) return instance->instance_uid;
  if (const auto* frame = std::get_if<FrameTarget>(&target)) {
    return fmt::format("{}#{}", frame->instance_uid, frame->frame_index + std::uint64_t{1});
  }
  return {};
}

std::string_view name_of(PlaceKind kind) { return place_names[static_cast<std::size_t>(kind)]; }

std::optional<PlaceKind> place_kind_named(std::string_view name) {
  const auto* found = std::ranges::find(place_names, name);
  if (found == place_names.end()) return std::nullopt;
  return static_cast<PlaceKind>(found - place_names.begin());
}

json::object target_json(const Target& target) {
  json::object out{{"type", type_of(target)}};
  std::visit(TargetWriter{out}, target);
  return out;
}

Result<Target> read_target(const json::value& value, std::string_view where) {
  std::vector<Violation> problems;
  JsonFields fields(value, std::string(where), problems);
  const std::string type = fields.text("type");
  Target target;
  if (type == "whole") {
    target = WholeTarget{};
  } else if (type == "patient") {
    target = PatientTarget{fields.id<PatientId>("patient_id")};
  } else if (type == "study") {
    target = StudyTarget{fields.id<StudyId>("study_id")};
  } else if (type == "series") {
    target = SeriesTarget{fields.id<SeriesId>("series_id")};
  } else if (type == "instance") {
    target = read_instance(fields);
  } else if (type == "frame") {
    target = read_frame(fields);
  } else if (type == "region") {
    target = read_region(fields, problems);
  } else if (type == "mask") {
    target = read_mask(fields);
  } else if (type == "spans") {
    target = read_spans(fields, problems);
  } else if (type == "relation") {
    target = read_relation(fields);
  } else if (type == "sample") {
    target = read_sample(fields);
  } else if (type == "interval") {
    target = read_interval(fields);
  } else if (!type.empty()) {
    fields.problem("type", "there is no such kind of target",
                   "use whole, patient, study, series, instance, frame, region, mask, spans, "
                   "relation, sample or interval");
  }
  if (problems.empty()) fields.refuse_unknown();
  if (!problems.empty()) return fail(problems.front());
  return target;
}

}  // namespace consilium
