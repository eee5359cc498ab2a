#include "analysis/statistics/exact_sum.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "analysis/statistics/order_free_sum.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

// Terms whose sum in doubles does depend on their order.
std::vector<double> awkward_terms() {
  SeededRandom random(11);
  std::vector<double> terms;
  for (int i = 0; i < 4000; ++i) terms.push_back(random.normal() * std::exp(10 * random.uniform()));
  return terms;
}

double exact_sum(const std::vector<double>& terms) {
  ExactSum sum;
  for (const double term : terms) sum.add(term);
  return sum.value();
}

TEST_CASE("no order of the terms changes a bit of their sum") {
  std::vector<double> terms = awkward_terms();
  const auto free_sum = [&] {
    return order_free_sum(terms.size(), [&](std::size_t i) { return terms[i]; });
  };
  const double exact = exact_sum(terms);
  const double free = free_sum();
  CHECK(exact == doctest::Approx(free).epsilon(1e-9));
  SeededRandom random(5);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = terms.size(); i > 1; --i) std::swap(terms[i - 1], terms[random.below(i)]);
    CHECK(exact_sum(terms) == exact);
    CHECK(free_sum() == free);
    std::vector<double> copy = terms;
    CHECK(sorted_sum(copy) == doctest::Approx(free).epsilon(1e-9));
  }
}

TEST_CASE("a sum has the same value term by term, in parts and in multiples") {
  ExactSum whole;
  ExactSum first;
  ExactSum second;
  for (int i = 0; i < 7; ++i) {
    whole.add(0.1);
    (i < 3 ? first : second).add(0.1);
  }
  ExactSum times;
  times.add_times(0.1, 7);
  first.add(second);
  CHECK(first.value() == whole.value());
  CHECK(times.value() == whole.value());
  ExactSum of_fixed;
  of_fixed.add(to_fixed(0.25));
  of_fixed.add(to_fixed(-1.5));
  CHECK(of_fixed.value() == -1.25);
}

TEST_CASE("terms are rounded to the nearest multiple of 2^-40, large ones too") {
  struct Case {
    double term, expected;
  };
  for (const Case& c : {Case{0x1p-42, 0},
                        {0x1.8p-41, 0x1p-40},
                        {-0x1.8p-41, -0x1p-40},
                        {1023.5 + 0x1p-41, 1023.5},
                        {4096 + 0x1p-40, 4096 + 0x1p-40},
                        {0x1.123456789abcdp50, 0x1.123456789abcdp50}}) {
    ExactSum sum;
    sum.add(c.term);
    CHECK(sum.value() == c.expected);
  }
}

TEST_CASE("doubles rounded to a multiple add up without error") {
  const double shift = rounding_shift(20);
  CHECK(rounded(0.3, shift) * 0x1p20 == std::rint(0.3 * 0x1p20));
  CHECK(std::isinf(rounded(std::numeric_limits<double>::infinity(), shift)));
  CHECK(bits_above(0) == 0);
  CHECK(bits_above(1) == 0);
  CHECK(bits_above(2) == 1);
  CHECK(bits_above(1025) == 11);
}

TEST_CASE(
    "a term that is not finite makes the sum not a number, and small terms keep their digits") {
  const std::vector<double> small{3e-300, 5e-300};
  CHECK(order_free_sum(2, [&](std::size_t i) { return small[i]; }) == doctest::Approx(8e-300));
  CHECK(order_free_sum(0, [](std::size_t) { return 1.0; }) == 0);
  CHECK(std::isnan(
      order_free_sum(1, [](std::size_t) { return std::numeric_limits<double>::infinity(); })));
}

}  // namespace
}  // namespace consilium
