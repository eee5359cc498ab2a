// Content that the store has already, from another project or an earlier run: it is not stored
// again, the project only gets its own items for it.
#pragma once

#include <cstdint>
#include <string>

#include "service/intake/prepared.hpp"
#include "storage/catalog.hpp"

namespace consilium::service {

// In the writer. The study of an image comes back, whose item is made when all its images are in;
// of a recording and of a file of notes the items are made here. A file of several notes adds those
// beyond the first to `further_items`.
[[nodiscard]] Result<Committed> adopt_content(const IntakeTools& tools,
                                              storage::Transaction& transaction,
                                              const storage::ContentOwner& owner,
                                              const std::string& content,
                                              std::int64_t& further_items);

}  // namespace consilium::service
