// What a tool says now of an item in place of what it said before, where no person has begun.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "service/access/access.hpp"
#include "service/prelabel/label_names.hpp"
#include "service/prelabel/label_set.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Whether a person has the item open, or has read or adjudicated it.
[[nodiscard]] Result<bool> is_begun(const storage::Reader& reader, const ItemId& item);

// Every label's id for itself: for tools that speak the protocol's own language.
[[nodiscard]] LabelMap own_names(const Protocol& protocol);

// How probable a tool holds a label (0 to 1, kept to four places), as it is measured with it.
[[nodiscard]] std::map<std::string, Quantity> probability_measured(double probability);

struct Replaced {
  bool is_changed = false;
  std::size_t label_count = 0;          // that the tools have on the item now
  std::set<std::string> problems = {};  // what the protocol does not allow as it was said
};

// All that a tool says of the item now; every label of the set is this tool's.
struct ToolSet {
  ToolName tool;
  LabelSet set;
};

// Keeps the sets and takes back what else these tools said of the item, in one durable commit.
// Nothing changes where a person began meanwhile.
// Errors: those of the store and of LabelKeeper::prepare.
[[nodiscard]] Result<Replaced> replace_labels(storage::Store& store, const Clock& clock,
                                              Random& random, const Access& access,
                                              const Protocol& protocol,
                                              const storage::ItemRow& item,
                                              std::span<const ToolSet> sets);

}  // namespace consilium::service
