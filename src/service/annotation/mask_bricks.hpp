// Bricks of masks as they are stored: changes of some of them, packed into one object. Used inside
// this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/image/mask.hpp"
#include "storage/labels.hpp"
#include "storage/store.hpp"

namespace consilium::service {

inline constexpr std::size_t exclusive_brick_bytes = brick_voxel_count * 2;
inline constexpr std::size_t binary_brick_bytes = brick_voxel_count / 8;
inline const std::string empty_hash(64, '0');

struct BrickPlace {
  std::uint32_t layer = 0;
  std::uint32_t brick = 0;
  friend auto operator<=>(const BrickPlace&, const BrickPlace&) = default;
};
struct BrickChange {
  std::string base_hash;
  std::string hash;  // of the new bytes; zeros when it is now empty
  Bytes bytes;       // none: empty
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
using Changes = std::map<BrickPlace, BrickChange>;

// Errors: NotFound.
[[nodiscard]] Result<Grid> read_grid(const storage::Reader& reader, const std::string& grid_id);
// The patch's object: its id, so that no two patches share one, then the bricks, each zstd. Sets
// where each brick lies in it.
[[nodiscard]] Result<Bytes> pack(const MaskPatchId& patch, Changes& changes);
// [{"layer", "brick", "hash", "offset", "length"}], as the event mask.patched has it.
[[nodiscard]] boost::json::array stored_json(const Changes& changes);
// A stored brick, unpacked. Errors: those of ObjectStore::open; Corrupt.
[[nodiscard]] Result<Bytes> read_brick(storage::Store& store, const PatientId& patient,
                                       const storage::MaskBrickRow& row);

}  // namespace consilium::service
