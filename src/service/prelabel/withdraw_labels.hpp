// A tool's labels taken back when a later version of it says something else: only where no person
// has begun, so that nothing changes under anybody's eyes.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Events that retract what the tool suggested on the item and does not say now (KeptLabels::said),
// and release its task there where nothing is left of it, so that it is no vote any more: labels
// that are kept after these events submit the task again. None when there is nothing to take back.
[[nodiscard]] Result<std::vector<storage::EventDraft>> withdrawals(
    const storage::Reader& reader, const storage::ItemRow& item, const RaterId& tool,
    const std::set<AnnotationId>& said);

}  // namespace consilium::service
