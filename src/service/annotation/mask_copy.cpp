#include "service/annotation/mask_copy.hpp"

#include <bit>
#include <boost/json.hpp>

#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/mask_take.hpp"
#include "storage/labels.hpp"
#include "storage/objects.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// A stroke has at most 4,096 bricks; a copy takes whole segments at once.
constexpr std::size_t copied_brick_count_max = 65'536;

void add_exclusive(const Bytes& brick, std::uint16_t segment, std::vector<std::uint8_t>& bits) {
  for (std::size_t i = 0; i < brick_voxel_count; ++i) {
    const auto label =
        static_cast<std::uint16_t>(std::to_integer<unsigned>(brick[2 * i]) |
                                   (std::to_integer<unsigned>(brick[2 * i + 1]) << 8U));
    if (label == segment) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | (1U << (i % 8)));
  }
}

bool is_empty(const std::vector<std::uint8_t>& bits) {
  for (const std::uint8_t byte : bits) {
    if (byte != 0) return false;
  }
  return true;
}

std::uint64_t bit_count(const BinaryBricks& bricks) {
  std::uint64_t count = 0;
  for (const auto& [index, bits] : bricks) {
    for (const std::uint8_t byte : bits) count += static_cast<std::uint64_t>(std::popcount(byte));
  }
  return count;
}

}  // namespace

Result<BinaryBricks> load_segment(storage::Store& store, const storage::Reader& reader,
                                  const PatientId& patient, const ItemId& item,
                                  const RaterId& rater, const std::string& grid_id,
                                  std::uint16_t segment) {
  BinaryBricks bricks;
  for (const storage::MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(reader, item, rater, grid_id, std::nullopt))) {
    if (row.layer != 0 && row.layer != segment) continue;
    const Bytes bytes = CSL_TRY(read_brick(store, patient, row));
    std::vector<std::uint8_t>& bits = bricks[row.brick];
    bits.resize(binary_brick_bytes);
    if (row.layer == 0) {
      add_exclusive(bytes, segment, bits);
    } else {
      for (std::size_t i = 0; i < bits.size(); ++i) {
        bits[i] = static_cast<std::uint8_t>(bits[i] | std::to_integer<unsigned>(bytes[i]));
      }
    }
  }
  std::erase_if(bricks, [](const auto& brick) { return is_empty(brick.second); });
  return bricks;
}

std::optional<double> dice_of(const BinaryBricks& first, const BinaryBricks& second) {
  const std::uint64_t both = bit_count(first) + bit_count(second);
  if (both == 0) return std::nullopt;
  std::uint64_t shared = 0;
  for (const auto& [index, bits] : first) {
    const auto other = second.find(index);
    if (other == second.end()) continue;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const auto common = static_cast<std::uint8_t>(bits[i] & other->second[i]);
      shared += static_cast<std::uint64_t>(std::popcount(common));
    }
  }
  return 2.0 * static_cast<double>(shared) / static_cast<double>(both);
}

namespace {

void want(Changes& wanted, const BrickPlace& place, Bytes bytes) {
  BrickChange change;
  change.bytes = std::move(bytes);
  change.hash = to_hex(sha256(change.bytes));
  wanted.emplace(place, std::move(change));
}

// The event that makes the rater's mask these bricks and no others.
Result<std::optional<MaskCopy>> become(storage::Store& store, const storage::Reader& reader,
                                       const storage::ItemRow& item, const RaterId& rater,
                                       const std::string& grid_id, Changes changes,
                                       const MaskPatchId& patch) {
  for (const storage::MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(reader, item.id, rater, grid_id, std::nullopt))) {
    const BrickPlace place{.layer = row.layer, .brick = row.brick};
    const auto found = changes.find(place);
    if (found == changes.end()) {
      changes[place].hash = empty_hash;
    } else if (found->second.hash == row.hash) {
      changes.erase(found);
    }
  }
  if (changes.empty()) return std::optional<MaskCopy>{};
  if (changes.size() > copied_brick_count_max) {
    return fail(ErrorCode::TooLarge, "the masks have more than 65,536 bricks together", "",
                "decide on fewer masks at once");
  }
  const Bytes packed = CSL_TRY(pack(patch, changes));
  const storage::ObjectRef object = CSL_TRY(store.objects().put(item.patient, packed)).object;
  CSL_TRY(store.objects().sync(std::span(&object, 1)));
  MaskCopy copy{.event = {.type = "mask.patched",
                          .project = item.project,
                          .item = item.id,
                          .patient = item.patient,
                          .fields = {}},
                .base_revision = CSL_TRY(storage::mask_revision(reader, item.id, rater, grid_id))};
  copy.event.fields.set("patch_id", patch)
      .set("grid_id", grid_id)
      .set("rater_id", rater)
      .set("revision", copy.base_revision + 1)
      .set("base_revision", copy.base_revision)
      .set("merged", false)
      .set("object", object.name)
      .set("object_size", static_cast<std::int64_t>(object.size_bytes))
      .set("bricks", storage::JsonText{json::serialize(stored_json(changes))});
  return std::optional<MaskCopy>{std::move(copy)};
}

}  // namespace

Result<std::optional<MaskCopy>> copy_segments(storage::Store& store, const storage::Reader& reader,
                                              const storage::ItemRow& item, const RaterId& rater,
                                              const std::string& grid_id,
                                              std::span<const SegmentCopy> copies,
                                              const MaskPatchId& patch) {
  Changes wanted;
  for (const SegmentCopy& copy : copies) {
    for (const auto& [index, bits] : CSL_TRY(load_segment(store, reader, item.patient, item.id,
                                                          copy.from, grid_id, copy.segment))) {
      const auto bytes = std::as_bytes(std::span(bits));
      want(wanted, {.layer = copy.as, .brick = index}, Bytes(bytes.begin(), bytes.end()));
    }
  }
  return become(store, reader, item, rater, grid_id, std::move(wanted), patch);
}

Result<std::optional<MaskCopy>> copy_mask(storage::Store& store, const storage::Reader& reader,
                                          const storage::ItemRow& item, const RaterId& from,
                                          const RaterId& rater, const std::string& grid_id,
                                          const MaskPatchId& patch) {
  Changes wanted;
  for (const storage::MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(reader, item.id, from, grid_id, std::nullopt))) {
    want(wanted, {.layer = row.layer, .brick = row.brick},
         CSL_TRY(read_brick(store, item.patient, row)));
  }
  return become(store, reader, item, rater, grid_id, std::move(wanted), patch);
}

}  // namespace consilium::service
