// The reader plan's member `order`: which new item a reader is given.
#pragma once

#include <cstdint>

#include "domain/protocol/protocol.hpp"

namespace consilium {

enum class ItemOrderRule : std::uint8_t {
  Number,  // the lowest
  Gain,    // of notes the one that tells the project's tagger most in a minute of reading
};

// Number where the plan does not say. Read from the protocol's document, whose form read_protocol
// has checked. Cost: the document is parsed.
[[nodiscard]] ItemOrderRule item_order_of(const Protocol& protocol);

}  // namespace consilium
