#include <doctest/doctest.h>

#include <initializer_list>
#include <limits>

#include "analysis/statistics/distributions.hpp"

namespace consilium {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

TEST_CASE("tails equal those of SciPy 1.x (scipy.stats t, f, chi2, norm)") {
  CHECK(student_upper_tail(2.3, 7.5) == doctest::Approx(0.026286448052184542).epsilon(1e-12));
  CHECK(student_upper_tail(-2.3, 7.5) == doctest::Approx(1 - 0.026286448052184542));
  CHECK(student_upper_tail(3, 1e6) == doctest::Approx(0.0013499312707109).epsilon(1e-9));
  CHECK(student_two_sided(1.7, infinite) == doctest::Approx(0.08913092551708608).epsilon(1e-12));
  CHECK(fisher_upper_tail(4.484854, 1, 15.06611) ==
        doctest::Approx(0.05123303576804349).epsilon(1e-11));
  CHECK(fisher_upper_tail(2.5, 3, 9.25) == doctest::Approx(0.12377587997651276).epsilon(1e-11));
  CHECK(fisher_upper_tail(7.3 / 3, 3, infinite) ==
        doctest::Approx(0.06292623645904312).epsilon(1e-11));
  CHECK(fisher_upper_tail(0.15, 2, infinite) == doctest::Approx(0.8607079764250578).epsilon(1e-12));
}

TEST_CASE("critical values equal those of SciPy and of the normal table") {
  CHECK(-student_quantile(0.025, 15.06611) == doctest::Approx(2.1306352346312316).epsilon(1e-12));
  CHECK(-student_quantile(0.0005, 1) == doctest::Approx(636.6192487687196).epsilon(1e-11));
  CHECK(-student_quantile(0.025, infinite) == doctest::Approx(1.959963984540054).epsilon(1e-13));
  CHECK(-student_quantile(0.975, infinite) == doctest::Approx(-1.959963984540054));
  CHECK(-student_quantile(0.5, 3) == 0);
}

TEST_CASE("the ends of the line have tails of 0 and 1") {
  CHECK(student_two_sided(0, 5) == doctest::Approx(1));
  CHECK(student_upper_tail(infinite, 5) == 0);
  CHECK(fisher_upper_tail(0, 1, 5) == 1);
  CHECK(fisher_upper_tail(infinite, 1, 5) == 0);
}

TEST_CASE("F with one degree of freedom is the square of t") {
  for (const double df : {1.0, 2.5, 15.06611, 400.0}) {
    for (const double t : {0.1, 1.0, 2.5, 9.0}) {
      CHECK(fisher_upper_tail(t * t, 1, df) ==
            doctest::Approx(student_two_sided(t, df)).epsilon(1e-10));
    }
  }
}

}  // namespace
}  // namespace consilium
