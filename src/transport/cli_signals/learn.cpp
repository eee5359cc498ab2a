#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <map>

#include "analysis/mini_rocket/mini_rocket.hpp"
#include "analysis/ridge_classifier/ridge_classifier.hpp"
#include "transport/cli_detect/ecg_record.hpp"
#include "transport/cli_signals/series_table.hpp"
#include "transport/cli_signals/signal_commands.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Share of rows whose highest score is that of their class; a class that was not learnt is npos.
double share_right(std::span<const double> scores, std::size_t class_count,
                   const std::vector<std::size_t>& classes) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto row = scores.subspan(i * class_count, class_count);
    const auto best = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    right += best == classes[i] ? 1U : 0U;
  }
  return static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, classes.size()));
}

Status write_features(const std::filesystem::path& path, std::span<const float> features,
                      std::size_t columns) {
  std::string text;
  for (std::size_t i = 0; i < features.size(); ++i) {
    fmt::format_to(std::back_inserter(text), "{:.9g}{}", features[i],
                   (i + 1) % columns == 0 ? '\n' : '\t');
  }
  return write_whole(path, bytes_of(text));
}

Result<SeriesTable> table_of(const std::filesystem::path& path, const LearnCommand& command) {
  SeriesTable table = CSL_TRY(read_series_table(path));
  if (table.labels.empty() || command.channels == 0 || table.size() % command.channels != 0) {
    return fail(ErrorCode::InvalidInput, "the table has no series of so many channels",
                path.filename().string(), "give --channels as they are");
  }
  if (!command.as_they_are) {
    standardise(table.samples,
                {.channels = command.channels, .length = table.size() / command.channels});
  }
  return table;
}

}  // namespace

Result<int> learn_command(const LearnCommand& command) {
  const SeriesTable train = CSL_TRY(table_of(command.train, command));
  const SeriesShape shape{.channels = command.channels, .length = train.size() / command.channels};
  std::map<std::string, std::uint32_t> number;
  for (const std::string& label : train.labels) number.emplace(label, 0);
  std::uint32_t next = 0;
  for (auto& [label, k] : number) k = next++;
  std::vector<std::uint32_t> classes;
  for (const std::string& label : train.labels) classes.push_back(number[label]);

  const double begin = processor_seconds();
  const MiniRocket rocket =
      CSL_TRY(MiniRocket::fit(train.samples, shape, {.feature_count = command.feature_count}));
  const auto features = CSL_TRY(rocket.transform(train.samples, command.threads));
  const double transformed = processor_seconds();
  const RidgeClassifier classifier = CSL_TRY(
      RidgeClassifier::train(features, rocket.feature_count(), classes, next, command.threads));
  const double learnt = processor_seconds();
  const double left_out =
      share_right(classifier.left_out(), next, {classes.begin(), classes.end()});
  json::object answer{
      {"series", train.labels.size()},        {"samples", shape.length},
      {"channels", shape.channels},           {"classes", number.size()},
      {"features", rocket.feature_count()},   {"ridge", classifier.ridge()},
      {"right_left_out", left_out},           {"transform_seconds", transformed - begin},
      {"learn_seconds", learnt - transformed}};
  std::string text = fmt::format("{} series of {} classes: {:.2f} % right where left out",
                                 train.labels.size(), number.size(), 100 * left_out);
  if (!command.test.empty()) {
    const SeriesTable test = CSL_TRY(table_of(command.test, command));
    if (test.size() != train.size()) {
      return fail(ErrorCode::InvalidInput, "the tables' series have unequal lengths", "--test");
    }
    const auto judged = CSL_TRY(rocket.transform(test.samples, command.threads));
    std::vector<std::size_t> expected;
    for (const std::string& label : test.labels) {
      const auto known = number.find(label);
      expected.push_back(known == number.end() ? next : known->second);
    }
    const double right = share_right(classifier.scores(judged), next, expected);
    answer["judged"] = test.labels.size();
    answer["right"] = right;
    text += fmt::format(", {:.2f} % of {} others", 100 * right, test.labels.size());
    if (!command.features.empty()) {
      CSL_TRY(write_features(command.features, judged, rocket.feature_count()));
    }
  }
  fmt::print("{}\n", command.json ? json::serialize(answer) : text);
  return 0;
}

}  // namespace consilium::cli
