// Sums that do not depend on the order of their terms: every term is first brought to a whole
// multiple of 2^-40, and whole numbers add exactly in any order. So a result does not change with
// the number of threads, and renumbering raters, items or classes renumbers it and does no more.
// What was added can also be taken out again without a trace.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace consilium::crowd {

using Fixed = std::int64_t;  // a multiple of 2^-40

inline constexpr double fixed_one = 1099511627776.0;  // 2^40

// The terms of one sum stay below 2^22 (4 million) together; the callers bound theirs.
[[nodiscard]] inline Fixed to_fixed(double value) { return static_cast<Fixed>(value * fixed_one); }
[[nodiscard]] inline double from_fixed(Fixed value) {
  return static_cast<double>(value) * (1.0 / fixed_one);
}

// A long sum: each term is below 2^22 in size, of terms there may be 2^22; the whole and the
// fraction are summed apart, each exactly.
class FixedSum {
 public:
  void add(Fixed term) {
    whole_ += term >> 20U;
    part_ += term & 0xFFFFF;
  }
  void add(double term) { add(to_fixed(term)); }
  void add_times(double term, std::int64_t times) {
    whole_ += (to_fixed(term) >> 20U) * times;
    part_ += (to_fixed(term) & 0xFFFFF) * times;
  }
  void add(const FixedSum& other) {
    whole_ += other.whole_;
    part_ += other.part_;
  }
  [[nodiscard]] double value() const {
    const std::int64_t whole = whole_ + (part_ >> 20U);
    const std::int64_t part = part_ & 0xFFFFF;
    return (static_cast<double>(whole) + static_cast<double>(part) * 0x1p-20) * 0x1p-20;
  }

 private:
  std::int64_t whole_ = 0;  // in 2^-20
  std::int64_t part_ = 0;   // in 2^-40
};

// The sum of numbers of any size in an order of their own: from the smallest. Reorders `terms`.
[[nodiscard]] inline double sorted_sum(std::span<double> terms) {
  std::ranges::sort(terms);
  double sum = 0;
  for (const double term : terms) sum += term;
  return sum;
}

}  // namespace consilium::crowd
