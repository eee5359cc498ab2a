// A text table of labelled series, as the UCR and UEA archives hold them: a line each, its label
// and then its samples. Used inside this module.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace consilium::cli {

struct SeriesTable {
  std::vector<std::string> labels;
  std::vector<float> samples;  // series by series, all of one size
  [[nodiscard]] std::size_t size() const {
    return labels.empty() ? 0 : samples.size() / labels.size();
  }
};

// Errors: those of opening it; Corrupt, with the line, for lines of unequal length and for what is
// no number; TooLarge past 1 GiB.
[[nodiscard]] Result<SeriesTable> read_series_table(const std::filesystem::path& path);

}  // namespace consilium::cli
