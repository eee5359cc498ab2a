#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "analysis/agreement/bland_altman.hpp"
#include "analysis/agreement/icc.hpp"
#include "transport/cli_panel/agree.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 7> names{"icc1",  "icc2",  "icc3",        "icc1k",
                                                "icc2k", "icc3k", "bland-altman"};
constexpr std::uint64_t cells_max = std::uint64_t{1} << 27U;

// Items in rows, raters in columns; NaN where a rater did not measure.
Result<std::vector<double>> table_of(const MeasurementFile& file) {
  const std::size_t raters = file.raters.size();
  const std::uint64_t cells = std::uint64_t{file.items.size()} * raters;
  if (cells > cells_max) {
    return fail(ErrorCode::TooLarge, "items times raters are more than 2^27", {},
                "an intraclass correlation needs every rater's value of every item");
  }
  std::vector<double> table(cells, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t v = 0; v < file.item.size(); ++v) {
    double& cell = table[file.item[v] * raters + file.rater[v]];
    if (!std::isnan(cell)) {
      return fail(ErrorCode::InvalidInput, "a rater measured an item more than once",
                  fmt::format("item '{}', rater '{}'", file.items[file.item[v]],
                              file.raters[file.rater[v]]),
                  "keep one value of each rater and item, or their mean");
    }
    cell = file.value[v];
  }
  return table;
}

Status answer_icc(const MeasurementFile& file, std::size_t form_index, const AgreeCommand& command,
                  MetricAnswer answer) {
  const std::vector<double> table = CSL_TRY(table_of(file));
  const std::size_t raters = file.raters.size();
  const auto missing = std::ranges::find_if(table, [](double x) { return std::isnan(x); });
  if (missing != table.end()) {
    const auto at = static_cast<std::size_t>(missing - table.begin());
    return fail(
        ErrorCode::InvalidInput, "a rater did not measure every item",
        fmt::format("item '{}', rater '{}'", file.items[static_cast<std::uint32_t>(at / raters)],
                    file.raters[static_cast<std::uint32_t>(at % raters)]),
        "leave the item out, or take alpha-interval, which allows for missing ones");
  }
  const auto form = static_cast<IccForm>(form_index);
  const AgreementModel model =
      CSL_TRY(icc_model(table, file.items.size(), file.raters.size(), form));
  answer.json["form"] = name_of(form);
  if (!file.cluster.empty()) {
    return answer_coefficient(names[form_index], model, file.cluster, command, answer);
  }
  const IccTable found =
      CSL_TRY(intraclass_correlations(table, file.items.size(), file.raters.size(), command.level));
  const IccEstimate& icc = found.of(form);
  answer.json["coefficient"] = icc.coefficient;
  answer.json["lower"] = number_json(icc.interval.lower);
  answer.json["upper"] = number_json(icc.interval.upper);
  answer.json["level"] = command.level;
  answer.json["items"] = file.items.size();
  answer.json["mean_squares"] = json::object{{"between_items", found.mean_squares.between_items},
                                             {"within_items", found.mean_squares.within_items},
                                             {"between_raters", found.mean_squares.between_raters},
                                             {"rest", found.mean_squares.rest}};
  answer.text += fmt::format("{:<18} {:7.4f}  {:g}% {:.4f} to {:.4f}, {} items, {} raters\n",
                             names[form_index], icc.coefficient, command.level * 100,
                             icc.interval.lower, icc.interval.upper, file.items.size(), raters);
  return answer_bootstrap(model, {}, command, answer);
}

// The values of the two raters on the items that both measured, in the order of the file.
struct Pairs {
  std::vector<double> first;
  std::vector<double> second;
  std::vector<std::uint32_t> cluster;
};

Result<Pairs> pairs_of(const MeasurementFile& file, RaterIndex first, RaterIndex second) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::array<double, 2>> of_item(file.items.size(), {none, none});
  for (std::size_t v = 0; v < file.item.size(); ++v) {
    if (file.rater[v] != first && file.rater[v] != second) continue;
    double& cell = of_item[file.item[v]][file.rater[v] == first ? 0 : 1];
    if (!std::isnan(cell)) {
      return fail(ErrorCode::InvalidInput, "a rater measured an item more than once",
                  fmt::format("item '{}', rater '{}'", file.items[file.item[v]],
                              file.raters[file.rater[v]]),
                  "name the measurements as items of their own, and the patient by --cluster");
    }
    cell = file.value[v];
  }
  Pairs pairs;
  for (std::size_t i = 0; i < of_item.size(); ++i) {
    if (std::isnan(of_item[i][0]) || std::isnan(of_item[i][1])) continue;
    pairs.first.push_back(of_item[i][0]);
    pairs.second.push_back(of_item[i][1]);
    if (!file.cluster.empty()) pairs.cluster.push_back(file.cluster[i]);
  }
  return pairs;
}

json::object bound_json(double value, const Interval& interval) {
  return json::object{{"value", value}, {"lower", interval.lower}, {"upper", interval.upper}};
}

Status answer_limits(const MeasurementFile& file, const AgreeCommand& command,
                     MetricAnswer answer) {
  const auto [first, second] = CSL_TRY(chosen_pair(file.raters, command));
  const Pairs pairs = CSL_TRY(pairs_of(file, first, second));
  const BlandAltman found =
      CSL_TRY(pairs.cluster.empty() ? bland_altman(pairs.first, pairs.second, 0.95, command.level)
                                    : bland_altman_repeated(pairs.first, pairs.second,
                                                            pairs.cluster, 0.95, command.level));
  answer.json["pair"] = json::array{file.raters[first], file.raters[second]};
  answer.json["bias"] = bound_json(found.bias, found.bias_interval);
  answer.json["lower_limit"] = bound_json(found.lower_limit, found.lower_limit_interval);
  answer.json["upper_limit"] = bound_json(found.upper_limit, found.upper_limit_interval);
  answer.json["standard_deviation"] = found.standard_deviation;
  answer.json["level"] = command.level;
  answer.json["pairs"] = found.pair_count;
  answer.json["clusters"] = found.patient_count;
  const auto line = [&](std::string_view name, double value, const Interval& interval) {
    answer.text += fmt::format("  {:<16} {:9.4f}  {:g}% {:.4f} to {:.4f}\n", name, value,
                               command.level * 100, interval.lower, interval.upper);
  };
  answer.text += fmt::format("bland-altman: {} less {}, {} pairs, standard deviation {:.4f}\n",
                             file.raters[first], file.raters[second], found.pair_count,
                             found.standard_deviation);
  line("bias", found.bias, found.bias_interval);
  line("lower limit", found.lower_limit, found.lower_limit_interval);
  line("upper limit", found.upper_limit, found.upper_limit_interval);
  constexpr std::array<std::pair<BlandAltmanPart, const char*>, 3> parts{
      {{BlandAltmanPart::Bias, "bias"},
       {BlandAltmanPart::LowerLimit, "lower_limit"},
       {BlandAltmanPart::UpperLimit, "upper_limit"}}};
  if (command.replicates == 0) return {};
  for (const auto& [part, name] : parts) {
    const AgreementModel model = CSL_TRY(bland_altman_model(pairs.first, pairs.second, part));
    answer.text += fmt::format("  {}:\n", name);
    MetricAnswer of_part{answer.json[name].as_object(), answer.text};
    CSL_TRY(answer_bootstrap(model, pairs.cluster, command, of_part));
  }
  return {};
}

}  // namespace

std::span<const std::string_view> measured_metrics() { return names; }

bool is_measured_metric(std::string_view name) { return std::ranges::count(names, name) > 0; }

Status answer_measured_metric(const MeasurementFile& file, std::string_view metric,
                              const AgreeCommand& command, MetricAnswer answer) {
  if (file.raters.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one rater",
                fmt::format("all rows are of '{}'", file.raters[0]),
                "agreement needs values of two raters on the same items");
  }
  const auto index = static_cast<std::size_t>(std::ranges::find(names, metric) - names.begin());
  if (index == names.size() - 1) return answer_limits(file, command, answer);
  return answer_icc(file, index, command, answer);
}

}  // namespace consilium::cli
