#include "analysis/span_agreement/gamma.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/span_agreement/gamma_align.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

struct Row {
  std::uint32_t rater;
  std::int64_t begin;
  std::int64_t end;
  std::uint32_t category;
};

UnitStudy study_of(const std::vector<Row>& rows, std::uint32_t raters) {
  UnitStudy study{raters, 3, {{0, 4000}}, {}, {}};
  for (std::uint32_t r = 0; r < raters; ++r) study.readings.push_back({0, r});
  for (const Row& row : rows) {
    study.units.push_back({0, row.rater, row.category, {{row.begin, row.end}}});
  }
  return study;
}

std::vector<Row> random_rows(SeededRandom& random, std::uint32_t raters, int units) {
  std::vector<Row> rows;
  for (std::uint32_t r = 0; r < raters; ++r) {
    std::int64_t at = 0;
    for (int u = 0; u < units; ++u) {
      at += 1 + static_cast<std::int64_t>(random.below(11));
      const auto length = 3 + static_cast<std::int64_t>(random.below(17));
      rows.push_back({r, at, at + length, static_cast<std::uint32_t>(random.below(3))});
      at += length - static_cast<std::int64_t>(random.below(4));
    }
  }
  return rows;
}

double distance(const Row& a, const Row& b) {
  const auto moved = static_cast<double>(std::abs(a.begin - b.begin) + std::abs(a.end - b.end));
  const double ratio = moved / static_cast<double>(a.end - a.begin + b.end - b.begin);
  return ratio * ratio + (a.category == b.category ? 0.0 : 1.0);
}

// Every alignment is tried: each unit, in turn, joins a group without its rater or opens a new one.
double least_cost(const std::vector<Row>& rows, std::size_t next,
                  std::vector<std::vector<std::size_t>>& groups, std::uint32_t raters) {
  if (next == rows.size()) {
    const double pairs = raters * (raters - 1) / 2.0;
    double cost = 0.0;
    for (const auto& group : groups) {
      const auto k = static_cast<double>(group.size());
      double sum = pairs - k * (k - 1) / 2;
      for (std::size_t i = 0; i < group.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) sum += distance(rows[group[i]], rows[group[j]]);
      }
      cost += sum / pairs;
    }
    return cost;
  }
  double best = std::numeric_limits<double>::max();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const bool has_rater = std::ranges::any_of(
        groups[g], [&](std::size_t i) { return rows[i].rater == rows[next].rater; });
    if (has_rater) continue;
    groups[g].push_back(next);
    best = std::min(best, least_cost(rows, next + 1, groups, raters));
    groups[g].pop_back();
  }
  groups.push_back({next});
  best = std::min(best, least_cost(rows, next + 1, groups, raters));
  groups.pop_back();
  return best;
}

TEST_CASE("the alignment of small continua is the best of all (I7)") {
  SeededRandom random(31);
  for (int trial = 0; trial < 60; ++trial) {
    const auto raters = static_cast<std::uint32_t>(2 + random.below(3));
    const std::vector<Row> rows = random_rows(random, raters,
                                              raters == 2   ? 4
                                              : raters == 3 ? 3
                                                            : 2);
    const auto gamma = gamma_agreement(study_of(rows, raters), 0, {.samples = 2});
    REQUIRE(gamma.has_value());
    CHECK(gamma->observed_is_exact);
    std::vector<std::vector<std::size_t>> groups;
    const double mean_units = static_cast<double>(rows.size()) / raters;
    CHECK(gamma->observed ==
          doctest::Approx(least_cost(rows, 0, groups, raters) / mean_units).epsilon(1e-8));
    std::size_t units = 0;
    for (const UnitaryAlignment& group : gamma->alignment) units += group.size();
    CHECK(units == rows.size());
  }
}

struct Oracle {
  std::vector<Row> rows;
  std::uint32_t raters;
  double positional;
  double categorical;
  double empty;
  double observed;
};

TEST_CASE("observed disorders are those of pygamma-agreement 0.5.9 (I7)") {
  const Oracle oracles[] = {{{{0, 8, 24, 0},
                              {0, 27, 38, 1},
                              {0, 48, 51, 0},
                              {0, 57, 66, 0},
                              {0, 67, 70, 0},
                              {1, 3, 17, 2},
                              {1, 21, 31, 0},
                              {1, 30, 48, 2},
                              {1, 47, 56, 1},
                              {1, 63, 77, 1}},
                             2,
                             1,
                             1,
                             1,
                             1.2922704219818115},
                            {{{0, 11, 23, 2},
                              {0, 26, 43, 0},
                              {0, 48, 62, 0},
                              {0, 63, 69, 1},
                              {0, 76, 93, 0},
                              {0, 102, 117, 2},
                              {1, 1, 12, 1},
                              {1, 22, 28, 1},
                              {1, 31, 47, 0},
                              {1, 48, 53, 0},
                              {1, 58, 68, 0},
                              {1, 74, 81, 0},
                              {2, 2, 18, 1},
                              {2, 20, 31, 2},
                              {2, 40, 43, 0},
                              {2, 50, 54, 2},
                              {2, 56, 65, 2},
                              {2, 70, 79, 0}},
                             3,
                             1,
                             1,
                             1,
                             0.9437270164489746},
                            {{{0, 3, 15, 2},
                              {0, 19, 34, 0},
                              {0, 43, 57, 1},
                              {0, 67, 73, 1},
                              {0, 79, 83, 0},
                              {1, 10, 23, 2},
                              {1, 26, 42, 0},
                              {1, 45, 54, 0},
                              {1, 61, 70, 0},
                              {1, 70, 83, 0},
                              {2, 8, 27, 1},
                              {2, 30, 46, 0},
                              {2, 50, 65, 1},
                              {2, 73, 82, 1},
                              {2, 88, 99, 1}},
                             3,
                             3,
                             2,
                             1,
                             1.8843162059783936},
                            {{{0, 9, 17, 1},
                              {0, 18, 21, 2},
                              {0, 24, 37, 1},
                              {0, 41, 59, 1},
                              {1, 4, 23, 1},
                              {1, 33, 49, 0},
                              {1, 57, 66, 1},
                              {1, 69, 86, 2},
                              {2, 7, 12, 0},
                              {2, 21, 28, 1},
                              {2, 33, 45, 2},
                              {2, 56, 73, 2},
                              {3, 5, 15, 0},
                              {3, 24, 27, 2},
                              {3, 35, 43, 0},
                              {3, 46, 64, 0}},
                             // Its empty cost does not reach the categories (as if their weight
                             // were 2); the paper's does.
                             4,
                             1,
                             2,
                             0.5,
                             0.8855828046798706}};
  for (const Oracle& oracle : oracles) {
    const auto gamma = gamma_agreement(study_of(oracle.rows, oracle.raters), 0,
                                       {.positional_weight = oracle.positional,
                                        .categorical_weight = oracle.categorical,
                                        .empty_cost = oracle.empty});
    REQUIRE(gamma.has_value());
    CHECK(gamma->observed_is_exact);
    // It computes in single precision.
    CHECK(gamma->observed == doctest::Approx(oracle.observed).epsilon(1e-6));
  }
}

TEST_CASE("gamma is 1 for equal raters, about 0 for chance, and falls between (I1)") {
  SeededRandom random(32);
  const std::vector<Row> first = random_rows(random, 1, 30);
  std::vector<Row> same = first;
  std::vector<Row> moved = first;
  for (Row row : first) {
    row.rater = 1;
    same.push_back(row);
    row.begin += 2;
    row.end += 2;
    moved.push_back(row);
  }
  const GammaOptions options{.samples = 60};
  const auto equal = gamma_agreement(study_of(same, 2), 0, options);
  REQUIRE(equal.has_value());
  CHECK(equal->gamma == 1.0);
  CHECK(equal->observed == 0.0);
  CHECK(*equal->gamma_cat == 1.0);
  const auto near = gamma_agreement(study_of(moved, 2), 0, options);
  CHECK(near->gamma < 1.0);
  CHECK(near->gamma > 0.5);
  CHECK(*near->gamma_cat == 1.0);
  const auto chance = gamma_agreement(study_of(random_rows(random, 3, 60), 3), 0, options);
  CHECK(std::abs(chance->gamma) < 0.15);
  CHECK(chance->samples_exact == 60);
}

TEST_CASE("more samples are drawn until the precision is reached") {
  SeededRandom random(33);
  const UnitStudy study = study_of(random_rows(random, 2, 8), 2);
  const auto rough = gamma_agreement(study, 0, {.samples = 10});
  const auto precise = gamma_agreement(study, 0, {.samples = 10, .precision = 0.02});
  CHECK(rough->samples == 10);
  CHECK(precise->samples > 50);
  CHECK(precise->precision < 0.03);
  CHECK(gamma_agreement(study, 0, {.samples = 10, .precision = 0.02, .samples_max = 30})->samples ==
        30);
}

TEST_CASE("numbering raters, categories or units otherwise changes no bit (I2)") {
  SeededRandom random(34);
  for (int trial = 0; trial < 5; ++trial) {
    const UnitStudy study = study_of(random_rows(random, 3, 20), 3);
    UnitStudy other = study;
    for (Unit& unit : other.units) {
      unit.rater = (unit.rater + 1) % 3;
      unit.category = 2 - unit.category;
    }
    std::ranges::reverse(other.units);
    GammaOptions options{.category_distance = {0, 0.5, 1, 0.5, 0, 0.25, 1, 0.25, 0}, .samples = 8};
    const auto a = gamma_agreement(study, 0, options);
    options.threads = 4;
    options.category_distance = {0, 0.25, 1, 0.25, 0, 0.5, 1, 0.5, 0};
    const auto b = gamma_agreement(other, 0, options);
    REQUIRE(a.has_value());
    REQUIRE(b.has_value());
    CHECK(a->gamma == b->gamma);
    CHECK(a->expected == b->expected);
    CHECK(a->gamma_cat == b->gamma_cat);
    for (std::size_t k = 0; k < 3; ++k) CHECK(a->gamma_k[k] == b->gamma_k[2 - k]);
  }
}

TEST_CASE("gamma of several texts weighs them by units, and resamples patients (I10)") {
  SeededRandom random(35);
  UnitStudy study{2, 3, {}, {}, {}};
  for (std::uint32_t c = 0; c < 6; ++c) {
    study.extents.push_back({0, 4000});
    study.readings.push_back({c, 0});
    study.readings.push_back({c, 1});
    if (c == 5) continue;  // nobody marked anything here
    for (const Row& row : random_rows(random, 2, 4 + static_cast<int>(c))) {
      study.units.push_back({c, row.rater, row.category, {{row.begin, row.end}}});
    }
  }
  const std::vector<std::uint32_t> patients{0, 0, 1, 2, 3, 3};
  const GammaOptions options{.samples = 10};
  const auto all = corpus_gamma(study, patients, options, {.replicates = 200});
  REQUIRE(all.has_value());
  CHECK(all->continua == 5);
  CHECK(all->exact);
  double observed = 0;
  double expected = 0;
  for (std::uint32_t c = 0; c < 5; ++c) {
    const auto one = gamma_agreement(study, c, options);
    observed += one->observed * (4 + c);
    expected += one->expected * (4 + c);
  }
  CHECK(all->gamma == doctest::Approx(1 - observed / expected).epsilon(1e-8));
  REQUIRE(all->interval.has_value());
  CHECK(all->interval->low <= all->gamma);
  CHECK(all->interval->high >= all->gamma);
  // Texts in another order: the same to the last bit.
  UnitStudy other = study;
  for (Reading& reading : other.readings) reading.continuum = 5 - reading.continuum;
  for (Unit& unit : other.units) unit.continuum = 5 - unit.continuum;
  const std::vector<std::uint32_t> reversed{9, 9, 8, 7, 6, 6};
  const auto again = corpus_gamma(other, reversed, options, {.replicates = 200});
  CHECK(again->gamma == all->gamma);
  CHECK(again->interval == all->interval);
  study.units.clear();
  CHECK_FALSE(corpus_gamma(study, patients, options, {}).has_value());
}

TEST_CASE("disorders of categories are the paper's, as pygamma 0.5.9 without its addition (I9)") {
  std::vector<gamma_detail::Item> items{
      {8, 24, 0, 0}, {27, 38, 0, 1}, {48, 51, 0, 0}, {57, 66, 0, 0}, {67, 70, 0, 0},
      {3, 17, 1, 2}, {21, 31, 1, 0}, {30, 48, 1, 2}, {47, 56, 1, 1}, {63, 77, 1, 1}};
  gamma_detail::sort_items(items);
  const gamma_detail::Distances distances({}, 2, 3, {});
  const auto aligned = gamma_detail::align(items, distances);
  REQUIRE(aligned.has_value());
  const auto of = [&](std::optional<std::uint32_t> category) {
    return *gamma_detail::category_disorder(items, *aligned, distances, category);
  };
  CHECK(of(std::nullopt) == doctest::Approx(0.83917266).epsilon(1e-6));
  CHECK(of(0) == doctest::Approx(0.7652999).epsilon(1e-6));
}

TEST_CASE("units of one rater may overlap and nest") {
  const UnitStudy study = study_of({{0, 0, 100, 0},
                                    {0, 10, 30, 1},
                                    {0, 20, 40, 2},
                                    {1, 0, 100, 0},
                                    {1, 10, 30, 1},
                                    {1, 20, 40, 2}},
                                   2);
  CHECK(gamma_agreement(study, 0, {})->gamma == 1.0);
}

TEST_CASE("what gamma cannot be asked is refused") {
  const UnitStudy good = study_of({{0, 0, 10, 0}, {1, 5, 15, 1}}, 2);
  CHECK(gamma_agreement(good, 0, {}).has_value());
  CHECK_FALSE(gamma_agreement(good, 1, {}).has_value());
  CHECK_FALSE(gamma_agreement(good, 0, {.samples = 1}).has_value());
  CHECK_FALSE(gamma_agreement(good, 0, {.positional_weight = -1}).has_value());
  CHECK_FALSE(gamma_agreement(good, 0, {.positional_weight = std::nan("")}).has_value());
  CHECK_FALSE(gamma_agreement(good, 0, {.category_distance = {1, 2}}).has_value());
  CHECK_FALSE(gamma_agreement(study_of({}, 2), 0, {}).has_value());
  CHECK_FALSE(gamma_agreement(study_of({{0, 0, 10, 0}}, 1), 0, {}).has_value());
  UnitStudy point = good;
  point.units[0].parts = {{4, 4}};
  CHECK_FALSE(gamma_agreement(point, 0, {}).has_value());
  point.units[0].parts = {{4, 5}, {7, 9}};
  CHECK_FALSE(gamma_agreement(point, 0, {}).has_value());
}

}  // namespace
}  // namespace consilium
