#include "service/segmentation/mask_operation.hpp"

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <string_view>

#include "domain/label/json_fields.hpp"

namespace consilium::service {
namespace json = boost::json;
namespace {

constexpr std::size_t since_length_max = 64;

constexpr std::int64_t segment_max = 65'535;
constexpr std::int64_t slice_max = 1LL << 30U;
constexpr std::size_t segments_max = 1024;

template <class Value, std::size_t count>
Value one_of(JsonFields& fields, std::string_view key,
             const std::array<std::pair<std::string_view, Value>, count>& choices) {
  const std::string text = fields.text(key);
  std::string names;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  if (!text.empty()) fields.problem(key, "the value is none of the choices", "send " + names);
  return choices[0].second;
}

std::uint16_t segment_of(JsonFields& fields, std::string_view key = "segment") {
  return static_cast<std::uint16_t>(fields.integer(key, 1, segment_max));
}

double length_of(JsonFields& fields, std::string_view key, double least, double most) {
  const auto number = fields.optional_number(key);
  if (!number || !(*number >= least && *number <= most)) {
    fields.problem(key, "the length is missing or out of range");
    return 0;
  }
  return *number;
}

std::vector<std::uint16_t> segments_of(JsonFields& fields, std::string_view key,
                                       std::int64_t least) {
  std::vector<std::uint16_t> segments;
  fields.each(key, segments_max, [&](const json::value& value, const std::string&) {
    const std::int64_t* number = value.if_int64();
    const std::int64_t segment =
        number != nullptr   ? *number
        : value.is_uint64() ? static_cast<std::int64_t>(value.get_uint64() % (segment_max + 2))
                            : -1;
    if (segment < least || segment > segment_max) {
      fields.problem(key, "this is no segment's number");
    } else {
      segments.push_back(static_cast<std::uint16_t>(segment));
    }
  });
  return segments;
}

ThresholdOperation read_threshold(JsonFields& fields) {
  ThresholdOperation operation;
  operation.segment = segment_of(fields);
  const auto lo = fields.optional_number("lo");
  const auto hi = fields.optional_number("hi");
  if (!lo || !hi || *lo > *hi) {
    fields.problem("lo", "the range has no end or ends before it begins", "send lo <= hi");
    return operation;
  }
  operation.lo = *lo;
  operation.hi = *hi;
  return operation;
}

// Of the operations that learn from what is painted.
template <class Operation>
void read_seeds(JsonFields& fields, Operation& operation) {
  operation.segments = segments_of(fields, "segments", 1);
  if (const auto background = fields.optional_integer("background", 1, segment_max)) {
    operation.background = static_cast<std::uint16_t>(*background);
  }
  if (const auto layer = fields.optional_integer("seeds_layer", 0, segment_max)) {
    operation.seeds_layer = static_cast<std::uint32_t>(*layer);
  }
}

GrowOperation read_grow(JsonFields& fields) {
  GrowOperation operation;
  read_seeds(fields, operation);
  if (fields.find("likelihood") != nullptr) {
    operation.likelihood = one_of<LikelihoodRule, 2>(
        fields, "likelihood",
        {{{"intensity", LikelihoodRule::Intensity}, {"classifier", LikelihoodRule::Classifier}}});
  }
  operation.relearn = fields.boolean("relearn", false);
  operation.keep_model = fields.boolean("keep_model", false);
  operation.next_slices = fields.boolean("next_slices", true);
  return operation;
}

ClassifyOperation read_classify(JsonFields& fields) {
  ClassifyOperation operation;
  read_seeds(fields, operation);
  if (const auto axis = fields.optional_integer("axis", 0, 2)) {
    operation.axis = static_cast<std::size_t>(*axis);
    operation.first = static_cast<std::uint32_t>(fields.integer("first", 0, slice_max));
    operation.last = static_cast<std::uint32_t>(fields.integer("last", 0, slice_max));
  }
  return operation;
}

FillBetweenOperation read_fill_between(JsonFields& fields) {
  FillBetweenOperation operation;
  operation.segments = segments_of(fields, "segments", 1);
  operation.axis = static_cast<std::size_t>(fields.integer("axis", 0, 2));
  operation.image_aware = fields.boolean("image_aware", false);
  operation.cap_ends = fields.boolean("cap_ends", false);
  if (fields.find("snap_mm") != nullptr) operation.snap_mm = length_of(fields, "snap_mm", 0, 100);
  return operation;
}

IslandsOperation read_islands(JsonFields& fields) {
  IslandsOperation operation;
  operation.segment = segment_of(fields);
  operation.keep = one_of<IslandRule, 3>(fields, "keep",
                                         {{{"largest", IslandRule::Largest},
                                           {"larger_than", IslandRule::LargerThan},
                                           {"split", IslandRule::Split}}});
  if (operation.keep == IslandRule::LargerThan) operation.mm3 = length_of(fields, "mm3", 0, 1e12);
  if (operation.keep == IslandRule::Split) {
    operation.segments_from = segment_of(fields, "segments_from");
  }
  const std::int64_t neighbours = fields.optional_integer("connectivity", 6, 26).value_or(6);
  operation.connectivity = neighbours == 26   ? Connectivity::Corners
                           : neighbours == 18 ? Connectivity::Edges
                                              : Connectivity::Faces;
  return operation;
}

SmoothOperation read_smooth(JsonFields& fields) {
  SmoothOperation operation;
  operation.segments = segments_of(fields, "segments", 1);
  operation.method = one_of<SmoothMethod, 4>(fields, "method",
                                             {{{"median", SmoothMethod::Median},
                                               {"open", SmoothMethod::Open},
                                               {"close", SmoothMethod::Close},
                                               {"joint", SmoothMethod::Joint}}});
  operation.mm = length_of(fields, "mm", 0, length_mm_max);
  return operation;
}

LogicalOperation read_logical(JsonFields& fields) {
  LogicalOperation operation;
  operation.segment = segment_of(fields);
  operation.how = one_of<LogicalRule, 4>(fields, "how",
                                         {{{"union", LogicalRule::Union},
                                           {"subtract", LogicalRule::Subtract},
                                           {"intersect", LogicalRule::Intersect},
                                           {"invert", LogicalRule::Invert}}});
  if (operation.how != LogicalRule::Invert) operation.with = segment_of(fields, "with");
  return operation;
}

PropagateOperation read_propagate(JsonFields& fields) {
  PropagateOperation operation;
  if (fields.find("from_item") != nullptr) operation.item = fields.id<ItemId>("from_item");
  operation.grid_id = fields.text("from_grid", 64);
  if (fields.find("from_rater") != nullptr) operation.rater = fields.id<RaterId>("from_rater");
  operation.from_segments = segments_of(fields, "from_segments", 1);
  if (fields.find("label") != nullptr) operation.label = fields.text("label", 128);
  if (fields.find("segment") != nullptr) operation.segment = segment_of(fields);
  operation.replaces = fields.boolean("replace", false);
  if (operation.replaces && !operation.segment) {
    fields.problem("segment", "name the segment that is to be replaced");
  }
  operation.rigid_only = fields.boolean("rigid_only", false);
  operation.other_modality = fields.boolean("other_modality", false);
  return operation;
}

OperationKind read_kind(JsonFields& fields) {
  const std::string kind = fields.text("kind");
  if (kind == "threshold") return read_threshold(fields);
  if (kind == "grow") return read_grow(fields);
  if (kind == "classify") return read_classify(fields);
  if (kind == "fill_between") return read_fill_between(fields);
  if (kind == "islands") return read_islands(fields);
  if (kind == "smooth") return read_smooth(fields);
  if (kind == "logical") return read_logical(fields);
  if (kind == "propagate") return read_propagate(fields);
  if (kind == "margin") {
    return MarginOperation{.segment = segment_of(fields),
                           .mm = length_of(fields, "mm", -length_mm_max, length_mm_max)};
  }
  if (kind == "hollow") {
    return HollowOperation{.segment = segment_of(fields),
                           .mm = length_of(fields, "mm", 0, length_mm_max),
                           .side = one_of<ShellSide, 3>(fields, "side",
                                                        {{{"inside", ShellSide::Inside},
                                                          {"outside", ShellSide::Outside},
                                                          {"centre", ShellSide::Centre}}})};
  }
  if (kind == "fill_holes") {
    FillHolesOperation operation{.segment = segment_of(fields), .axis = {}};
    if (const auto axis = fields.optional_integer("axis", 0, 2)) {
      operation.axis = static_cast<std::size_t>(*axis);
    }
    return operation;
  }
  if (kind == "copy_prior") {
    return CopyPriorOperation{.item = fields.id<ItemId>("from_item"),
                              .grid_id = fields.text("from_grid", 64)};
  }
  fields.problem("kind", "there is no such operation");
  return ThresholdOperation{};
}

Restriction read_restriction(const json::value& value, std::vector<Violation>& problems) {
  Restriction restriction;
  if (value.is_null()) return restriction;
  JsonFields fields(value, "/mask", problems);
  std::vector<double> range;
  fields.each("range", 2, [&](const json::value& end, const std::string&) {
    if (end.is_number()) range.push_back(end.to_number<double>());
  });
  const json::value* given = fields.find("range");
  if (range.size() == 2 && range[0] <= range[1]) {
    restriction.range = {range[0], range[1]};
  } else if (given != nullptr && !given->is_null()) {
    fields.problem("range", "the range has no end or ends before it begins", "send [lo, hi]");
  }
  const json::value* inside = fields.find("inside");
  if (inside != nullptr && !inside->is_null())
    restriction.inside = segments_of(fields, "inside", 0);
  restriction.protect = segments_of(fields, "protect", 1);
  fields.refuse_unknown();
  return restriction;
}

}  // namespace

Result<MaskOperation> read_mask_operation(const json::value& body) {
  std::vector<Violation> problems;
  MaskOperation operation;
  JsonFields fields(body, "", problems);
  operation.base_revision = fields.integer("base_revision", 0, 1LL << 53U);
  operation.layer = static_cast<std::uint32_t>(fields.integer("layer", 0, segment_max));
  if (const json::value* kind = fields.require("operation")) {
    JsonFields of_kind(*kind, "/operation", problems);
    operation.kind = read_kind(of_kind);
    if (problems.empty()) of_kind.refuse_unknown();
  }
  if (const json::value* mask = fields.find("mask")) {
    operation.restriction = read_restriction(*mask, problems);
  }
  if (fields.boolean("runs", false)) operation.form = BrickForm::Runs;
  if (fields.find("since") != nullptr) operation.since = fields.text("since", since_length_max);
  fields.refuse_unknown();
  if (!problems.empty()) return fail(problems.front());
  return operation;
}

}  // namespace consilium::service
