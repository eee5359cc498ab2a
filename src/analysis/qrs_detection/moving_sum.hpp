// A sum over a window that slides along a series that comes in pieces. Whole numbers, so that the
// pieces' sizes make no difference to the last bit. Used inside this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace consilium::qrs {

// The window is centred: out[i] = in[i - half] + ... + in[i + half], zero before and after the
// series; so an output comes `half` inputs late.
class MovingSum {
 public:
  explicit MovingSum(std::size_t half);

  // Adds the outputs that have become known. Cost: three additions a sample.
  void push(std::span<const std::int64_t> in, std::vector<std::int64_t>& out);
  // The last `half` ones; the series ends.
  void finish(std::vector<std::int64_t>& out);

  [[nodiscard]] std::size_t width() const { return 2 * half_ + 1; }

 private:
  std::size_t half_;
  std::size_t pushed_ = 0;
  std::int64_t sum_ = 0;
  std::size_t behind_ = 0;            // inputs in window_ that have left the window
  std::vector<std::int64_t> window_;  // from `behind_` on the last `width` inputs
};

}  // namespace consilium::qrs
