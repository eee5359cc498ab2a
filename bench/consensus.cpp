// Votes per second of the consensus engine on made votes: 10 million votes of 2, 4 and 8 classes by
// 100 and by 100,000 raters, ten votes an item. Printed: millions of votes per second and EM step,
// median and spread of the repeats, on 1 and 2 threads, for Dawid-Skene; the whole of Majority.
// With `accuracy`: each method's accuracy on the crowd sets of the shared data (ties as fractional
// credit), with the 95 % bootstrap interval over items.
// Usage: csl_consensus_bench [votes, default 10000000 | accuracy]
#include "analysis/consensus/consensus.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <string_view>
#include <vector>

#include "analysis/consensus/confusion_model.hpp"
#include "analysis/consensus/em_step.hpp"
#include "analysis/consensus/vote_share.hpp"
#include "base/random.hpp"
#include "tests/crowd_sets.hpp"

namespace {

using namespace consilium;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t votes_per_item = 10;

VoteTable make_votes(std::uint32_t vote_count, std::uint32_t class_count,
                     std::uint32_t rater_count) {
  SeededRandom random(7);
  VoteColumns columns;
  const std::uint32_t item_count = vote_count / votes_per_item;
  for (ItemIndex item = 0; item < item_count; ++item) {
    const auto truth = random.below(class_count);
    for (std::uint32_t v = 0; v < votes_per_item; ++v) {
      const bool is_right = random.uniform() < 0.7;
      columns.item.push_back(item);
      columns.rater.push_back(static_cast<RaterIndex>(random.below(rater_count)));
      columns.label.push_back(
          static_cast<ClassIndex>(is_right ? truth : random.below(class_count)));
    }
  }
  return make_vote_table(std::move(columns), item_count, rater_count, class_count).value();
}

// Processor time of all threads: on a machine that others use too, steadier than the wall's.
double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// M step and E step, as find_consensus does them without acceleration.
void measure_steps(const VoteTable& votes, unsigned threads) {
  constexpr int repeats = 7;
  ConsensusOptions options;
  options.method = ConsensusMethod::DawidSkene;
  const EmProblem problem = make_em_problem(votes, {}, threads).value();
  ConfusionModel model(problem, options, options.method);
  StepTables tables(problem);
  Shares shares = vote_shares(problem, {});
  Counts counts = make_counts(problem);
  Counts logs = make_counts(problem);
  sum_shares(problem, shares, counts);
  std::vector<double> rates;
  std::vector<double> processor_rates;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = Clock::now();
    const double processor_start = processor_seconds();
    (void)model.maximise(counts, logs);
    (void)em_step(problem, tables, logs, shares, counts);
    rates.push_back(1e-6 * static_cast<double>(votes.vote_count()) / seconds_since(start));
    processor_rates.push_back(1e-6 * static_cast<double>(votes.vote_count()) /
                              (processor_seconds() - processor_start));
  }
  std::ranges::sort(rates);
  std::ranges::sort(processor_rates);
  fmt::print(
      "K={} raters={} threads={}: {:.1f} M votes/s per step (from {:.1f} to {:.1f}); "
      "per second of processor {:.1f} (from {:.1f} to {:.1f})\n",
      votes.class_count, votes.rater_count, threads, rates[repeats / 2], rates.front(),
      rates.back(), processor_rates[repeats / 2], processor_rates.front(), processor_rates.back());
}

// Percentile interval of the mean credit over items drawn with replacement.
void print_accuracy(const test::CrowdSet& set, const ConsensusResult& result, const char* name) {
  constexpr std::size_t replicates = 2'000;
  const auto row_of = [&](ItemIndex item) { return result.posterior.of(item); };
  const std::vector<double> credit = test::credits(set, row_of);
  SeededRandom random(1);
  std::vector<double> means;
  for (std::size_t replicate = 0; replicate < replicates; ++replicate) {
    double sum = 0.0;
    for (std::size_t i = 0; i < credit.size(); ++i) sum += credit[random.below(credit.size())];
    means.push_back(sum / static_cast<double>(credit.size()));
  }
  std::ranges::sort(means);
  fmt::print("{:22} {:22} {:.6f} [{:.4f}, {:.4f}] log likelihood {:.4f}, {} steps\n", set.name,
             name, test::accuracy(set, row_of), means[replicates / 40],
             means[replicates - replicates / 40 - 1], result.log_likelihood, result.iterations);
}

void measure_accuracy() {
  constexpr const char* methods[] = {
      "auto", "majority", "weighted_majority", "pooled_coin",           "one_coin", "dawid_skene",
      "map",  "ibcc",     "hierarchical",      "hierarchical_symmetric"};
  for (const char* name : test::crowd_set_names) {
    const auto set = test::read_crowd_set(name);
    if (!set) {
      fmt::print("skipped: shared data absent\n");
      return;
    }
    for (std::size_t method = 0; method < std::size(methods); ++method) {
      ConsensusOptions options;
      options.method = static_cast<ConsensusMethod>(method);
      const auto start = Clock::now();
      const auto result = find_consensus(set->votes, options);
      const double seconds = seconds_since(start);
      print_accuracy(*set, *result, methods[method]);
      fmt::print("{:45} {:.1f} ms\n", "", 1e3 * seconds);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "accuracy") {
    measure_accuracy();
    return 0;
  }
  const auto vote_count =
      argc > 1 ? static_cast<std::uint32_t>(std::strtoul(argv[1], nullptr, 10)) : 10'000'000U;
  for (const std::uint32_t class_count : {2U, 4U, 8U}) {
    for (const std::uint32_t rater_count : {100U, 100'000U}) {
      const VoteTable votes = make_votes(vote_count, class_count, rater_count);
      for (const unsigned threads : {1U, 2U}) measure_steps(votes, threads);
    }
  }
  const VoteTable votes = make_votes(vote_count, 4, 100);
  ConsensusOptions options;
  options.method = ConsensusMethod::Majority;
  const auto start = Clock::now();
  const auto result = find_consensus(votes, options);
  fmt::print("Majority with all of its result: {:.1f} M votes/s (label of item 0: {})\n",
             1e-6 * static_cast<double>(votes.vote_count()) / seconds_since(start),
             result->label[0]);
}
