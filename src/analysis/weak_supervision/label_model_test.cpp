#include "analysis/weak_supervision/label_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <initializer_list>
#include <limits>

#include "analysis/weak_supervision/made_votes.hpp"

namespace consilium {
namespace {

using test::coin_votes;
using test::made_votes;
using test::MadeVotes;

constexpr FunctionModel all_models[] = {FunctionModel::OneCoin, FunctionModel::Confusion,
                                        FunctionModel::ConfusionWithAbstention,
                                        FunctionModel::HitRates};

double share_right(const MadeVotes& made, const LabelModel& model) {
  int right = 0;
  for (std::size_t i = 0; i < made.truth.size(); ++i) {
    right += model.items[i].label == made.truth[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(made.truth.size());
}

TEST_CASE("Snorkel's recovery bars: mean |P - P_hat| <= .01 and accuracy >= .9 (10,000 x 10 x 2)") {
  const int rounds = std::getenv("CONSILIUM_FULL") != nullptr ? 50 : 5;
  SeededRandom random(123);
  for (int round = 0; round < rounds; ++round) {
    const MadeVotes made = made_votes(random, 10'000, 10, 2);
    const auto model = fit_label_model(made.table());
    REQUIRE(model.has_value());
    CHECK(model->converged);
    double error = 0;
    for (std::size_t j = 0; j < 10; ++j) {
      REQUIRE(model->functions[j].classes == std::vector<ClassIndex>{0, 1});
      for (std::size_t c = 0; c < 2; ++c) {
        double abstains = 0;
        for (std::size_t l = 0; l < 2; ++l) {
          const double off = model->functions[j].rates[l * 2 + c] - made.rates[j][l * 2 + c];
          error += std::abs(off) / 60;
          abstains += off;
        }
        error += std::abs(abstains) / 60;
      }
    }
    CHECK(error <= 0.01);
    CHECK(share_right(made, *model) >= 0.9);
  }
}

TEST_CASE("the objective never decreases, for few and for many classes") {
  SeededRandom random(5);
  for (const std::uint32_t classes : {2U, 3U, 12U}) {
    const MadeVotes made = made_votes(random, 400, 7, classes);
    for (const FunctionModel kind : all_models) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(classes);
      const auto model = fit_label_model(
          made.table(),
          {.model = kind, .iterations_max = 60, .tolerance = 0, .trace_objective = true});
      REQUIRE(model.has_value());
      REQUIRE(model->objective.size() == static_cast<std::size_t>(model->iterations));
      for (std::size_t t = 1; t < model->objective.size(); ++t) {
        CHECK(model->objective[t] >= model->objective[t - 1] - 1e-5);
      }
    }
  }
}

// I3: what stands in the items is what the full posterior over all classes says.
TEST_CASE("an item's label is the greatest of its full posterior") {
  SeededRandom random(6);
  for (const std::uint32_t classes : {2U, 5U, 20U}) {
    const MadeVotes made = coin_votes(random, 300, {.8, .6, .7, .55, .9}, classes, 0.5);
    const VoteTable table = made.table();
    for (const FunctionModel kind : all_models) {
      const auto model = fit_label_model(table, {.model = kind});
      REQUIRE(model.has_value());
      for (ItemIndex i = 0; i < table.item_count(); ++i) {
        const auto all = posterior_of(*model, table.raters_of(i), table.labels_of(i));
        REQUIRE(all.has_value());
        const auto best = std::ranges::max_element(*all);
        CHECK(model->items[i].probability == doctest::Approx(*best).epsilon(1e-6));
        if (model->items[i].label != unknown_class) {
          CHECK((*all)[model->items[i].label] == doctest::Approx(*best).epsilon(1e-6));
        } else if (!table.raters_of(i).empty()) {
          CHECK(std::ranges::count_if(*all, [&](double p) { return *best - p < 1e-8; }) > 1);
        }
      }
    }
  }
}

TEST_CASE("renumbering functions, items and classes, and threads, change no bit") {
  SeededRandom random(9);
  for (const std::uint32_t classes : {2U, 3U, 11U}) {
    const MadeVotes made = made_votes(random, 500, 6, classes);
    constexpr RaterIndex function_to[] = {4, 2, 0, 5, 1, 3};
    const auto class_to = [&](ClassIndex c) { return static_cast<ClassIndex>((c + 1U) % classes); };
    std::vector<Vote> turned;
    for (const Vote& vote : made.votes) {
      turned.push_back({499 - vote.item, function_to[vote.rater], class_to(vote.label)});
    }
    std::ranges::reverse(turned);
    const VoteTable table = made.table();
    const VoteTable other = make_vote_table(turned, 500, 6, classes).value();
    for (const FunctionModel kind : all_models) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(classes);
      LabelModelOptions options{.model = kind};
      const auto a = fit_label_model(table, options);
      const auto b = fit_label_model(other, options);
      REQUIRE(a.has_value());
      REQUIRE(b.has_value());
      CHECK(a->iterations == b->iterations);
      for (std::uint32_t c = 0; c < classes; ++c) {
        CHECK(a->class_prior[c] == b->class_prior[class_to(static_cast<ClassIndex>(c))]);
      }
      for (ItemIndex i = 0; i < 500; ++i) {
        const ItemLabel& one = a->items[i];
        const ItemLabel& two = b->items[499 - i];
        CHECK(one.probability == two.probability);
        CHECK((one.label == unknown_class ? unknown_class : class_to(one.label)) == two.label);
      }
      for (RaterIndex j = 0; j < 6; ++j) {
        CHECK(a->functions[j].accuracy == b->functions[function_to[j]].accuracy);
      }
      for (const unsigned threads : {0U, 2U, 8U}) {
        options.threads = threads;
        CHECK(*fit_label_model(table, options) == *a);
      }
    }
  }
}

TEST_CASE("functions that vote for one class only are weighed by their silence") {
  // Three keyword rules for class 1 and three for class 0, as labelling functions mostly are.
  SeededRandom random(17);
  MadeVotes made{.votes = {}, .truth = {}, .rates = {}, .functions = 6, .classes = 2};
  constexpr double hit[] = {.6, .5, .4, .6, .5, .4};
  constexpr double alarm[] = {.1, .05, .2, .05, .1, .15};
  for (ItemIndex i = 0; i < 5000; ++i) {
    made.truth.push_back(random.uniform() < 0.3 ? 1 : 0);
    for (RaterIndex j = 0; j < 6; ++j) {
      const ClassIndex own = j < 3 ? 1 : 0;
      if (random.uniform() < (made.truth[i] == own ? hit[j] : alarm[j])) {
        made.votes.push_back({i, j, own});
      }
    }
  }
  for (const FunctionModel kind :
       {FunctionModel::ConfusionWithAbstention, FunctionModel::HitRates}) {
    const auto model = fit_label_model(made.table(), {.model = kind});
    REQUIRE(model.has_value());
    CHECK(model->class_prior[1] == doctest::Approx(0.3).epsilon(0.12));
    for (RaterIndex j = 0; j < 6; ++j) {
      // The rates given class 0 and 1, or given its own class and others.
      const auto& rates = model->functions[j].rates;
      REQUIRE(rates.size() == 2);
      const bool turned = kind == FunctionModel::ConfusionWithAbstention && j < 3;
      CHECK(std::abs(rates[turned ? 1 : 0] - hit[j]) < 0.06);
      CHECK(std::abs(rates[turned ? 0 : 1] - alarm[j]) < 0.06);
    }
  }
}

TEST_CASE("given accuracies weigh votes by Bayes' rule") {
  const std::vector<Vote> votes = {{0, 0, 0}, {0, 1, 1}, {0, 2, 1},
                                   {1, 0, 2}, {2, 1, 0}, {2, 0, 1}};
  const VoteTable table = make_vote_table(votes, 4, 3, 3).value();
  const std::vector<double> accuracy = {0.9, 0.6, 0.6};
  const auto model = label_by_accuracy(table, accuracy, std::vector<double>{0.5, 0.25, 0.25});
  REQUIRE(model.has_value());
  const double zero = 0.5 * 0.9 * 0.2 * 0.2;
  const double one = 0.25 * 0.05 * 0.6 * 0.6;
  const double two = 0.25 * 0.05 * 0.2 * 0.2;
  CHECK(model->items[0].label == 0);
  CHECK(model->items[0].probability == doctest::Approx(zero / (zero + one + two)).epsilon(1e-6));
  CHECK(model->items[1].label == 2);
  CHECK(model->items[3].label == unknown_class);
  CHECK(model->items[3].probability == doctest::Approx(0.5));
  const std::vector<double> equal = {0.7, 0.7, 0.7};
  const auto tied = label_by_accuracy(table, equal);
  REQUIRE(tied.has_value());
  CHECK(tied->items[2].label == unknown_class);
  CHECK_FALSE(label_by_accuracy(table, std::vector<double>{0.9, 0.6}).has_value());
  CHECK_FALSE(label_by_accuracy(table, std::vector<double>{0.9, 0.6, 1}).has_value());
}

TEST_CASE("a thousand functions and a thousand classes need no dense table") {
  SeededRandom random(31);
  std::vector<double> accuracy(1000);
  for (double& own : accuracy) own = 0.5 + 0.5 * random.uniform();
  const MadeVotes made = coin_votes(random, 2000, accuracy, 1000, 0.01);
  for (const FunctionModel kind : {FunctionModel::OneCoin, FunctionModel::HitRates}) {
    const auto model = fit_label_model(made.table(), {.model = kind, .iterations_max = 20});
    REQUIRE(model.has_value());
    CHECK(share_right(made, *model) > 0.95);
  }
  const auto dense = fit_label_model(make_vote_table(made.votes, 2000, 1000, 50'000).value(),
                                     {.model = FunctionModel::Confusion});
  REQUIRE_FALSE(dense.has_value());
  CHECK(dense.error().code == ErrorCode::TooLarge);
}

TEST_CASE("a known class prior is held") {
  SeededRandom random(2);
  const MadeVotes made = made_votes(random, 200, 4, 2);
  const auto model = fit_label_model(made.table(), {.class_prior = {0.2, 0.8}});
  REQUIRE(model.has_value());
  CHECK(model->class_prior == std::vector<double>{0.2, 0.8});
  CHECK_FALSE(fit_label_model(made.table(), {.class_prior = {0.2, 0.7}}).has_value());
  CHECK_FALSE(fit_label_model(made.table(), {.class_prior = {1, 0}}).has_value());
  CHECK_FALSE(fit_label_model(made.table(), {.class_prior = {1}}).has_value());
}

TEST_CASE("bad input is refused, and no votes are no labels") {
  SeededRandom random(2);
  const VoteTable table = made_votes(random, 50, 4, 2).table();
  CHECK_FALSE(fit_label_model(table, {.right_count = 0}).has_value());
  CHECK_FALSE(fit_label_model(table, {.wrong_count = std::nan("")}).has_value());
  CHECK_FALSE(fit_label_model(table, {.iterations_max = 0}).has_value());
  CHECK_FALSE(fit_label_model(make_vote_table(std::vector<Vote>{}, 0, 2, 2).value()).has_value());
  CHECK_FALSE(fit_label_model(make_vote_table(std::vector<Vote>{}, 3, 2, 1).value()).has_value());
  const std::vector<Vote> twice = {{0, 0, 0}, {0, 0, 1}};
  CHECK_FALSE(fit_label_model(make_vote_table(twice, 1, 1, 2).value()).has_value());
  for (const FunctionModel kind : all_models) {
    const auto none =
        fit_label_model(make_vote_table(std::vector<Vote>{}, 3, 2, 2).value(), {.model = kind});
    REQUIRE(none.has_value());
    CHECK(none->items[0].label == unknown_class);
    CHECK_FALSE(none->functions[0].accuracy.has_value());
  }
  const auto model = fit_label_model(table);
  REQUIRE(model.has_value());
  const std::vector<RaterIndex> far = {9};
  const std::vector<ClassIndex> label = {0};
  CHECK_FALSE(posterior_of(*model, far, label).has_value());
  CHECK_FALSE(posterior_of(*model, {}, label).has_value());
}

}  // namespace
}  // namespace consilium
