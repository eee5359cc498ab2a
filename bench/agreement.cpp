// How fast agreement is computed on a million items by five raters with five classes, made from a
// seed: from the table of votes to the coefficient, its bootstrap, and both by patient.
//   csl_bench_agreement [items]
#include "analysis/agreement/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <thread>
#include <vector>

#include "analysis/agreement/alpha.hpp"
#include "analysis/agreement/bootstrap.hpp"
#include "base/random.hpp"

namespace {

using namespace consilium;

constexpr std::uint32_t rater_count = 5;
constexpr std::uint32_t class_count = 5;

VoteTable made_votes(std::uint32_t items) {
  SeededRandom random(1);
  VoteColumns columns;
  for (std::uint32_t i = 0; i < items; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(class_count));
    for (std::uint32_t g = 0; g < rater_count; ++g) {
      if (random.uniform() < 0.1) continue;
      const bool right = random.uniform() < 0.7;
      columns.item.push_back(i);
      columns.rater.push_back(g);
      columns.label.push_back(right ? truth : static_cast<ClassIndex>(random.below(class_count)));
    }
  }
  return *make_vote_table(std::move(columns), items, rater_count, class_count);
}

// Median and spread of several runs.
void measure(const char* what, int runs, const std::function<double()>& work) {
  std::vector<double> times_ms;
  std::vector<double> processor_ms;  // of all threads; what counts on a machine that others use too
  double value = 0;
  for (int run = 0; run < runs; ++run) {
    const auto begin = std::chrono::steady_clock::now();
    const std::clock_t processor_begin = std::clock();
    value = work();
    processor_ms.push_back(1000.0 * static_cast<double>(std::clock() - processor_begin) /
                           CLOCKS_PER_SEC);
    const std::chrono::duration<double, std::milli> passed =
        std::chrono::steady_clock::now() - begin;
    times_ms.push_back(passed.count());
  }
  std::ranges::sort(times_ms);
  std::ranges::sort(processor_ms);
  fmt::print("{:48} {:8.2f} ms median ({:.2f} to {:.2f}), processor {:8.2f} ms, value {:.10f}\n",
             what, times_ms[times_ms.size() / 2], times_ms.front(), times_ms.back(),
             processor_ms[processor_ms.size() / 2], value);
}

double coefficient_of(const AgreementModel& model) { return estimate(model)->coefficient; }

}  // namespace

int main(int argc, char** argv) {
  const auto items = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 1'000'000);
  const VoteTable votes = made_votes(items);
  std::vector<std::uint32_t> patient(items);
  for (std::uint32_t i = 0; i < items; ++i) patient[i] = i / 10;
  fmt::print("{} items, {} votes, {} threads available\n", items, votes.vote_count(),
             std::thread::hardware_concurrency());
  for (const NamedAgreementMetric& named : agreement_metrics()) {
    measure(fmt::format("{}, with standard error", named.name).c_str(), 7, [&] {
      return coefficient_of(*agreement_model(votes, {.metric = named.metric, .circumference = 5}));
    });
  }
  const AgreementModel alpha = *agreement_model(votes, {});
  measure("alpha, standard error by patient (10 items each)", 5,
          [&] { return estimate_clustered(alpha, patient)->uncertainty->standard_error; });
  for (const unsigned threads : {1U, 2U}) {
    measure(fmt::format("alpha, 1000 replicates, {} threads", threads).c_str(), 5,
            [&] { return bootstrap(alpha, {.threads = threads})->standard_error; });
    measure(fmt::format("alpha, 1000 replicates by patient, {} threads", threads).c_str(), 3, [&] {
      return bootstrap(alpha, {.threads = threads, .cluster = patient})->standard_error;
    });
  }
  const AgreementModel ordinal = *agreement_model(votes, {.metric = AgreementMetric::AlphaOrdinal});
  measure("alpha-ordinal, 1000 replicates", 3,
          [&] { return bootstrap(ordinal, {})->standard_error; });
  const AgreementModel conger = *agreement_model(votes, {.metric = AgreementMetric::Conger});
  measure("conger, 1000 replicates", 3, [&] { return bootstrap(conger, {})->standard_error; });
}
