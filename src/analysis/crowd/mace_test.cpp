#include "analysis/crowd/mace.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <initializer_list>
#include <vector>

#include "tests/crowd_sets.hpp"
#include "tests/made_votes.hpp"

namespace consilium::crowd {
namespace {

double plain_log_likelihood(const VoteTable& votes, const MaceResult& fit) {
  double sum = 0;
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    long double item = 0;
    for (std::uint32_t c = 0; c < votes.class_count; ++c) {
      long double product = 1.0 / votes.class_count;
      for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
        const RaterIndex r = votes.rater[v];
        const double knows = fit.competence[r];
        product *= (1 - knows) * fit.strategy[r * votes.class_count + votes.label[v]] +
                   (votes.label[v] == c ? knows : 0);
      }
      item += product;
    }
    sum += std::log(static_cast<double>(item));
  }
  return sum;
}

TEST_CASE("both fits climb their objective, and the likelihood is the model's") {
  const auto made = test::made_votes(4, 150, 3, {0.9, 0.8, 0.6, 0.33, 0.33, 0.85}, 4);
  const VoteTable votes = made.table();
  for (const MaceMethod method : {MaceMethod::Em, MaceMethod::Variational}) {
    MaceOptions options;
    options.method = method;
    options.gain_min = 1e-8;
    const auto fit = fit_mace(votes, options).value();
    CHECK(fit.objective_of_start.size() == 10);
    for (std::size_t i = 1; i < fit.objective_of.size(); ++i) {
      CHECK(fit.objective_of[i] >= fit.objective_of[i - 1] - 1e-8);
    }
    for (const double other : fit.objective_of_start) CHECK(fit.objective >= other);
    CHECK(fit.log_likelihood == doctest::Approx(plain_log_likelihood(votes, fit)).epsilon(1e-10));
    CHECK(fit.competence[0] > fit.competence[2]);
    CHECK(fit.competence[2] > fit.competence[3]);
  }
}

TEST_CASE("one who always says the same is found out, and how") {
  auto made = test::made_votes(6, 300, 3, {0.85, 0.8, 0.75, 0.7}, 4);
  for (ItemIndex i = 0; i < 300; ++i) made.votes.push_back({i, 4, 2});
  made.rater_count = 5;
  const auto fit = fit_mace(made.table(), {.method = MaceMethod::Em}).value();
  CHECK(fit.competence[4] < 0.05);
  CHECK(fit.strategy[4 * 3 + 2] > 0.97);
  CHECK(fit.competence[0] > 0.6);
}

TEST_CASE("renumbering and threads change no bit, random starts included") {
  const auto made = test::made_votes(9, 90, 4, {0.9, 0.7, 0.5, 0.3, 0.8, 0.75}, 3);
  const VoteTable votes = made.table();
  for (const MaceMethod method : {MaceMethod::Em, MaceMethod::Variational}) {
    MaceOptions options;
    options.method = method;
    const auto fit = fit_mace(votes, options).value();
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const auto [other, to] = test::renumbered(votes, seed);
      options.threads = seed % 2 == 0 ? 2 : 8;
      const auto again = fit_mace(other, options).value();
      CHECK(again.objective == fit.objective);
      CHECK(again.objective_of_start == fit.objective_of_start);
      bool same = true;
      for (std::uint32_t i = 0; i < votes.item_count(); ++i) {
        for (std::uint32_t c = 0; c < 4; ++c) {
          same =
              same && again.posterior[to.item[i] * 4 + to.class_of[c]] == fit.posterior[i * 4 + c];
        }
      }
      for (std::uint32_t r = 0; r < votes.rater_count; ++r) {
        same = same && again.competence[to.rater[r]] == fit.competence[r];
      }
      CHECK(same);
    }
  }
}

TEST_CASE("options out of range are refused") {
  const auto table = make_vote_table(std::vector<Vote>{{0, 0, 0}}, 1, 1, 2).value();
  MaceOptions options;
  options.starts = 0;
  CHECK_FALSE(fit_mace(table, options).has_value());
  options = {};
  options.strategy_prior = 0;
  CHECK_FALSE(fit_mace(table, options).has_value());
  options = {};
  options.smoothing = std::nan("");
  CHECK_FALSE(fit_mace(table, options).has_value());
}

// crowd-kit 1.4.2 (PyPI), MACE with method "em" and 50 iterations on the same rows, raters and
// classes renamed so that its counts line up: log likelihood at its last parameters. Ours is of
// the same model; the smoothing costs either a little.
TEST_CASE("on public crowds the likelihood is at least crowd-kit's") {
  struct Case {
    const char* name;
    double log_likelihood;
    double accuracy;
  };
  for (const Case& of :
       {Case{"bluebird", -1902.9423, 0.8889}, Case{"face_sentiment", -4513.1267, 0.6627},
        Case{"dog", -6694.3818, 0.8327}, Case{"rte", -3681.4426, 0.9287},
        Case{"weather_sentiment_amt", -4768.0179, 0.8633},
        Case{"zencrowd_in", -6241.0910, 0.7083}}) {
    const auto data = test::read_crowd_set(of.name);
    if (!data) {
      std::puts("skipped: shared data absent");
      return;
    }
    const auto fit = fit_mace(data->votes, {.method = MaceMethod::Em}).value();
    CAPTURE(of.name);
    CHECK(fit.log_likelihood >= of.log_likelihood - 0.01);
    CHECK(test::accuracy(*data, fit.posterior) >= of.accuracy - 0.002);
  }
}

// crowd-kit's accuracies with its defaults on the same rows. Its MACE lines strategies up with
// other raters; by luck that gives dog .836 where the paper's model, and crowd-kit on renamed rows,
// has .830. The last column is what is asked of ours.
TEST_CASE("on public crowds the variational fit's accuracy stands beside crowd-kit's") {
  struct Case {
    const char* name;
    double crowd_kit;
    double ours;
  };
  for (const Case& of : {Case{"face_sentiment", 0.635, 0.635}, Case{"bluebird", 0.769, 0.769},
                         Case{"dog", 0.836, 0.828}, Case{"rte", 0.9275, 0.9255}}) {
    const auto data = test::read_crowd_set(of.name);
    if (!data) {
      std::puts("skipped: shared data absent");
      return;
    }
    CAPTURE(of.name);
    CAPTURE(of.crowd_kit);
    CHECK(test::accuracy(*data, fit_mace(data->votes, {}).value().posterior) >= of.ours);
  }
}

}  // namespace
}  // namespace consilium::crowd
