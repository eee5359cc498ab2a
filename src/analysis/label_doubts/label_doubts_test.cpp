#include "analysis/label_doubts/label_doubts.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/random.hpp"

using namespace consilium;

namespace {

struct Made {
  std::vector<float> features;
  std::vector<std::uint32_t> labels;  // 7, 3 or 40
  std::set<std::size_t> flipped;
};

Made made_items(std::size_t count, std::size_t columns, double apart, double flipped_share) {
  constexpr std::uint32_t names[] = {7, 3, 40};
  SeededRandom random(12);
  Made made;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t kind = random.below(10) < 7 ? 0 : 1 + random.below(2);
    for (std::size_t f = 0; f < columns; ++f) {
      made.features.push_back(static_cast<float>(random.normal() + (f % 3 == kind ? apart : 0)));
    }
    if (random.uniform() < flipped_share) {
      kind = (kind + 1 + random.below(2)) % 3;
      made.flipped.insert(i);
    }
    made.labels.push_back(names[kind]);
  }
  return made;
}

}  // namespace

TEST_CASE("flipped labels of kinds that lie apart are found, and hardly any other") {
  const Made made = made_items(800, 30, 1.5, 0.05);
  const auto found = label_doubts(made.features, 30, made.labels);
  REQUIRE(found.has_value());
  std::size_t right = 0;
  for (const std::size_t i : found->disputed) {
    right += made.flipped.contains(i) ? 1U : 0U;
    CHECK(found->likelier[i] != made.labels[i]);
  }
  CHECK(right >= made.flipped.size() * 9 / 10);
  CHECK(right >= found->disputed.size() * 9 / 10);
  CHECK(std::ranges::is_sorted(found->disputed, std::ranges::greater{},
                               [&](std::size_t i) { return found->doubt[i]; }));
}

TEST_CASE("threads make no difference") {
  const Made made = made_items(300, 9, 1, 0.1);
  const auto one = label_doubts(made.features, 9, made.labels, 1);
  const auto three = label_doubts(made.features, 9, made.labels, 3);
  REQUIRE(one.has_value());
  CHECK(one->doubt == three->doubt);
  CHECK(one->disputed == three->disputed);
}

TEST_CASE("one label alone and a label borne once give no doubt") {
  Made made = made_items(60, 6, 2, 0);
  const std::vector<std::uint32_t> same(60, 5);
  const auto none = label_doubts(made.features, 6, same);
  REQUIRE(none.has_value());
  CHECK(none->disputed.empty());
  made.labels[10] = 99;
  const auto found = label_doubts(made.features, 6, made.labels);
  REQUIRE(found.has_value());
  CHECK(found->doubt[10] == 0);
  CHECK(std::ranges::find(found->disputed, 10U) == found->disputed.end());
  CHECK_FALSE(label_doubts(made.features, 7, made.labels).has_value());
}
