#include "analysis/crowd/special.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

namespace consilium::crowd {
namespace {

// Expected values: scipy 1.x (scipy.special, scipy.stats).
TEST_CASE("special functions have scipy's values") {
  CHECK(digamma(0.01) == doctest::Approx(-100.56088545786868).epsilon(1e-12));
  CHECK(trigamma(0.01) == doctest::Approx(10001.621213528311).epsilon(1e-12));
  CHECK(digamma(0.5) == doctest::Approx(-1.9635100260214235).epsilon(1e-12));
  CHECK(trigamma(0.5) == doctest::Approx(4.9348022005446799).epsilon(1e-12));
  CHECK(digamma(1) == doctest::Approx(-0.57721566490153287).epsilon(1e-12));
  CHECK(trigamma(1) == doctest::Approx(1.6449340668482266).epsilon(1e-12));
  CHECK(digamma(3.3) == doctest::Approx(1.0348224890596216).epsilon(1e-12));
  CHECK(trigamma(3.3) == doctest::Approx(0.35350154184106181).epsilon(1e-12));
  CHECK(digamma(8) == doctest::Approx(2.0156414779556098).epsilon(1e-12));
  CHECK(trigamma(8) == doctest::Approx(0.13313701469403144).epsilon(1e-12));
  CHECK(digamma(50) == doctest::Approx(3.9019896734278925).epsilon(1e-12));
  CHECK(trigamma(50) == doctest::Approx(0.020201333226697128).epsilon(1e-12));
  CHECK(normal_quantile(1e-09) == doctest::Approx(-5.9978070150076865).epsilon(1e-12));
  CHECK(normal_quantile(0.025) == doctest::Approx(-1.9599639845400545).epsilon(1e-12));
  CHECK(normal_quantile(0.4) == doctest::Approx(-0.25334710313579972).epsilon(1e-12));
  CHECK(normal_quantile(0.975) == doctest::Approx(1.959963984540054).epsilon(1e-12));
  CHECK(beta_share_below(0.5, 0.5, 0.2) == doctest::Approx(0.29516723530086653).epsilon(1e-11));
  CHECK(beta_share_below(3, 40, 0.1) == doctest::Approx(0.80489234517306318).epsilon(1e-11));
  CHECK(beta_share_below(200, 10, 0.97) == doctest::Approx(0.89949164762855138).epsilon(1e-11));
  CHECK(beta_share_below(1, 1, 0.3) == doctest::Approx(0.29999999999999999).epsilon(1e-11));
  CHECK(chi_square_share_above(3.84, 1) == doctest::Approx(0.050043521248705189).epsilon(1e-10));
  CHECK(chi_square_share_above(0.5, 4) == doctest::Approx(0.97350097883925613).epsilon(1e-10));
  CHECK(chi_square_share_above(30, 12) == doctest::Approx(0.0027924293327009145).epsilon(1e-10));
  CHECK(chi_square_share_above(1, 30) == doctest::Approx(1).epsilon(1e-10));
}

TEST_CASE("quantiles undo shares") {
  for (const double p : {1e-12, 0.01, 0.3, 0.5, 0.9, 0.999}) {
    CHECK(normal_share_below(normal_quantile(p)) == doctest::Approx(p).epsilon(1e-11));
    CHECK(beta_share_below(3, 40, beta_quantile(3, 40, p)) == doctest::Approx(p).epsilon(1e-3));
  }
}

}  // namespace
}  // namespace consilium::crowd
