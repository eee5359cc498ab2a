#include "analysis/epoch_features/epoch_features.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

using namespace consilium;

namespace {

std::vector<float> wave(double hz, double amplitude, double rate_hz, double length_s) {
  std::vector<float> out;
  for (double i = 0; i < length_s * rate_hz; ++i) {
    out.push_back(
        static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz * i / rate_hz)));
  }
  return out;
}

}  // namespace

TEST_CASE("a wave's power is half its amplitude squared, in the band that it lies in") {
  const double hz[] = {2, 6, 10, 14, 20};
  for (std::size_t b = 0; b < 5; ++b) {
    const auto found = epoch_features(wave(hz[b], 40, 128, 30), 128);
    REQUIRE(found.has_value());
    const auto row = as_row(*found);
    for (std::size_t other = 0; other < 5; ++other) {
      CHECK(row[other] == doctest::Approx(other == b ? 800 : 0).epsilon(0.02).scale(800));
    }
    CHECK(std::abs(found->edge_hz - hz[b]) <= 0.5);
    CHECK(found->activity == doctest::Approx(800).epsilon(0.01));
    // A sine's steps are a sine again: mobility is its angle a sample, complexity 1.
    const double angle = 2 * std::sin(std::numbers::pi * hz[b] / 128);
    CHECK(found->mobility == doctest::Approx(angle).epsilon(0.01));
    CHECK(found->complexity == doctest::Approx(1).epsilon(0.01));
    CHECK(found->crossings == doctest::Approx(2 * hz[b] / 128).epsilon(0.03));
  }
}

TEST_CASE("a flat epoch and one without numbers have nothing; a short one is refused") {
  const std::vector<float> nothing(400, std::numeric_limits<float>::quiet_NaN());
  for (const auto& samples : {std::vector<float>(400, 2.5F), nothing}) {
    const auto found = epoch_features(samples, 100);
    REQUIRE(found.has_value());
    for (const double value : as_row(*found)) CHECK(std::abs(value) < 1e-12);
  }
  CHECK_FALSE(epoch_features(std::vector<float>(15, 1.0F), 100).has_value());
  CHECK_FALSE(epoch_features(nothing, 0.1).has_value());
  CHECK(epoch_features(wave(2, 1, 10, 2), 10).has_value());
}
