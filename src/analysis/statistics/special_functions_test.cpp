#include "analysis/statistics/special_functions.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "analysis/statistics/distributions.hpp"

namespace consilium {
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
  CHECK(incomplete_beta(0.5, 0.5, 0.2, 1 - 0.2) ==
        doctest::Approx(0.29516723530086653).epsilon(1e-11));
  CHECK(incomplete_beta(3, 40, 0.1, 1 - 0.1) ==
        doctest::Approx(0.80489234517306318).epsilon(1e-11));
  CHECK(incomplete_beta(200, 10, 0.97, 1 - 0.97) ==
        doctest::Approx(0.89949164762855138).epsilon(1e-11));
  CHECK(incomplete_beta(1, 1, 0.3, 1 - 0.3) == doctest::Approx(0.29999999999999999).epsilon(1e-11));
  CHECK(chi_square_upper_tail(3.84, 1) == doctest::Approx(0.050043521248705189).epsilon(1e-10));
  CHECK(chi_square_upper_tail(0.5, 4) == doctest::Approx(0.97350097883925613).epsilon(1e-10));
  CHECK(chi_square_upper_tail(30, 12) == doctest::Approx(0.0027924293327009145).epsilon(1e-10));
  CHECK(chi_square_upper_tail(1, 30) == doctest::Approx(1).epsilon(1e-10));
}

TEST_CASE("quantiles undo shares") {
  for (const double p : {1e-12, 0.01, 0.3, 0.5, 0.9, 0.999}) {
    CHECK(normal_probability(normal_quantile(p)) == doctest::Approx(p).epsilon(1e-11));
    const double x = beta_quantile(3, 40, p);
    CHECK(incomplete_beta(3, 40, x, 1 - x) == doctest::Approx(p).epsilon(1e-11));
  }
}

TEST_CASE("logarithm, digamma and log gamma are right to their stated error") {
  for (int step = -90; step <= 66; ++step) {
    const double x = std::pow(1.37, step);
    CAPTURE(x);
    CHECK(std::abs(exact_log(x) - std::log(x)) <= 4e-16 * std::abs(std::log(x)) + 1e-18);
  }
  CHECK(std::isinf(exact_log(0.0)));
  for (int step = -26; step <= 52; ++step) {
    const double x = std::pow(1.3, step);
    CAPTURE(x);
    CHECK(std::abs(log_gamma(x) - std::lgamma(x)) <= 1e-13 * (1.0 + std::abs(std::lgamma(x))));
  }
  CHECK(std::abs(digamma(1.0) + 0.57721566490153286) < 1e-14);
  CHECK(std::abs(digamma(0.5) + 1.96351002602142348) < 1e-14);
  CHECK(std::abs(digamma(10.0) - 2.25175258906672111) < 1e-14);
  // Beta(1, b) and Beta(1/2, 1/2) have closed quantiles: 1 - (1 - q)^(1/b) and sin^2(pi q / 2).
  for (const double q : {0.025, 0.3, 0.975}) {
    for (const double b : {0.5, 1.0, 7.0, 40'000.0}) {
      CHECK(std::abs(beta_quantile(1.0, b, q) + std::expm1(std::log1p(-q) / b)) < 1e-9);
      CHECK(std::abs(beta_quantile(b, 1.0, q) - std::pow(q, 1.0 / b)) < 1e-9);
    }
    const double sine = std::sin(0.5 * M_PI * q);
    CHECK(std::abs(beta_quantile(0.5, 0.5, q) - sine * sine) < 1e-9);
  }
}

TEST_CASE("of many numbers at once each has the value it has alone") {
  std::vector<double> x;
  for (int step = -20; step <= 40; ++step) x.push_back(std::pow(1.41, step));
  for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{3}, x.size()}) {
    const auto some = std::span(x).first(count);
    std::vector<double> logarithm(count);
    std::vector<double> derivative(count);
    gamma_functions(some, logarithm, derivative);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(logarithm[i] == log_gamma(some[i]));
      CHECK(derivative[i] == digamma(some[i]));
    }
  }
}

TEST_CASE("exponentials and logistic functions are right to their stated error") {
  std::vector<double> x;
  for (double value = -60; value <= 60; value += 0.37) x.push_back(value);
  std::vector<double> probability(x.size());
  std::vector<double> softplus(x.size());
  logistic(x, probability, softplus);
  std::vector<double> alone(x.size());
  logistic(x, alone);
  CHECK(alone == probability);
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(x[i]);
    CHECK(std::abs(probability[i] - 1 / (1 + std::exp(-x[i]))) < 1e-15);
    const double expected = std::fmax(x[i], 0.0) + std::log1p(std::exp(-std::abs(x[i])));
    CHECK(std::abs(softplus[i] - expected) < 1e-15 * std::fmax(1.0, x[i]));
  }
  std::vector<double> powers;
  for (const double value : x) powers.push_back(-std::abs(value));
  const std::vector<double> arguments = powers;
  exp_in_place(powers);
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(arguments[i]);
    if (arguments[i] < -40) {
      CHECK(powers[i] == 0);
    } else {
      CHECK(std::abs(powers[i] / std::exp(arguments[i]) - 1) < 4e-16);
    }
  }
}

}  // namespace
}  // namespace consilium
