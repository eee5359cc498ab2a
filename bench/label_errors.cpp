// How fast label errors are found: 1e6 rows x 10 classes of float32 made from one seed, 20 % of the
// labels wrong.
//
// usage: csl_label_errors_bench [ROWS [CLASSES]]
// Prints one JSON line for each measurement: medians of several runs, seconds.
#include "analysis/label_errors/label_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "base/random.hpp"

namespace {

using namespace consilium;

constexpr int runs = 9;

void measure(std::string_view name, const PredictionSource<float>& source, std::size_t classes,
             const LabelErrorOptions& options) {
  std::vector<double> seconds;
  std::vector<double> processor;  // of all threads; what counts on a machine that others use too
  std::uint64_t off_diagonal = 0;
  std::size_t flagged = 0;
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t processor_start = std::clock();
    const auto found = find_label_errors(source, classes, options);
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    processor.push_back(static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC);
    off_diagonal = 0;
    flagged = found->flagged.size();
    for (std::size_t e = 0; e < classes * classes; ++e) {
      off_diagonal += e % (classes + 1) != 0 ? found->joint.counts[e] : 0;
    }
  }
  std::ranges::sort(seconds);
  std::ranges::sort(processor);
  fmt::print(
      "{{\"what\": \"{}\", \"wall_s\": {:.4f}, \"processor_s\": {:.4f}, \"least_processor_s\": "
      "{:.4f}, \"off_diagonal\": {}, "
      "\"flagged\": {}}}\n",
      name, seconds[runs / 2], processor[runs / 2], processor[0], off_diagonal, flagged);
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t rows = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000;
  const std::size_t classes = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 10;
  SeededRandom random(1);
  std::vector<float> probabilities(rows * classes);
  std::vector<ClassIndex> labels(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::uint64_t truth = random.below(classes);
    double sum = 0;
    std::vector<double> row(classes);
    for (std::size_t c = 0; c < classes; ++c) {
      row[c] = std::exp(1.2 * random.normal() + (c == truth ? 3 : 0));
      sum += row[c];
    }
    for (std::size_t c = 0; c < classes; ++c) {
      probabilities[i * classes + c] = static_cast<float>(row[c] / sum);
    }
    labels[i] = static_cast<ClassIndex>(random.uniform() < 0.2 ? random.below(classes) : truth);
  }
  const auto source = source_of(PredictionBlock<float>{probabilities, labels});
  measure("joint", source, classes, {});
  measure("joint and worst 1000", source, classes, {.worst_count = 1000});
  measure("confident_learning", source, classes, {.filter = IssueFilter::ConfidentLearning});
  measure("prune_by_class", source, classes, {.filter = IssueFilter::PruneByClass});
  measure("prune_by_noise_rate", source, classes, {.filter = IssueFilter::PruneByNoiseRate});
  measure("joint, 2 threads", source, classes, {.threads = 2});
  return 0;
}
