// The top of a function of one variable by Newton's steps that stay between the points known to lie
// on either side of it. `slope(x)` returns {first, second} derivative. A step is at most 1; one
// below `step_done` is taken and ends the climb, since what is left is then of its square.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium::crowd {

struct Slopes {
  double first = 0;
  double second = 0;
};

template <class Slope>
double climb(double x, double low, double high, double step_done, const Slope& slope) {
  constexpr int steps_max = 12;
  for (int step_number = 0; step_number < steps_max; ++step_number) {
    const Slopes at = slope(x);
    if (at.first > 0) low = x;
    if (at.first < 0) high = x;
    if (at.first == 0) return x;
    // Where the function is not concave Newton would walk down: walk up by a whole step instead.
    const double wanted = at.second < 0 ? -at.first / at.second : std::copysign(1.0, at.first);
    const double step = std::clamp(wanted, -1.0, 1.0);
    double next = x + step;
    if (next < low || next > high) next = low + (high - low) / 2;
    const bool done = std::fabs(next - x) < step_done;
    x = next;
    if (done) return x;
  }
  return x;
}

}  // namespace consilium::crowd
