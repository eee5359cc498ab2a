// One task of the panel's comparison, done by our engines on files that bench/panel/run.py made, on
// one thread. Prints a line of JSON: for each run the processor seconds of the work and of reading
// the files, wall seconds of both, and what came out.
//   csl_bench_panel TASK FOLDER RUNS [ARGUMENT]
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/agreement/agreement.hpp"
#include "analysis/agreement/agreement_model.hpp"
#include "analysis/consensus/consensus.hpp"
#include "analysis/crowd/glad.hpp"
#include "analysis/crowd/mace.hpp"
#include "analysis/label_errors/label_errors.hpp"
#include "analysis/mask_consensus/staple.hpp"
#include "analysis/mask_metrics/mask_metrics.hpp"
#include "analysis/weak_supervision/label_model.hpp"

namespace {

using namespace consilium;

struct Arguments {
  std::string folder;
  int runs = 1;
  std::string of;  // a method, where the task has several
};

struct Clocks {
  std::clock_t processor = std::clock();
  std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
};

std::string times_since(const Clocks& start) {
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start.wall;
  return fmt::format("[{:.6f}, {:.6f}]",
                     static_cast<double>(std::clock() - start.processor) / CLOCKS_PER_SEC,
                     wall.count());
}

// Reads once, works several times; `work` returns what came out, as JSON.
template <class Read, class Work>
void measure(const Arguments& arguments, const Read& read, const Work& work) {
  const Clocks reading;
  const auto data = read();
  const std::string read_times = times_since(reading);
  std::string runs;
  std::string value;
  for (int run = 0; run < arguments.runs; ++run) {
    const Clocks working;
    auto result = work(data);
    runs += (run > 0 ? ", " : "") + times_since(working);
    value = std::move(result);
  }
  fmt::print("{{\"read\": {}, \"runs\": [{}], \"value\": {}}}\n", read_times, runs, value);
}

template <class Value>
std::vector<Value> read_values(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<Value> values(static_cast<std::size_t>(file.tellg()) / sizeof(Value));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(Value)));
  return values;
}

// Rows of item, rater and label, numbers from 0, below a heading; exact repeats are dropped.
VoteTable read_votes(const std::string& path) {
  const std::vector<char> text = read_values<char>(path);
  const char* at = std::find(text.data(), text.data() + text.size(), '\n');
  const char* const end = text.data() + text.size();
  std::vector<Vote> votes;
  std::uint32_t counts[3] = {0, 0, 0};
  while (at != end && ++at != end) {
    std::uint32_t row[3] = {0, 0, 0};
    for (std::uint32_t column = 0; column < 3; ++column) {
      at = std::from_chars(at, end, row[column]).ptr;
      if (column < 2) ++at;
      counts[column] = std::max(counts[column], row[column] + 1);
    }
    votes.push_back({row[0], row[1], static_cast<ClassIndex>(row[2])});
    at = std::find(at, end, '\n');
  }
  std::ranges::sort(votes);
  votes.erase(std::ranges::unique(votes).begin(), votes.end());
  return make_vote_table(votes, counts[0], counts[1], counts[2]).value();
}

void write_posterior(const Arguments& arguments, const std::vector<double>& posterior) {
  std::ofstream file(arguments.folder + "/ours_" + arguments.of + ".f64", std::ios::binary);
  file.write(reinterpret_cast<const char*>(posterior.data()),
             static_cast<std::streamsize>(posterior.size() * sizeof(double)));
}

// The fewest EM steps after which the votes' log-likelihood is at least the one asked for.
std::uint32_t steps_to(const VoteTable& votes, ConsensusOptions options, double log_likelihood) {
  for (options.iteration_max = 1;; ++options.iteration_max) {
    const auto result = find_consensus(votes, options).value();
    const double slack = 1e-10 * std::abs(log_likelihood);  // the last digits of either sum
    if (result.log_likelihood >= log_likelihood - slack || result.converged) {
      return options.iteration_max;
    }
  }
}

// ARGUMENT: auto, majority, dawid_skene, one_coin, glad, mace (as the rivals' defaults:
// variational) or mace_em. dawid_skene-plain is without the raters' intervals, which no rival
// makes; dawid_skene=L also ends at the first step whose log-likelihood reaches L. Else the
// posterior is left in the folder, so that all are scored by the same code.
void consensus_task(const Arguments& arguments) {
  const std::map<std::string, ConsensusMethod> methods = {
      {"auto", ConsensusMethod::Auto},
      {"majority", ConsensusMethod::Majority},
      {"dawid_skene", ConsensusMethod::DawidSkene},
      {"one_coin", ConsensusMethod::OneCoin}};
  std::vector<double> posterior;
  const std::size_t more = arguments.of.find_first_of("-=");  // what follows the method's name
  ConsensusOptions options;
  if (const auto method = methods.find(arguments.of.substr(0, more)); method != methods.end()) {
    options.method = method->second;
  }
  if (more != std::string::npos) options.intervals = RaterIntervals::None;
  if (more != std::string::npos && arguments.of[more] == '=') {
    options.iteration_max = steps_to(read_votes(arguments.folder + "/label.csv"), options,
                                     std::atof(arguments.of.c_str() + more + 1));
  }
  measure(
      arguments, [&] { return read_votes(arguments.folder + "/label.csv"); },
      [&](const VoteTable& votes) {
        const auto told = [&](auto&& result, const char* what, double objective,
                              std::size_t iterations) {
          posterior = std::move(result);
          return fmt::format("{{\"{}\": {:.6f}, \"iterations\": {}}}", what, objective, iterations);
        };
        if (arguments.of == "glad") {
          auto fit = crowd::fit_glad(votes, {}).value();
          return told(std::move(fit.posterior), "objective", fit.objective,
                      fit.objective_of.size());
        }
        if (arguments.of.starts_with("mace")) {
          auto fit = crowd::fit_mace(votes, {.method = arguments.of == "mace_em"
                                                           ? crowd::MaceMethod::Em
                                                           : crowd::MaceMethod::Variational})
                         .value();
          return told(std::move(fit.posterior), "objective", fit.objective,
                      fit.objective_of.size());
        }
        auto result = find_consensus(votes, options).value();
        return told(std::move(result.posterior.value), "log_likelihood", result.log_likelihood,
                    result.iterations);
      });
  if (more == std::string::npos) write_posterior(arguments, posterior);
}

// ratings.u8: items x 5 raters, 255 where nothing was said.
void alpha_task(const Arguments& arguments) {
  constexpr std::uint32_t raters = 5;
  measure(
      arguments, [&] { return read_values<std::uint8_t>(arguments.folder + "/ratings.u8"); },
      [&](const std::vector<std::uint8_t>& ratings) {
        VoteTable votes{
            .rater_count = raters, .class_count = 5, .first = {}, .rater = {}, .label = {}};
        const std::size_t items = ratings.size() / raters;
        votes.first.resize(items + 1);
        votes.rater.resize(ratings.size());
        votes.label.resize(ratings.size());
        std::size_t said_count = 0;
        for (std::size_t item = 0; item < items; ++item) {
          for (std::uint32_t rater = 0; rater < raters; ++rater) {
            const std::uint8_t said = ratings[item * raters + rater];
            votes.rater[said_count] = rater;
            votes.label[said_count] = said;
            said_count += said != 255 ? 1 : 0;  // no branch: nobody foretells who is silent
          }
          votes.first[item + 1] = said_count;
        }
        votes.rater.resize(said_count);
        votes.label.resize(said_count);
        const Clocks alone;  // from the table of votes, which the product has already
        const auto result = estimate(agreement_model(votes, {}).value()).value();
        return fmt::format("{{\"alpha\": {:.12f}, \"from_table\": {}}}", result.coefficient,
                           times_since(alone));
      });
}

// mask0.u8 .. mask4.u8: cubes of the edge ARGUMENT.
void staple_task(const Arguments& arguments) {
  measure(
      arguments,
      [&] {
        std::vector<std::vector<std::uint8_t>> masks;
        for (int rater = 0; rater < 5; ++rater) {
          masks.push_back(
              read_values<std::uint8_t>(fmt::format("{}/mask{}.u8", arguments.folder, rater)));
        }
        return masks;
      },
      [&](const std::vector<std::vector<std::uint8_t>>& masks) {
        const std::vector<std::span<const std::uint8_t>> views(masks.begin(), masks.end());
        const auto patterns = binary_patterns(views, 1).value();
        const auto result = staple(patterns).value();
        std::vector<float> out(masks[0].size());
        static_cast<void>(write_probability(patterns, result, std::span<float>(out), 1));
        double sum = 0;
        for (const float probability : out) sum += static_cast<double>(probability);
        return fmt::format("{{\"sensitivity\": {:.6f}, \"specificity\": {:.6f}, \"sum\": {:.3f}}}",
                           result.sensitivity[0].value_or(-1), result.specificity[0].value_or(-1),
                           sum);
      });
}

void surface_task(const Arguments& arguments) {
  const auto edge = static_cast<std::uint32_t>(std::atoi(arguments.of.c_str()));
  const Lattice lattice{.dims = {edge, edge, edge}, .spacing_mm = {1, 1, 1}};
  measure(
      arguments,
      [&] {
        return std::pair(read_values<std::uint8_t>(arguments.folder + "/mask0.u8"),
                         read_values<std::uint8_t>(arguments.folder + "/mask4.u8"));
      },
      [&](const auto& pair) {
        const auto metrics =
            compare_masks(pair.first, pair.second, lattice, {.tolerance_mm = 2, .threads = 1})
                .value();
        const SurfaceMetrics& surface = metrics.surface;
        return fmt::format(
            "{{\"dice\": {:.9f}, \"hausdorff\": {:.6f}, \"hd95\": {:.6f}, \"nsd\": {:.6f}, "
            "\"average\": {:.6f}}}",
            metrics.overlap.dice.value_or(-1), surface.hausdorff_mm.value_or(-1),
            surface.hausdorff_percentile_mm.value_or(-1), surface.surface_dice.value_or(-1),
            surface.reference_to_other.average_mm.value_or(-1));
      });
}

// probabilities.f32 and labels.u16: rows x 10 classes. ARGUMENT: joint or issues.
void label_errors_task(const Arguments& arguments) {
  constexpr std::size_t classes = 10;
  measure(
      arguments,
      [&] {
        return std::pair(read_values<float>(arguments.folder + "/probabilities.f32"),
                         read_values<ClassIndex>(arguments.folder + "/labels.u16"));
      },
      [&](const auto& data) {
        const auto source = source_of(PredictionBlock<float>{data.first, data.second});
        LabelErrorOptions options;
        if (arguments.of == "issues") options.filter = IssueFilter::PruneByNoiseRate;
        const auto found = find_label_errors(source, classes, options).value();
        std::uint64_t off_diagonal = 0;
        for (std::size_t e = 0; e < classes * classes; ++e) {
          off_diagonal += e % (classes + 1) != 0 ? found.joint.counts[e] : 0;
        }
        return fmt::format("{{\"off_diagonal\": {}, \"flagged\": {}}}", off_diagonal,
                           found.flagged.size());
      });
}

// votes.i8: items x 20 labelling functions of two classes, -1 where one abstained.
void label_model_task(const Arguments& arguments) {
  constexpr std::uint32_t functions = 20;
  const std::vector<std::uint8_t> truth = read_values<std::uint8_t>(arguments.folder + "/truth.u8");
  measure(
      arguments, [&] { return read_values<std::int8_t>(arguments.folder + "/votes.i8"); },
      [&](const std::vector<std::int8_t>& matrix) {
        VoteColumns columns;
        const auto items = static_cast<std::uint32_t>(matrix.size() / functions);
        for (std::uint32_t item = 0; item < items; ++item) {
          for (std::uint32_t f = 0; f < functions; ++f) {
            const std::int8_t said = matrix[std::size_t{item} * functions + f];
            if (said < 0) continue;
            columns.item.push_back(item);
            columns.rater.push_back(f);
            columns.label.push_back(static_cast<ClassIndex>(said));
          }
        }
        const VoteTable votes = make_vote_table(std::move(columns), items, functions, 2).value();
        const auto model = fit_label_model(votes, {.model = FunctionModel::OneCoin}).value();
        std::uint64_t right = 0;
        for (std::uint32_t item = 0; item < items; ++item) {
          right += model.items[item].label == truth[item] ? 1 : 0;
        }
        return fmt::format("{{\"right\": {:.6f}}}",
                           static_cast<double>(right) / static_cast<double>(items));
      });
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, std::function<void(const Arguments&)>> tasks = {
      {"consensus", consensus_task},
      {"alpha", alpha_task},
      {"staple", staple_task},
      {"surface", surface_task},
      {"label_errors", label_errors_task},
      {"label_model", label_model_task}};
  const auto task = tasks.find(argc > 3 ? argv[1] : "");
  if (task == tasks.end()) {
    fmt::print(stderr,
               "usage: csl_bench_panel TASK FOLDER RUNS [ARGUMENT]; see bench/panel/run.py\n");
    return 2;
  }
  task->second({.folder = argv[2], .runs = std::atoi(argv[3]), .of = argc > 4 ? argv[4] : ""});
  return 0;
}
