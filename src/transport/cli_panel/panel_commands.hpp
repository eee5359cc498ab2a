// The commands of the quality engines, on files and without a server: agree, panel, compare,
// readers. Each is a plain function of its options. It prints its answer to stdout (sentences, or
// one JSON object) and returns the exit code; an Error is for the caller to report. Where it fails,
// no output file is written or changed.
//
// Options that are not given keep the defaults of the engines' option structs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct AgreeCommand {
  std::filesystem::path votes;
  std::vector<std::string> metrics;
  std::string weights = "identity";
  std::vector<std::string> classes;  // the scale in its order; empty: what occurs
  std::vector<std::string> pair;     // two raters' names; empty: the only two
  std::string repeats = "refuse";
  double circumference = 0;
  double level = 0.95;
  std::string cluster;
  std::uint32_t replicates = 0;  // 0: no bootstrap
  std::string interval = "percentile";
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
  bool by_class = false;
  bool keep_duplicates = false;
  bool json = false;
};
[[nodiscard]] Result<int> agree_command(const AgreeCommand& command);

struct PanelCommand {
  std::vector<std::filesystem::path> inputs;  // one CSV; several NIfTI masks for staple
  std::string method = "auto";
  std::filesystem::path gold;
  std::filesystem::path gold_eval;
  std::filesystem::path out;
  std::filesystem::path raters;
  std::vector<std::string> classes;
  std::optional<std::string> init;
  std::optional<std::uint32_t> restarts;
  std::optional<std::string> prior;
  std::optional<double> smoothing;
  std::string tie = "abstain";
  std::optional<std::uint32_t> iteration_max;
  std::optional<double> tolerance;
  std::string prior_mode = "fixed";  // staple
  std::uint64_t seed = 1;
  std::uint32_t threads = 1;
  bool posteriors = false;
  bool keep_duplicates = false;
  bool json = false;
};
[[nodiscard]] Result<int> panel_command(const PanelCommand& command);

struct CompareCommand {
  std::filesystem::path reference;
  std::filesystem::path test;
  std::string kind;
  std::vector<std::string> labels;  // empty: all
  double tolerance_mm = 1;          // masks
  std::string surface = "marching-cubes";
  double window_ms = 150;            // beats, waves
  std::string pairing = "one-pass";  // beats
  std::optional<double> rate_hz;
  double skip_s = 300;                 // beats: the learning period
  std::int64_t tolerance_letters = 0;  // spans
  std::uint32_t threads = 1;
  bool json = false;
};
[[nodiscard]] Result<int> compare_command(const CompareCommand& command);

struct ReadersCommand {
  std::filesystem::path readings;
  std::string method = "delong";
  std::optional<double> margin;
  double level = 0.95;
  bool json = false;
};
[[nodiscard]] Result<int> readers_command(const ReadersCommand& command);

struct PanelCommands {
  AgreeCommand agree;
  PanelCommand panel;
  CompareCommand compare;
  ReadersCommand readers;
};

// Declares the commands and their options. When one is chosen, `choose` gets what runs it; that
// refers to `commands`, which must outlive it.
void add_panel_commands(CLI::App& app, PanelCommands& commands,
                        const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
