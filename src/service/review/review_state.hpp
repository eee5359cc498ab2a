// What Review keeps between calls. Used inside this module.
#pragma once

#include <string>
#include <unordered_map>

#include "base/guarded.hpp"
#include "service/project/protocol_cache.hpp"
#include "service/review/review.hpp"

namespace consilium::service {

// What a list says of an item. It follows from what `basis` names, so it is counted once.
struct ItemDoubt {
  std::string basis;
  std::int64_t differences = 0;  // that are not agreed
  std::int64_t open = 0;         // of those, without a decision that holds
  double entropy_bits = 0;       // of the worst
  double top_least = 1;          // the least probability of a most probable choice
};

struct Review::State {
  ProtocolCache protocols;
  Guarded<std::unordered_map<ItemId, ItemDoubt>> doubts;
};

}  // namespace consilium::service
