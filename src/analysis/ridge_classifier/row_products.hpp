// Products of rows of features with each other. Used inside this module.
#pragma once

#include <cstddef>
#include <vector>

namespace consilium::ridge {

struct Rows {
  const float* values = nullptr;  // rows of `stride` values, a multiple of 8
  std::size_t stride = 0;
  [[nodiscard]] const float* row(std::size_t i) const { return values + i * stride; }
};

// out[(i - first) * count + j] = row i . row j for i in [first, count) and j up to i (those beyond
// are left as they may be). The sums have one order whatever the processor and the threads.
void products(const Rows& rows, std::size_t first, std::size_t count, unsigned threads,
              std::vector<double>& out);

}  // namespace consilium::ridge
