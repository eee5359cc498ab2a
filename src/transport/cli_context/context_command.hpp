// `consilium context`: what sentences say of phrases in them (ConText), from CSV to CSV, row by
// row, however long the file.
#pragma once

#include <filesystem>
#include <functional>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace consilium::cli {

struct ContextCommand {
  std::filesystem::path in;
  std::filesystem::path out;
  std::filesystem::path rules;  // empty: the English ones of the program
  bool explain = false;         // a column with the rule for each value that is not the usual one
  bool json = false;
};

// Keeps the input's columns and adds negation, temporality, experiencer and certainty (and rule).
// A row whose phrase is not in its sentence keeps these empty, is told on stderr, and makes the
// exit code 1. Errors leave no output file.
[[nodiscard]] Result<int> context_command(const ContextCommand& command);

void add_context_command(CLI::App& app, ContextCommand& command,
                         const std::function<void(std::function<Result<int>()>)>& choose);

}  // namespace consilium::cli
