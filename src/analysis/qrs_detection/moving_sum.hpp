// A sum over a window that slides along a series that comes in pieces. Whole numbers, so that the
// pieces' sizes make no difference to the last bit. Used inside this module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace consilium::qrs {

// Values that `resize` does not set to 0 first: all are written at once, and a pass over them
// costs as much as a sum does.
template <class T>
struct Unfilled : std::allocator<T> {
  template <class Other>
  struct rebind {
    using other = Unfilled<Other>;
  };
  template <class Value>
  void construct(Value* place) {
    ::new (static_cast<void*>(place)) Value;
  }
  template <class Value, class... Arguments>
  void construct(Value* place, Arguments&&... arguments) {
    std::construct_at(place, std::forward<Arguments>(arguments)...);
  }
};
using Values = std::vector<std::int64_t, Unfilled<std::int64_t>>;

// The window is centred: out[i] = in[i - half] + ... + in[i + half], zero before and after the
// series; so an output comes `half` inputs late.
class MovingSum {
 public:
  explicit MovingSum(std::size_t half);

  // Adds the outputs that have become known. Cost: three additions a sample.
  void push(std::span<const std::int64_t> in, Values& out);
  // The last `half` ones; the series ends.
  void finish(Values& out);

  [[nodiscard]] std::size_t width() const { return 2 * half_ + 1; }

 private:
  std::size_t half_;
  std::size_t pushed_ = 0;
  std::int64_t sum_ = 0;
  std::size_t behind_ = 0;  // inputs in window_ that have left the window
  Values window_;           // from `behind_` on the last `width` inputs
};

}  // namespace consilium::qrs
