// What the protocol's plans ask of assignment: items of known answer among a rater's work, and no
// more readers for an item than it needs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/protocol/stop_plan.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// The gold item that comes next for this rater, in place of a new item: at the plan's share of
// their readings, by a keyed hash of rater and count, so that nobody can foresee it and asking
// again gives the same. None when it is not the time, or when they read all gold (or adjudicated
// it). Nothing of an item tells the rater that it is gold.
[[nodiscard]] Result<std::optional<ItemId>> gold_for(storage::Store& store,
                                                     const storage::Reader& reader,
                                                     const ProjectId& project, const RaterId& rater,
                                                     double gold_share);

// How far an item is, by the panel.
struct ItemProgress {
  ItemId item;
  std::int64_t readings = 0;
  bool settled = false;
};

// Readers that an item is to have: as many as there are once it is settled and `readers_min` are
// there, one more while its places are read and it is not, up to `readers_max`.
[[nodiscard]] std::int64_t readers_due(const StopPlan& plan, const ItemProgress& progress,
                                       std::int64_t wanted);

// Writes what changes, one event an item; places that somebody holds are never taken away. Returns
// how many items changed.
[[nodiscard]] Result<std::int64_t> set_readers(storage::Store& store, const ProjectId& project,
                                               const StopPlan& plan,
                                               const std::vector<ItemProgress>& items);

}  // namespace consilium::service
