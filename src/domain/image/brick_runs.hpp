// A brick of the exclusive layer on its way between server and browser, short: most bricks of a
// large edit are one label throughout. Stored bricks keep their labels as they are.
//
// A run is two u16, little endian: its label, and how many voxels in a row have it (1 to 32,768).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

// The runs of a brick's labels; nothing when the labels themselves are no longer.
[[nodiscard]] std::vector<std::uint16_t> brick_runs(std::span<const std::uint16_t> labels);
// The labels of a brick, as it is stored, from its runs. Errors: InvalidInput when they do not fill
// the brick exactly.
[[nodiscard]] Result<Bytes> brick_of_runs(ByteView runs);

}  // namespace consilium
