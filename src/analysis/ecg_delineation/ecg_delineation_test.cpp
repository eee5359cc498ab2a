#include "analysis/ecg_delineation/ecg_delineation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <limits>

using namespace consilium;

namespace {

struct Bump {
  double at_s, width_s, height_mv;
};
constexpr Bump p_wave{-0.17, 0.022, 0.15};
constexpr Bump t_wave{0.27, 0.045, 0.3};

// A beat each second: P, QRS and T as Gauss curves.
std::vector<float> beats_at(double rate_hz, int count, double p_height = 1, double t_height = 1) {
  const Bump bumps[] = {{p_wave.at_s, p_wave.width_s, p_wave.height_mv * p_height},
                        {-0.022, 0.008, -0.12},
                        {0, 0.011, 1.1},
                        {0.026, 0.010, -0.25},
                        {t_wave.at_s, t_wave.width_s, t_wave.height_mv * t_height}};
  std::vector<float> samples(static_cast<std::size_t>(rate_hz * (count + 1)), 0.7F);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (int beat = 1; beat <= count; ++beat) {
      for (const Bump& bump : bumps) {
        const double z = (static_cast<double>(i) / rate_hz - beat - bump.at_s) / bump.width_s;
        if (std::abs(z) < 8)
          samples[i] += static_cast<float>(bump.height_mv * std::exp(-z * z / 2));
      }
    }
  }
  return samples;
}

BeatPlace place_of(int beat, double rate_hz) {
  const auto second = static_cast<std::int64_t>(rate_hz);
  return {.before = (beat - 1) * second, .beat = beat * second, .after = (beat + 1) * second};
}

BeatWaves waves_in(const std::vector<float>& samples, double rate_hz, int beat = 3) {
  const auto found = delineate_beat({samples, 0}, rate_hz, place_of(beat, rate_hz));
  REQUIRE(found.has_value());
  return *found;
}

}  // namespace

TEST_CASE("waves of a made beat are found where they were put, at any rate") {
  for (const double rate_hz : {128.0, 250.0, 360.0, 500.0, 1000.0}) {
    CAPTURE(rate_hz);
    const auto waves = waves_in(beats_at(rate_hz, 6), rate_hz);
    const auto ms = [&](std::int64_t sample) {
      return (static_cast<double>(sample) / rate_hz - 3) * 1000;
    };
    REQUIRE(waves.p.has_value());
    REQUIRE(waves.qrs.has_value());
    REQUIRE(waves.t.has_value());
    CHECK(ms(waves.p->peak) == doctest::Approx(-170).epsilon(0.06));
    CHECK(ms(waves.t->peak) == doctest::Approx(270).epsilon(0.05));
    // A Gauss curve is taken to begin and end at about two and a half of its widths.
    CHECK(std::abs(ms(waves.p->onset) - (-170 - 55)) < 22);
    CHECK(std::abs(ms(waves.p->end) - (-170 + 55)) < 25);
    CHECK(std::abs(ms(waves.qrs->onset) - (-22 - 20)) < 16);
    CHECK(std::abs(ms(waves.qrs->end) - (26 + 25)) < 16);
    CHECK(std::abs(ms(waves.t->end) - (270 + 112)) < 30);
  }
}

TEST_CASE("upside down, larger, on another level or from a part of the record: the same waves") {
  const auto samples = beats_at(250, 6);
  const auto whole = waves_in(samples, 250);
  for (const float scale : {-1.0F, 0.25F, 8.0F}) {
    CAPTURE(scale);
    std::vector<float> other;
    for (const float sample : samples) other.push_back(sample * scale + 3);
    const auto found = waves_in(other, 250);
    REQUIRE(found.p.has_value());
    REQUIRE(found.t.has_value());
    CHECK(std::abs(found.p->onset - whole.p->onset) <= 1);
    CHECK(std::abs(found.qrs->onset - whole.qrs->onset) <= 1);
    CHECK(std::abs(found.qrs->end - whole.qrs->end) <= 1);
    CHECK(std::abs(found.t->end - whole.t->end) <= 1);
  }
  const std::vector<float> part(samples.begin() + 250, samples.begin() + 1250);
  CHECK(*delineate_beat({part, 250}, 250, place_of(3, 250)) == whole);
}

TEST_CASE("a beat without a P wave gets none") {
  const auto waves = waves_in(beats_at(250, 6, 0), 250);
  CHECK(!waves.p.has_value());
  CHECK(waves.t.has_value());
}

TEST_CASE("what is no ECG gives no waves, and wrong places are refused") {
  const std::vector<float> flat(2000, 1.0F);
  CHECK(waves_in(flat, 250) == BeatWaves{});
  const std::vector<float> none(2000, std::numeric_limits<float>::quiet_NaN());
  CHECK(waves_in(none, 250) == BeatWaves{});
  CHECK(*delineate_beat({{}, 0}, 250, place_of(3, 250)) == BeatWaves{});
  CHECK(!delineate_beat({flat, 0}, 250, {.before = 5, .beat = 5, .after = 9}).has_value());
  CHECK(!delineate_beat({flat, 0}, 20, place_of(3, 250)).has_value());
}

TEST_CASE("of several leads the QRS lasts from the first onset that two bear out to the last end") {
  const auto lead = [](std::int64_t onset, std::int64_t end) {
    return BeatWaves{.p = {}, .qrs = Wave{onset, 100, end, 1}, .t = Wave{130, 150, 170, 0.5}};
  };
  const BeatWaves leads[] = {lead(80, 110), lead(90, 112), lead(92, 125), lead(96, 113)};
  const auto together = combined_waves(leads, 250);
  REQUIRE(together.qrs.has_value());
  CHECK(together.qrs->onset == 90);  // 80 is alone
  CHECK(together.qrs->end == 113);   // 125 is alone
  CHECK(together.t == Wave{130, 150, 170, 0.5});
  CHECK(!together.p.has_value());
}
