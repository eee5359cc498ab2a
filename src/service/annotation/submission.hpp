// What a rater's labels on an item must be like before they may be sent, and what a label can refer
// to there.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "domain/label/violation.hpp"
#include "domain/protocol/validate_annotation.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// Patient, study and series, length of a note, channels and length of a recording.
[[nodiscard]] Result<ItemFacts> item_facts(const storage::Reader& reader,
                                           const storage::ItemRow& item);
// Every frame of a series that the browser can show, in its order. Cost: O(frames).
[[nodiscard]] Result<std::vector<FrameTarget>> frames_of(const storage::SeriesRow& series);

// All that the protocol has against submitting: wrong or missing answers, exclusions.
// Cost: O(annotations of the rater on the item).
[[nodiscard]] Result<std::vector<Violation>> check_submission(const storage::Reader& reader,
                                                              const ProjectId& project,
                                                              const ItemId& item,
                                                              const RaterId& rater);

}  // namespace consilium::service
