// What the shape of a document cannot say: ids are unique, every reference leads somewhere, places
// fit the item, conditions compare with values that can occur.
#pragma once

#include <vector>

#include "domain/label/violation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

// Paths are those of the document. Cost: O(size x log size).
[[nodiscard]] std::vector<Violation> check_references(const Protocol& protocol);

}  // namespace consilium
