#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/span_agreement/unitizing_alpha.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

UnitStudy study_of(std::uint32_t raters, std::uint32_t categories, Part extent,
                   std::vector<Unit> units) {
  UnitStudy study{raters, categories, {extent}, {}, std::move(units)};
  for (std::uint32_t r = 0; r < raters; ++r) study.readings.push_back({0, r});
  return study;
}

// Krippendorff 2004, the example of two observers on [150, 450) with categories c and k.
UnitStudy example_2004() {
  return study_of(2, 2, {150, 450},
                  {{0, 0, 0, {{225, 295}}},
                   {0, 0, 0, {{370, 400}}},
                   {0, 1, 0, {{220, 300}}},
                   {0, 1, 0, {{355, 375}}},
                   {0, 1, 0, {{400, 420}}},
                   {0, 0, 1, {{180, 240}}},
                   {0, 0, 1, {{300, 350}}},
                   {0, 1, 1, {{180, 240}}},
                   {0, 1, 1, {{300, 350}}}});
}

TEST_CASE("u-alpha of Krippendorff's example of 2004 (I4)") {
  // The paper, rounding on the way, prints 0.0144, 0.0532, 0 and 0.0490; DKPro Statistics 2.2
  // tests alpha 0.7285 and 1, and 0.8587 jointly.
  const auto alpha = alpha_u(example_2004());
  REQUIRE(alpha.has_value());
  CHECK(alpha->by_category[0].observed == doctest::Approx(2600.0 / 180'000).epsilon(1e-12));
  CHECK(std::abs(alpha->by_category[0].expected - 0.0532) < 5e-5);
  CHECK(alpha->by_category[1].observed == 0.0);
  CHECK(std::abs(alpha->by_category[1].expected - 0.0490) < 5e-5);
  CHECK(std::abs(*alpha->by_category[0].alpha() - 0.7285) < 1e-4);
  CHECK(*alpha->by_category[1].alpha() == 1.0);
  CHECK(std::abs(*alpha->all.alpha() - 0.8587) < 1e-4);
}

// Krippendorff 1995, p. 57: four pairs of observers on 24 positions, each stretched.
UnitStudy example_1995(std::int64_t stretch) {
  struct Section {
    std::uint32_t rater;
    std::uint32_t category;
    std::int64_t begin;
    std::int64_t length;
  };
  static constexpr Section sections[] = {
      {0, 0, 2, 8},  {0, 0, 14, 6}, {1, 0, 4, 4},  {1, 0, 15, 2}, {0, 1, 0, 18}, {1, 1, 0, 2},
      {1, 1, 2, 1},  {1, 1, 3, 1},  {1, 1, 4, 1},  {1, 1, 5, 1},  {1, 1, 6, 3},  {1, 1, 9, 1},
      {0, 2, 2, 6},  {0, 2, 10, 2}, {0, 2, 14, 4}, {0, 2, 20, 2}, {1, 2, 0, 2},  {1, 2, 4, 4},
      {1, 2, 10, 4}, {1, 2, 16, 2}, {1, 2, 20, 2}, {0, 3, 0, 2},  {0, 3, 2, 8},  {0, 3, 10, 4},
      {0, 3, 14, 6}, {0, 3, 20, 4}, {1, 3, 0, 4},  {1, 3, 4, 4},  {1, 3, 8, 7},  {1, 3, 15, 2},
      {1, 3, 17, 7}};
  std::vector<Unit> units;
  for (const Section& s : sections) {
    units.push_back(
        {0, s.rater, s.category, {{s.begin * stretch, (s.begin + s.length) * stretch}}});
  }
  return study_of(2, 4, {0, 24 * stretch}, std::move(units));
}

TEST_CASE("u-alpha of Krippendorff's examples of 1995 (I4)") {
  // The printed observed disagreements, and alphas in the limit of long continua. The expected ones
  // are within the misprint's effect (2004 has the mended formula), hence the wide tolerance.
  static constexpr double observed[] = {0.03125, 2.26736, 0.02777, 0.38715};
  static constexpr double printed[] = {0.553, -0.926, 0.679, 0.066};
  const auto plain = alpha_u(example_1995(1));
  const auto stretched = alpha_u(example_1995(50'000));
  REQUIRE(plain.has_value());
  REQUIRE(stretched.has_value());
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(k);
    CHECK(std::abs(plain->by_category[k].observed - observed[k]) < 1e-5);
    CHECK(std::abs(stretched->by_category[k].observed - observed[k]) < 1e-5);
    CHECK(std::abs(*stretched->by_category[k].alpha() - printed[k]) < 0.02);
  }
}

UnitStudy random_study(SeededRandom& random, std::uint32_t raters, std::uint32_t continua,
                       bool complete) {
  UnitStudy study{
      .rater_count = raters, .category_count = 3, .extents = {}, .readings = {}, .units = {}};
  for (std::uint32_t c = 0; c < continua; ++c) {
    study.extents.push_back({0, 30});
    for (std::uint32_t r = 0; r < raters; ++r) {
      if (!complete && random.below(4) == 0) continue;
      study.readings.push_back({c, r});
      std::int64_t at = 0;
      while (true) {
        const auto begin = at + static_cast<std::int64_t>(random.below(6));
        const auto end = begin + 1 + static_cast<std::int64_t>(random.below(7));
        if (end > 30) break;
        study.units.push_back({c, r, static_cast<std::uint32_t>(random.below(3)), {{begin, end}}});
        at = end;
      }
    }
  }
  return study;
}

struct Section {
  std::int64_t begin = 0;
  std::int64_t length = 0;
  bool unit = false;
};

std::vector<Section> with_gaps(const UnitStudy& study, std::uint32_t continuum, std::uint32_t rater,
                               std::uint32_t category) {
  std::vector<Part> parts;
  for (const Unit& unit : study.units) {
    if (unit.continuum == continuum && unit.rater == rater && unit.category == category) {
      parts.push_back(unit.parts[0]);
    }
  }
  std::ranges::sort(parts);
  std::vector<Section> sections;
  std::int64_t at = study.extents[continuum].begin;
  for (const Part& part : parts) {
    if (part.begin > at) sections.push_back({at, part.begin - at, false});
    sections.push_back({part.begin, part.end - part.begin, true});
    at = part.end;
  }
  const std::int64_t end = study.extents[continuum].end;
  if (end > at) sections.push_back({at, end - at, false});
  return sections;
}

// The formulas of 2004 as they stand, section by section.
Disagreement literal_2004(const UnitStudy& study, std::uint32_t category) {
  double difference = 0;
  double length = 0;
  double own = 0;
  double bracket = 0;
  const double m = study.rater_count;
  std::vector<Section> all;
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    length += static_cast<double>(study.extents[c].end - study.extents[c].begin);
    for (std::uint32_t i = 0; i < study.rater_count; ++i) {
      for (const Section& g : with_gaps(study, c, i, category)) {
        all.push_back(g);
        for (std::uint32_t j = 0; j < study.rater_count; ++j) {
          if (i == j) continue;
          for (const Section& h : with_gaps(study, c, j, category)) {
            const auto begin = static_cast<double>(g.begin - h.begin);
            const auto lg = static_cast<double>(g.length);
            const auto lh = static_cast<double>(h.length);
            if (g.unit && h.unit && -lg < begin && begin < lh) {
              difference += begin * begin + (begin + lg - lh) * (begin + lg - lh);
            } else if (g.unit && !h.unit && lh - lg >= begin && begin >= 0) {
              difference += lg * lg;
            } else if (!g.unit && h.unit && lh - lg <= begin && begin <= 0) {
              difference += lh * lh;
            }
          }
        }
      }
    }
  }
  const auto units = static_cast<double>(std::ranges::count_if(all, &Section::unit));
  for (const Section& g : all) {
    if (!g.unit) continue;
    const auto l = static_cast<double>(g.length);
    own += l * (l - 1);
    bracket += (units - 1) / 3 * (2 * l * l * l - 3 * l * l + l);
    for (const Section& h : all) {
      if (!h.unit && h.length >= g.length) {
        bracket += l * l * static_cast<double>(h.length - g.length + 1);
      }
    }
  }
  return {difference / (m * (m - 1) * length * length),
          2 / length * bracket / (m * length * (m * length - 1) - own)};
}

TEST_CASE("u-alpha is what the formulas of 2004 say, on random continua (I4)") {
  SeededRandom random(21);
  for (int trial = 0; trial < 60; ++trial) {
    const auto raters = static_cast<std::uint32_t>(2 + random.below(3));
    const UnitStudy study = random_study(random, raters, 2, true);
    const auto alpha = alpha_u(study);
    REQUIRE(alpha.has_value());
    for (std::uint32_t k = 0; k < 3; ++k) {
      const Disagreement expected = literal_2004(study, k);
      CHECK(alpha->by_category[k].observed == doctest::Approx(expected.observed).epsilon(1e-12));
      CHECK(alpha->by_category[k].expected == doctest::Approx(expected.expected).epsilon(1e-12));
    }
  }
}

// Position by position: what rater r says at x; -1 in a gap; and which unit it is.
struct Painted {
  std::vector<std::vector<int>> value;
  std::vector<std::vector<int>> unit;
};

Painted painted(const UnitStudy& study, std::uint32_t continuum) {
  Painted result;
  result.value.assign(study.rater_count, std::vector<int>(30, -1));
  result.unit = result.value;
  for (std::size_t u = 0; u < study.units.size(); ++u) {
    const Unit& unit = study.units[u];
    if (unit.continuum != continuum) continue;
    for (auto x = unit.parts[0].begin; x < unit.parts[0].end; ++x) {
      result.value[unit.rater][static_cast<std::size_t>(x)] = static_cast<int>(unit.category);
      result.unit[unit.rater][static_cast<std::size_t>(x)] = static_cast<int>(u);
    }
  }
  return result;
}

TEST_CASE("the family's alphas are what their equations say, position by position (I5)") {
  SeededRandom random(22);
  for (int trial = 0; trial < 60; ++trial) {
    const auto m = static_cast<std::uint32_t>(2 + random.below(3));
    const UnitStudy study = random_study(random, m, 2, true);
    double l[4][4] = {};  // row and column 3: gaps
    double star[3][3] = {};
    double own[4] = {};
    double own_met[3] = {};
    for (std::uint32_t c = 0; c < 2; ++c) {
      const Painted paint = painted(study, c);
      std::vector<double> length(study.units.size(), 0);
      std::vector<double> met(study.units.size(), 0);
      for (std::size_t x = 0; x < 30; ++x) {
        for (std::uint32_t i = 0; i < m; ++i) {
          const int a = paint.value[i][x];
          bool meets = false;
          for (std::uint32_t j = 0; j < m; ++j) {
            if (i == j) continue;
            const int b = paint.value[j][x];
            l[a < 0 ? 3 : a][b < 0 ? 3 : b] += 1.0 / (m - 1);
            if (a >= 0 && b >= 0) star[a][b] += 1.0 / (m - 1);
            meets = meets || b >= 0;
          }
          if (a < 0) {
            own[3] += 1;
          } else {
            const auto u = static_cast<std::size_t>(paint.unit[i][x]);
            length[u] += 1;
            if (meets) met[u] += 1;
          }
        }
      }
      for (std::size_t u = 0; u < study.units.size(); ++u) {
        own[study.units[u].category] += length[u] * length[u];
        own_met[study.units[u].category] += met[u] * met[u];
      }
    }
    const auto expected_of = [](const auto& table, const double* correction, int n, int a, int b) {
      double row = 0;
      double column = 0;
      double all = 0;
      double corrections = 0;
      for (int i = 0; i < n; ++i) {
        corrections += correction[i];
        row += table[a][i];
        column += table[i][b];
        for (int j = 0; j < n; ++j) all += table[i][j];
      }
      return (row * column - (a == b ? correction[a] : 0)) / (all - corrections / all);
    };
    double observed = 0;
    double expected = 0;
    double observed_cu = 0;
    double expected_cu = 0;
    double observed_binary = 0;
    double expected_binary = 0;
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        if (a == b) continue;
        observed += l[a][b];
        expected += expected_of(l, own, 4, a, b);
        if (a == 3 || b == 3) {
          observed_binary += l[a][b];
          expected_binary += expected_of(l, own, 4, a, b);
        } else {
          observed_cu += star[a][b];
          expected_cu += expected_of(star, own_met, 3, a, b);
        }
      }
    }
    const auto family = alpha_u_family(study);
    REQUIRE(family.has_value());
    CHECK(*family->all.alpha() == doctest::Approx(1 - observed / expected).epsilon(1e-10));
    CHECK(*family->binary.alpha() ==
          doctest::Approx(1 - observed_binary / expected_binary).epsilon(1e-10));
    CHECK(*family->category.alpha() ==
          doctest::Approx(1 - observed_cu / expected_cu).epsilon(1e-10));
    for (int k = 0; k < 3; ++k) {
      double column = 0;
      double column_expected = 0;
      for (int i = 0; i < 3; ++i) {
        column += star[i][k];
        column_expected += expected_of(star, own_met, 3, i, k);
      }
      const double own_expected = expected_of(star, own_met, 3, k, k);
      const auto& of_category = family->by_category[static_cast<std::size_t>(k)];
      if (!of_category.alpha) continue;
      CHECK(*of_category.alpha ==
            doctest::Approx(1 - column_expected / column * (column - star[k][k]) /
                                    (column_expected - own_expected))
                .epsilon(1e-10));
    }
  }
}

void shuffle(std::vector<std::uint32_t>& order, SeededRandom& random) {
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
}

std::vector<std::uint32_t> permutation(std::uint32_t n, SeededRandom& random) {
  std::vector<std::uint32_t> order(n);
  for (std::uint32_t i = 0; i < n; ++i) order[i] = i;
  shuffle(order, random);
  return order;
}

TEST_CASE("numbering raters, texts, categories or units otherwise changes no bit (I2)") {
  SeededRandom random(23);
  for (int trial = 0; trial < 30; ++trial) {
    const UnitStudy study = random_study(random, 4, 5, trial % 2 == 0);
    const auto raters = permutation(4, random);
    const auto continua = permutation(5, random);
    const auto categories = permutation(3, random);
    UnitStudy other = study;
    for (auto& reading : other.readings) {
      reading = {continua[reading.continuum], raters[reading.rater]};
    }
    for (auto& unit : other.units) {
      unit.continuum = continua[unit.continuum];
      unit.rater = raters[unit.rater];
      unit.category = categories[unit.category];
    }
    std::ranges::reverse(other.units);
    std::ranges::reverse(other.readings);
    const auto a = alpha_u_family(study);
    const auto b = alpha_u_family(other);
    REQUIRE(a.has_value());
    CHECK(a->all == b->all);
    CHECK(a->binary == b->binary);
    CHECK(a->category == b->category);
    for (std::uint32_t k = 0; k < 3; ++k) {
      CHECK(a->by_category[k].alpha == b->by_category[categories[k]].alpha);
    }
    const ClusterBootstrapOptions options{.replicates = 50, .level = 0.9, .seed = 5};
    const auto x = bootstrap_alpha_u(study, AlphaMeasure::All, {}, options);
    const auto y = bootstrap_alpha_u(other, AlphaMeasure::All, {}, options);
    CHECK(x == y);
    if (trial % 2 != 0) continue;
    CHECK(alpha_u(study)->all == alpha_u(other)->all);
    for (std::uint32_t k = 0; k < 3; ++k) {
      CHECK(alpha_u(study)->by_category[k] == alpha_u(other)->by_category[categories[k]]);
    }
  }
}

TEST_CASE("raters who agree in all get 1; what cannot be asked is refused (I1)") {
  const UnitStudy same = study_of(
      2, 2, {0, 100},
      {{0, 0, 0, {{10, 20}}}, {0, 1, 0, {{10, 20}}}, {0, 0, 1, {{50, 70}}}, {0, 1, 1, {{50, 70}}}});
  CHECK(*alpha_u(same)->all.alpha() == 1.0);
  CHECK(*alpha_u_family(same)->all.alpha() == 1.0);
  CHECK(*alpha_u_family(same)->binary.alpha() == 1.0);
  CHECK(*alpha_u_family(same)->category.alpha() == 1.0);
  // Nobody marked anything: undefined, not 1.
  const UnitStudy empty = study_of(2, 2, {0, 100}, {});
  CHECK_FALSE(alpha_u(empty)->all.alpha().has_value());
  CHECK_FALSE(alpha_u_family(empty)->all.alpha().has_value());
  CHECK_FALSE(alpha_u_family(empty)->category.alpha().has_value());
  const auto refused = [](auto change) {
    UnitStudy wrong = example_2004();
    change(wrong);
    return !alpha_u(wrong).has_value();
  };
  CHECK(refused([](UnitStudy& s) { s.units[0].parts = {{225, 230}, {240, 250}}; }));
  CHECK(refused([](UnitStudy& s) { s.units[0].parts = {{225, 225}}; }));
  CHECK(refused([](UnitStudy& s) { s.units[0].parts = {{360, 380}}; }));
  CHECK(refused([](UnitStudy& s) { s.extents[0].end = std::int64_t{1} << 40; }));
  CHECK(refused([](UnitStudy& s) { s.extents.push_back({0, 5}); }));
  // Units of two categories may overlap in the first form, not in the second one.
  CHECK(alpha_u_family(example_2004()).error().what == "units of one rater overlap");
  CHECK_FALSE(alpha_u_family(study_of(1, 1, {0, 10}, {})).has_value());
}

TEST_CASE("an interval holds the value, and clusters widen it") {
  SeededRandom random(24);
  const UnitStudy study = random_study(random, 3, 40, false);
  const double value = *alpha_u_family(study)->all.alpha();
  const auto interval = bootstrap_alpha_u(study, AlphaMeasure::All, {}, {.replicates = 300});
  REQUIRE(interval.has_value());
  CHECK(interval->low < value);
  CHECK(value < interval->high);
  const std::vector<std::uint32_t> one(40, 7);
  CHECK_FALSE(bootstrap_alpha_u(study, AlphaMeasure::All, one, {}).has_value());
  const std::vector<std::uint32_t> few(3, 7);
  CHECK_FALSE(bootstrap_alpha_u(study, AlphaMeasure::All, few, {}).has_value());
}

}  // namespace
}  // namespace consilium
