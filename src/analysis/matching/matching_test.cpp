#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "analysis/matching/bipartite.hpp"
#include "analysis/matching/boxes.hpp"
#include "analysis/matching/closeness.hpp"
#include "analysis/matching/events.hpp"
#include "analysis/matching/unit.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

struct Best {
  std::size_t pairs = 0;
  std::int64_t weight = 0;
};

// Every matching is tried.
Best by_trying(std::uint32_t first, std::uint32_t second_count, std::uint32_t first_count,
               const std::vector<std::vector<std::int64_t>>& weight, std::uint32_t taken,
               const std::function<bool(const Best&, const Best&)>& better) {
  if (first == first_count) return {};
  Best best = by_trying(first + 1, second_count, first_count, weight, taken, better);
  for (std::uint32_t j = 0; j < second_count; ++j) {
    if (weight[first][j] < 0 || ((taken >> j) & 1U) != 0) continue;
    Best with = by_trying(first + 1, second_count, first_count, weight, taken | (1U << j), better);
    ++with.pairs;
    with.weight += weight[first][j];
    if (better(with, best)) best = with;
  }
  return best;
}

bool more_pairs(const Best& a, const Best& b) {
  return a.pairs != b.pairs ? a.pairs > b.pairs : a.weight > b.weight;
}
bool more_weight(const Best& a, const Best& b) { return a.weight > b.weight; }

struct Graph {
  std::uint32_t first_count = 0;
  std::uint32_t second_count = 0;
  std::vector<std::vector<std::int64_t>> weight;  // -1: no edge
  std::vector<WeightedMatch> edges;
  std::vector<Match> pairs;
};

Graph random_graph(SeededRandom& random) {
  Graph graph;
  graph.first_count = static_cast<std::uint32_t>(1 + random.below(6));
  graph.second_count = static_cast<std::uint32_t>(1 + random.below(6));
  const std::uint64_t density = 1 + random.below(9);
  graph.weight.assign(graph.first_count, std::vector<std::int64_t>(graph.second_count, -1));
  for (std::uint32_t i = 0; i < graph.first_count; ++i) {
    for (std::uint32_t j = 0; j < graph.second_count; ++j) {
      if (random.below(10) >= density) continue;
      graph.weight[i][j] = 1 + static_cast<std::int64_t>(random.below(20));
      graph.edges.push_back({i, j, graph.weight[i][j]});
      graph.pairs.push_back({i, j});
    }
  }
  return graph;
}

Best sum_of(const Graph& graph, const std::vector<Match>& pairs) {
  Best sum;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  for (const Match& pair : pairs) {
    REQUIRE(graph.weight[pair.first][pair.second] >= 0);
    REQUIRE(((first >> pair.first) & 1U) == 0);
    REQUIRE(((second >> pair.second) & 1U) == 0);
    first |= std::uint64_t{1} << pair.first;
    second |= std::uint64_t{1} << pair.second;
    ++sum.pairs;
    sum.weight += graph.weight[pair.first][pair.second];
  }
  return sum;
}

TEST_CASE("matchings of small random graphs are as good as the best of all tried ones (I1, I2)") {
  SeededRandom random(1);
  for (int trial = 0; trial < 1500; ++trial) {
    Graph graph = random_graph(random);
    const auto best = [&](const auto& better) {
      return by_trying(0, graph.second_count, graph.first_count, graph.weight, 0, better);
    };
    const auto count = maximum_matching(graph.first_count, graph.second_count, graph.pairs);
    const auto weight = maximum_weight_matching(graph.first_count, graph.second_count, graph.edges);
    const auto both = maximum_weight_matching(graph.first_count, graph.second_count, graph.edges,
                                              WeightGoal::CardinalityFirst);
    REQUIRE(count.has_value());
    REQUIRE(weight.has_value());
    REQUIRE(both.has_value());
    const Best most = best(more_pairs);
    CHECK(sum_of(graph, *count).pairs == most.pairs);
    CHECK(sum_of(graph, *both).pairs == most.pairs);
    CHECK(sum_of(graph, *both).weight == most.weight);
    CHECK(sum_of(graph, *weight).weight == best(more_weight).weight);
    // The order of the edges does not matter (I3).
    std::ranges::reverse(graph.edges);
    std::ranges::reverse(graph.pairs);
    CHECK(maximum_matching(graph.first_count, graph.second_count, graph.pairs) == count);
    CHECK(maximum_weight_matching(graph.first_count, graph.second_count, graph.edges) == weight);
  }
}

TEST_CASE("a long chain is matched in full, without deep recursion") {
  constexpr std::uint32_t n = 200'000;
  std::vector<Match> edges;
  for (std::uint32_t i = 0; i < n; ++i) {
    edges.push_back({i, i});
    if (i + 1 < n) edges.push_back({i, i + 1});
  }
  edges.push_back({n - 1, 0});
  CHECK(maximum_matching(n, n, edges)->size() == n);
}

TEST_CASE("events are paired as often and then as closely as can be (I4)") {
  SeededRandom random(2);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<std::int64_t> a(1 + random.below(6));
    std::vector<std::int64_t> b(1 + random.below(6));
    const auto range = 5 + random.below(40);
    for (auto& at : a) at = static_cast<std::int64_t>(random.below(range));
    for (auto& at : b) at = static_cast<std::int64_t>(random.below(range));
    const auto window = static_cast<std::int64_t>(random.below(12));
    std::vector<std::vector<std::int64_t>> weight(a.size(), std::vector<std::int64_t>(b.size()));
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < b.size(); ++j) {
        const std::int64_t distance = std::abs(a[i] - b[j]);
        weight[i][j] = distance <= window ? 1000 - distance : -1;
      }
    }
    const auto pairs = match_events(a, b, window);
    REQUIRE(pairs.has_value());
    const Graph graph{
        static_cast<std::uint32_t>(a.size()), static_cast<std::uint32_t>(b.size()), weight, {}, {}};
    const Best found = sum_of(graph, *pairs);
    const Best best = by_trying(0, graph.second_count, graph.first_count, weight, 0, more_pairs);
    CHECK(found.pairs == best.pairs);
    CHECK(found.weight == best.weight);
    // Exchanging the lists pairs events at the same positions.
    auto exchanged = *match_events(b, a, window);
    std::vector<std::pair<std::int64_t, std::int64_t>> x;
    std::vector<std::pair<std::int64_t, std::int64_t>> y;
    for (const Match& pair : *pairs) x.emplace_back(a[pair.first], b[pair.second]);
    for (const Match& pair : exchanged) y.emplace_back(a[pair.second], b[pair.first]);
    std::ranges::sort(x);
    std::ranges::sort(y);
    CHECK(x == y);
  }
}

TEST_CASE("beats are paired in one pass as bxb's published rule has it, by worked cases") {
  struct Case {
    const char* name;
    std::vector<std::int64_t> reference, test;
    std::vector<Match> pairs;
  };
  constexpr std::int64_t window = 54;  // 150 ms at 360 Hz
  const Case cases[] = {
      {"at the window's edge", {1000}, {1054}, {{0, 0}}},
      {"past it", {1000}, {1055}, {}},
      {"at one sample", {1000, 1300}, {1000, 1300}, {{0, 0}, {1, 1}}},
      {"of two test beats the nearer one", {1000}, {960, 1010}, {{0, 1}}},
      {"of two reference beats the nearer one", {1000, 1040}, {1030}, {{1, 0}}},
      {"the nearer one, though two pairs could be had", {1000, 1040}, {1030, 1080}, {{1, 0}}},
      {"not the nearer one when the next two are nearer still",
       {1000, 1040},
       {1030, 1045},
       {{0, 0}, {1, 1}}},
      {"the last beats of both", {1000, 2000}, {500, 1990, 2500}, {{1, 1}}},
      {"none", {}, {1000}, {}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.name);
    CHECK(match_events_in_one_pass(one.reference, one.test, window) == one.pairs);
  }
  CHECK(match_events(cases[5].reference, cases[5].test, window)->size() == 2);
}

TEST_CASE("events without sense are refused") {
  const std::vector<std::int64_t> events{1, 2, 3};
  CHECK(match_events(events, events, -1).error().code == ErrorCode::InvalidInput);
  const std::vector<std::int64_t> far{std::numeric_limits<std::int64_t>::min()};
  CHECK(match_events(far, events, 1).error().code == ErrorCode::InvalidInput);
  const std::vector<std::int64_t> crowd(8000, 5);
  CHECK(match_events(crowd, crowd, 1).error().code == ErrorCode::TooLarge);
  CHECK(match_events({}, events, 1)->empty());
}

TEST_CASE("boxes are matched by their overlap") {
  const Box unit{0, 0, 2, 2};
  CHECK(intersection_over_union(unit, unit) == 1.0);
  CHECK(intersection_over_union(unit, {1, 0, 3, 2}) == doctest::Approx(1.0 / 3).epsilon(1e-15));
  CHECK(intersection_over_union(unit, {2, 0, 3, 2}) == 0.0);
  // Greedily by the best overlap, the second first box would stay alone.
  const std::vector<Box> first{{0, 0, 10, 10}, {0, 0, 10, 7}};
  const std::vector<Box> second{{0, 0, 10, 9}, {0, 0, 10, 14}};
  const auto pairs = match_boxes(first, second, 0.5);
  REQUIRE(pairs.has_value());
  CHECK(*pairs == std::vector<Match>{{0, 1}, {1, 0}});
  CHECK_FALSE(match_boxes(std::vector<Box>{{0, 0, 0, 1}}, second, 0.5).has_value());
  CHECK_FALSE(match_boxes(first, second, 0.0).has_value());
  CHECK_FALSE(match_boxes(first, second, std::nan("")).has_value());
}

TEST_CASE("any weight can be matched by") {
  const auto weight = [](std::uint32_t i, std::uint32_t j) { return i == j ? 0.25 : 0.75; };
  const auto pairs = match_by_weight(3, 3, weight, 0.5, WeightGoal::Weight);
  REQUIRE(pairs.has_value());
  CHECK(pairs->size() == 3);
  for (const Match& pair : *pairs) CHECK(pair.first != pair.second);
  const auto bad = [](std::uint32_t, std::uint32_t) { return std::nan(""); };
  CHECK(match_by_weight(1, 1, bad, 0, WeightGoal::Weight).error().code == ErrorCode::InvalidInput);
}

TEST_CASE("a matching whose edges are wrong is refused") {
  const std::vector<Match> outside{{0, 3}};
  CHECK(maximum_matching(1, 3, outside).error().where == "edge 0");
  const std::vector<WeightedMatch> negative{{0, 0, -1}};
  CHECK_FALSE(maximum_weight_matching(1, 1, negative).has_value());
  const std::vector<WeightedMatch> twice{{0, 0, 1}, {0, 0, 2}};
  CHECK_FALSE(maximum_weight_matching(1, 1, twice).has_value());
}

UnitStudy small_study() {
  UnitStudy study;
  study.rater_count = 2;
  study.category_count = 2;
  study.extents = {{0, 100}};
  study.readings = {{0, 0}, {0, 1}};
  study.units = {{0, 0, 0, {{10, 20}}}, {0, 1, 1, {{12, 15}, {30, 40}}}, {0, 0, 1, {{5, 5}}}};
  return study;
}

TEST_CASE("a study is checked and put in order (I5)") {
  const UnitStudy study = small_study();
  const auto order = order_units(study);
  REQUIRE(order.has_value());
  CHECK(std::ranges::equal(order->of(0, 0), std::vector<std::uint32_t>{2, 0}));
  CHECK(order->readers(0) == std::vector<std::uint32_t>{0, 1});
  const auto refuses = [](auto change) {
    UnitStudy wrong = small_study();
    change(wrong);
    const auto result = order_units(wrong);
    return !result.has_value() && result.error().code == ErrorCode::InvalidInput &&
           !result.error().where.empty();
  };
  CHECK(refuses([](UnitStudy& s) { s.units[0].rater = 2; }));
  CHECK(refuses([](UnitStudy& s) { s.units[0].category = 2; }));
  CHECK(refuses([](UnitStudy& s) { s.units[0].continuum = 1; }));
  CHECK(refuses([](UnitStudy& s) { s.units[0].parts.clear(); }));
  CHECK(refuses([](UnitStudy& s) { s.units[0].parts = {{20, 10}}; }));
  CHECK(refuses([](UnitStudy& s) { s.units[0].parts = {{90, 101}}; }));
  CHECK(refuses([](UnitStudy& s) { s.units[1].parts = {{12, 15}, {14, 20}}; }));
  CHECK(refuses([](UnitStudy& s) { s.units[1].parts = {{12, 12}, {14, 20}}; }));
  CHECK(refuses([](UnitStudy& s) { s.readings.pop_back(); }));
  CHECK(refuses([](UnitStudy& s) { s.readings.push_back({0, 0}); }));
  CHECK(refuses([](UnitStudy& s) { s.readings.push_back({1, 0}); }));
  CHECK(refuses([](UnitStudy& s) { s.extents[0] = {5, 4}; }));
}

TEST_CASE("closeness is what it says, and the same both ways (I6)") {
  const Unit a{0, 0, 0, {{0, 10}}};
  const Unit b{0, 1, 0, {{5, 15}}};
  const Unit c{0, 1, 1, {{0, 10}}};
  Closeness iou{.kind = ClosenessKind::Iou, .iou_min = 1.0 / 3};
  CHECK(closeness_of(a, b, iou) == closeness_one / 3);
  CHECK(closeness_of(b, a, iou) == closeness_one / 3);
  iou.iou_min = 0.34;
  CHECK(closeness_of(a, b, iou) == 0);
  CHECK(closeness_of(a, c, {}) == 0);
  CHECK(closeness_of(a, c, {.same_category = false}) == closeness_one);
  const Closeness near{.kind = ClosenessKind::Boundaries, .tolerance = 5};
  CHECK(closeness_of(a, b, near) == closeness_one * 2 / 12);
  const Unit split{0, 0, 0, {{0, 4}, {8, 12}}};
  CHECK(closeness_of(a, split, near) == 0);
  CHECK(shared_length(a.parts, split.parts) == 6);
  CHECK(length_of(split) == 8);
  CHECK(hull_of(split) == Part{0, 12});
  CHECK(with_hulls(std::vector{split})[0].parts == std::vector<Part>{{0, 12}});
  CHECK(with_parts_as_units(std::vector{split}).size() == 2);
  CHECK_FALSE(check_closeness({.tolerance = -1}).has_value());
  CHECK_FALSE(check_closeness({.iou_min = 0}).has_value());
}

TEST_CASE("all close pairs are found, none twice (I6)") {
  SeededRandom random(4);
  for (int trial = 0; trial < 300; ++trial) {
    UnitStudy study{.rater_count = 2,
                    .category_count = 2,
                    .extents = {{0, 200}},
                    .readings = {{0, 0}, {0, 1}},
                    .units = {}};
    for (int u = 0; u < 14; ++u) {
      const auto begin = static_cast<std::int64_t>(random.below(60));
      const auto end = begin + 1 + static_cast<std::int64_t>(random.below(20));
      std::vector<Part> parts{{begin, end}};
      if (random.below(4) == 0) parts.push_back({end + 2, end + 9});
      study.units.push_back({0, static_cast<std::uint32_t>(random.below(2)),
                             static_cast<std::uint32_t>(random.below(2)), parts});
    }
    const auto order = order_units(study);
    REQUIRE(order.has_value());
    for (const ClosenessKind kind : {ClosenessKind::SameParts, ClosenessKind::Boundaries,
                                     ClosenessKind::Overlap, ClosenessKind::Iou}) {
      const Closeness closeness{
          .kind = kind, .tolerance = 4, .iou_min = 0.3, .same_category = trial % 2 == 0};
      const auto first = order->of(0, 0);
      const auto second = order->of(0, 1);
      std::vector<WeightedMatch> expected;
      for (std::uint32_t i = 0; i < first.size(); ++i) {
        for (std::uint32_t j = 0; j < second.size(); ++j) {
          const auto weight =
              closeness_of(study.units[first[i]], study.units[second[j]], closeness);
          if (weight > 0) expected.push_back({i, j, weight});
        }
      }
      CHECK(close_pairs(study.units, first, second, closeness).value() == expected);
    }
  }
}

}  // namespace
}  // namespace consilium
