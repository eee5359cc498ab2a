#include "analysis/synthetic/ecg_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/synthetic/ecg_source.hpp"

using namespace consilium;
using namespace consilium::synthetic;

namespace {

EcgOptions quiet() {
  EcgOptions options;
  options.seed = 4;
  options.duration_s = 60;
  options.wander_mv = 0;
  options.hum_mv = 0;
  options.noise_mv = 0;
  return options;
}

std::vector<std::int32_t> whole(const EcgModel& model, std::size_t channel) {
  std::vector<std::int32_t> samples(static_cast<std::size_t>(model.header().length_ticks));
  model.render(channel, 0, samples);
  return samples;
}

std::int32_t at(const std::vector<std::int32_t>& samples, std::int64_t index) {
  return samples[static_cast<std::size_t>(index)];
}

}  // namespace

TEST_CASE("a block has the same samples however the record is cut") {
  EcgOptions options;
  options.duration_s = 20;
  options.ventricular_share = 0.1;
  options.episodes = {{EcgEpisode::Kind::AtrialFibrillation, 5, 12},
                      {EcgEpisode::Kind::Noise, 8, 9.3}};
  const EcgModel model = EcgModel::make(options).value();
  const std::vector<std::int32_t> all = whole(model, 7);
  for (const std::int64_t first : {0L, 1L, 31L, 2500L, 4133L, 9000L}) {
    std::vector<std::int32_t> block(777);
    model.render(7, first, block);
    CAPTURE(first);
    CHECK(std::equal(block.begin(), block.end(), all.begin() + first));
  }
}

TEST_CASE("the limb leads obey Einthoven and Goldberger") {
  const EcgModel model = EcgModel::make(quiet()).value();
  std::vector<std::vector<std::int32_t>> leads;
  for (std::size_t c = 0; c < 6; ++c) leads.push_back(whole(model, c));
  for (std::size_t i = 0; i < leads[0].size(); i += 7) {
    REQUIRE(std::abs(leads[0][i] + leads[2][i] - leads[1][i]) <= 2);
    REQUIRE(std::abs(2 * leads[3][i] + leads[0][i] + leads[1][i]) <= 3);
  }
}

TEST_CASE("the truth of R lies on the highest sample of lead II") {
  const EcgModel model = EcgModel::make(quiet()).value();
  const std::vector<std::int32_t> lead = whole(model, 1);
  for (const BeatTruth& beat : model.beats()) {
    if (beat.qrs_onset < 0 || beat.qrs_end < 0) continue;
    const auto peak = std::max_element(lead.begin() + beat.qrs_onset, lead.begin() + beat.qrs_end);
    CHECK(std::abs(peak - lead.begin() - beat.r_peak) <= 2);
    CHECK(at(lead, beat.r_peak) > 800);
    CHECK(beat.qrs_end - beat.qrs_onset < 60);  // 120 ms
  }
  CHECK(model.beats().size() >= 60);
  CHECK(model.beats().size() <= 75);
}

TEST_CASE("ventricular beats come early, are broad, have no P wave and a pause after them") {
  EcgOptions options = quiet();
  options.duration_s = 600;
  options.ventricular_share = 0.08;
  const EcgModel model = EcgModel::make(options).value();
  const auto& beats = model.beats();
  int count = 0;
  for (std::size_t i = 1; i + 1 < beats.size(); ++i) {
    if (beats[i].code != MitCode::VentricularPremature) continue;
    ++count;
    CHECK(beats[i].p_peak == -1);
    CHECK(beats[i].qrs_end - beats[i].qrs_onset > 70);
    CHECK(beats[i + 1].r_peak - beats[i].r_peak > beats[i].r_peak - beats[i - 1].r_peak);
  }
  CHECK(count > 20);
  CHECK(count < 90);
}

TEST_CASE("in fibrillation RR varies without order and P is absent") {
  EcgOptions options = quiet();
  options.duration_s = 300;
  options.episodes = {{EcgEpisode::Kind::AtrialFibrillation, 100, 200}};
  const EcgModel model = EcgModel::make(options).value();
  const auto deviation = [&](double begin_s, double end_s) {
    std::vector<double> rr;
    for (std::size_t i = 1; i < model.beats().size(); ++i) {
      const double s = static_cast<double>(model.beats()[i].r_peak) / 500;
      if (s < begin_s || s > end_s) continue;
      rr.push_back(static_cast<double>(model.beats()[i].r_peak - model.beats()[i - 1].r_peak) /
                   500);
    }
    double mean = 0;
    for (const double value : rr) mean += value / static_cast<double>(rr.size());
    double sum = 0;
    for (const double value : rr) sum += (value - mean) * (value - mean);
    return std::sqrt(sum / static_cast<double>(rr.size()));
  };
  CHECK(deviation(105, 195) > 0.09);
  CHECK(deviation(5, 95) < 0.06);
  const auto events = model.events();
  CHECK(std::ranges::count(events, "(AFIB", &SignalEvent::text) == 1);
  CHECK(std::ranges::count(events, "(N", &SignalEvent::text) == 2);
}

TEST_CASE("a model that cannot be is refused") {
  EcgOptions options;
  options.leads = {"V9"};
  CHECK(EcgModel::make(options).error().code == ErrorCode::InvalidInput);
  options.leads = {};
  CHECK_FALSE(EcgModel::make(options).has_value());
  options = {};
  options.duration_s = 0;
  CHECK_FALSE(EcgModel::make(options).has_value());
}

TEST_CASE("as a source of samples the model gives what it renders and refuses what it has not") {
  const EcgModel model = EcgModel::make(quiet()).value();
  const auto source = ecg_source(model);
  CHECK(source->header() == model.header());
  std::vector<std::int32_t> block(100);
  REQUIRE(source->read(2, SampleIndex{400}, block).has_value());
  const std::vector<std::int32_t> all = whole(model, 2);
  CHECK(std::equal(block.begin(), block.end(), all.begin() + 400));
  CHECK(source->read(12, SampleIndex{0}, block).error().code == ErrorCode::InvalidInput);
  CHECK(source->read(0, SampleIndex{29'950}, block).error().code == ErrorCode::InvalidInput);
}
