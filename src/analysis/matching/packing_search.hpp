// One connected part of a packing, in numbers of its own. Used by this module alone.
#pragma once

#include <cstdint>
#include <vector>

namespace consilium::packing {

struct PartGroup {
  std::vector<std::uint32_t> members;  // rising
  std::int64_t saving = 0;
  std::int64_t loss = 0;  // prices of the members less the saving; not negative
};

struct Part {
  std::uint32_t unit_count = 0;
  std::vector<PartGroup> groups;
  std::vector<std::int64_t> price;                 // one a unit, not negative
  std::vector<std::vector<std::uint32_t>> starts;  // groups by their lowest member
};

struct Found {
  std::vector<std::uint32_t> groups;
  std::int64_t loss = 0;
  bool complete = false;  // nothing was dropped for want of room
  bool any = false;       // a packing within the budget was found
};

// Sets prices that pay for every group, as low in sum as the steps get them.
void set_prices(Part& part);

// The packing of the least loss below `budget`, keeping at most `width` states a step.
Found search(const Part& part, std::int64_t budget, std::size_t width);

// The number of units that the widest group reaches over.
std::uint32_t reach_of(const Part& part);

inline constexpr std::uint32_t reach_max = 255;

}  // namespace consilium::packing
