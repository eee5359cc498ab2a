// An operation on a mask as a client asks for it (schemas/segmentation.json).
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analysis/components/components.hpp"
#include "analysis/morphology/morphology.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"

namespace consilium::service {

struct ThresholdOperation {
  std::uint16_t segment = 1;
  double lo = 0, hi = 0;  // both included
};
// By what a voxel is likely to be of a label: the seeds' intensities, or all that a pixel
// classifier learnt from the seeds sees.
enum class LikelihoodRule { Intensity, Classifier };
struct GrowOperation {
  std::vector<std::uint16_t> segments;  // empty: all that have seeds
  std::optional<std::uint16_t> background;
  std::optional<std::uint32_t> seeds_layer;
  LikelihoodRule likelihood = LikelihoodRule::Intensity;
  bool relearn = false;
  bool keep_model = false;  // even where the seeds have drifted from it: the update stays local
  bool next_slices = true;  // whether to work out where a stroke would help most
};
struct FillBetweenOperation {
  std::vector<std::uint16_t> segments;  // empty: all
  std::size_t axis = 2;
  bool image_aware = false;
  double snap_mm = 2;
  bool cap_ends = false;
};
// Slices first .. last across the axis, or all.
struct ClassifyOperation {
  std::vector<std::uint16_t> segments;  // whose strokes teach; empty: all
  std::optional<std::uint16_t> background;
  std::optional<std::uint32_t> seeds_layer;
  std::optional<std::size_t> axis;
  std::uint32_t first = 0, last = 0;
};
enum class IslandRule { Largest, LargerThan, Split };
struct IslandsOperation {
  std::uint16_t segment = 1;
  IslandRule keep = IslandRule::Largest;
  double mm3 = 0;
  std::uint16_t segments_from = 0;
  Connectivity connectivity = Connectivity::Faces;
};
struct MarginOperation {
  std::uint16_t segment = 1;
  double mm = 0;
};
struct HollowOperation {
  std::uint16_t segment = 1;
  double mm = 0;
  ShellSide side = ShellSide::Inside;
};
enum class SmoothMethod { Median, Open, Close, Joint };
struct SmoothOperation {
  std::vector<std::uint16_t> segments;  // empty: all
  SmoothMethod method = SmoothMethod::Median;
  double mm = 0;
};
enum class LogicalRule { Union, Subtract, Intersect, Invert };
struct LogicalOperation {
  std::uint16_t segment = 1;
  std::uint16_t with = 0;
  LogicalRule how = LogicalRule::Union;
};
struct FillHolesOperation {
  std::uint16_t segment = 1;
  std::optional<std::size_t> axis;
};
struct CopyPriorOperation {
  ItemId item;
  std::string grid_id;
};
// Labels of an earlier study of the patient, or of another series of this one (the frame before in
// time), laid over this volume. Without an item: the one that shows the grid.
struct PropagateOperation {
  std::optional<ItemId> item;
  std::string grid_id;
  std::optional<RaterId> rater;              // whose labels; nobody: one's own
  std::vector<std::uint16_t> from_segments;  // empty: all
  std::string label;                         // or only segments of findings with this label
  std::optional<std::uint16_t> segment;      // what they become; nothing: their own numbers
  bool replaces = false;  // that segment is then what was carried and nothing else
  bool rigid_only = false;
  bool other_modality = false;
};

using OperationKind =
    std::variant<ThresholdOperation, GrowOperation, FillBetweenOperation, IslandsOperation,
                 MarginOperation, HollowOperation, SmoothOperation, LogicalOperation,
                 FillHolesOperation, CopyPriorOperation, ClassifyOperation, PropagateOperation>;

// Which voxels may change; `inside` may hold 0, what has no segment.
struct Restriction {
  std::optional<std::pair<double, double>> range;
  std::optional<std::vector<std::uint16_t>> inside;
  std::vector<std::uint16_t> protect;
  friend bool operator==(const Restriction&, const Restriction&) = default;
};

// How a brick's labels stand in the answer: as they are stored, or as runs where these are shorter.
enum class BrickForm { Stored, Runs };

struct MaskOperation {
  std::int64_t base_revision = 0;
  std::uint32_t layer = 0;
  OperationKind kind;
  Restriction restriction;
  BrickForm form = BrickForm::Stored;
  std::string since;  // of GrowOperation: the preview that the client holds; empty: none
};

// Errors: InvalidInput with the JSON pointer of what is wrong.
[[nodiscard]] Result<MaskOperation> read_mask_operation(const boost::json::value& body);

}  // namespace consilium::service
