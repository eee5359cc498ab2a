// Masks: one document per (item, rater, grid), in bricks of 32 x 32 x 32 (DESIGN 6). A patch names
// for every brick the hash of the brick it was drawn on: patches to different bricks merge, to the
// same brick conflict. The bricks of a patch lie in one sealed object.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"
#include "domain/identity/ids.hpp"
#include "domain/image/mask.hpp"
#include "service/access/access.hpp"
#include "service/access/answer.hpp"

namespace consilium::service {

struct BrickQuery {
  std::optional<RaterId> rater;        // whose; none: one's own
  std::string opinion;                 // or the opinion's key, as the item's review names it
  std::optional<std::uint32_t> layer;  // none: all
  std::vector<std::uint32_t> indices;  // empty: all bricks
};

// A place in a mask: layer, then brick.
using BrickKey = std::pair<std::uint32_t, std::uint32_t>;
struct StoredBrick {
  BrickKey key;
  std::string hash;  // empty: it is gone
  Bytes bytes;
};

class Masks {
 public:
  Masks(storage::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  // {"items": [{"grid_id", "rater_id", "revision", "layer", "segments", "bricks", "updated_at"}]}
  [[nodiscard]] Result<boost::json::object> list(const Access& access, const ProjectId& project,
                                                 const ItemId& item, bool all_raters) const;
  // Records: u32 brick index, u32 layer, u32 byte count, bytes. Others' as blinding allows.
  [[nodiscard]] Result<Bytes> bricks(const Access& access, const ProjectId& project,
                                     const ItemId& item, const std::string& grid_id,
                                     const BrickQuery& query) const;
  // One's own bricks that are not as `known` has them (hashes as they are stored), so that a caller
  // who holds the mask reads what changed and no more.
  [[nodiscard]] Result<std::vector<StoredBrick>> changed_bricks(
      const Access& access, const ProjectId& project, const ItemId& item,
      const std::string& grid_id, const std::map<BrickKey, std::string>& known) const;
  // `records`: u32 brick index, u32 layer, u32 byte count (0: now empty), 32 bytes base hash,
  // bytes.
  // {"revision", "bricks": [[index, hash]...], "merged"}. A patch id that was used before changes
  // nothing and gets the same answer. Errors: Conflict when the rater holds no task on the item;
  // PreconditionFailed with {"conflicts": [index...], "revision": n} as the current resource.
  [[nodiscard]] Answer<boost::json::object> patch(const Access& access, const ProjectId& project,
                                                  const ItemId& item, const std::string& grid_id,
                                                  const MaskPatchId& patch,
                                                  std::int64_t base_revision, ByteView records);

 private:
  storage::Store& store_;
  const Clock& clock_;
};

// The stored layer as a volume, for exports. Errors: NotFound when the mask was never drawn on.
[[nodiscard]] Result<MaskLayer> load_mask(storage::Store& store, const PatientId& patient,
                                          const ItemId& item, const RaterId& rater,
                                          const std::string& grid_id, std::uint32_t layer);

}  // namespace consilium::service
