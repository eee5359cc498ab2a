// How fast label models are fitted on votes made from one seed, one line of JSON each.
//
// usage: csl_weak_supervision_bench [THREADS]
//   binary    1e6 items x 100 functions of 5 % coverage, 2 classes
//   classes   300,000 items x 15 functions of 40 % coverage, 1,461 classes
//   many      200,000 items x 1,000 functions of 1 % coverage, 1,000 classes
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "analysis/weak_supervision/function_pairs.hpp"
#include "analysis/weak_supervision/label_model.hpp"
#include "base/random.hpp"

namespace {

using namespace consilium;

struct Made {
  VoteTable votes;
  std::vector<ClassIndex> truth;
};

Made make(std::uint32_t items, std::uint32_t functions, std::uint32_t classes, double coverage) {
  SeededRandom random(1);
  VoteColumns columns;
  std::vector<double> accuracy;
  for (std::uint32_t j = 0; j < functions; ++j) accuracy.push_back(0.55 + 0.4 * random.uniform());
  Made made;
  for (std::uint32_t i = 0; i < items; ++i) {
    const auto truth = static_cast<ClassIndex>(random.below(classes));
    made.truth.push_back(truth);
    for (std::uint32_t j = 0; j < functions; ++j) {
      if (random.uniform() >= coverage) continue;
      const bool right = random.uniform() < accuracy[j];
      columns.item.push_back(i);
      columns.rater.push_back(j);
      columns.label.push_back(static_cast<ClassIndex>(
          right ? truth : (truth + 1 + random.below(classes - 1)) % classes));
    }
  }
  made.votes = make_vote_table(std::move(columns), items, functions, classes).value();
  return made;
}

double share_right(const Made& made, const std::vector<ItemLabel>& items) {
  std::uint64_t right = 0;
  std::uint64_t voted = 0;
  for (ItemIndex i = 0; i < made.votes.item_count(); ++i) {
    if (made.votes.raters_of(i).empty()) continue;
    ++voted;
    right += items[i].label == made.truth[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(voted);
}

struct Seconds {
  double wall = 0;
  double processor = 0;  // of all threads; what counts on a machine that others use too
};

template <class Work>
Seconds seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t processor = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC};
}

void measure(std::string_view data, std::string_view name, const Made& made, FunctionModel model,
             unsigned threads) {
  LabelModel fitted;
  const Seconds seconds = seconds_of(
      [&] { fitted = fit_label_model(made.votes, {.model = model, .threads = threads}).value(); });
  fmt::print(
      "{{\"data\": \"{}\", \"model\": \"{}\", \"votes\": {}, \"wall_s\": {:.3f}, \"processor_s\": "
      "{:.3f}, "
      "\"iterations\": {}, \"converged\": {}, \"right\": {:.5f}}}\n",
      data, name, made.votes.vote_count(), seconds.wall, seconds.processor, fitted.iterations,
      fitted.converged, share_right(made, fitted.items));
}

void measure_triplets(std::string_view data, const Made& made, unsigned threads) {
  LabelModel fitted;
  const Seconds seconds = seconds_of([&] {
    std::vector<double> accuracy;
    const std::vector<TripletAccuracy> triplets = triplet_accuracies(made.votes).value();
    for (const TripletAccuracy& own : triplets) {
      accuracy.push_back(own.accuracy);
    }
    fitted = label_by_accuracy(made.votes, accuracy, {}, threads).value();
  });
  fmt::print(
      "{{\"data\": \"{}\", \"model\": \"triplets\", \"wall_s\": {:.3f}, \"processor_s\": {:.3f}, "
      "\"right\": {:.5f}}}\n",
      data, seconds.wall, seconds.processor, share_right(made, fitted.items));
}

}  // namespace

int main(int count, char** arguments) {
  const auto threads =
      static_cast<unsigned>(count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 1);
  {
    const Made made = make(1'000'000, 100, 2, 0.05);
    measure("binary", "one_coin", made, FunctionModel::OneCoin, threads);
    measure("binary", "confusion", made, FunctionModel::Confusion, threads);
    measure("binary", "confusion_with_abstention", made, FunctionModel::ConfusionWithAbstention,
            threads);
    measure("binary", "hit_rates", made, FunctionModel::HitRates, threads);
    measure_triplets("binary", made, threads);
  }
  {
    const Made made = make(300'000, 15, 1461, 0.4);
    measure("classes", "one_coin", made, FunctionModel::OneCoin, threads);
    measure("classes", "hit_rates", made, FunctionModel::HitRates, threads);
    measure_triplets("classes", made, threads);
  }
  const Made made = make(200'000, 1000, 1000, 0.01);
  measure("many", "one_coin", made, FunctionModel::OneCoin, threads);
  measure("many", "hit_rates", made, FunctionModel::HitRates, threads);
  measure_triplets("many", made, threads);
  return 0;
}
