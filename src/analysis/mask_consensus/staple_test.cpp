#include "analysis/mask_consensus/staple.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/mask_consensus/made_raters.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

using test::views;
using test::Volumes;

std::vector<float> probabilities(const VotePatterns& patterns, const StapleResult& result) {
  std::vector<float> out(patterns.voxel_count());
  REQUIRE(write_probability(patterns, result, std::span<float>(out)));
  return out;
}

void check_numbers(const std::vector<std::optional<double>>& values,
                   const std::vector<double>& expected) {
  REQUIRE(values.size() == expected.size());
  for (std::size_t r = 0; r < expected.size(); ++r) {
    CHECK(*values[r] == doctest::Approx(expected[r]).epsilon(1e-9));
  }
}

TEST_CASE("a fixed prior gives what ITK gives (SimpleITK 2.5.7, STAPLEImageFilter) (I2)") {
  const auto patterns = binary_patterns(views(test::made_masks(5)));
  const auto result = staple(*patterns);
  REQUIRE(result.has_value());
  check_numbers(result->sensitivity, {0.7911120996789536, 0.8484228463757353, 0.9139532143720986,
                                      0.9391050629686274, 0.9461393081210688});
  check_numbers(result->specificity, {0.9156925624131977, 0.9254208795429597, 0.9235656613098613,
                                      0.8596883990674996, 0.8351087555115662});
  CHECK(result->converged);
  CHECK(result->iterations == 15);  // ITK counts from 0
  CHECK(result->foreground_prior ==
        doctest::Approx((990 + 1037 + 1111 + 1238 + 1284) / (5.0 * test::made_voxels)));
  const auto w = probabilities(*patterns, *result);
  const auto at = [&](std::size_t x, std::size_t y, std::size_t z) {
    return static_cast<double>(w[(z * 14 + y) * 21 + x]);
  };
  CHECK(at(10, 6, 4) == doctest::Approx(0.9988789626686263).epsilon(1e-7));
  CHECK(at(0, 0, 0) == doctest::Approx(0.9999727173331199).epsilon(1e-7));
  CHECK(at(6, 1, 4) == doctest::Approx(0.9975785563131931).epsilon(1e-7));
  CHECK(std::accumulate(w.begin(), w.end(), 0.0) / static_cast<double>(w.size()) ==
        doctest::Approx(0.41007399558251106).epsilon(1e-7));
}

TEST_CASE("the confidence weight scales the fixed prior, as in ITK (SimpleITK 2.5.7) (I2)") {
  const auto patterns = binary_patterns(views(test::made_masks(5)));
  const auto result = staple(*patterns, {.confidence_weight = 0.5});
  REQUIRE(result.has_value());
  check_numbers(result->sensitivity, {0.8166908679174897, 0.874290130925533, 0.9281958039578733,
                                      0.9417212845188138, 0.9484170558378742});
  check_numbers(result->specificity, {0.9127181777739243, 0.9207787394393774, 0.9096263522075314,
                                      0.8392839683870039, 0.8149703476395737});
}

TEST_CASE("both starts reach one estimate here, the two priors do not (I2)") {
  const auto patterns = binary_patterns(views(test::made_masks(5)));
  const auto shares = staple(*patterns);
  const auto near = staple(*patterns, {.start = StapleStart::NearPerfect});
  for (std::size_t r = 0; r < 5; ++r) {
    CHECK(*near->sensitivity[r] == doctest::Approx(*shares->sensitivity[r]).epsilon(1e-5));
  }
  const auto estimated = staple(*patterns, {.prior = StaplePrior::Estimated});
  CHECK(estimated->prior == StaplePrior::Estimated);
  CHECK(std::abs(estimated->foreground_prior - shares->foreground_prior) > 1e-3);
}

TEST_CASE("the likelihood never falls (I3)") {
  for (const StaplePrior prior : {StaplePrior::Fixed, StaplePrior::Estimated}) {
    for (const StapleStart start : {StapleStart::VoteShare, StapleStart::NearPerfect}) {
      for (const int raters : {2, 3, 5, 9}) {
        const auto patterns = binary_patterns(views(test::made_masks(raters)));
        const auto result = staple(*patterns, {.prior = prior, .start = start});
        REQUIRE(result.has_value());
        for (std::size_t i = 1; i < result->log_likelihood.size(); ++i) {
          CHECK(result->log_likelihood[i] >= result->log_likelihood[i - 1] - 1e-7);
        }
      }
    }
  }
}

TEST_CASE("raters who err at random are known by their errors (I4)") {
  constexpr std::size_t voxels = 60'000;
  const double sensitivity[] = {0.95, 0.8, 0.7, 0.9, 0.6};
  const double specificity[] = {0.99, 0.95, 0.9, 0.8, 0.97};
  SeededRandom random(12);
  Volumes<std::uint8_t> masks(5);
  for (std::size_t v = 0; v < voxels; ++v) {
    const bool truth = random.uniform() < 0.3;
    for (std::size_t r = 0; r < 5; ++r) {
      masks[r].push_back(random.uniform() < (truth ? sensitivity[r] : 1 - specificity[r]) ? 1 : 0);
    }
  }
  const auto patterns = binary_patterns(views(masks));
  const auto result = staple(*patterns, {.prior = StaplePrior::Estimated});
  CHECK(result->foreground_prior == doctest::Approx(0.3).epsilon(0.03));
  for (std::size_t r = 0; r < 5; ++r) {
    CHECK(std::abs(*result->sensitivity[r] - sensitivity[r]) < 0.015);
    CHECK(std::abs(*result->specificity[r] - specificity[r]) < 0.015);
  }
}

TEST_CASE("raters in another order give the same to the last bit (I5)") {
  for (const int raters : {5, 9, 18}) {
    const auto masks = test::made_masks(raters);
    Volumes<std::uint8_t> turned(masks.rbegin(), masks.rend());
    std::swap(turned[0], turned[2]);
    for (const StaplePrior prior : {StaplePrior::Fixed, StaplePrior::Estimated}) {
      const auto patterns = binary_patterns(views(masks));
      const auto turned_patterns = binary_patterns(views(turned), 3);
      const auto one = staple(*patterns, {.prior = prior});
      const auto other = staple(*turned_patterns, {.prior = prior});
      CHECK(probabilities(*patterns, *one) == probabilities(*turned_patterns, *other));
      CHECK(one->log_likelihood == other->log_likelihood);
      CHECK(one->sensitivity[0] == other->sensitivity.back());
      CHECK(one->specificity.back() == other->specificity[2]);
    }
  }
}

TEST_CASE("what cannot be estimated is undefined (I6)") {
  const Volumes<std::uint8_t> none(3, std::vector<std::uint8_t>(50));
  const auto empty = binary_patterns(views(none));
  const auto of_none = staple(*empty);
  REQUIRE(of_none.has_value());
  CHECK_FALSE(of_none->sensitivity[1].has_value());
  CHECK(of_none->specificity[1] == 1.0);
  CHECK(std::ranges::count(probabilities(*empty, *of_none), 0.0F) == 50);
  const Volumes<std::uint8_t> all(3, std::vector<std::uint8_t>(50, 7));
  const auto full = binary_patterns(views(all));
  const auto of_all = staple(*full);
  CHECK(of_all->sensitivity[1] == 1.0);
  CHECK_FALSE(of_all->specificity[1].has_value());
  CHECK(std::ranges::count(probabilities(*full, *of_all), 1.0F) == 50);
  // Two raters, each certain of the contrary: ITK's 0 / 0.
  const Volumes<std::uint8_t> contrary{{1, 1, 0, 0}, {0, 0, 1, 1}};
  const auto torn = binary_patterns(views(contrary));
  const auto of_torn = staple(*torn);
  REQUIRE(of_torn.has_value());
  for (const float w : probabilities(*torn, *of_torn)) CHECK((w >= 0 && w <= 1));
}

TEST_CASE("probabilities are written rounded to the output's type (I7)") {
  const auto patterns = binary_patterns(views(test::made_masks(5)));
  const auto result = staple(*patterns);
  const auto in_float = probabilities(*patterns, *result);
  std::vector<std::uint8_t> in_bytes(in_float.size());
  std::vector<std::uint16_t> in_words(in_float.size());
  REQUIRE(write_probability(*patterns, *result, std::span<std::uint8_t>(in_bytes), 2));
  REQUIRE(write_probability(*patterns, *result, std::span<std::uint16_t>(in_words), 2));
  for (std::size_t v = 0; v < in_float.size(); ++v) {
    REQUIRE(std::abs(in_bytes[v] / 255.0 - static_cast<double>(in_float[v])) <= 0.5 / 255 + 1e-7);
    REQUIRE(std::abs(in_words[v] / 65'535.0 - static_cast<double>(in_float[v])) <= 1e-5);
  }
}

TEST_CASE("settings out of range and label patterns are refused") {
  const auto patterns = binary_patterns(views(test::made_masks(3)));
  CHECK_FALSE(staple(*patterns, {.confidence_weight = 0}).has_value());
  CHECK_FALSE(staple(*patterns, {.confidence_weight = 5}).has_value());
  CHECK_FALSE(staple(*patterns, {.iterations_max = 0}).has_value());
  CHECK_FALSE(staple(*patterns, {.tolerance = std::nan("")}).has_value());
  CHECK_FALSE(staple(*label_patterns(views(test::made_labels(3)))).has_value());
}

}  // namespace
}  // namespace consilium
