#include "analysis/statistics/distributions.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <limits>

namespace consilium {
namespace {

void check_relative(double value, double expected, double tolerance) {
  CAPTURE(value);
  CAPTURE(expected);
  CHECK(std::abs(value / expected - 1) < tolerance);
}

TEST_CASE("quantiles agree with scipy 1.12.0, and where it fails with mpmath 1.3, to ten digits") {
  struct Student {
    double probability, degrees, t;
  };
  for (const Student& c : {Student{.975, 3, 3.182446305284263},
                           {.995, 1, 63.65674116287399},
                           {.9, 2.5, 1.730250928807177},
                           {.975, 11, 2.200985160082949},
                           {.999, 1e6, 3.0902404563165193},
                           {.025, 0.7, -36.611415029868986},
                           {.6, 40, 0.255038686345814124},
                           {.975, 1e300, 1.959963984540054}}) {
    CAPTURE(c.degrees);
    if (c.degrees < 1e300) {
      check_relative(student_quantile(c.probability, c.degrees), c.t, 1e-10);
    } else {
      check_relative(student_quantile(c.probability, std::numeric_limits<double>::infinity()), c.t,
                     1e-14);
    }
  }
  struct Fisher {
    double probability, above, below, f;
  };
  for (const Fisher& c : {Fisher{.975, 5, 18, 3.381967805875243},
                          {.975, 18, 5, 6.361883204654353},
                          {.025, 5, 15, 0.15557596307848715},
                          {.5, 1, 1, 1},
                          {.99, 2.5, 1e5, 4.124700095392849},
                          {.975, 1e6, 3, 13.902070239111917},
                          {.001, 3, 200, 0.008079529400919805},
                          {.975, 99999, 4e5, 1.0098333317854775}}) {
    CAPTURE(c.above);
    CAPTURE(c.below);
    check_relative(fisher_quantile(c.probability, c.above, c.below), c.f, 1e-10);
    check_relative(fisher_probability(c.f, c.above, c.below), c.probability, 1e-9);
  }
  struct ChiSquare {
    double probability, degrees, value;
  };
  for (const ChiSquare& c : {ChiSquare{.975, 5, 12.832501994030027},
                             {.025, 5, 0.8312116134866625},
                             {.5, 1, 0.454936423119572},
                             {.99, 1e5, 101043.31473677837},
                             {.001, 3, 0.024297585815692732},
                             {.025, .5, 5.273202591259991e-07}}) {
    CAPTURE(c.degrees);
    check_relative(chi_square_quantile(c.probability, c.degrees), c.value, 1e-10);
  }
  check_relative(normal_quantile(.975), 1.959963984540054, 1e-14);
  check_relative(normal_quantile(.001), -3.090232306167813, 1e-14);
  check_relative(normal_quantile(1e-12), -7.034483825301131, 1e-13);
  check_relative(normal_quantile(.3), -0.5244005127080409, 1e-14);
}

TEST_CASE("tails keep their digits") {
  check_relative(student_two_sided(5.42458, 11), 0.00020872236788907988, 1e-11);
  check_relative(student_two_sided(-40, 8), 1.6785718879145774e-10, 1e-10);
  check_relative(student_two_sided(1e-3, 3), 0.9992648949694609, 1e-12);
  check_relative(student_two_sided(2, 1e7), 0.045500290891842953, 1e-10);
  CHECK(student_two_sided(std::numeric_limits<double>::infinity(), 5) == 0);
  CHECK(student_probability(0, 4) == doctest::Approx(.5));
  CHECK(student_quantile(.5, 4) == 0);
}

TEST_CASE("quantiles invert probabilities") {
  for (const double degrees : {1., 2., 7.5, 60., 5e4, 1e8}) {
    for (const double p : {1e-9, .003, .2, .5, .77, .995, 1 - 1e-9}) {
      CAPTURE(degrees);
      CAPTURE(p);
      CHECK(std::abs(student_probability(student_quantile(p, degrees), degrees) - p) < 1e-12);
      CHECK(std::abs(chi_square_probability(chi_square_quantile(p, degrees), degrees) - p) < 1e-10);
    }
  }
}

}  // namespace
}  // namespace consilium
