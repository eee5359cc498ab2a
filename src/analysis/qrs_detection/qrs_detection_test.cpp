#include "analysis/qrs_detection/qrs_detection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/qrs_detection/made_ecg.hpp"

using namespace consilium;
using qrs::made_ecg;
using qrs::MadeEcg;

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
