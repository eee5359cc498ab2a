// A tool's labels taken back when a later version of it says something else: only where no person
// has begun, so that nothing changes under anybody's eyes.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Events that retract what other raters whose names begin with `name_prefix` suggested on the item,
// and release their tasks, so that they are no votes any more. None when there is nothing to take
// back.
[[nodiscard]] Result<std::vector<storage::EventDraft>> withdrawals(const storage::Reader& reader,
                                                                   const storage::ItemRow& item,
                                                                   std::string_view name_prefix,
                                                                   const RaterId& but);

}  // namespace consilium::service
