// Truth models on public crowd sets: processor time (median and spread of runs), objective,
// accuracy. Beside it stand crowd-kit's numbers on the same data; see docs beside the module.
//   csl_crowd_bench [runs]
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "analysis/crowd/glad.hpp"
#include "analysis/crowd/mace.hpp"
#include "analysis/crowd/skill.hpp"
#include "tests/crowd_sets.hpp"

namespace {

using namespace consilium;

template <class Run>
void measure(const char* name, const test::CrowdSet& data, int runs, const Run& run) {
  std::vector<double> seconds;
  double objective = 0;
  double right = 0;
  std::size_t iterations = 0;
  for (int i = 0; i < runs; ++i) {
    const std::clock_t begin = std::clock();
    const auto result = run();
    seconds.push_back(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    if constexpr (requires { result.objective; }) {
      objective = result.objective;
      iterations = result.objective_of.size();
    }
    right = test::accuracy(data, result.posterior);
  }
  std::ranges::sort(seconds);
  fmt::print(
      "  {:12} {:9.4f} s ({:.4f} .. {:.4f})  objective {:12.4f}  iterations {:4}  accuracy "
      "{:.4f}\n",
      name, seconds[seconds.size() / 2], seconds.front(), seconds.back(), objective, iterations,
      right);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 5;
  for (const char* name : test::crowd_set_names) {
    const auto data = test::read_crowd_set(name);
    if (!data) {
      fmt::print("{}: not there; set CONSILIUM_DATA\n", name);
      continue;
    }
    const VoteTable& votes = data->votes;
    fmt::print("{}: {} votes, {} items, {} raters, {} classes\n", name, votes.vote_count(),
               votes.item_count(), votes.rater_count, votes.class_count);
    measure("glad", *data, runs, [&] { return crowd::fit_glad(votes, {}).value(); });
    measure("mace vb", *data, runs, [&] { return crowd::fit_mace(votes, {}).value(); });
    measure("mace em", *data, runs,
            [&] { return crowd::fit_mace(votes, {.method = crowd::MaceMethod::Em}).value(); });
    measure("wawa", *data, runs,
            [&] { return crowd::fit_wawa(votes, crowd::EqualVotes::Shared).value(); });
    measure("zero-based", *data, runs,
            [&] { return crowd::fit_zero_based_skill(votes, {}).value(); });
  }
  return 0;
}
