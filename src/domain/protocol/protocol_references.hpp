// What the shape of a document cannot say: ids are unique, every reference leads somewhere, places
// fit the item, conditions compare with values that can occur.
#pragma once

#include <string>
#include <vector>

#include "domain/label/violation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

// Paths are those of the document. `stages` are the labels that epochs may have, none where
// recordings are not scored by epochs. Cost: O(size x log size).
[[nodiscard]] std::vector<Violation> check_references(const Protocol& protocol,
                                                      const std::vector<std::string>& stages);

}  // namespace consilium
