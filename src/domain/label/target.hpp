// Where on an item a label stands. One closed choice: whoever adds a kind of place must say in
// every export and view what becomes of it.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/image/geometry.hpp"
#include "domain/text/canonical_text.hpp"

namespace consilium {

// The whole item: the place of an answer to a question on the item.
struct WholeTarget {
  friend bool operator==(const WholeTarget&, const WholeTarget&) = default;
};

// What DICOM keeps apart of an item's images (PS3.3 A.1.2, information model): who they are of, and
// the study, series, instance or frame of it that an answer is about.
struct PatientTarget {
  PatientId patient_id;
  friend bool operator==(const PatientTarget&, const PatientTarget&) = default;
};

struct StudyTarget {
  StudyId study_id;
  friend bool operator==(const StudyTarget&, const StudyTarget&) = default;
};

struct SeriesTarget {
  SeriesId series_id;
  friend bool operator==(const SeriesTarget&, const SeriesTarget&) = default;
};

struct InstanceTarget {
  SeriesId series_id;
  std::string instance_uid;  // SOP Instance UID as the catalog holds it
  friend bool operator==(const InstanceTarget&, const InstanceTarget&) = default;
};

struct FrameTarget {
  SeriesId series_id;
  std::string instance_uid;
  std::uint32_t frame_index = 0;  // "frame" in JSON
  friend bool operator==(const FrameTarget&, const FrameTarget&) = default;
};

enum class GeometryKind {
  Point,     // 1 point
  Polyline,  // 2 or more
  Polygon,   // 3 or more; the last joins the first; even-odd
  Box,       // 2: the corner with the smaller, then that with the larger x and y
  Ellipse,   // 4: the ends of the major axis, then of the minor one (PS3.3 C.18.6.1.2, ELLIPSE)
  Length,    // 2: the ends of a straight measured line
  Bidirectional,  // 4: the ends of the long axis, then of the short one at right angles to it
  Angle,          // 3: the vertex is the second
  Cobb,           // 4: the ends of one line, then of the other; the lines need not meet
  RotatedBox,     // 4: the corners, one after another round it
};

// A drawing on one frame, in its pixels: centres at integers, corners at -0.5.
struct RegionTarget {
  SeriesId series_id;
  std::string instance_uid;       // SOP Instance UID as the catalog holds it
  std::uint32_t frame_index = 0;  // "frame" in JSON
  GeometryKind kind = GeometryKind::Point;
  std::vector<ImagePoint> points;
  friend bool operator==(const RegionTarget&, const RegionTarget&) = default;
};

// Voxels of one segment. They live in the mask store under (item, rater, grid); here is only which.
struct MaskTarget {
  std::string grid_id;        // SHA-256 of the grid, 64 lower-case hexadecimal digits
  std::uint16_t segment = 1;  // the segment's number, from 1
  friend bool operator==(const MaskTarget&, const MaskTarget&) = default;
};

// One or more ranges of one text: sorted, disjoint (they may touch), none empty.
struct SpansTarget {
  std::vector<TextSpan> ranges;
  friend bool operator==(const SpansTarget&, const SpansTarget&) = default;
};

// From one annotation of the same item to another.
struct RelationTarget {
  AnnotationId from;
  AnnotationId to;
  friend bool operator==(const RelationTarget&, const RelationTarget&) = default;
};

// One part of an event: which annotation plays which role in it.
struct EventArgument {
  std::string role;  // stable id in the protocol's declaration of the event
  AnnotationId annotation;
  friend bool operator==(const EventArgument&, const EventArgument&) = default;
};

// Something that happens between any number of annotations of the same item: the annotation that
// names it, if the text has one, and its arguments. A role may come more than once; the same
// annotation has the same role once only. Events may be arguments of events, not of themselves.
struct EventTarget {
  std::optional<AnnotationId> trigger;
  std::vector<EventArgument> arguments;  // 256 at most; together with the trigger at least one
  friend bool operator==(const EventTarget&, const EventTarget&) = default;
};

// Annotations of the same item that mean one thing (coreference), in the order of the text as its
// rater put them, none twice. One member is a chain under work; the protocol says how many it
// needs.
struct ChainTarget {
  std::vector<AnnotationId> members;  // 1 to 10,000
  friend bool operator==(const ChainTarget&, const ChainTarget&) = default;
};

// A beat or another event at one tick; no channel means all.
struct SampleTarget {
  std::int64_t tick = 0;
  std::optional<std::string> channel;
  friend bool operator==(const SampleTarget&, const SampleTarget&) = default;
};

// [begin_tick, end_tick) on some channels; none named means all; without an end the state lasts to
// the end of the recording or to the next state of its kind.
struct IntervalTarget {
  std::int64_t begin_tick = 0;
  std::optional<std::int64_t> end_tick;
  std::vector<std::string> channels;
  friend bool operator==(const IntervalTarget&, const IntervalTarget&) = default;
};

// What a label may be placed as: the geometries of a frame and the other kinds of target.
enum class PlaceKind {
  Whole,
  Patient,
  Study,
  Series,
  Instance,
  Frame,
  Point,
  Polyline,
  Polygon,
  Box,
  Ellipse,
  Length,
  Bidirectional,
  Angle,
  Cobb,
  RotatedBox,
  Mask,
  Spans,
  Relation,
  Sample,
  Interval,
  Cuboid,
  Event,
  Chain,
};

// A drawing in the patient that no frame holds: a shape on a plane of any orientation, or a box in
// space. Points are millimetres of the frame of reference (LPS). A shape's kind is that of a
// drawing on a frame, with the same points, all in one plane; a box has its four corners there, one
// after another round it. A cuboid has four points: a corner, and where its three edges end.
struct SpaceTarget {
  SeriesId series_id;  // the images it was drawn on, which name the frame of reference
  PlaceKind kind = PlaceKind::Point;
  std::vector<PatientPoint> points;
  friend bool operator==(const SpaceTarget&, const SpaceTarget&) = default;
};

using Target = std::variant<WholeTarget, PatientTarget, StudyTarget, SeriesTarget, InstanceTarget,
                            FrameTarget, RegionTarget, MaskTarget, SpansTarget, RelationTarget,
                            SampleTarget, IntervalTarget, SpaceTarget, EventTarget, ChainTarget>;

[[nodiscard]] PlaceKind place_kind(const Target& target);
[[nodiscard]] std::string_view name_of(PlaceKind kind);  // "polygon", "spans"
[[nodiscard]] std::optional<PlaceKind> place_kind_named(std::string_view name);

// Which part of the item's images an answer is about, the same text for the same part: a series'
// id, an instance's UID, "UID#frame" counted from 1; empty for all else, of which an item has one.
[[nodiscard]] std::string part_key(const Target& target);

// The annotations that a target joins, in its order: a relation's ends, an event's trigger and
// arguments, a chain's members; none for a target with a place of its own.
[[nodiscard]] std::vector<AnnotationId> joined_by(const Target& target);
// The target with every joined annotation's id replaced by what `renamed` gives for it; ids that
// are not in it stay.
[[nodiscard]] Target rejoined(Target target, const std::map<AnnotationId, AnnotationId>& renamed);

// {"type": "spans", "ranges": [[3, 9]]} and so on, see annotation.hpp and docs/protocol.
// Errors of reading: InvalidInput with the JSON pointer of the member, under `where`.
[[nodiscard]] boost::json::object target_json(const Target& target);
[[nodiscard]] Result<Target> read_target(const boost::json::value& value, std::string_view where);

}  // namespace consilium
