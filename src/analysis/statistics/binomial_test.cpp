#include "analysis/statistics/binomial.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "analysis/statistics/distributions.hpp"

namespace consilium {
namespace {

TEST_CASE("binomial numbers have their distribution, at every way of drawing them") {
  struct Case {
    std::uint64_t count;
    double probability;
  };
  for (const Case& c :
       {Case{5, .3}, {40, .1}, {1000, .005}, {60, .4}, {30, .9}, {100000, .2}, {1000000, .73}}) {
    CAPTURE(c.count);
    CAPTURE(c.probability);
    SeededRandom random(17);
    constexpr int draws = 20000;
    const double n = static_cast<double>(c.count);
    const double mean = n * c.probability;
    const double variance = mean * (1 - c.probability);
    double sum = 0;
    double squares = 0;
    double below = 0;
    for (int i = 0; i < draws; ++i) {
      const auto k = static_cast<double>(draw_binomial(c.count, c.probability, random));
      CHECK(k <= n);
      sum += k - mean;
      squares += (k - mean) * (k - mean);
      below += k <= std::floor(mean - std::sqrt(variance)) ? 1 : 0;
    }
    CHECK(std::abs(sum / draws) < 4.5 * std::sqrt(variance / draws));
    CHECK(std::abs(squares / draws / variance - 1) < .05);
    // P(K <= k) = I_{1-p}(n - k, k + 1).
    const double k = std::floor(mean - std::sqrt(variance));
    const double expected = incomplete_beta(n - k, k + 1, 1 - c.probability, c.probability);
    CHECK(std::abs(below / draws - expected) < 4.5 * std::sqrt(expected / draws));
  }
  SeededRandom random(1);
  CHECK(draw_binomial(0, .5, random) == 0);
  CHECK(draw_binomial(7, 0, random) == 0);
  CHECK(draw_binomial(7, 1, random) == 7);
}

}  // namespace
}  // namespace consilium
