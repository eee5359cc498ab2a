// The reader plan's member `stop`: readers are as many as an item needs, none more once it is
// settled and `readers_min` read it, one more at a time while it is not, up to `readers_max`.
#pragma once

#include <optional>

#include "domain/protocol/protocol.hpp"

namespace consilium {

struct StopPlan {
  int readers_min = 1;
  int readers_max = 1;
  friend bool operator==(const StopPlan&, const StopPlan&) = default;
};

// None: every item gets the plan's readers. Read from the protocol's document, whose form
// read_protocol has checked. Cost: the document is parsed.
[[nodiscard]] std::optional<StopPlan> stop_plan_of(const Protocol& protocol);

}  // namespace consilium
