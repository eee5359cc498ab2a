#include "analysis/mini_rocket/mini_rocket.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <set>

#include "base/random.hpp"

using namespace consilium;

namespace {

// Whole numbers, so that every order of a sum gives the same.
std::vector<float> made_series(std::size_t count, SeriesShape shape, std::uint64_t seed = 5) {
  SeededRandom random(seed);
  std::vector<float> out;
  for (std::size_t i = 0; i < count * shape.size(); ++i) {
    out.push_back(static_cast<float>(random.below(401)) - 200);
  }
  return out;
}

MiniRocket fitted(std::span<const float> series, SeriesShape shape,
                  const MiniRocketOptions& options = {}) {
  auto made = MiniRocket::fit(series, shape, options);
  REQUIRE(made.has_value());
  return std::move(*made);
}

}  // namespace

TEST_CASE("the paper's sizes: 9,996 features of 10,000 wanted") {
  const SeriesShape shape{.channels = 1, .length = 360};
  const auto series = made_series(3, shape);
  const MiniRocket rocket = fitted(series, shape);
  CHECK(rocket.feature_count() == 9'996);
  const auto features = rocket.transform(series);
  REQUIRE(features.has_value());
  REQUIRE(features->size() == 3 * 9'996);
  std::set<float> distinct;
  for (const float x : *features) {
    CHECK((x >= 0 && x <= 1));
    distinct.insert(x);
  }
  CHECK(distinct.size() > 300);
}

TEST_CASE("a series of 9 samples has one dilation, whose convolution is that of the weights") {
  const SeriesShape shape{.channels = 1, .length = 9};
  // One sample alone: the first kernel has weights 2 at its first three places, so that its
  // convolution is 2 where the sample lies under them (it stands 4, 3 and 2 after) and -1
  // elsewhere.
  std::vector<float> series(9, 0.0F);
  series[4] = 1;
  const MiniRocket rocket = fitted(series, shape, {.feature_count = 84});
  CHECK(rocket.feature_count() == 84);
  const auto features = rocket.transform(series);
  REQUIRE(features.has_value());
  // Its bias is the quantile 0.618 of {-1 x 6, 2 x 3}: -1; three of nine lie above.
  CHECK((*features)[0] == doctest::Approx(3.0 / 9));
  // The second kernel is not padded: only the middle is looked at, which is its fifth weight.
  CHECK(((*features)[1] == 0.0F || (*features)[1] == 1.0F));
}

TEST_CASE("threads make no difference, and a seed gives one result") {
  const SeriesShape shape{.channels = 3, .length = 200};
  const auto series = made_series(17, shape);
  const MiniRocket rocket = fitted(series, shape, {.feature_count = 2'000, .seed = 9});
  CHECK(rocket == fitted(series, shape, {.feature_count = 2'000, .seed = 9}));
  CHECK(rocket.serialise() !=
        fitted(series, shape, {.feature_count = 2'000, .seed = 10}).serialise());
  const auto one = rocket.transform(series, 1);
  const auto four = rocket.transform(series, 4);
  REQUIRE(one.has_value());
  CHECK(*one == *four);
}

TEST_CASE("a channel of its own scale leaves standardised series alike") {
  const SeriesShape shape{.channels = 2, .length = 64};
  std::vector<float> one = made_series(4, shape);
  std::vector<float> other = one;
  for (std::size_t i = 0; i < other.size(); ++i) {
    other[i] = (i / 64) % 2 == 0 ? other[i] * 8 + 1'000 : other[i];
  }
  standardise(one, shape);
  standardise(other, shape);
  for (std::size_t i = 0; i < one.size(); ++i)
    CHECK(one[i] == doctest::Approx(other[i]).epsilon(1e-4));
  std::vector<float> flat(128, 7.25F);
  standardise(flat, shape);
  CHECK(flat == std::vector<float>(128, 0.0F));
}

TEST_CASE("what is no series is refused") {
  const SeriesShape shape{.channels = 1, .length = 50};
  auto series = made_series(2, shape);
  CHECK_FALSE(MiniRocket::fit({}, shape).has_value());
  CHECK_FALSE(MiniRocket::fit(std::span(series).first(70), shape).has_value());
  CHECK_FALSE(MiniRocket::fit(series, {.channels = 1, .length = 5}).has_value());
  CHECK_FALSE(MiniRocket::fit(series, {.channels = 65, .length = 50}).has_value());
  CHECK_FALSE(MiniRocket::fit(series, shape, {.feature_count = 83}).has_value());
  const MiniRocket rocket = fitted(series, shape, {.feature_count = 500});
  CHECK(rocket.feature_count() == 420);
  series[60] = std::numeric_limits<float>::infinity();
  const auto refused = rocket.transform(series);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().where == "series 1");
  CHECK(rocket.transform({}).has_value());
}
