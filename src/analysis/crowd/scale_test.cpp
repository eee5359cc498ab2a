#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "analysis/crowd/ordinal.hpp"
#include "analysis/crowd/quantity.hpp"
#include "tests/made_votes.hpp"

namespace consilium::crowd {
namespace {

bool full() { return std::getenv("CONSILIUM_FULL") != nullptr; }

struct Measured {
  std::vector<Measurement> measurements;
  std::vector<double> truth;
};

Measured measured(std::uint64_t seed, std::uint32_t items, const std::vector<double>& bias,
                  const std::vector<double>& noise, double kept) {
  SeededRandom random(seed);
  Measured made;
  for (ItemIndex i = 0; i < items; ++i) {
    made.truth.push_back(50 + 6 * random.normal());
    for (RaterIndex r = 0; r < bias.size(); ++r) {
      const double value = made.truth[i] + bias[r] + noise[r] * random.normal();
      if (random.uniform() < kept) made.measurements.push_back({i, r, value});
    }
  }
  return made;
}

const std::vector<double> biases = {0, 2, -1.5, 0.5, -1};
const std::vector<double> noises = {1, 1.5, 2.5, 4, 0.8};

TEST_CASE("bias and noise of raters are found, and the objective never falls") {
  const auto made = measured(3, 400, biases, noises, 0.7);
  const auto fit = fit_quantity(made.measurements, 400, 5, {}).value();
  CHECK(fit.converged);
  for (std::size_t i = 1; i < fit.objective_of.size(); ++i) {
    CHECK(fit.objective_of[i] >= fit.objective_of[i - 1] - 1e-7);
  }
  for (std::size_t r = 0; r < 5; ++r) {
    CHECK(std::fabs(fit.rater_bias[r] - biases[r]) < 4 * fit.rater_bias_deviation[r]);
    CHECK(std::fabs(fit.rater_bias[r] - fit.rater_bias[0] - biases[r] + biases[0]) < 0.6);
    CHECK(std::fabs(fit.rater_deviation[r] - noises[r]) < 0.15 * noises[r] + 0.1);
  }
  double plain = 0;
  double ours = 0;
  std::vector<double> sum(400);
  std::vector<double> count(400);
  for (const auto& m : made.measurements) {
    sum[m.item] += m.value;
    count[m.item] += 1;
  }
  for (std::size_t i = 0; i < 400; ++i) {
    if (count[i] == 0) continue;
    plain += std::pow(sum[i] / count[i] - made.truth[i], 2);
    ours += std::pow(fit.item_mean[i] - made.truth[i], 2);
  }
  CHECK(ours < 0.6 * plain);
}

// Q1: the intervals cover as often as they say.
TEST_CASE("the intervals cover the truth about as often as they say") {
  double covered = 0;
  double all = 0;
  SeededRandom random(77);
  const std::uint64_t rounds = full() ? 500 : 20;
  for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
    // Biases are drawn as the model says: what raters have in common nobody could tell.
    std::vector<double> bias(8);
    for (double& b : bias) b = 1.5 * random.normal();
    const auto made = measured(seed, 60, bias, {1, 1.5, 2.5, 4, 0.8, 1.2, 2, 3}, 0.6);
    const auto fit = fit_quantity(made.measurements, 60, 8, {.gain_min = 1e-5}).value();
    for (std::size_t i = 0; i < 60; ++i) {
      all += 1;
      if (made.truth[i] >= fit.item_low[i] && made.truth[i] <= fit.item_high[i]) covered += 1;
    }
  }
  MESSAGE("coverage of the items' intervals " << covered / all);
  CHECK(covered / all > (full() ? 0.93 : 0.90));
  CHECK(covered / all < (full() ? 0.97 : 0.985));
}

// An independent dense restricted likelihood with the same noise prior, maximised by BFGS (numpy 2,
// scipy 1).
TEST_CASE("variances, means and deviations are those of the dense restricted likelihood") {
  const std::vector<Measurement> measurements = {
      {0, 0, 7.43},  {0, 1, 6.35},  {0, 2, 8.73}, {1, 0, 13.96}, {1, 1, 11.86},
      {2, 0, 8.52},  {2, 2, 9.75},  {3, 1, 8.58}, {3, 2, 10.85}, {4, 0, 15.40},
      {4, 1, 12.07}, {4, 2, 15.53}, {5, 0, 6.70}, {5, 1, 5.02}};
  const auto fit =
      fit_quantity(measurements, 6, 3, {.gain_min = 1e-13, .iterations_max = 200000}).value();
  CHECK(fit.log_likelihood == doctest::Approx(-25.527487048).epsilon(1e-6));
  CHECK(fit.objective_of.back() == doctest::Approx(-31.643982664).epsilon(1e-8));
  CHECK(fit.mean == doctest::Approx(10.00951424).epsilon(1e-5));
  CHECK(fit.item_variance == doctest::Approx(10.28417011).epsilon(1e-4));
  const std::vector<double> mean = {7.5477195, 13.4335077, 8.4478396,
                                    9.8612649, 14.2771559, 6.4895977};
  const std::vector<double> deviation = {0.8475720, 0.8853946, 0.8731247,
                                         0.8695664, 0.8475720, 0.8853946};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(fit.item_mean[i] == doctest::Approx(mean[i]).epsilon(1e-5));
    CHECK(fit.item_deviation[i] == doctest::Approx(deviation[i]).epsilon(1e-4));
  }
}

TEST_CASE("renumbering measurements' items and raters changes no bit") {
  const auto made = measured(9, 50, biases, noises, 0.6);
  const auto fit = fit_quantity(made.measurements, 50, 5, {}).value();
  SeededRandom random(1);
  for (int round = 0; round < 4; ++round) {
    const auto item = test::random_order(random, 50);
    const auto rater = test::random_order(random, 5);
    std::vector<Measurement> other;
    for (const auto v :
         test::random_order(random, static_cast<std::uint32_t>(made.measurements.size()))) {
      const Measurement& m = made.measurements[v];
      other.push_back({item[m.item], rater[m.rater], m.value});
    }
    const auto again = fit_quantity(other, 50, 5, {}).value();
    CHECK(again.log_likelihood == fit.log_likelihood);
    bool same = true;
    for (std::size_t i = 0; i < 50; ++i) {
      same = same && again.item_mean[item[i]] == fit.item_mean[i];
      same = same && again.item_high[item[i]] == fit.item_high[i];
    }
    for (std::size_t r = 0; r < 5; ++r) {
      same = same && again.rater_bias[rater[r]] == fit.rater_bias[r];
    }
    CHECK(same);
  }
}

TEST_CASE("measurements that tell nothing are refused with a reason") {
  const std::vector<Measurement> once = {{0, 0, 1}, {1, 1, 2}};
  CHECK_FALSE(fit_quantity(once, 2, 2, {}).has_value());
  const std::vector<Measurement> equal = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}};
  CHECK_FALSE(fit_quantity(equal, 2, 2, {}).has_value());
  const std::vector<Measurement> strange = {{0, 0, std::nan("")}, {0, 1, 1}, {1, 0, 1}};
  CHECK(fit_quantity(strange, 2, 2, {}).error().where == "measurement 0");
  CHECK_FALSE(fit_quantity(std::vector<Measurement>{{2, 0, 1}}, 2, 2, {}).has_value());
}

struct Graded {
  std::vector<Vote> votes;
  std::vector<double> z;
  std::vector<ClassIndex> truth;
};

Graded graded(std::uint64_t seed, std::uint32_t items, const std::vector<double>& bias,
              const std::vector<double>& noise) {
  const std::vector<double> marks = {-1, 0, 1.2};
  const auto grade = [&](double at) {
    return static_cast<ClassIndex>(std::ranges::upper_bound(marks, at) - marks.begin());
  };
  SeededRandom random(seed);
  Graded made;
  for (ItemIndex i = 0; i < items; ++i) {
    made.z.push_back(random.normal());
    made.truth.push_back(grade(made.z[i]));
    for (RaterIndex r = 0; r < bias.size(); ++r) {
      const ClassIndex said = grade(made.z[i] + bias[r] + noise[r] * random.normal());
      if (random.uniform() < 0.8) made.votes.push_back({i, r, said});
    }
  }
  return made;
}

TEST_CASE("grades: marks, biases and precisions are found, and the objective climbs") {
  const std::vector<double> bias = {0.6, 0, -0.6, 0, 0.3, -0.3};
  const std::vector<double> noise = {0.3, 0.5, 0.5, 1, 0.4, 0.7};
  const auto made = graded(4, 800, bias, noise);
  const auto table = make_vote_table(made.votes, 800, 6, 4).value();
  const auto fit = fit_ordinal(table, {}).value();
  CHECK(fit.converged);
  for (std::size_t i = 1; i < fit.objective_of.size(); ++i) {
    CHECK(fit.objective_of[i] >= fit.objective_of[i - 1] - 1e-4);
  }
  const std::vector<double> marks = {-1, 0, 1.2};
  for (std::size_t k = 0; k < 3; ++k) CHECK(std::fabs(fit.mark[k] - marks[k]) < 0.15);
  for (std::size_t r = 0; r < 6; ++r) {
    CHECK(std::fabs(fit.rater_bias[r] - bias[r]) < 0.15);
    CHECK(std::fabs(1 / fit.rater_precision[r] - noise[r]) < 0.15);
  }
  double right = 0;
  double median_right = 0;
  double within = 0;
  for (ItemIndex i = 0; i < 800; ++i) {
    const double* row = &fit.posterior[i * 4];
    right += std::max_element(row, row + 4) - row == made.truth[i] ? 1 : 0;
    const auto labels = table.labels_of(i);
    std::vector<ClassIndex> sorted(labels.begin(), labels.end());
    std::ranges::sort(sorted);
    if (!sorted.empty() && sorted[sorted.size() / 2] == made.truth[i]) median_right += 1;
    const double sum = row[0] + row[1] + row[2] + row[3];
    CHECK(sum == doctest::Approx(1).epsilon(1e-9));
    if (std::fabs(fit.item_mean[i] - made.z[i]) < 1.96 * fit.item_deviation[i]) within += 1;
  }
  CHECK(right > median_right);
  CHECK(within / 800 > 0.92);
  CHECK(within / 800 < 0.98);
}

TEST_CASE("grades: renumbering raters and items changes no bit; unused grades do no harm") {
  const auto made = graded(6, 80, {0.6, 0, -0.6, 0}, {0.3, 0.5, 0.5, 1});
  const auto table = make_vote_table(made.votes, 81, 5, 7).value();  // grades 4 to 6 never given
  const auto fit = fit_ordinal(table, {}).value();
  CHECK(std::ranges::is_sorted(fit.mark));
  CHECK(fit.rater_bias[4] == 0);
  CHECK(fit.item_mean[80] == doctest::Approx(0));
  const auto [unused, to] = test::renumbered(table, 5);
  std::vector<Vote> votes;
  for (const Vote& vote : made.votes) {
    votes.push_back({to.item[vote.item], to.rater[vote.rater], vote.label});
  }
  std::ranges::reverse(votes);
  const auto again = fit_ordinal(make_vote_table(votes, 81, 5, 7).value(), {}).value();
  CHECK(again.mark == fit.mark);
  bool same = true;
  for (ItemIndex i = 0; i < 81; ++i) {
    same = same && again.item_mean[to.item[i]] == fit.item_mean[i];
    same = same && again.posterior[to.item[i] * 7 + 2] == fit.posterior[i * 7 + 2];
  }
  for (RaterIndex r = 0; r < 5; ++r) {
    same = same && again.rater_precision[to.rater[r]] == fit.rater_precision[r];
  }
  CHECK(same);
  OrdinalOptions options;
  options.bias_deviation = 0;
  CHECK_FALSE(fit_ordinal(table, options).has_value());
  const auto wide = make_vote_table(std::vector<Vote>{{0, 0, 0}}, 1, 1, 65).value();
  CHECK(fit_ordinal(wide, {}).error().code == ErrorCode::TooLarge);
}

}  // namespace
}  // namespace consilium::crowd
