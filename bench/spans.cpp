// Speed of matching and agreement of spans and events, on one core and made data.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "analysis/matching/events.hpp"
#include "analysis/span_agreement/gamma.hpp"
#include "analysis/span_agreement/scores.hpp"
#include "analysis/span_agreement/unitizing_alpha.hpp"
#include "analysis/span_consensus/span_consensus.hpp"
#include "base/random.hpp"

namespace {

using namespace consilium;

// Median and range of several runs, in milliseconds.
void time_of(const char* what, int runs, const std::function<void()>& work) {
  std::vector<double> times;
  for (int r = 0; r < runs; ++r) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    times.push_back(took.count());
  }
  std::ranges::sort(times);
  fmt::print("{:52} {:9.2f} ms ({:.2f} to {:.2f}, {} runs)\n", what, times[times.size() / 2],
             times.front(), times.back(), runs);
}

// Raters who see the same things, each a little otherwise, and miss one of ten.
UnitStudy noisy_raters(std::uint32_t raters, std::int64_t units, bool points, std::uint64_t seed) {
  SeededRandom random(seed);
  UnitStudy study{.rater_count = raters,
                  .category_count = 5,
                  .extents = {{0, 40 * units + 100}},
                  .readings = {},
                  .units = {}};
  const auto shift = [&] { return static_cast<std::int64_t>(random.below(5)) - 2; };
  for (std::uint32_t r = 0; r < raters; ++r) study.readings.push_back({0, r});
  for (std::int64_t u = 0; u < units; ++u) {
    const std::int64_t begin = 40 * u + 5 + static_cast<std::int64_t>(random.below(15));
    const std::int64_t end =
        points ? begin : begin + 6 + static_cast<std::int64_t>(random.below(18));
    const auto category = static_cast<std::uint32_t>(random.below(5));
    for (std::uint32_t r = 0; r < raters; ++r) {
      if (random.below(10) == 0) continue;
      const std::int64_t at = begin + shift();
      const std::int64_t to = points ? at : std::max(at + 1, end + shift());
      const std::uint32_t said =
          random.below(10) == 0 ? static_cast<std::uint32_t>(random.below(5)) : category;
      study.units.push_back({0, r, said, {{at, to}}});
    }
  }
  return study;
}

}  // namespace

int main() {
  const UnitStudy spans = noisy_raters(2, 11'111, false, 1);
  for (const auto& [name, kind] :
       {std::pair{"strict F1, 2 x 10,000 spans", ClosenessKind::SameParts},
        {"overlap F1, 2 x 10,000 spans", ClosenessKind::Overlap},
        {"boundaries +-2 F1, 2 x 10,000 spans", ClosenessKind::Boundaries}}) {
    time_of(name, 11, [&] {
      static_cast<void>(span_scores(spans, 0, 1, {.kind = kind, .tolerance = 2}).value());
    });
  }
  time_of("position F1, 2 x 10,000 spans", 11,
          [&] { static_cast<void>(position_scores(spans, 0, 1, {}).value()); });
  time_of("alpha_u_family, 2 x 10,000 spans", 11,
          [&] { static_cast<void>(alpha_u_family(spans).value()); });

  const UnitStudy beats = noisy_raters(3, 111'111, true, 2);
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> second;
  for (const Unit& unit : beats.units) {
    if (unit.rater == 0) first.push_back(unit.parts[0].begin);
    if (unit.rater == 1) second.push_back(unit.parts[0].begin);
  }
  time_of("match_events, 100,000 beats, window 15", 11,
          [&] { static_cast<void>(match_events(first, second, 15).value()); });
  time_of("match_events, 100,000 beats, window 45", 11,
          [&] { static_cast<void>(match_events(first, second, 45).value()); });

  for (const std::uint32_t raters : {2U, 3U, 4U, 5U}) {
    const UnitStudy study = noisy_raters(raters, 111, false, 3);
    Gamma gamma;
    time_of(fmt::format("gamma, {} raters x 100 units, 30 samples", raters).c_str(), 3,
            [&] { gamma = gamma_agreement(study, 0, {}).value(); });
    fmt::print("    gamma {:.4f} +- {:.1f}% of the expected disorder, exact: data {}, samples {}\n",
               gamma.gamma, 100 * gamma.precision, gamma.observed_is_exact, gamma.samples_exact);
  }
  const UnitStudy three = noisy_raters(3, 11'111, false, 4);
  time_of("consensus, 3 raters x 10,000 spans, IoU 0.5", 5,
          [&] { static_cast<void>(span_consensus(three, {}).value()); });
  SpanConsensusOptions window;
  window.closeness = {.kind = ClosenessKind::Boundaries, .tolerance = 15, .same_category = false};
  time_of("consensus, 3 raters x 100,000 beats", 5,
          [&] { static_cast<void>(span_consensus(beats, window).value()); });
  return 0;
}
