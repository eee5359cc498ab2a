#include "analysis/qrs_detection/qrs_detection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/random.hpp"

using namespace consilium;

namespace {

struct MadeEcg {
  std::vector<float> samples_mv;
  std::vector<std::int64_t> beats;  // of the R peaks
};

// Bumps for P, QRS and T at irregular intervals, drift and noise over them.
MadeEcg made_ecg(double rate_hz, double seconds, double noise_mv, std::uint64_t seed) {
  SeededRandom random(seed);
  const auto unit = [&] { return static_cast<double>(random.below(1'000'001)) / 1e6; };
  MadeEcg ecg;
  ecg.samples_mv.resize(static_cast<std::size_t>(rate_hz * seconds));
  struct Wave {
    double at_s, width_s, height_mv;
  };
  constexpr Wave waves[] = {{-0.17, 0.025, 0.15},
                            {-0.025, 0.008, -0.12},
                            {0, 0.011, 1.1},
                            {0.03, 0.010, -0.25},
                            {0.28, 0.06, 0.3}};
  for (double at = 0.8; at < seconds - 0.8; at += 0.6 + 0.5 * unit()) {
    ecg.beats.push_back(std::llround(at * rate_hz));
    for (const Wave& wave : waves) {
      const double centre = (at + wave.at_s) * rate_hz;
      const double width = wave.width_s * rate_hz;
      const auto begin = static_cast<std::int64_t>(centre - 5 * width);
      for (std::int64_t i = std::max<std::int64_t>(0, begin); i < std::llround(centre + 5 * width);
           ++i) {
        if (i >= std::ssize(ecg.samples_mv)) break;
        const double z = (static_cast<double>(i) - centre) / width;
        ecg.samples_mv[static_cast<std::size_t>(i)] +=
            static_cast<float>(wave.height_mv * std::exp(-z * z / 2));
      }
    }
  }
  for (std::size_t i = 0; i < ecg.samples_mv.size(); ++i) {
    const double t = static_cast<double>(i) / rate_hz;
    const double noise = noise_mv * (unit() + unit() + unit() - 1.5) * 2;
    ecg.samples_mv[i] += static_cast<float>(0.5 * std::sin(t * 1.7) + noise + 3);
  }
  return ecg;
}

}  // namespace

TEST_CASE("every beat of a made ECG is found once, at its R peak, at any rate") {
  for (const double rate_hz : {128.0, 250.0, 360.0, 500.0, 1000.0}) {
    CAPTURE(rate_hz);
    const MadeEcg ecg = made_ecg(rate_hz, 120, 0.03, 1);
    const auto found = detect_qrs(ecg.samples_mv, rate_hz);
    REQUIRE(found.has_value());
    REQUIRE(found->size() == ecg.beats.size());
    for (std::size_t i = 0; i < ecg.beats.size(); ++i) {
      const auto off = static_cast<double>((*found)[i].sample_index - ecg.beats[i]) / rate_hz;
      CHECK(std::abs(off) <= 0.012);
    }
  }
}

TEST_CASE("in pieces of any size, upside down and larger or smaller: the same beats") {
  const MadeEcg ecg = made_ecg(360, 90, 0.08, 2);
  const auto whole = detect_qrs(ecg.samples_mv, 360);
  REQUIRE(whole.has_value());
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{7}, std::size_t{1000}, std::size_t{20'000}}) {
    CAPTURE(piece);
    auto detector = QrsDetector::create(360);
    REQUIRE(detector.has_value());
    for (std::size_t i = 0; i < ecg.samples_mv.size(); i += piece) {
      const std::size_t count = std::min(piece, ecg.samples_mv.size() - i);
      detector->push(std::span(ecg.samples_mv).subspan(i, count));
    }
    CHECK(detector->finish() == *whole);
  }
  std::vector<float> turned;
  for (const float sample : ecg.samples_mv) turned.push_back(-sample);
  CHECK(*detect_qrs(turned, 360) == *whole);
  for (const float scale : {0.1F, 10.0F}) {
    CAPTURE(scale);
    std::vector<float> scaled;
    for (const float sample : ecg.samples_mv) scaled.push_back(sample * scale);
    const auto found = detect_qrs(scaled, 360);
    REQUIRE(found->size() == whole->size());
    for (std::size_t i = 0; i < whole->size(); ++i) {  // whole microvolts move a flat peak a little
      CHECK(std::abs((*found)[i].sample_index - (*whole)[i].sample_index) <= 1);
    }
  }
}

TEST_CASE("what is no ECG gives no beats and no harm") {
  CHECK(detect_qrs({}, 360)->empty());
  CHECK(detect_qrs(std::vector<float>(1, 1.0F), 360)->empty());
  CHECK(detect_qrs(std::vector<float>(100'000, -4.0F), 360)->empty());
  CHECK(detect_qrs(std::vector<float>(10'000, std::numeric_limits<float>::quiet_NaN()), 360)
            ->empty());
  std::vector<float> extreme(5'000);
  for (std::size_t i = 0; i < extreme.size(); ++i) {
    extreme[i] =
        i % 2 == 0 ? std::numeric_limits<float>::max() : -std::numeric_limits<float>::max();
  }
  CHECK(detect_qrs(extreme, 10'000).has_value());
  CHECK(!detect_qrs({}, 79.9).has_value());
  CHECK(!detect_qrs({}, std::numeric_limits<double>::quiet_NaN()).has_value());
}

TEST_CASE("a lead that falls silent takes no beats of its neighbours along") {
  MadeEcg ecg = made_ecg(250, 120, 0.02, 3);
  std::vector<std::int64_t> expected;
  const auto silent = [](std::int64_t i) { return i >= 40 * 250 && i < 70 * 250; };
  for (std::int64_t i = 40 * 250; i < 70 * 250; ++i)
    ecg.samples_mv[static_cast<std::size_t>(i)] = std::numeric_limits<float>::quiet_NaN();
  for (const std::int64_t beat : ecg.beats) {
    if (!silent(beat - 25) && !silent(beat + 25)) expected.push_back(beat);
  }
  const auto found = detect_qrs(ecg.samples_mv, 250);
  std::size_t matched = 0;
  for (const std::int64_t beat : expected) {
    for (const QrsComplex& one : *found) matched += std::abs(one.sample_index - beat) <= 5;
  }
  CHECK(matched == expected.size());
  CHECK(found->size() <= expected.size() + 2);
}
