// One group of what opinions say of the same thing, told apart into choices. Used inside this
// module.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/review/differences.hpp"

namespace consilium::service {

// One entry an opinion, by opinion.
struct Group {
  DifferenceKind kind = DifferenceKind::Label;
  std::string unit;
  std::string title;
  std::string place;  // tells groups of one unit apart where nobody put anything
  std::vector<Said> said;
  bool same_extent = true;  // within the tolerance
};

[[nodiscard]] Difference compare(const Protocol& protocol, const Group& group);

}  // namespace consilium::service
