// Panels whose answer is a number or a ranking: quantity and bradley-terry.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <numeric>

#include "analysis/crowd/bradley_terry.hpp"
#include "analysis/crowd/quantity.hpp"
#include "format/vote_csv/csv_rows.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/panel.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

std::vector<std::uint64_t> counts_of(std::span<const std::uint32_t> numbers, std::uint32_t count) {
  std::vector<std::uint64_t> of(count);
  for (const std::uint32_t number : numbers) ++of[number];
  return of;
}

std::string quantity_csv(const MeasurementFile& file, const crowd::QuantityResult& found) {
  const auto votes = counts_of(file.item, file.items.size());
  std::string text = "item,value,deviation,lower,upper,votes\n";
  for (ItemIndex item = 0; item < file.items.size(); ++item) {
    append_csv_field(text, file.items[item]);
    text += fmt::format(",{},{},{},{},{}\n", found.item_mean[item], found.item_deviation[item],
                        found.item_low[item], found.item_high[item], votes[item]);
  }
  return text;
}

json::object quantity_raters(const MeasurementFile& file, const crowd::QuantityResult& found) {
  const auto votes = counts_of(file.rater, file.raters.size());
  json::array raters;
  for (RaterIndex rater = 0; rater < file.raters.size(); ++rater) {
    raters.push_back(json::object{{"rater", file.raters[rater]},
                                  {"votes", votes[rater]},
                                  {"bias", found.rater_bias[rater]},
                                  {"bias_deviation", found.rater_bias_deviation[rater]},
                                  {"deviation", found.rater_deviation[rater]}});
  }
  return json::object{{"method", "quantity"}, {"raters", std::move(raters)}};
}

std::string ranking_csv(const PreferenceFile& file, const crowd::Ranking& found,
                        std::span<const std::uint32_t> order) {
  std::string text = "item,rank,share,log_strength\n";
  for (std::size_t place = 0; place < order.size(); ++place) {
    append_csv_field(text, file.items[order[place]]);
    text += fmt::format(",{},{},{}\n", place + 1, found.share[order[place]],
                        found.log_strength[order[place]]);
  }
  return text;
}

}  // namespace

Result<int> panel_on_measurements(const PanelCommand& command) {
  const std::filesystem::path& path = command.inputs.front();
  const auto source = CSL_TRY(open_input(path));
  const VoteCsvRules rules{
      .cluster_column = {},
      .class_order = {},
      .duplicates = command.keep_duplicates ? Duplicates::Keep : Duplicates::Drop};
  const MeasurementFile file = CSL_TRY(in_file(read_measurements(*source, rules), path));
  std::vector<crowd::Measurement> measurements(file.item.size());
  for (std::size_t v = 0; v < measurements.size(); ++v) {
    measurements[v] = {file.item[v], file.rater[v], file.value[v]};
  }
  crowd::QuantityOptions options;
  options.gain_min = command.tolerance.value_or(options.gain_min);
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  const crowd::QuantityResult found = CSL_TRY(in_file(
      crowd::fit_quantity(measurements, file.items.size(), file.raters.size(), options), path));
  auto out = CSL_TRY(create_output(command.out));
  auto raters = CSL_TRY(create_output(command.raters));
  if (out) out->write(quantity_csv(file, found));
  if (raters) raters->write(json::serialize(quantity_raters(file, found)) + "\n");
  CSL_TRY(commit(out));
  CSL_TRY(commit(raters));
  tell_duplicates(path, file.duplicate_count);
  if (command.json) {
    fmt::print("{}\n",
               json::serialize(json::object{{"method", "quantity"},
                                            {"items", file.items.size()},
                                            {"raters", file.raters.size()},
                                            {"votes", file.item.size()},
                                            {"duplicate_rows_dropped", file.duplicate_count},
                                            {"log_likelihood", found.log_likelihood},
                                            {"iterations", found.objective_of.size()},
                                            {"converged", found.converged},
                                            {"mean", found.mean},
                                            {"item_variance", found.item_variance},
                                            {"bias_variance", found.bias_variance},
                                            {"noise_variance", found.noise_variance}}));
  } else {
    fmt::print(
        "quantity: {} items, {} raters, {} votes\n"
        "mean {:.4f}; variance between items {:.4f}, of raters' biases {:.4f}, of noise {:.4f}\n"
        "{} iterations, {}\n",
        file.items.size(), file.raters.size(), file.item.size(), found.mean, found.item_variance,
        found.bias_variance, found.noise_variance, found.objective_of.size(),
        found.converged ? "converged" : "NOT converged: raise --max-iter");
  }
  return 0;
}

Result<int> panel_on_preferences(const PanelCommand& command) {
  const std::filesystem::path& path = command.inputs.front();
  const auto source = CSL_TRY(open_input(path));
  const PreferenceFile file = CSL_TRY(in_file(read_preferences(*source), path));
  std::vector<crowd::Comparison> comparisons;
  comparisons.reserve(file.rows.size());
  for (const PreferenceRow& row : file.rows) comparisons.push_back({row.winner, row.loser});
  crowd::RankingOptions options;
  options.step_min = command.tolerance.value_or(options.step_min);
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  const crowd::Ranking found =
      CSL_TRY(in_file(crowd::rank_by_comparisons(comparisons, file.items.size(), options), path));
  std::vector<std::uint32_t> order(file.items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return found.log_strength[a] > found.log_strength[b];
  });
  auto out = CSL_TRY(create_output(command.out));
  if (out) out->write(ranking_csv(file, found, order));
  CSL_TRY(commit(out));
  json::array ranking;
  std::string text =
      fmt::format("bradley-terry: {} items, {} comparisons\n", file.items.size(), file.rows.size());
  for (const std::uint32_t item : order) {
    ranking.push_back(json::object{{"item", file.items[item]},
                                   {"share", found.share[item]},
                                   {"log_strength", found.log_strength[item]}});
    if (ranking.size() <= 20) {
      text +=
          fmt::format("{:>4}  {:.4f}  {}\n", ranking.size(), found.share[item], file.items[item]);
    }
  }
  fmt::print("{}", command.json
                       ? json::serialize(json::object{{"method", "bradley-terry"},
                                                      {"items", file.items.size()},
                                                      {"comparisons", file.rows.size()},
                                                      {"log_likelihood", found.log_likelihood},
                                                      {"iterations", found.iterations},
                                                      {"converged", found.converged},
                                                      {"ranking", std::move(ranking)}}) +
                             "\n"
                       : text);
  return 0;
}

}  // namespace consilium::cli
