#include "analysis/ecg_leads/ecg_leads.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "analysis/qrs_detection/qrs_fusion.hpp"
#include "analysis/synthetic/ecg_source.hpp"

using namespace consilium;

namespace {

std::unique_ptr<SampleSource> made(double seconds, std::vector<std::string> leads,
                                   std::vector<synthetic::EcgEpisode> episodes = {}) {
  auto model = synthetic::EcgModel::make({.seed = 7,
                                          .duration_s = seconds,
                                          .sampling_rate_hz = 250,
                                          .leads = std::move(leads),
                                          .episodes = std::move(episodes)});
  REQUIRE(model);
  return synthetic::ecg_source(std::move(*model));
}

std::vector<std::int64_t> places(const std::vector<QrsComplex>& beats) {
  std::vector<std::int64_t> samples;
  for (const QrsComplex& beat : beats) samples.push_back(beat.sample_index);
  return samples;
}

EcgLeads all_leads(const SampleSource& source) {
  return {.samples = &source, .channels = voltage_channels(source.header())};
}

}  // namespace

TEST_CASE("channels of a voltage of one rate are the leads") {
  RecordHeader header;
  const auto channel = [](std::string unit, std::int64_t rate) {
    Channel one{.unit = std::move(unit), .rate = *Rate::of(rate, 1), .sample_count = rate * 10};
    return one;
  };
  header.channels = {channel("mmHg", 125), channel("uV", 250), channel("mV", 250),
                     channel("mV", 500)};
  CHECK(voltage_channels(header) == std::vector<std::size_t>{1, 2});
  header.channels = {channel("mmHg", 125)};
  CHECK(voltage_channels(header).empty());
}

TEST_CASE("leads read together are those read one by one, in mV") {
  const auto source = made(20, {"I", "II", "V5"});
  EcgLeads leads = all_leads(*source);
  leads.channels = {2, 0};
  const auto together = leads.read(1234, 700);
  REQUIRE(together);
  REQUIRE(together->size() == 2);
  CHECK(together->at(0) == leads.read_lead(2, 1234, 700).value());
  CHECK(together->at(1) == leads.read_lead(0, 1234, 700).value());
  CHECK(std::ranges::max(together->at(0)) < 5.0F);  // mV, not units of the converter
}

TEST_CASE("beats of a whole recording are those of its leads in memory") {
  const auto source = made(180, {"I", "II", "V5"});
  const EcgLeads leads = all_leads(*source);
  const std::int64_t count = leads.channel().sample_count;
  const auto whole = leads.read(0, count);
  REQUIRE(whole);
  const std::vector<std::span<const float>> views(whole->begin(), whole->end());
  const auto expected = detect_qrs_in_leads(views, leads.rate_hz());
  const auto found = find_beats(leads);
  REQUIRE(found);
  CHECK(*found == *expected);
  CHECK(found->size() > 150);
  CHECK(find_beats(leads, 1).value() == detect_qrs(whole->at(1), leads.rate_hz()).value());
}

TEST_CASE("shapes read in pieces are those of the whole lead") {
  const auto source = made(300, {"II", "V1"});
  const EcgLeads leads = all_leads(*source);
  const auto beats = places(*find_beats(leads));
  const auto whole = leads.read(0, leads.channel().sample_count);
  REQUIRE(whole);
  std::vector<float> expected;
  for (const std::int64_t beat : beats) {
    for (const auto& lead : *whole) append_beat_shape(lead, 0, leads.rate_hz(), beat, expected);
  }
  CHECK(shapes_of_beats(leads, beats).value() == expected);
}

TEST_CASE("a lead under muscle noise is told poor, the quiet minutes are not") {
  const auto source =
      made(180, {"II", "V1"},
           {{.kind = synthetic::EcgEpisode::Kind::Noise, .begin_s = 60, .end_s = 120}});
  const EcgLeads leads = all_leads(*source);
  const auto windows = judge_leads(leads, 2, places(*find_beats(leads)));
  REQUIRE(windows);
  REQUIRE(windows->size() == 18);
  CHECK(windows->front().first == 0);
  CHECK(windows->back().last == leads.channel().sample_count);
  std::size_t quiet_poor = 0;
  for (std::size_t w = 0; w < 5; ++w) {
    quiet_poor += std::ranges::count(windows->at(w).is_poor, true) > 0 ? 1U : 0U;
  }
  CHECK(quiet_poor == 0);
  CHECK(std::ranges::count(windows->at(8).is_silent, true) == 0);
}
