// What raters said of items, as values: from the store, opened and parsed. Used inside this module.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/label/stored_annotation.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

// One rater's finished word on one item.
struct Opinion {
  RaterRef rater;
  Timestamp at;
  std::optional<double> duration_s;
  std::vector<Annotation> annotations;  // by id
};

struct ReadItem {
  storage::ItemRow row;
  std::vector<Opinion> opinions;  // by rater
  std::optional<Opinion> truth;   // the adjudicator's
};

// `only` none: every item of the project, by number. An item whose patient was erased has no
// opinions.
[[nodiscard]] Result<std::vector<ReadItem>> read_opinions(const storage::Reader& reader,
                                                          const ProjectId& project,
                                                          const std::optional<ItemId>& only);

}  // namespace consilium::service
