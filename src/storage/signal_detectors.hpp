// Which detectors label a project's recordings before people read them, as its leads set them.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/identity/ids.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

struct SignalDetectorRow {
  ProjectId project;
  std::string detector;  // "beats"
  bool is_on = false;
  Timestamp changed_at;
  std::string changed_by;  // a PersonId, or "system"
};

// Those that were ever set, by name.
[[nodiscard]] Result<std::vector<SignalDetectorRow>> signal_detectors(const Reader& reader,
                                                                      const ProjectId& project);
[[nodiscard]] EventDraft signal_detector_set(const SignalDetectorRow& row);

}  // namespace consilium::storage
