#include "domain/label/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "domain/label/json_fields.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t point_count_max = 100'000;
constexpr std::size_t range_count_max = 10'000;
constexpr std::size_t channel_count_max = 1'024;
constexpr std::size_t argument_count_max = 256;
constexpr std::size_t member_count_max = 10'000;
constexpr std::size_t role_size_max = 128;
// Past 2^53 an integer does not survive every JSON reader.
constexpr std::int64_t offset_max = 9'007'199'254'740'992;

constexpr std::array<std::string_view, 24> place_names = {
    "whole",   "patient", "study",    "series", "instance",      "frame",  "point", "polyline",
    "polygon", "box",     "ellipse",  "length", "bidirectional", "angle",  "cobb",  "rotated_box",
    "mask",    "spans",   "relation", "sample", "interval",      "cuboid", "event", "chain"};

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

constexpr double flat_mm_max = 0.1;
constexpr double place_mm_max = 1e6;

Vector3 way_between(const PatientPoint& from, const PatientPoint& to) {
  return {to.x_mm - from.x_mm, to.y_mm - from.y_mm, to.z_mm - from.z_mm};
}

// Whether all points lie in one plane, within flat_mm_max of it. The plane's normal is the sum of
// the triangles round the first point (M. E. Newell); points on a line lie in one.
bool is_flat(const std::vector<PatientPoint>& points) {
  Vector3 normal{};
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const Vector3 triangle =
        cross(way_between(points[0], points[i]), way_between(points[0], points[i + 1]));
    // Corners of lines that cross turn both ways round.
    const double side = dot(normal, triangle) < 0 ? -1 : 1;
    for (std::size_t n = 0; n < 3; ++n) normal[n] += side * triangle[n];
  }
  const double size = length(normal);
  if (size < 1e-9) return true;
  return std::ranges::all_of(points, [&](const PatientPoint& point) {
    return std::abs(dot(way_between(points[0], point), normal)) <= flat_mm_max * size;
  });
}

void check_space(JsonFields& geometry, PlaceKind kind, const std::vector<PatientPoint>& points) {
  const auto expect = [&](bool holds, std::string_view what) {
    if (!holds) geometry.problem("points", std::string(what));
  };
  const std::size_t count = points.size();
  switch (kind) {
    case PlaceKind::Point:
      return expect(count == 1, "a point has exactly one point");
    case PlaceKind::Polyline:
      return expect(count >= 2, "a polyline has two points or more");
    case PlaceKind::Length:
      return expect(count == 2 && points[0] != points[1], "a length has two points that differ");
    case PlaceKind::Polygon:
      return expect(count >= 3 && is_flat(points), "a polygon has three points or more in a plane");
    case PlaceKind::Angle:
      return expect(count == 3 && points[0] != points[1] && points[1] != points[2],
                    "an angle has three points, the second being the vertex");
    case PlaceKind::Cuboid:
      return expect(
          count == 4 && std::abs(dot(way_between(points[0], points[1]),
                                     cross(way_between(points[0], points[2]),
                                           way_between(points[0], points[3])))) > 1e-9,
          "a cuboid has four points, a corner and the ends of its three edges, and a volume");
    default:  // pairs of lines, axes and corners
      return expect(count == 4 && points[0] != points[1] && is_flat(points),
                    "this has four points in a plane, of which the first two differ");
  }
}

Target read_space(JsonFields& fields, std::vector<Violation>& problems) {
  SpaceTarget space;
  space.series_id = fields.id<SeriesId>("series_id");
  const json::value* value = fields.require("geometry");
  if (value == nullptr) return space;
  JsonFields geometry(*value, fields.path_of("geometry"), problems);
  const std::string name = geometry.text("kind");
  const auto drawn = geometry_named(name);
  if (!drawn && name != "cuboid") {
    geometry.problem("kind", "there is no such kind of drawing in space",
                     "use cuboid or a kind of drawing on a frame");
  }
  const std::size_t before = problems.size();
  geometry.each("points", point_count_max, [&](const json::value& point, const std::string& where) {
    const json::array* parts = point.if_array();
    const auto is_place = [](const json::value& v) {
      return v.is_number() && std::abs(v.to_number<double>()) <= place_mm_max;
    };
    if (parts == nullptr || parts->size() != 3 || !std::ranges::all_of(*parts, is_place)) {
      problems.push_back({where, "a point is [x, y, z], three numbers in millimetres", {}});
      return;
    }
    space.points.push_back({.x_mm = (*parts)[0].to_number<double>(),
                            .y_mm = (*parts)[1].to_number<double>(),
                            .z_mm = (*parts)[2].to_number<double>()});
  });
  geometry.refuse_unknown();
  space.kind = drawn ? place_of(*drawn) : PlaceKind::Cuboid;
  if (problems.size() == before) check_space(geometry, space.kind, space.points);
  return space;
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

EventTarget read_event(JsonFields& fields, std::vector<Violation>& problems) {
  EventTarget event;
  if (fields.find("trigger") != nullptr) {
    event.trigger = fields.id<AnnotationId>("trigger");
  }
  fields.each("arguments", argument_count_max,
              [&](const json::value& one, const std::string& where) {
                JsonFields argument(one, where, problems);
                event.arguments.push_back({.role = argument.text("role", role_size_max),
                                           .annotation = argument.id<AnnotationId>("annotation")});
                argument.refuse_unknown();
              });
  if (!problems.empty()) return event;
  if (!event.trigger && event.arguments.empty()) {
    fields.problem("arguments", "an event has a trigger or an argument");
  }
  std::set<std::pair<std::string_view, AnnotationId>> seen;
  for (std::size_t i = 0; i < event.arguments.size(); ++i) {
    const auto& [role, annotation] = event.arguments[i];
    if (!seen.emplace(role, annotation).second) {
      problems.push_back({pointer_to(fields.path_of("arguments"), i),
                          "the annotation has this role twice", "name it once"});
    }
  }
  return event;
}

ChainTarget read_chain(JsonFields& fields, std::vector<Violation>& problems) {
  ChainTarget chain;
  static_cast<void>(fields.require("members"));
  std::set<AnnotationId> seen;
  fields.each("members", member_count_max, [&](const json::value& one, const std::string& where) {
    const json::string* text = one.if_string();
    const auto id = parse_id<AnnotationId>(text == nullptr ? std::string_view{} : *text);
    if (!id) {
      problems.push_back({where, "this is not an annotation's id", "send its UUID"});
    } else if (!seen.insert(*id).second) {
      problems.push_back({where, "the annotation is in the chain twice", "name it once"});
    } else {
      chain.members.push_back(*id);
    }
  });
  if (problems.empty() && chain.members.empty()) {
    fields.problem("members", "a chain has at least one member");
  }
  return chain;
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
  void operator()(const EventTarget& target) const {
    out["trigger"] =
        target.trigger ? json::value(to_string(*target.trigger)) : json::value(nullptr);
    json::array arguments;
    for (const EventArgument& argument : target.arguments) {
      arguments.push_back(
          json::object{{"role", argument.role}, {"annotation", to_string(argument.annotation)}});
    }
    out["arguments"] = std::move(arguments);
  }
  void operator()(const ChainTarget& target) const {
    json::array members;
    for (const AnnotationId member : target.members) members.emplace_back(to_string(member));
    out["members"] = std::move(members);
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
  void operator()(const SpaceTarget& target) const {
    out["series_id"] = to_string(target.series_id);
    json::array points;
    for (const PatientPoint& point : target.points) {
      points.push_back(json::array{point.x_mm, point.y_mm, point.z_mm});
    }
    out["geometry"] = json::object{{"kind", name_of(target.kind)}, {"points", std::move(points)}};
  }
};

// The "type" of a target in JSON: every geometry of a frame is a "region", of the patient "space".
std::string_view type_of(const Target& target) {
  if (std::holds_alternative<SpaceTarget>(target)) return "space";
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
    PlaceKind operator()(const SpaceTarget& space) const { return space.kind; }
    PlaceKind operator()(const EventTarget&) const { return PlaceKind::Event; }
    PlaceKind operator()(const ChainTarget&) const { return PlaceKind::Chain; }
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

std::vector<AnnotationId> joined_by(const Target& target) {
  if (const auto* relation = std::get_if<RelationTarget>(&target)) {
    return {relation->from, relation->to};
  }
  if (const auto* chain = std::get_if<ChainTarget>(&target)) return chain->members;
  std::vector<AnnotationId> joined;
  if (const auto* event = std::get_if<EventTarget>(&target)) {
    if (event->trigger) joined.push_back(*event->trigger);
    for (const EventArgument& argument : event->arguments) joined.push_back(argument.annotation);
  }
  return joined;
}

Target rejoined(Target target, const std::map<AnnotationId, AnnotationId>& renamed) {
  const auto rename = [&](AnnotationId& id) {
    if (const auto found = renamed.find(id); found != renamed.end()) id = found->second;
  };
  if (auto* relation = std::get_if<RelationTarget>(&target)) {
    rename(relation->from);
    rename(relation->to);
  } else if (auto* chain = std::get_if<ChainTarget>(&target)) {
    std::ranges::for_each(chain->members, rename);
  } else if (auto* event = std::get_if<EventTarget>(&target)) {
    if (event->trigger) rename(*event->trigger);
    for (EventArgument& argument : event->arguments) rename(argument.annotation);
  }
  return target;
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
  } else if (type == "space") {
    target = read_space(fields, problems);
  } else if (type == "mask") {
    target = read_mask(fields);
  } else if (type == "spans") {
    target = read_spans(fields, problems);
  } else if (type == "relation") {
    target = read_relation(fields);
  } else if (type == "event") {
    target = read_event(fields, problems);
  } else if (type == "chain") {
    target = read_chain(fields, problems);
  } else if (type == "sample") {
    target = read_sample(fields);
  } else if (type == "interval") {
    target = read_interval(fields);
  } else if (!type.empty()) {
    fields.problem(
        "type", "there is no such kind of target",
        "use whole, patient, study, series, instance, frame, region, space, mask, spans, "
        "relation, event, chain, sample or interval");
  }
  if (problems.empty()) fields.refuse_unknown();
  if (!problems.empty()) return fail(problems.front());
  return target;
}

}  // namespace consilium
