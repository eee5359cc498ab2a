// A counted project as the API shows it (schema Panel). Used inside this module.
#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>
#include <vector>

#include "service/panel/item_count.hpp"
#include "service/panel/mask_agreement.hpp"
#include "service/panel/next_reader.hpp"
#include "service/panel/rater_count.hpp"
#include "service/panel/unit_count.hpp"

namespace consilium::service {

struct CountedPanel {
  Timestamp counted_at;
  const ProjectVotes* votes = nullptr;
  std::vector<CountedUnit> units;
  std::vector<CountedRater> raters;
  std::vector<ItemState> items;
  Effort effort;
  std::map<std::string, CountedMasks> masks;           // by unit
  std::vector<std::optional<NextReader>> next_reader;  // one an item
};

[[nodiscard]] boost::json::object panel_json(const CountedPanel& panel);

}  // namespace consilium::service
