#include "analysis/body_events/body_events.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "analysis/body_events/zero_phase.hpp"
#include "base/random.hpp"

using namespace consilium;

namespace {

constexpr double two_pi = 2 * std::numbers::pi;

// Bells of this width at these times, on a slow drift, in noise.
std::vector<float> bells(const std::vector<double>& at_s, double width_s, double until_s,
                         double rate_hz, double noise) {
  SeededRandom random(3);
  std::vector<float> out;
  for (double t = 0; t < until_s; t += 1 / rate_hz) {
    double value = 0.3 * std::sin(two_pi * 0.02 * t) + noise * random.normal();
    for (const double bell : at_s) value += std::exp(-std::pow((t - bell) / width_s, 2) / 2);
    out.push_back(static_cast<float>(value));
  }
  return out;
}

// Times from 1 s on whose distances swing between `from_s` and `to_s`.
std::vector<double> swinging(double from_s, double to_s, double until_s) {
  std::vector<double> at{1};
  while (at.back() + to_s < until_s) {
    const double share = (1 + std::sin(0.7 * static_cast<double>(at.size()))) / 2;
    at.push_back(at.back() + from_s + share * (to_s - from_s));
  }
  return at;
}

// How many of the expected are met within `window_s`, each by one found.
std::size_t met(const std::vector<double>& expected, const std::vector<std::size_t>& found,
                double rate_hz, double window_s) {
  std::size_t count = 0;
  for (const double at : expected) {
    for (const std::size_t place : found) {
      if (std::abs(static_cast<double>(place) / rate_hz - at) <= window_s) {
        ++count;
        break;
      }
    }
  }
  return count;
}

}  // namespace

TEST_CASE("a filter keeps what lies in its band where it is, and takes out the rest") {
  constexpr double rate = 250;
  std::vector<float> in;
  for (int i = 0; i < 5'000; ++i) {
    const double t = i / rate;
    in.push_back(static_cast<float>(5 + std::sin(two_pi * 2 * t) + std::sin(two_pi * 60 * t)));
  }
  const auto out = filtered(in, rate, {.from_hz = 0.2, .to_hz = 15});
  double most = 0;
  for (int i = 500; i < 4'500; ++i) {
    const double expected = std::sin(two_pi * 2 * i / rate);
    most = std::max(most, std::abs(double{out[static_cast<std::size_t>(i)]} - expected));
  }
  // What SciPy's filtfilt leaves of it too, with ends as long.
  CHECK(most == doctest::Approx(0.07165898).epsilon(1e-4));
  // At the edge a half is left, both ways being run.
  const auto half = filtered(in, rate, {.from_hz = {}, .to_hz = 2});
  CHECK(double{*std::max_element(half.begin() + 500, half.begin() + 4'500)} ==
        doctest::Approx(5.5).epsilon(0.01));
}

TEST_CASE(
    "every pulse and every breath planted is found, once and at its top, whatever the scale") {
  constexpr double rate = 125;
  const auto pulses_at = swinging(0.5, 1.2, 118);
  auto pulses = bells(pulses_at, 0.08, 120, rate, 0.03);
  const auto breaths_at = swinging(2.5, 6, 290);
  const auto breaths = bells(breaths_at, 0.7, 300, 25, 0.03);
  for (const float scale : {0.001F, 1.0F, 5'000.0F}) {
    std::vector<float> scaled(pulses);
    for (float& x : scaled) x *= scale;
    const auto found = find_pulses(scaled, rate);
    REQUIRE(found.has_value());
    CHECK(found->size() == pulses_at.size());
    CHECK(met(pulses_at, *found, rate, 0.03) == pulses_at.size());
  }
  const auto found = find_breaths(breaths, 25);
  REQUIRE(found.has_value());
  CHECK(found->size() == breaths_at.size());
  CHECK(met(breaths_at, *found, 25, 0.3) == breaths_at.size());
}

TEST_CASE("bursts of a muscle are found where they begin and end, and none in rest alone") {
  constexpr double rate = 1'000;
  SeededRandom random(8);
  std::vector<float> rest;
  std::vector<float> active;
  for (int i = 0; i < 20'000; ++i) {
    const bool is_on = i % 4'000 >= 2'500 && i % 4'000 < 3'300;
    rest.push_back(static_cast<float>(random.normal()));
    active.push_back(static_cast<float>(random.normal() * (is_on ? 8 : 1)));
  }
  const auto none = find_bursts(rest, rate);
  REQUIRE(none.has_value());
  CHECK(none->empty());
  const auto found = find_bursts(active, rate);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 5);
  for (std::size_t b = 0; b < 5; ++b) {
    const double begin = 4'000 * static_cast<double>(b) + 2'500;
    CHECK(std::abs(static_cast<double>((*found)[b].onset) - begin) <= 30);
    CHECK(std::abs(static_cast<double>((*found)[b].end) - begin - 800) <= 30);
  }
}

TEST_CASE("a flat channel, one without numbers and none at all have no events") {
  const std::vector<float> flat(4'000, 3.5F);
  const std::vector<float> nothing(4'000, std::numeric_limits<float>::quiet_NaN());
  for (const auto& samples : {flat, nothing, std::vector<float>{}, std::vector<float>{1}}) {
    CHECK(find_pulses(samples, 250)->empty());
    CHECK(find_breaths(samples, 250)->empty());
    CHECK(find_bursts(samples, 250)->empty());
  }
  CHECK_FALSE(find_pulses(flat, 10).has_value());
  CHECK_FALSE(find_breaths(flat, 1).has_value());
  CHECK_FALSE(find_bursts(flat, 100).has_value());
}
