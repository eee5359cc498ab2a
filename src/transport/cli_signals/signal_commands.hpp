// Commands that look at labelled recordings and series: `variability`, `doubts`, `features`,
// `learn`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct VariabilityCommand {
  std::filesystem::path record;  // WFDB, EDF or BDF; a WFDB header may have no signals
  std::string beats;             // ending of the annotation file with the beats
  bool json = false;
};
// Heart rate variability from the beats that are annotated as normal. Errors: those of reading and
// of heart_rate_variability.
[[nodiscard]] Result<int> variability_command(const VariabilityCommand& command);

struct DoubtsCommand {
  std::filesystem::path record;
  std::string beats;
  std::optional<std::size_t> channel;  // none: all that hold an ECG
  std::size_t limit = 50;              // how many are listed
  bool json = false;
};
// Beats whose label model and neighbours dispute, the most doubtful first. Errors: those of reading
// and of label_doubts.
[[nodiscard]] Result<int> doubts_command(const DoubtsCommand& command);

struct LearnCommand {
  std::filesystem::path train;     // a table of labelled series
  std::filesystem::path test;      // another one, to be judged by; may be empty
  std::filesystem::path features;  // where to write the test's features; may be empty
  std::size_t feature_count = 10'000;
  std::size_t channels = 1;
  unsigned threads = 1;
  bool as_they_are = false;  // not brought to mean 0 and deviation 1
  bool json = false;
};
// What MiniRocket and ridge regression learn from labelled series: how they do on the series they
// learnt from, left out, and on others. Errors: those of reading a table, of MiniRocket and of
// RidgeClassifier.
[[nodiscard]] Result<int> learn_command(const LearnCommand& command);

struct FeaturesCommand {
  std::filesystem::path record;
  std::size_t channel = 0;
  double epoch_s = 30;
  std::filesystem::path out;  // a CSV file
  bool json = false;
};
// Features of each whole epoch of a channel, voltages in mV, as a table. Errors: those of reading
// and of epoch_features.
[[nodiscard]] Result<int> features_command(const FeaturesCommand& command);

struct SignalCommands {
  FeaturesCommand features;
  VariabilityCommand variability;
  DoubtsCommand doubts;
  LearnCommand learn;
};
// Declares them. When one is chosen, `choose` gets what runs it; that refers to `commands`, which
// must outlive it.
void add_signal_commands(CLI::App& app, SignalCommands& commands,
                         const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
