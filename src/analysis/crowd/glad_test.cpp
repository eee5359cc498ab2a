#include "analysis/crowd/glad.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/crowd_sets.hpp"
#include "tests/made_votes.hpp"

namespace consilium::crowd {
namespace {

// The objective, written down once more and as plainly as can be.
double plain_objective(const VoteTable& votes, const GladResult& fit) {
  double sum = 0;
  const double k = votes.class_count;
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    long double item = 0;
    for (std::uint32_t c = 0; c < votes.class_count; ++c) {
      long double product = 1 / k;
      for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
        const double x = fit.ability[votes.rater[v]] * std::exp(fit.log_ease[i]);
        const double right = 1 / (1 + std::exp(-x));
        product *= votes.label[v] == c ? right : (1 - right) / (k - 1);
      }
      item += product;
    }
    sum += std::log(static_cast<double>(item));
    sum -= std::pow(fit.log_ease[i] - 1, 2) / 2;
  }
  for (const double a : fit.ability) sum -= (a - 1) * (a - 1) / 2;
  return sum;
}

TEST_CASE("the objective is that of the model, never falls and is at a maximum") {
  const auto made = test::made_votes(3, 120, 3, {0.9, 0.8, 0.7, 0.6, 0.4, 0.85}, 4);
  const VoteTable votes = made.table();
  GladOptions options;
  options.gain_min = 1e-9;
  options.iterations_max = 5000;
  const auto fit = fit_glad(votes, options);
  REQUIRE(fit.has_value());
  CHECK(fit->converged);
  for (std::size_t i = 1; i < fit->objective_of.size(); ++i) {
    CHECK(fit->objective_of[i] >= fit->objective_of[i - 1] - 1e-8);
  }
  const double at = plain_objective(votes, *fit);
  CHECK(fit->objective == doctest::Approx(at).epsilon(1e-11));
  for (const double step : {-0.01, 0.01}) {
    for (std::size_t r = 0; r < fit->ability.size(); ++r) {
      GladResult moved = *fit;
      moved.ability[r] += step;
      CHECK(plain_objective(votes, moved) < at);
    }
    for (std::size_t i = 0; i < fit->log_ease.size(); i += 7) {
      GladResult moved = *fit;
      moved.log_ease[i] += step;
      CHECK(plain_objective(votes, moved) < at);
    }
  }
}

TEST_CASE("able raters are told from poor and misleading ones") {
  const std::vector<double> right = {0.95, 0.8, 0.65, 0.5, 0.15, 0.9, 0.85};
  const auto made = test::made_votes(5, 600, 2, right, 5);
  const auto fit = fit_glad(made.table(), {});
  REQUIRE(fit.has_value());
  CHECK(fit->ability[0] > fit->ability[1]);
  CHECK(fit->ability[1] > fit->ability[2]);
  CHECK(fit->ability[2] > fit->ability[3]);
  CHECK(fit->ability[4] < 0);
}

TEST_CASE("renumbering and threads change no bit") {
  const auto made = test::made_votes(8, 90, 4, {0.9, 0.7, 0.5, 0.3, 0.8, 0.75}, 3);
  const VoteTable votes = made.table();
  const auto fit = fit_glad(votes, {}).value();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto [other, to] = test::renumbered(votes, seed);
    GladOptions options;
    options.threads = seed % 2 == 0 ? 2 : 8;
    const auto again = fit_glad(other, options).value();
    CHECK(again.objective == fit.objective);
    bool same = true;
    for (std::uint32_t i = 0; i < votes.item_count(); ++i) {
      same = same && again.log_ease[to.item[i]] == fit.log_ease[i];
      for (std::uint32_t c = 0; c < 4; ++c) {
        same = same && again.posterior[to.item[i] * 4 + to.class_of[c]] == fit.posterior[i * 4 + c];
      }
    }
    for (std::uint32_t r = 0; r < votes.rater_count; ++r) {
      same = same && again.ability[to.rater[r]] == fit.ability[r];
    }
    CHECK(same);
  }
}

TEST_CASE("items and raters without votes keep what was assumed of them") {
  const std::vector<Vote> votes = {{0, 0, 1}, {0, 1, 1}};
  const auto table = make_vote_table(votes, 2, 3, 2).value();
  GladOptions options;
  options.class_prior = {0.25, 0.75};
  const auto fit = fit_glad(table, options).value();
  CHECK(fit.posterior[2] == doctest::Approx(0.25).epsilon(1e-11));
  CHECK(fit.ability[2] == 1);
  CHECK(fit.log_ease[1] == 1);
  CHECK(fit.posterior[1] > 0.75);
}

TEST_CASE("votes and options that no model can use are refused") {
  const auto none = make_vote_table(std::vector<Vote>{}, 2, 2, 2).value();
  CHECK(fit_glad(none, {}).error().code == ErrorCode::InvalidInput);
  const auto one_class = make_vote_table(std::vector<Vote>{{0, 0, 0}}, 1, 1, 1).value();
  CHECK(fit_glad(one_class, {}).error().code == ErrorCode::InvalidInput);
  const auto good = make_vote_table(std::vector<Vote>{{0, 0, 0}}, 1, 1, 2).value();
  GladOptions options;
  options.class_prior = {0.5, 0.6};
  CHECK_FALSE(fit_glad(good, options).has_value());
  options = {};
  options.iterations_max = 0;
  CHECK_FALSE(fit_glad(good, options).has_value());
  options = {};
  options.gain_min = std::nan("");
  CHECK_FALSE(fit_glad(good, options).has_value());
}

// crowd-kit 1.4.2 (PyPI), GLAD with its defaults on the same rows: log posterior density at its
// last parameters, and accuracy.
TEST_CASE("on public crowds the objective is at least crowd-kit's") {
  struct Case {
    const char* name;
    double objective;
    double accuracy;
  };
  for (const Case& of :
       {Case{"bluebird", -2124.6617, 0.7222}, Case{"face_sentiment", -4499.4697, 0.6301},
        Case{"dog", -6894.7540, 0.8340}, Case{"rte", -3977.4321, 0.9250},
        Case{"weather_sentiment_amt", -5115.9199, 0.8533},
        Case{"zencrowd_in", -6231.4326, 0.7525}}) {
    const auto data = test::read_crowd_set(of.name);
    if (!data) {
      std::puts("skipped: shared data absent");
      return;
    }
    const auto fit = fit_glad(data->votes, {}).value();
    CAPTURE(of.name);
    CHECK(fit.objective >= of.objective - 1e-3);
    CHECK(test::accuracy(*data, fit.posterior) >= of.accuracy - 0.002);
  }
}

}  // namespace
}  // namespace consilium::crowd
