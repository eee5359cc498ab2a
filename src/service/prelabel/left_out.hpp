// What of a file of labels was not taken over, as one message to whoever imported it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace consilium::service {

struct LabelSum {
  std::size_t added = 0;
  std::size_t known = 0;  // were there before
  std::set<std::string> unmatched;
  std::set<std::string> problems;
  std::vector<std::string> notes;
};

// Nothing when all of it was. `label_ids` is what names can be mapped to.
[[nodiscard]] std::optional<Error> left_out(const LabelSum& sum, const std::string& label_ids);

}  // namespace consilium::service
