// One connected part of a packing, in numbers of its own. Used by this module alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace consilium::packing {

// Groups stand in order of their lowest members, all in a few flat lists: the price steps pass over
// them some hundred times.
struct Part {
  std::uint32_t unit_count = 0;
  std::vector<std::size_t> first{0};   // of a group's members
  std::vector<std::uint32_t> members;  // rising within a group
  std::vector<std::int64_t> saving;    // one a group
  std::vector<std::uint32_t> start;    // groups of lowest member u: [start[u], start[u + 1])
  std::vector<std::int64_t> price;     // one a unit, not negative
  std::vector<std::int64_t> loss;      // one a group: members' prices less the saving, not negative

  [[nodiscard]] std::uint32_t group_count() const {
    return static_cast<std::uint32_t>(saving.size());
  }
  [[nodiscard]] std::span<const std::uint32_t> members_of(std::uint32_t group) const {
    return std::span(members).subspan(first[group], first[group + 1] - first[group]);
  }
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

// Takes groups that are still free, in the given order. Returns which, and marks their units.
std::vector<std::uint32_t> take_in_order(const Part& part, std::span<const std::uint32_t> order,
                                         std::vector<std::uint8_t>& taken);

// The number of units that the widest group reaches over.
std::uint32_t reach_of(const Part& part);

inline constexpr std::uint32_t reach_max = 255;

}  // namespace consilium::packing
