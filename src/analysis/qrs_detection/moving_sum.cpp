#include "analysis/qrs_detection/moving_sum.hpp"

#include <algorithm>

namespace consilium::qrs {

MovingSum::MovingSum(std::size_t half) : half_(half), window_(2 * half + 1, 0) {}

void MovingSum::push(std::span<const std::int64_t> in, Values& out) {
  const std::size_t width = 2 * half_ + 1;
  if (behind_ >= width) {  // so no input is moved more than once on average
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(behind_));
    behind_ = 0;
  }
  window_.insert(window_.end(), in.begin(), in.end());
  const std::int64_t* leaving = window_.data() + behind_;
  const std::int64_t* entering = leaving + width;
  const std::size_t late = pushed_ < half_ ? std::min(half_ - pushed_, in.size()) : 0;
  std::int64_t sum = sum_;
  for (std::size_t i = 0; i < late; ++i) sum += entering[i] - leaving[i];
  const std::size_t begin = out.size();
  const std::size_t count = in.size() - late;
  out.resize(begin + count);
  std::int64_t* __restrict to = out.data() + begin;
  // Differences first: they do not wait for one another, so each sum waits for one addition only.
  for (std::size_t i = 0; i < count; ++i) to[i] = entering[late + i] - leaving[late + i];
  for (std::size_t i = 0; i < count; ++i) {
    sum += to[i];
    to[i] = sum;
  }
  sum_ = sum;
  pushed_ += in.size();
  behind_ += in.size();
}

void MovingSum::finish(Values& out) {
  // After a series shorter than half a window `push` gives just as many as there are inputs.
  push(std::vector<std::int64_t>(half_, 0), out);
}

}  // namespace consilium::qrs
