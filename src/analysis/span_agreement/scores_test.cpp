#include "analysis/span_agreement/scores.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "analysis/span_agreement/event_scores.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

UnitStudy two_raters(std::vector<Unit> units) {
  return {2, 3, {{0, 200}}, {{0, 0}, {0, 1}}, std::move(units)};
}

TEST_CASE("strict, relaxed, overlapping and type-free scores of one hand-made note (I3)") {
  const UnitStudy study = two_raters({{0, 0, 0, {{0, 10}}},
                                      {0, 0, 1, {{20, 30}}},
                                      {0, 0, 2, {{40, 50}, {60, 70}}},
                                      {0, 0, 0, {{80, 90}}},
                                      {0, 1, 0, {{0, 10}}},             // same
                                      {0, 1, 0, {{20, 30}}},            // other category
                                      {0, 1, 2, {{40, 50}, {60, 71}}},  // one boundary off
                                      {0, 1, 0, {{84, 99}}},            // overlaps
                                      {0, 1, 1, {{150, 160}}}});        // alone
  const auto matched = [&](const Closeness& closeness) {
    return span_scores(study, 0, 1, closeness)->all.matched;
  };
  CHECK(matched({}) == 1);
  CHECK(matched({.same_category = false}) == 2);
  CHECK(matched({.kind = ClosenessKind::Boundaries, .tolerance = 1}) == 2);
  CHECK(matched({.kind = ClosenessKind::Overlap}) == 3);
  CHECK(matched({.kind = ClosenessKind::Overlap, .same_category = false}) == 4);
  CHECK(matched({.kind = ClosenessKind::Iou, .iou_min = 0.5}) == 2);
  const SpanScores scores = *span_scores(study, 0, 1, {});
  CHECK(scores.all.precision() == 1.0 / 5);
  CHECK(scores.all.recall() == 1.0 / 4);
  CHECK(scores.all.f1() == 2.0 / 9);
  CHECK(scores.by_category[0] == MatchCounts{1, 2, 3});
  CHECK(scores.macro_f1() == doctest::Approx(0.4 / 3).epsilon(1e-15));
  CHECK(span_scores(study, 1, 0, {})->all.f1() == scores.all.f1());
  CHECK(span_scores(study, 0, 1, {.same_category = false})->by_category.empty());
}

TEST_CASE("positions and tokens are counted once each") {
  const UnitStudy study = two_raters({{0, 0, 0, {{0, 10}}},
                                      {0, 0, 0, {{5, 12}}},
                                      {0, 0, 1, {{40, 44}}},
                                      {0, 1, 0, {{8, 20}}},
                                      {0, 1, 2, {{40, 44}}}});
  CHECK(position_scores(study, 0, 1, {})->all == MatchCounts{4, 16, 16});
  CHECK(position_scores(study, 0, 1, {.same_category = false})->all == MatchCounts{8, 16, 16});
  const PositionRule tokens{.same_category = true,
                            .tokens = {{{0, 4}, {5, 9}, {10, 14}, {15, 25}, {40, 41}, {42, 50}}}};
  CHECK(position_scores(study, 0, 1, tokens)->all == MatchCounts{2, 5, 5});
  PositionRule wrong = tokens;
  wrong.tokens[0][1] = {3, 9};
  CHECK_FALSE(position_scores(study, 0, 1, wrong).has_value());
  wrong.tokens.emplace_back();
  CHECK_FALSE(position_scores(study, 0, 1, wrong).has_value());
}

UnitStudy random_study(std::uint64_t seed, std::uint32_t raters, std::uint32_t continua) {
  SeededRandom random(seed);
  UnitStudy study{
      .rater_count = raters, .category_count = 3, .extents = {}, .readings = {}, .units = {}};
  for (std::uint32_t c = 0; c < continua; ++c) {
    study.extents.push_back({0, 100});
    for (std::uint32_t r = 0; r < raters; ++r) {
      if (random.below(5) == 0) continue;
      study.readings.push_back({c, r});
      for (int u = 0; u < 8; ++u) {
        const auto begin = static_cast<std::int64_t>(random.below(12) * 7);
        const auto end = begin + 3 + static_cast<std::int64_t>(random.below(3));
        study.units.push_back({c, r, static_cast<std::uint32_t>(random.below(3)), {{begin, end}}});
      }
    }
  }
  return study;
}

TEST_CASE("the strict score counts common spans, as a multiset (I3)") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const UnitStudy study = random_study(seed, 2, 3);
    std::multiset<std::tuple<std::uint32_t, std::uint32_t, std::vector<Part>>> first;
    std::uint64_t common = 0;
    const auto both = [&](std::uint32_t c) {
      return std::ranges::count(study.readings, c, &Reading::continuum) == 2;
    };
    for (const Unit& u : study.units) {
      if (u.rater == 0 && both(u.continuum)) first.insert({u.continuum, u.category, u.parts});
    }
    for (const Unit& u : study.units) {
      if (u.rater != 1) continue;
      const auto found = first.find({u.continuum, u.category, u.parts});
      if (found == first.end()) continue;
      first.erase(found);
      ++common;
    }
    const auto scores = span_scores(study, 0, 1, {});
    if (scores) CHECK(scores->all.matched == common);
  }
}

TEST_CASE("pairwise scores and their interval do not hang on any numbering (I2)") {
  SeededRandom random(9);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const UnitStudy study = random_study(seed, 4, 6);
    UnitStudy other = study;
    const auto rater = [](std::uint32_t r) { return 3 - r; };
    const auto continuum = [](std::uint32_t c) { return (c + 2) % 6; };
    for (auto& reading : other.readings) {
      reading = {continuum(reading.continuum), rater(reading.rater)};
    }
    for (auto& unit : other.units) {
      unit.continuum = continuum(unit.continuum);
      unit.rater = rater(unit.rater);
      unit.category = (unit.category + 1) % 3;
    }
    std::ranges::reverse(other.units);
    for (const ClosenessKind kind : {ClosenessKind::SameParts, ClosenessKind::Overlap}) {
      const auto a = pairwise_scores(study, {.kind = kind});
      const auto b = pairwise_scores(other, {.kind = kind});
      REQUIRE(a.has_value());
      REQUIRE(b.has_value());
      CHECK(a->mean_f1 == b->mean_f1);
      CHECK(a->mean_macro_f1 == b->mean_macro_f1);
      const auto x = bootstrap_f1(*a, {}, {.replicates = 100});
      CHECK(x == bootstrap_f1(*b, {}, {.replicates = 100}));
      REQUIRE(x.has_value());
      CHECK(x->low <= *a->mean_f1);
      CHECK(x->high >= *a->mean_f1);
    }
  }
}

TEST_CASE("what is undefined is not a number (I1)") {
  const UnitStudy empty = two_raters({});
  const SpanScores scores = *span_scores(empty, 0, 1, {});
  CHECK_FALSE(scores.all.f1().has_value());
  CHECK_FALSE(scores.macro_f1().has_value());
  CHECK_FALSE(pairwise_scores(empty, {})->mean_f1.has_value());
  CHECK(pairwise_scores(empty, {})->undefined_pairs == 1);
  CHECK_FALSE(span_scores(empty, 0, 0, {}).has_value());
  CHECK_FALSE(span_scores(empty, 0, 2, {}).has_value());
  UnitStudy apart = empty;
  apart.readings.pop_back();
  CHECK_FALSE(span_scores(apart, 0, 1, {}).has_value());
  CHECK_FALSE(pairwise_scores(apart, {}).has_value());
  CHECK_FALSE(span_scores(empty, 0, 1, {.tolerance = -1}).has_value());
  const auto never = [](std::span<const std::uint32_t>) { return std::optional<double>{}; };
  CHECK_FALSE(cluster_bootstrap(5, {}, never).has_value());
  CHECK_FALSE(cluster_bootstrap(5, {.level = 1.0}, [](auto) { return 1.0; }).has_value());
}

TEST_CASE("intervals are percentiles of resampled clusters") {
  // The mean of 0 .. 9 by clusters of one: the standard error is 0.908.
  const auto mean = [](std::span<const std::uint32_t> multiplicity) -> std::optional<double> {
    double sum = 0;
    for (std::size_t c = 0; c < multiplicity.size(); ++c) {
      sum += static_cast<double>(c * multiplicity[c]);
    }
    return sum / 10;
  };
  const auto interval = cluster_bootstrap(10, {.replicates = 5000}, mean);
  REQUIRE(interval.has_value());
  CHECK(interval->low == doctest::Approx(4.5 - 1.96 * 0.908).epsilon(0.05));
  CHECK(interval->high == doctest::Approx(4.5 + 1.96 * 0.908).epsilon(0.05));
  CHECK(interval->replicates == 5000);
}

TEST_CASE("events are scored as EC57 asks (I6)") {
  const std::vector<std::int64_t> reference{10, 100, 200, 300, 400, 500};
  const std::vector<std::int64_t> test{104, 196, 250, 320, 395, 396, 595};
  const EventRule rule{
      .window = 15, .scored = {50, 450}, .left_out = {{240, 260}}, .category_count = 0};
  const auto scores = event_scores(reference, test, {}, {}, rule);
  REQUIRE(scores.has_value());
  CHECK(scores->matched == 3);
  CHECK(scores->missed == 1);
  CHECK(scores->extra == 2);  // 320 and one of 395 and 396; 250 is left out, 595 outside
  CHECK(scores->pairs == std::vector<Match>{{1, 0}, {2, 1}, {4, 5}});
  CHECK(scores->sensitivity() == 0.75);
  CHECK(scores->positive_predictivity() == 0.6);
  // Past the edge a test event may match, but makes no error.
  const std::vector<std::int64_t> edge{445};
  const std::vector<std::int64_t> late{455, 460};
  CHECK(event_scores(edge, late, {}, {}, rule)->matched == 1);
  CHECK(event_scores(edge, late, {}, {}, rule)->extra == 0);
  const auto none = event_scores({}, {}, {}, {}, rule);
  CHECK_FALSE(none->sensitivity().has_value());
  CHECK_FALSE(none->positive_predictivity().has_value());
}

TEST_CASE("matched events of other categories stand beside the diagonal (I6)") {
  const std::vector<std::int64_t> reference{10, 20, 30};
  const std::vector<std::int64_t> test{11, 22, 50};
  const std::vector<std::uint32_t> kinds{0, 1, 1};
  const EventRule rule{.window = 3, .scored = {0, 100}, .left_out = {}, .category_count = 2};
  const auto scores =
      event_scores(reference, test, kinds, std::vector<std::uint32_t>{0, 0, 1}, rule);
  REQUIRE(scores.has_value());
  CHECK(scores->confusion == std::vector<std::uint64_t>{1, 0, 0, 1, 0, 1, 0, 1, 0});
  CHECK_FALSE(event_scores(reference, test, kinds, {}, rule).has_value());
  EventRule negative = rule;
  negative.window = -1;
  CHECK_FALSE(event_scores(reference, test, kinds, kinds, negative).has_value());
}

}  // namespace
}  // namespace consilium
