#include "analysis/ecg_rhythm/ecg_rhythm.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "analysis/ecg_rhythm/ecg_quality.hpp"
#include "base/random.hpp"

using namespace consilium;

namespace {

struct Maker {
  std::vector<RhythmBeat> beats{{.at_s = 0.5}};
  SeededRandom random{11};
  void add(double interval_s, bool is_ventricular = false) {
    beats.push_back({.at_s = beats.back().at_s + interval_s, .is_ventricular = is_ventricular});
  }
  void sinus(int count, double interval_s = 0.8) {
    for (int i = 0; i < count; ++i) add(interval_s + 0.01 * std::sin(i));
  }
  void fibrillation(int count) {
    for (int i = 0; i < count; ++i) add(0.45 + static_cast<double>(random.below(500)) / 1000);
  }
};

// How many beats are in each rhythm.
std::size_t count_of(const RhythmFindings& found, Rhythm rhythm) {
  std::size_t count = 0;
  for (const RhythmSpan& span : found.spans) {
    if (span.rhythm == rhythm) count += span.last - span.first;
  }
  return count;
}

RhythmFindings found_in(const Maker& maker) {
  const auto found = rhythm_of(maker.beats);
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("fibrillation between sinus rhythm is found, to half a window at its ends") {
  Maker maker;
  maker.sinus(200);
  maker.fibrillation(200);
  maker.sinus(200);
  const auto found = found_in(maker);
  REQUIRE(found.spans.size() == 3);
  CHECK(found.spans[1].rhythm == Rhythm::AtrialFibrillation);
  CHECK(std::abs(static_cast<double>(found.spans[1].first) - 200) <= 32);
  CHECK(std::abs(static_cast<double>(found.spans[1].last) - 400) <= 32);
  CHECK(found.spans[0].first == 0);
  CHECK(found.spans[2].last == maker.beats.size());
}

TEST_CASE("bigeminy and trigeminy are no fibrillation") {
  Maker two;
  for (int i = 0; i < 150; ++i) {
    two.add(0.5, true);
    two.add(1.1);
  }
  CHECK(count_of(found_in(two), Rhythm::AtrialFibrillation) == 0);
  CHECK(count_of(found_in(two), Rhythm::Bigeminy) == two.beats.size());
  Maker three;
  for (int i = 0; i < 100; ++i) {
    three.add(0.5, true);
    three.add(1.1);
    three.add(0.8);
  }
  CHECK(count_of(found_in(three), Rhythm::AtrialFibrillation) == 0);
  CHECK(count_of(found_in(three), Rhythm::Bigeminy) == 0);
}

TEST_CASE("runs of three ventricular beats or more, fast or slow, and no shorter ones") {
  Maker maker;
  maker.sinus(20);
  for (int i = 0; i < 5; ++i) maker.add(0.4, true);
  maker.sinus(20);
  for (int i = 0; i < 3; ++i) maker.add(0.9, true);
  maker.sinus(20);
  for (int i = 0; i < 2; ++i) maker.add(0.4, true);
  maker.sinus(20);
  const auto found = found_in(maker);
  CHECK(count_of(found, Rhythm::VentricularTachycardia) == 5);
  CHECK(count_of(found, Rhythm::IdioventricularRun) == 3);
}

TEST_CASE("slow, fast and pausing hearts") {
  Maker maker;
  maker.sinus(40);
  maker.sinus(40, 1.4);
  maker.sinus(40);
  maker.sinus(40, 0.5);
  maker.sinus(10);
  maker.add(2.3);
  maker.sinus(10);
  const auto found = found_in(maker);
  CHECK(std::abs(static_cast<double>(count_of(found, Rhythm::Bradycardia)) - 40) <= 2);
  CHECK(std::abs(static_cast<double>(count_of(found, Rhythm::Tachycardia)) - 40) <= 2);
  CHECK(found.pauses == std::vector<std::size_t>{170});
}

TEST_CASE("no beats have no rhythm, beats out of order are refused") {
  CHECK(rhythm_of({})->spans.empty());
  const RhythmBeat one[] = {{.at_s = 1}};
  CHECK(rhythm_of(one)->spans == std::vector<RhythmSpan>{{0, 1, Rhythm::Other}});
  const RhythmBeat wrong[] = {{.at_s = 1}, {.at_s = 1}};
  CHECK(!rhythm_of(wrong).has_value());
}

TEST_CASE("a lead is poor when it is missing, flat, clipped or alone with its beats") {
  std::vector<float> good;
  for (int i = 0; i < 2500; ++i) good.push_back(static_cast<float>(std::sin(i * 0.11)));
  const std::int64_t beats[] = {100, 400, 700};
  CHECK(lead_quality(good, 250, beats, beats) == LeadQuality{});
  CHECK(!is_poor(lead_quality(good, 250, beats, beats)));
  auto bad = good;
  for (std::size_t i = 0; i < 250; ++i) bad[i] = std::numeric_limits<float>::quiet_NaN();
  CHECK(lead_quality(bad, 250, beats, beats).missing == doctest::Approx(0.1));
  CHECK(is_poor(lead_quality(bad, 250, beats, beats)));
  bad = good;
  for (std::size_t i = 0; i < 500; ++i) bad[i] = 0.3F;
  CHECK(lead_quality(bad, 250, beats, beats).flat == doctest::Approx(0.2));
  bad = good;
  for (float& sample : bad) sample = std::min(sample, 0.5F);
  CHECK(lead_quality(bad, 250, beats, beats).clipped > 0.3);
  const std::int64_t alone[] = {100, 250, 400, 550};
  CHECK(lead_quality(good, 250, alone, beats).agreement == doctest::Approx(0.4));
  CHECK(is_poor(lead_quality(good, 250, alone, beats)));
}
