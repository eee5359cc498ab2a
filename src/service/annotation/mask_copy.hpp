// Segments of one rater's mask taken over into another's: what an adjudicator's word on a mask is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "domain/image/mask.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// The voxels of one segment, whether they lie in the exclusive layer or in the segment's own. Empty
// when nothing was drawn. Errors: NotFound when there is no such grid. Cost: the grid's bricks.
[[nodiscard]] Result<BinaryBricks> load_segment(storage::Store& store,
                                                const storage::Reader& reader,
                                                const PatientId& patient, const ItemId& item,
                                                const RaterId& rater, const std::string& grid_id,
                                                std::uint16_t segment);

// 2 |A and B| / (|A| + |B|) (L. R. Dice, Ecology 26 (1945) 297-302); nothing when both are empty:
// agreement on nothing is not agreement on an extent.
[[nodiscard]] std::optional<double> dice_of(const BinaryBricks& first, const BinaryBricks& second);

struct SegmentCopy {
  RaterId from;
  std::uint16_t segment = 1;
  std::uint16_t as = 1;  // each copy gets a layer of its own, so copies may overlap
};

// The event `mask.patched` that makes `rater`'s mask on the grid exactly these segments; nothing
// when it is that already. The object that it names is on the disk. It holds for revision
// `base_revision` of the mask alone: whoever appends it looks whether that still is the present
// one. Errors: TooLarge past 65,536 changed bricks.
struct MaskCopy {
  storage::EventDraft event;
  std::int64_t base_revision = 0;
};
[[nodiscard]] Result<std::optional<MaskCopy>> copy_segments(
    storage::Store& store, const storage::Reader& reader, const storage::ItemRow& item,
    const RaterId& rater, const std::string& grid_id, std::span<const SegmentCopy> copies,
    const MaskPatchId& patch);

}  // namespace consilium::service
