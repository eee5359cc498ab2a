// What holds for made votes: permuted votes, threads, modes, recovery of what the votes were made
// from.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "analysis/consensus/confusion_model.hpp"
#include "analysis/consensus/consensus.hpp"
#include "analysis/consensus/em_run.hpp"
#include "analysis/consensus/em_step.hpp"
#include "analysis/consensus/vote_share.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

constexpr std::array all_methods{ConsensusMethod::Majority,
                                 ConsensusMethod::WeightedMajority,
                                 ConsensusMethod::PooledCoin,
                                 ConsensusMethod::OneCoin,
                                 ConsensusMethod::DawidSkene,
                                 ConsensusMethod::Map,
                                 ConsensusMethod::Ibcc,
                                 ConsensusMethod::Hierarchical,
                                 ConsensusMethod::HierarchicalSymmetric,
                                 ConsensusMethod::Auto};

struct MadeVotes {
  std::vector<Vote> votes;
  std::vector<ClassIndex> truth;
  std::vector<double> confusion;  // raters x true class x label
  std::uint32_t raters = 0;
  std::uint32_t classes = 0;
  [[nodiscard]] VoteTable table() const {
    return make_vote_table(votes, static_cast<std::uint32_t>(truth.size()), raters, classes)
        .value();
  }
};

double exponential(SeededRandom& random) { return -std::log(1.0 - random.uniform()); }

// Rows from Dirichlet(4 on the diagonal, 1 off it), the prior of Ibcc; or coins.
std::vector<double> make_confusion(SeededRandom& random, std::uint32_t raters,
                                   std::uint32_t classes, bool is_coin) {
  std::vector<double> confusion;
  for (std::uint32_t rater = 0; rater < raters; ++rater) {
    const double right = 0.55 + 0.4 * random.uniform();
    for (std::uint32_t k = 0; k < classes; ++k) {
      std::vector<double> row(classes);
      for (std::uint32_t l = 0; l < classes; ++l) {
        row[l] = exponential(random);
        for (int more = 0; l == k && more < 3; ++more) row[l] += exponential(random);
        if (is_coin) row[l] = l == k ? right : (1.0 - right) / (classes - 1);
      }
      const double sum = std::accumulate(row.begin(), row.end(), 0.0);
      for (const double value : row) confusion.push_back(value / sum);
    }
  }
  return confusion;
}

std::size_t draw(SeededRandom& random, std::span<const double> row) {
  double left = random.uniform();
  for (std::size_t l = 0; l + 1 < row.size(); ++l) {
    left -= row[l];
    if (left < 0.0) return l;
  }
  return row.size() - 1;
}

MadeVotes make_votes(SeededRandom& random, std::uint32_t items, std::uint32_t raters,
                     std::uint32_t classes, double share, bool is_coin = false) {
  MadeVotes made{.votes = {},
                 .truth = {},
                 .confusion = make_confusion(random, raters, classes, is_coin),
                 .raters = raters,
                 .classes = classes};
  for (ItemIndex item = 0; item < items; ++item) {
    made.truth.push_back(static_cast<ClassIndex>(random.below(classes)));
    for (RaterIndex rater = 0; rater < raters; ++rater) {
      if (random.uniform() >= share) continue;
      const auto row =
          std::span(made.confusion)
              .subspan((std::size_t{rater} * classes + made.truth[item]) * classes, classes);
      made.votes.push_back({item, rater, static_cast<ClassIndex>(draw(random, row))});
    }
  }
  return made;
}

std::vector<std::uint32_t> permutation(SeededRandom& random, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

// I1 to I3 of semantics.md.
TEST_CASE("permuting items, raters and classes permutes the result bit for bit") {
  for (const std::uint32_t classes : {2U, 3U, 5U, 9U}) {
    SeededRandom random(classes);
    const MadeVotes made = make_votes(random, 83, 17, classes, 0.35);
    const auto item_to = permutation(random, 83);
    const auto rater_to = permutation(random, 17);
    const auto class_to = permutation(random, classes);
    MadeVotes moved = made;
    for (Vote& vote : moved.votes) {
      vote = {item_to[vote.item], rater_to[vote.rater],
              static_cast<ClassIndex>(class_to[vote.label])};
    }
    for (std::uint32_t i = static_cast<std::uint32_t>(moved.votes.size()); i > 1; --i) {
      std::swap(moved.votes[i - 1], moved.votes[random.below(i)]);
    }
    for (const ConsensusMethod method : all_methods) {
      ConsensusOptions options;
      options.method = method;
      options.restarts = 2;
      options.iteration_max = 40;
      options.gold = {{2, 0}, {5, 1}};
      ConsensusOptions moved_options = options;
      moved_options.threads = 2;
      for (GoldLabel& gold : moved_options.gold) {
        gold = {item_to[gold.item], static_cast<ClassIndex>(class_to[gold.label])};
      }
      const auto a = find_consensus(made.table(), options);
      const auto b = find_consensus(moved.table(), moved_options);
      REQUIRE(a);
      REQUIRE(b);
      CAPTURE(classes);
      CAPTURE(static_cast<int>(method));
      CHECK(a->method == b->method);
      CHECK(a->log_likelihood == b->log_likelihood);
      CHECK(a->objective_trace == b->objective_trace);
      CHECK(a->modes == b->modes);
      CHECK(a->candidates == b->candidates);
      std::size_t differences = 0;
      for (ItemIndex item = 0; item < 83; ++item) {
        const ClassIndex label = a->label[item];
        const ClassIndex other = b->label[item_to[item]];
        differences += other != (label == no_label ? no_label : class_to[label]);
        differences += a->entropy_nats[item] != b->entropy_nats[item_to[item]];
        for (std::uint32_t k = 0; k < classes; ++k) {
          differences += a->posterior.of(item)[k] != b->posterior.of(item_to[item])[class_to[k]];
        }
      }
      for (RaterIndex rater = 0; rater < 17; ++rater) {
        differences +=
            a->raters.information_nats[rater] != b->raters.information_nats[rater_to[rater]];
        differences += a->raters.weight[rater] != b->raters.weight[rater_to[rater]];
        for (std::uint32_t k = 0; k < classes; ++k) {
          for (std::uint32_t l = 0; l < classes; ++l) {
            const std::size_t from = (rater * classes + k) * classes + l;
            const std::size_t to =
                (rater_to[rater] * classes + class_to[k]) * classes + class_to[l];
            differences += a->raters.confusion[from] != b->raters.confusion[to];
            differences += a->raters.lower[from] != b->raters.lower[to];
            differences += a->raters.upper[from] != b->raters.upper[to];
            differences += a->raters.expected_count[from] != b->raters.expected_count[to];
          }
        }
      }
      CHECK(differences == 0);
    }
  }
}

TEST_CASE("any number of threads gives the same bits") {
  SeededRandom random(3);
  for (const std::uint32_t classes : {2U, 4U, 8U, 11U}) {
    const VoteTable votes = make_votes(random, 700, 30, classes, 0.2).table();
    ConsensusOptions options;
    options.method = ConsensusMethod::Ibcc;
    options.iteration_max = 25;
    const auto one = find_consensus(votes, options);
    for (const unsigned threads : {2U, 3U, 8U}) {
      options.threads = threads;
      const auto many = find_consensus(votes, options);
      CHECK(many->posterior == one->posterior);
      CHECK(many->raters == one->raters);
      CHECK(many->objective_trace == one->objective_trace);
    }
  }
}

// On a machine without AVX2 both runs take the same way, and the test says nothing.
TEST_CASE("AVX2 and the baseline give the same bits") {
  SeededRandom random(4);
  for (const std::uint32_t classes : {2U, 3U, 7U, 12U}) {
    const VoteTable votes = make_votes(random, 333, 20, classes, 0.3).table();
    EmProblem problem = make_em_problem(votes, {}, 1).value();
    ConsensusOptions options;
    options.iteration_max = 30;
    std::vector<EmRun> runs;
    for (const bool may_use_avx2 : {true, false}) {
      problem.may_use_avx2 = may_use_avx2;
      StepTables tables(problem);
      runs.push_back(run_em(problem, tables,
                            ConfusionModel(problem, options, ConsensusMethod::DawidSkene),
                            vote_shares(problem, {}), options));
    }
    CHECK(runs[0].shares == runs[1].shares);
    CHECK(runs[0].trace == runs[1].trace);
    CHECK(runs[0].counts.cell == runs[1].counts.cell);
  }
}

// Two schools of raters split the items by two unrelated criteria. Each item has a twin at which
// the schools have changed places, so following either school is as likely; one missing vote tells
// them apart.
TEST_CASE("two modes of like height are both reported, with the items between them") {
  SeededRandom random(11);
  std::vector<Vote> votes;
  constexpr std::uint32_t pairs = 60;
  for (std::uint32_t pair = 0; pair < pairs; ++pair) {
    const bool first = random.uniform() < 0.4;
    const bool second = random.uniform() < 0.4;
    for (RaterIndex rater = 0; rater < 4; ++rater) {
      const bool says_first = first != (random.uniform() < 0.12);
      const bool says_second = second != (random.uniform() < 0.12);
      votes.push_back({2 * pair, rater, says_first});
      votes.push_back({2 * pair, rater + 4, says_second});
      votes.push_back({2 * pair + 1, rater, says_second});
      votes.push_back({2 * pair + 1, rater + 4, says_first});
    }
  }
  votes.pop_back();
  ConsensusOptions options;
  options.method = ConsensusMethod::DawidSkene;
  options.restarts = 30;
  const auto result = find_consensus(make_vote_table(votes, 2 * pairs, 8, 2).value(), options);
  REQUIRE(result);
  REQUIRE(result->modes.size() >= 2);
  CHECK(result->modes[0].is_chosen);
  CHECK(result->modes[1].below_best <= 2.0);
  CHECK(result->mode_dependent_items.size() > 20);
  CHECK(result->mode_dependent_items.size() < 2 * pairs);

  options.restarts = 0;  // one run sees one mode
  const auto single = find_consensus(make_vote_table(votes, 2 * pairs, 8, 2).value(), options);
  CHECK(single->modes.size() == 1);
  CHECK(single->mode_dependent_items.empty());
}

TEST_CASE("without intervals all else is the same") {
  SeededRandom random(9);
  const MadeVotes made = make_votes(random, 200, 7, 3, 0.6, false);
  for (const ConsensusMethod method :
       {ConsensusMethod::OneCoin, ConsensusMethod::DawidSkene, ConsensusMethod::Ibcc}) {
    ConsensusOptions options;
    options.method = method;
    const auto with = find_consensus(made.table(), options);
    options.intervals = RaterIntervals::None;
    const auto without = find_consensus(made.table(), options);
    REQUIRE(with);
    REQUIRE(without);
    CHECK(without->raters.lower.empty());
    CHECK(without->raters.upper.empty());
    CHECK(without->raters.confusion == with->raters.confusion);
    CHECK(without->raters.information_nats == with->raters.information_nats);
    CHECK(without->posterior == with->posterior);
    CHECK(without->log_likelihood == with->log_likelihood);
  }
}

TEST_CASE("intervals cover what the votes were made from") {
  const bool is_full = std::getenv("CONSILIUM_FULL") != nullptr;
  const int runs = is_full ? 500 : 12;
  struct Case {
    ConsensusMethod method;
    bool is_coin;
  };
  for (const Case& item :
       {Case{ConsensusMethod::OneCoin, true}, Case{ConsensusMethod::DawidSkene, false},
        Case{ConsensusMethod::Map, false}, Case{ConsensusMethod::Ibcc, false},
        Case{ConsensusMethod::Hierarchical, false},
        Case{ConsensusMethod::HierarchicalSymmetric, false}}) {
    SeededRandom random(5);
    std::size_t covered = 0;
    std::size_t cells = 0;
    double square = 0.0;
    for (int run = 0; run < runs; ++run) {
      const MadeVotes made = make_votes(random, 600, 10, 3, 0.7, item.is_coin);
      ConsensusOptions options;
      options.method = item.method;
      // Pseudo-votes of the Dirichlet distribution that the matrices are drawn from.
      if (item.method == ConsensusMethod::Map) options.prior = {3.0, 0.0, 0.0};
      const auto result = find_consensus(made.table(), options);
      REQUIRE(result);
      for (std::size_t cell = 0; cell < made.confusion.size(); ++cell) {
        if (item.is_coin && cell % 9 != 0) continue;  // the coin once
        const double truth = made.confusion[cell];
        covered += result->raters.lower[cell] <= truth && truth <= result->raters.upper[cell];
        square += std::pow(result->raters.confusion[cell] - truth, 2);
        ++cells;
      }
    }
    const double coverage = static_cast<double>(covered) / static_cast<double>(cells);
    CAPTURE(static_cast<int>(item.method));
    CAPTURE(coverage);
    MESSAGE(static_cast<int>(item.method) << " coverage " << coverage);
    CHECK(std::sqrt(square / static_cast<double>(cells)) < 0.05);
    CHECK(coverage > (is_full ? 0.93 : 0.91));
    CHECK(coverage < (is_full ? 0.97 : 0.99));
  }
}

}  // namespace
}  // namespace consilium
