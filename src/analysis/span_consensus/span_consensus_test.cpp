#include "analysis/span_consensus/span_consensus.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/random.hpp"

namespace consilium {
namespace {

UnitStudy study_of(std::uint32_t raters, std::vector<Unit> units) {
  UnitStudy study{raters, 3, {{0, 500}}, {}, std::move(units)};
  for (std::uint32_t r = 0; r < raters; ++r) study.readings.push_back({0, r});
  return study;
}

TEST_CASE("three raters' spans are aligned and voted on (I3, I4, I5, I6)") {
  const UnitStudy study = study_of(3, {{0, 0, 0, {{10, 20}}},
                                       {0, 1, 0, {{11, 20}}},
                                       {0, 2, 1, {{9, 22}}},
                                       {0, 0, 2, {{100, 110}}},
                                       {0, 1, 1, {{300, 320}}},
                                       {0, 2, 2, {{302, 321}}}});
  const auto consensus = span_consensus(study, {});
  REQUIRE(consensus.has_value());
  CHECK(consensus->exact);
  REQUIRE(consensus->units.size() == 3);
  const ConsensusUnit& first = consensus->units[0];
  CHECK(first.parts == std::vector<Part>{{10, 20}});
  CHECK(first.existence == 1.0);
  CHECK(first.category == 0);
  CHECK(first.categories == std::vector<CategoryShare>{{0, 2.0 / 3}, {1, 1.0 / 3}});
  CHECK(first.votes == std::vector<ClusterVote>{{0, 0}, {1, 1}, {2, 2}});
  const ConsensusUnit& alone = consensus->units[1];
  CHECK(alone.existence == 1.0 / 3);
  CHECK(alone.votes == std::vector<ClusterVote>{{0, 3}, {1, std::nullopt}, {2, std::nullopt}});
  const ConsensusUnit& tied = consensus->units[2];
  CHECK_FALSE(tied.category.has_value());
  CHECK(tied.parts == std::vector<Part>{{300, 320}});
  CHECK(consensus->votes.class_count == 4);
  CHECK(consensus->votes.label == std::vector<ClassIndex>{1, 1, 2, 3, 0, 0, 0, 2, 3});
}

TEST_CASE("weights decide; who weighs nothing decides nothing") {
  const UnitStudy study =
      study_of(3, {{0, 0, 0, {{10, 20}}}, {0, 1, 1, {{12, 20}}}, {0, 2, 1, {{12, 20}}}});
  SpanConsensusOptions options;
  options.rater_weight = {3, 1, 1};
  const auto heavy = span_consensus(study, options);
  REQUIRE(heavy.has_value());
  CHECK(heavy->units[0].category == 0);
  CHECK(heavy->units[0].parts == std::vector<Part>{{10, 20}});
  options.rater_weight = {0, 1, 1};
  CHECK(span_consensus(study, options)->units[0].category == 1);
  options.rater_weight = {0, 0, 0};
  CHECK_FALSE(span_consensus(study, options).has_value());
  options.rater_weight = {1, 1};
  CHECK_FALSE(span_consensus(study, options).has_value());
  options.rater_weight = {1, 1, std::nan("")};
  CHECK_FALSE(span_consensus(study, options).has_value());
  UnitStudy lone = study;
  lone.units.resize(1);
  options.rater_weight = {0, 1, 1};
  const auto nothing = span_consensus(lone, options);
  CHECK(nothing->units[0].existence == 0.0);
  CHECK_FALSE(nothing->units[0].category.has_value());
}

TEST_CASE("who did not read a text has no vote on it (I3)") {
  UnitStudy study = study_of(3, {{0, 0, 0, {{10, 20}}}});
  study.readings.pop_back();
  const auto consensus = span_consensus(study, {});
  CHECK(consensus->units[0].votes.size() == 2);
  CHECK(consensus->units[0].existence == 0.5);
}

TEST_CASE("a discontinuous unit is voted on position by position") {
  const UnitStudy study = study_of(
      3, {{0, 0, 0, {{10, 20}, {30, 40}}}, {0, 1, 0, {{12, 20}, {30, 38}}}, {0, 2, 0, {{10, 40}}}});
  const auto consensus = span_consensus(study, {});
  REQUIRE(consensus->units.size() == 1);
  CHECK(consensus->units[0].parts == std::vector<Part>{{10, 20}, {30, 40}});
}

TEST_CASE("point events are aligned within a window") {
  const UnitStudy study = study_of(3, {{0, 0, 0, {{100, 100}}},
                                       {0, 1, 0, {{104, 104}}},
                                       {0, 2, 0, {{108, 108}}},
                                       {0, 0, 0, {{200, 200}}},
                                       {0, 1, 0, {{220, 220}}}});
  SpanConsensusOptions options;
  options.closeness = {.kind = ClosenessKind::Boundaries, .tolerance = 10, .same_category = false};
  const auto consensus = span_consensus(study, options);
  REQUIRE(consensus->units.size() == 3);
  CHECK(consensus->units[0].parts == std::vector<Part>{{104, 104}});
  CHECK(consensus->units[1].existence == 1.0 / 3);
  // Nearness is not transitive, clusters are: 100 and 108 are not close within 4.
  options.closeness.tolerance = 4;
  CHECK(span_consensus(study, options)->units.size() == 4);
}

UnitStudy random_study(SeededRandom& random, std::uint32_t raters, int units) {
  UnitStudy study = study_of(raters, {});
  for (std::uint32_t r = 0; r < raters; ++r) {
    for (int u = 0; u < units; ++u) {
      const auto begin = static_cast<std::int64_t>(random.below(25));
      const auto end = begin + 4 + static_cast<std::int64_t>(random.below(8));
      study.units.push_back({0, r, static_cast<std::uint32_t>(random.below(3)), {{begin, end}}});
    }
  }
  return study;
}

std::int64_t sum_within(const UnitStudy& study, const std::vector<std::vector<std::uint32_t>>& all,
                        const Closeness& closeness) {
  std::int64_t sum = 0;
  for (const auto& cluster : all) {
    for (std::size_t i = 0; i < cluster.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        sum += closeness_of(study.units[cluster[i]], study.units[cluster[j]], closeness);
      }
    }
  }
  return sum;
}

std::int64_t by_trying(const UnitStudy& study, std::uint32_t next,
                       std::vector<std::vector<std::uint32_t>>& clusters,
                       const Closeness& closeness) {
  if (next == study.units.size()) return sum_within(study, clusters, closeness);
  std::int64_t best = -1;
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    const bool fits = std::ranges::all_of(clusters[k], [&](std::uint32_t u) {
      return study.units[u].rater != study.units[next].rater &&
             closeness_of(study.units[u], study.units[next], closeness) > 0;
    });
    if (!fits) continue;
    clusters[k].push_back(next);
    best = std::max(best, by_trying(study, next + 1, clusters, closeness));
    clusters[k].pop_back();
  }
  clusters.push_back({next});
  best = std::max(best, by_trying(study, next + 1, clusters, closeness));
  clusters.pop_back();
  return best;
}

TEST_CASE("clusterings of small random studies are as good as the best of all (I1, I2)") {
  SeededRandom random(41);
  for (int trial = 0; trial < 150; ++trial) {
    const auto raters = static_cast<std::uint32_t>(2 + random.below(3));
    const UnitStudy study = random_study(random, raters, raters == 4 ? 2 : 3);
    SpanConsensusOptions options;
    options.closeness.iou_min = 0.2;
    const auto consensus = span_consensus(study, options);
    REQUIRE(consensus.has_value());
    CHECK(consensus->exact);
    std::vector<std::vector<std::uint32_t>> clusters;
    std::vector<int> seen(study.units.size(), 0);
    for (const ConsensusUnit& unit : consensus->units) {
      auto& cluster = clusters.emplace_back();
      for (const ClusterVote& vote : unit.votes) {
        if (!vote.unit) continue;
        ++seen[*vote.unit];
        cluster.push_back(*vote.unit);
      }
      for (const std::uint32_t a : cluster) {
        for (const std::uint32_t b : cluster) {
          CHECK((a == b || closeness_of(study.units[a], study.units[b], options.closeness) > 0));
        }
      }
      CHECK(unit.parts.front().begin < unit.parts.front().end);
    }
    CHECK(std::ranges::all_of(seen, [](int times) { return times == 1; }));
    std::vector<std::vector<std::uint32_t>> none;
    CHECK(sum_within(study, clusters, options.closeness) ==
          by_trying(study, 0, none, options.closeness));
  }
}

TEST_CASE("renumbering raters renumbers the votes and changes nothing else (I7)") {
  SeededRandom random(42);
  for (int trial = 0; trial < 60; ++trial) {
    const UnitStudy study = random_study(random, 4, 6);
    UnitStudy other = study;
    for (Unit& unit : other.units) unit.rater = (unit.rater + 3) % 4;
    std::ranges::reverse(other.units);
    SpanConsensusOptions options;
    options.closeness.iou_min = 0.3;
    options.rater_weight = {1, 0.3, 0.7, 2};
    const auto a = span_consensus(study, options);
    options.rater_weight = {0.3, 0.7, 2, 1};
    const auto b = span_consensus(other, options);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    REQUIRE(a->units.size() == b->units.size());
    for (std::size_t i = 0; i < a->units.size(); ++i) {
      CHECK(a->units[i].parts == b->units[i].parts);
      CHECK(a->units[i].existence == b->units[i].existence);
      CHECK(a->units[i].categories == b->units[i].categories);
      CHECK(a->units[i].category == b->units[i].category);
    }
  }
}

TEST_CASE("a crowd where all is close to all is joined greedily, and said so") {
  SeededRandom random(43);
  UnitStudy study = study_of(24, {});
  for (std::uint32_t r = 0; r < 24; ++r) {
    for (int u = 0; u < 3; ++u) {
      const auto begin = 100 + static_cast<std::int64_t>(random.below(6));
      study.units.push_back({0, r, 0, {{begin, begin + 40}}});
    }
  }
  const auto consensus = span_consensus(study, {});
  REQUIRE(consensus.has_value());
  CHECK_FALSE(consensus->exact);
  std::size_t units = 0;
  for (const ConsensusUnit& unit : consensus->units) {
    units += static_cast<std::size_t>(
        std::ranges::count_if(unit.votes, [](const ClusterVote& v) { return v.unit.has_value(); }));
  }
  CHECK(units == 72);
}

TEST_CASE("no units, no clusters; studies without sense are refused") {
  CHECK(span_consensus(study_of(2, {}), {})->units.empty());
  CHECK_FALSE(span_consensus(study_of(2, {{0, 2, 0, {{1, 2}}}}), {}).has_value());
  SpanConsensusOptions options;
  options.closeness.iou_min = 0;
  CHECK_FALSE(span_consensus(study_of(2, {}), options).has_value());
}

}  // namespace
}  // namespace consilium
