#include "analysis/qrs_detection/qrs_fusion.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

#include "analysis/qrs_detection/made_ecg.hpp"

using namespace consilium;
using qrs::made_ecg;
using qrs::MadeEcg;

namespace {

using Leads = std::vector<std::vector<float>>;

std::vector<QrsComplex> found_in(const Leads& leads, double rate_hz) {
  const std::vector<std::span<const float>> views(leads.begin(), leads.end());
  const auto found = detect_qrs_in_leads(views, rate_hz);
  REQUIRE(found.has_value());
  return *found;
}

// How many of `beats` have just one of `found` within 20 ms.
std::size_t met(const std::vector<std::int64_t>& beats, const std::vector<QrsComplex>& found,
                double rate_hz) {
  std::size_t count = 0;
  for (const std::int64_t beat : beats) {
    std::size_t near = 0;
    for (const QrsComplex& one : found) {
      near += std::abs(static_cast<double>(one.sample_index - beat)) <= 0.02 * rate_hz;
    }
    count += near == 1;
  }
  return count;
}

// Lead 0 holds nothing but noise in the first half, lead 1 in the second.
Leads failing_in_turn(const MadeEcg& ecg) {
  const MadeEcg noise = made_ecg(250, 240, 0.6, 9);
  Leads leads(2, ecg.samples_mv);
  for (std::size_t i = 0; i < ecg.samples_mv.size(); ++i) {
    const std::size_t bad = i < ecg.samples_mv.size() / 2 ? 0 : 1;
    leads[bad][i] = noise.samples_mv[(i * 7919) % noise.samples_mv.size()];
  }
  return leads;
}

}  // namespace

TEST_CASE("when each of two leads fails for half of the time, all beats are found still") {
  const MadeEcg ecg = made_ecg(250, 240, 0.03, 4);
  const Leads leads = failing_in_turn(ecg);
  const auto together = found_in(leads, 250);
  // Around the change no lead is known to be the better one.
  CHECK(met(ecg.beats, together, 250) + 6 >= ecg.beats.size());
  CHECK(together.size() <= ecg.beats.size() + 6);
  for (const std::size_t lead : {std::size_t{0}, std::size_t{1}}) {
    CAPTURE(lead);
    const auto alone = detect_qrs(leads[lead], 250);
    REQUIRE(alone.has_value());
    CHECK(met(ecg.beats, *alone, 250) < ecg.beats.size() * 3 / 4);  // so the test can fail
  }
}

TEST_CASE("several leads: in pieces of any size, upside down: the same beats") {
  const MadeEcg ecg = made_ecg(250, 120, 0.05, 5);
  Leads leads = failing_in_turn(ecg);
  const auto whole = found_in(leads, 250);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{77}, std::size_t{5000}}) {
    CAPTURE(piece);
    std::vector<std::vector<LeadBlock>> blocks;
    for (const auto& lead : leads) {
      auto contrast = LeadContrast::create(250);
      REQUIRE(contrast.has_value());
      for (std::size_t i = 0; i < lead.size(); i += piece) {
        contrast->push(std::span(lead).subspan(i, std::min(piece, lead.size() - i)));
      }
      blocks.push_back(contrast->finish());
    }
    auto fusion = QrsFusion::create(250, blocks);
    REQUIRE(fusion.has_value());
    for (std::size_t i = 0; i < leads[0].size(); i += piece) {
      const std::size_t count = std::min(piece, leads[0].size() - i);
      const std::array parts{std::span<const float>(leads[0]).subspan(i, count),
                             std::span<const float>(leads[1]).subspan(i, count)};
      fusion->push(parts);
    }
    CHECK(fusion->finish() == whole);
  }
  for (float& sample : leads[1]) sample = -sample;
  CHECK(found_in(leads, 250) == whole);
}

TEST_CASE("a flat lead and one that is not there take nothing from the other") {
  const MadeEcg ecg = made_ecg(360, 60, 0.03, 6);
  const auto alone = found_in({ecg.samples_mv}, 360);
  CHECK(met(ecg.beats, alone, 360) == ecg.beats.size());
  const std::vector<float> flat(ecg.samples_mv.size(), 1.5F);
  const std::vector<float> none(ecg.samples_mv.size(), std::numeric_limits<float>::quiet_NaN());
  const auto beside = found_in({flat, ecg.samples_mv, none}, 360);
  CHECK(met(ecg.beats, beside, 360) == ecg.beats.size());
  CHECK(beside.size() == ecg.beats.size());
  CHECK(found_in({flat, none}, 360).empty());
  CHECK(found_in({{}, {}}, 360).empty());
  CHECK(!QrsFusion::create(360, {}).has_value());
  CHECK(!QrsFusion::create(360, {{LeadBlock{}}, {}}).has_value());
}
