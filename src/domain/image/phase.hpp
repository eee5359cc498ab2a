// Volumes of one series on one lattice: its phases in time, its echoes or b-values. They are one
// lattice and different images, so each has masks of its own.
#pragma once

#include <cstdint>
#include <string>

#include "domain/image/geometry.hpp"

namespace consilium {

// The name by which masks find the grid of a phase. Of the first one (0) it is grid_id, so that a
// series that turns out to have phases keeps the masks that it has; of a later one it is the same
// hash with "phase":<index> in the JSON. A stored form: it never changes. Errors: as grid_id.
[[nodiscard]] Result<std::string> phase_grid_id(const Grid& grid, std::uint32_t phase_index);

}  // namespace consilium
