#include "service/annotation/mask_copy.hpp"

#include <bit>
#include <boost/json.hpp>

#include "service/annotation/mask_bricks.hpp"
#include "storage/labels.hpp"
#include "storage/objects.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

// A stroke has at most 4,096 bricks; a copy takes whole segments at once.
constexpr std::size_t copied_brick_count_max = 65'536;
constexpr std::size_t laid_brick_count_max = 8192;

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

using StoredHashes = std::map<BrickPlace, std::string>;

Result<StoredHashes> stored_hashes(const storage::Reader& reader, const ItemId& item,
                                   const RaterId& rater, const std::string& grid_id) {
  StoredHashes stored;
  for (const storage::MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(reader, item, rater, grid_id, std::nullopt))) {
    stored[{row.layer, row.brick}] = row.hash;
  }
  return stored;
}

// Notes the brick as a change unless it is there already; what is left in `stored` is not wanted.
void add_change(const BrickPlace& place, Bytes bytes, StoredHashes& stored, Changes& changes) {
  BrickChange change;
  change.hash = to_hex(sha256(bytes));
  change.bytes = std::move(bytes);
  const auto found = stored.find(place);
  const bool is_there = found != stored.end() && found->second == change.hash;
  if (found != stored.end()) stored.erase(found);
  if (!is_there) changes.emplace(place, std::move(change));
}

struct CopyTo {
  storage::Store& store;
  const storage::Reader& reader;
  const storage::ItemRow& item;
  const RaterId& rater;
  const std::string& grid_id;
};

// The event of the changes and of emptying what is left in `stored`.
Result<std::optional<MaskCopy>> copy_of(const CopyTo& to, Changes changes,
                                        const StoredHashes& stored, const MaskPatchId& patch) {
  for (const auto& [place, hash] : stored) {
    BrickChange change;
    change.hash = empty_hash;
    changes.emplace(place, std::move(change));
  }
  if (changes.empty()) return std::optional<MaskCopy>{};
  if (changes.size() > copied_brick_count_max) {
    return fail(ErrorCode::TooLarge, "the masks have more than 65,536 bricks together", "",
                "decide on fewer masks at once");
  }
  const Bytes packed = CSL_TRY(pack(patch, changes));
  const storage::ObjectRef object = CSL_TRY(to.store.objects().put(to.item.patient, packed)).object;
  CSL_TRY(to.store.objects().sync(std::span(&object, 1)));
  MaskCopy copy{.event = {.type = "mask.patched",
                          .project = to.item.project,
                          .item = to.item.id,
                          .patient = to.item.patient,
                          .fields = {}},
                .base_revision =
                    CSL_TRY(storage::mask_revision(to.reader, to.item.id, to.rater, to.grid_id))};
  copy.event.fields.set("patch_id", patch)
      .set("grid_id", to.grid_id)
      .set("rater_id", to.rater)
      .set("revision", copy.base_revision + 1)
      .set("base_revision", copy.base_revision)
      .set("merged", false)
      .set("object", object.name)
      .set("object_size", static_cast<std::int64_t>(object.size_bytes))
      .set("bricks", storage::JsonText{json::serialize(stored_json(changes))});
  return std::optional<MaskCopy>{std::move(copy)};
}

// Gives the free voxels of an exclusive brick that `bits` names to `segment`; how many were
// another's.
std::uint64_t lay(Bytes& brick, const std::vector<std::uint8_t>& bits, std::uint16_t segment) {
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < brick_voxel_count; ++i) {
    if ((bits[i / 8] & (1U << (i % 8))) == 0) continue;
    const unsigned label = std::to_integer<unsigned>(brick[2 * i]) |
                           (std::to_integer<unsigned>(brick[2 * i + 1]) << 8U);
    if (label != 0) {
      taken += label == segment ? 0U : 1U;
      continue;
    }
    brick[2 * i] = static_cast<std::byte>(segment & 0xFFU);
    brick[2 * i + 1] = static_cast<std::byte>(segment >> 8U);
  }
  return taken;
}

Status check_laid(const std::map<std::uint32_t, Bytes>& bricks) {
  if (bricks.size() <= laid_brick_count_max) return {};
  return fail(ErrorCode::TooLarge, "the mask has more than 8,192 bricks", "",
              "take one reader's mask as it is, or draw it anew");
}

}  // namespace

Result<std::optional<MaskCopy>> copy_segments(storage::Store& store, const storage::Reader& reader,
                                              const storage::ItemRow& item, const RaterId& rater,
                                              const std::string& grid_id,
                                              std::span<const SegmentCopy> copies,
                                              const MaskPatchId& patch) {
  StoredHashes stored = CSL_TRY(stored_hashes(reader, item.id, rater, grid_id));
  Changes changes;
  for (const SegmentCopy& copy : copies) {
    for (const auto& [index, bits] : CSL_TRY(load_segment(store, reader, item.patient, item.id,
                                                          copy.from, grid_id, copy.segment))) {
      const auto bytes = std::as_bytes(std::span(bits));
      add_change({.layer = copy.as, .brick = index}, Bytes(bytes.begin(), bytes.end()), stored,
                 changes);
    }
  }
  return copy_of({store, reader, item, rater, grid_id}, std::move(changes), stored, patch);
}

Result<LaidMask> lay_segments(storage::Store& store, const storage::Reader& reader,
                              const storage::ItemRow& item, const RaterId& rater,
                              const std::string& grid_id, const std::optional<RaterId>& base,
                              std::span<const SegmentCopy> copies, const MaskPatchId& patch) {
  LaidMask laid;
  std::map<std::uint32_t, Bytes> bricks;
  if (base) {
    for (const storage::MaskBrickRow& row :
         CSL_TRY(storage::mask_bricks(reader, item.id, *base, grid_id, 0))) {
      bricks[row.brick] = CSL_TRY(read_brick(store, item.patient, row));
      CSL_TRY(check_laid(bricks));
    }
  }
  for (const SegmentCopy& copy : copies) {
    for (const auto& [index, bits] : CSL_TRY(load_segment(store, reader, item.patient, item.id,
                                                          copy.from, grid_id, copy.segment))) {
      Bytes& brick = bricks[index];
      brick.resize(exclusive_brick_bytes);
      laid.overlaps += lay(brick, bits, copy.as);
      CSL_TRY(check_laid(bricks));
    }
  }
  StoredHashes stored = CSL_TRY(stored_hashes(reader, item.id, rater, grid_id));
  Changes changes;
  for (auto& [index, bytes] : bricks) {
    add_change({.layer = 0, .brick = index}, std::move(bytes), stored, changes);
  }
  laid.mask =
      CSL_TRY(copy_of({store, reader, item, rater, grid_id}, std::move(changes), stored, patch));
  return laid;
}

}  // namespace consilium::service
