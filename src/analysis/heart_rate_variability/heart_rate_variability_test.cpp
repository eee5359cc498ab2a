#include "analysis/heart_rate_variability/heart_rate_variability.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.hpp"

using namespace consilium;

namespace {

// Beats whose intervals swing round 800 ms by a sine of `hz`.
std::vector<HeartBeat> swinging(double amplitude_ms, double hz, double until_s) {
  std::vector<HeartBeat> beats{{.at_s = 0.5}};
  while (beats.back().at_s < until_s) {
    const double at = beats.back().at_s;
    beats.push_back(
        {.at_s = at + 0.8 + amplitude_ms / 1000 * std::sin(2 * std::numbers::pi * hz * at)});
  }
  return beats;
}

HeartRateVariability of(const std::vector<HeartBeat>& beats) {
  const auto found = heart_rate_variability(beats);
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("times of six intervals worked by hand") {
  // 800, 810, 860, 790, 800 ms twice: differences 10, 50, -70, 10, 0, 10, 50, -70, 10.
  std::vector<HeartBeat> beats{{.at_s = 1}};
  for (int twice = 0; twice < 2; ++twice) {
    for (const double ms : {800, 810, 860, 790, 800}) {
      beats.push_back({.at_s = beats.back().at_s + ms / 1000});
    }
  }
  const auto found = of(beats);
  CHECK(found.times.count == 10);
  CHECK(found.times.mean == doctest::Approx(812));
  CHECK(found.times.median == doctest::Approx(800));
  CHECK(found.times.sdnn == doctest::Approx(std::sqrt(2 * (144 + 4 + 2304 + 484 + 144) / 9.0)));
  CHECK(found.times.rmssd == doctest::Approx(std::sqrt(2 * (100 + 2500 + 4900 + 100) / 9.0)));
  CHECK(found.times.pnn50 == doctest::Approx(2 / 9.0));
  CHECK(found.times.pnn20 == doctest::Approx(4 / 9.0));
  CHECK_FALSE(found.alpha1.has_value());
  CHECK_FALSE(found.sdann.has_value());
}

TEST_CASE("a swing's power is half its amplitude squared, in its own band") {
  for (const double hz : {0.02, 0.1, 0.25}) {
    const auto found = of(swinging(30, hz, 610));
    REQUIRE(found.windows.size() == 2);
    const double bands[] = {found.powers.vlf, found.powers.lf, found.powers.hf};
    const std::size_t own = hz < 0.04 ? 0 : hz < 0.15 ? 1 : 2;
    CHECK(bands[own] == doctest::Approx(450).epsilon(0.12));
    for (std::size_t b = 0; b < 3; ++b) {
      if (b != own) CHECK(bands[b] < 45);
    }
    CHECK(found.times.sdnn == doctest::Approx(30 / std::sqrt(2.0)).epsilon(0.05));
  }
}

TEST_CASE("intervals beside an ectopic beat and gaps do not count, nor differences over them") {
  std::vector<HeartBeat> beats = swinging(20, 0.1, 400);
  const auto whole = of(beats);
  beats[100].is_normal = false;
  beats[100].at_s -= 0.3;
  for (std::size_t i = 200; i < beats.size(); ++i) beats[i].at_s += 5;
  const auto found = of(beats);
  CHECK(found.left_out == 3);
  CHECK(found.times.count == whole.times.count - 3);
  CHECK(found.times.rmssd == doctest::Approx(whole.times.rmssd).epsilon(0.02));
}

TEST_CASE("noise has a slope of a half, its sum one and a half; a regular pattern has no entropy") {
  SeededRandom random(4);
  std::vector<HeartBeat> noise{{.at_s = 1}};
  std::vector<HeartBeat> walk{{.at_s = 1}};
  double drift = 0;
  for (int i = 0; i < 4'000; ++i) {
    noise.push_back({.at_s = noise.back().at_s + 0.8 + 0.02 * random.normal()});
    drift = std::clamp(drift + 0.002 * random.normal(), -0.4, 0.4);
    walk.push_back({.at_s = walk.back().at_s + 0.8 + drift});
  }
  const auto of_noise = of(noise);
  CHECK(*of_noise.alpha1 == doctest::Approx(0.5).epsilon(0.15));
  CHECK(*of_noise.alpha2 == doctest::Approx(0.5).epsilon(0.15));
  CHECK(*of(walk).alpha2 == doctest::Approx(1.5).epsilon(0.1));
  CHECK(*of_noise.sample_entropy > 1.8);
  std::vector<HeartBeat> regular{{.at_s = 1}};
  for (int i = 0; i < 300; ++i) {
    regular.push_back({.at_s = regular.back().at_s + (i % 2 == 0 ? 0.8 : 0.9)});
  }
  CHECK(*of(regular).sample_entropy < 0.02);
  CHECK(of(regular).sd2 < 0.1 * of(regular).sd1);
}

TEST_CASE("intervals that do not vary have no slope and no entropy") {
  std::vector<HeartBeat> beats;
  for (int i = 0; i < 200; ++i) beats.push_back({.at_s = 0.1 + 0.8 * i});
  const auto found = of(beats);
  CHECK(found.times.sdnn < 1e-9);
  CHECK_FALSE(found.alpha1.has_value());
  CHECK_FALSE(found.sample_entropy.has_value());
}

TEST_CASE("too few intervals and beats out of order are refused") {
  CHECK_FALSE(heart_rate_variability({}).has_value());
  std::vector<HeartBeat> beats = swinging(20, 0.1, 30);
  beats[7].at_s = beats[5].at_s;
  CHECK_FALSE(heart_rate_variability(beats).has_value());
}
