// An interval of real numbers, ends included: what a confidence interval is told as.
#pragma once

namespace consilium {

struct Interval {
  double lower = 0;
  double upper = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

}  // namespace consilium
