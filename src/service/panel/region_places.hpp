// Drawings on frames as pixels on an axis, and distances between them. Used inside this module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/matching/unit.hpp"
#include "domain/label/target.hpp"
#include "service/panel/space_places.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// A pixel's place on the axis of an item. Columns and rows are below 65,536.
[[nodiscard]] std::int64_t axis_position(std::int64_t plane, std::int64_t row, std::int64_t column);

// Where each frame of an item lies: slices of one volume behind each other.
class FrameOrder {
 public:
  // Errors: Corrupt when an arrangement cannot be read.
  [[nodiscard]] static Result<FrameOrder> of_item(const storage::Reader& reader,
                                                  const storage::ItemRow& item);

  struct Slice {
    std::int64_t volume = 0;  // frames that no volume holds have one each
    std::int64_t index = 0;   // within the volume
    std::int64_t plane = 0;   // within the item
    double column_mm = 1;     // pixels and slices in mm; 1 where it is not known
    double row_mm = 1;
    double slice_mm = 1;
    std::int64_t slice_count = 1;
  };
  [[nodiscard]] Slice slice_of(const RegionTarget& region);

  // The volume that a drawing lies on, by its number in the item: of one in space the first of its
  // series. None for a frame that no volume holds, and where voxels are flat.
  [[nodiscard]] std::optional<std::size_t> volume_of(const RegionTarget& region);
  [[nodiscard]] std::optional<std::size_t> volume_of(const SpaceTarget& space) const;
  // Of a volume that one of these named.
  [[nodiscard]] const VolumeLattice& lattice(std::size_t volume) const;
  // The area as a polygon in the patient; nothing for a frame that no volume holds.
  [[nodiscard]] std::optional<SpaceTarget> area_in_space(const RegionTarget& region);
  // Where the points lie in the patient; nothing for a frame that no volume holds.
  [[nodiscard]] std::optional<PatientPlace> place_of(const RegionTarget& region);
  [[nodiscard]] std::optional<PatientPlace> place_of(const SpaceTarget& space) const;

 private:
  std::optional<PatientPlace> in_patient(const RegionTarget& region,
                                         const std::vector<ImagePoint>& points);

  std::map<std::pair<std::string, std::uint32_t>, Slice> slices_;
  std::vector<std::optional<VolumeLattice>> lattices_;  // by volume
  std::map<SeriesId, std::size_t> first_volume_;
  std::int64_t volume_count_ = 0;
  std::int64_t plane_count_ = 0;
};

// The area's pixels (a pixel is in if its centre is, even-odd; one pixel where none is), on every
// slice that lies within `reach_mm` of its own.
[[nodiscard]] std::vector<Part> pixel_runs(const RegionTarget& region,
                                           const FrameOrder::Slice& slice, double reach_mm);

// Of two points, or the greater one of the two ends of lines, whichever way round they were drawn.
// Infinite on different volumes; there place_of tells where they lie.
[[nodiscard]] double distance_mm(const RegionTarget& first, const FrameOrder::Slice& first_slice,
                                 const RegionTarget& second, const FrameOrder::Slice& second_slice);

}  // namespace consilium::service
