// The kinds of comparison behind compare_command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {

[[nodiscard]] Result<int> compare_masks_command(const CompareCommand& command);
[[nodiscard]] Result<int> compare_beats_command(const CompareCommand& command);
[[nodiscard]] Result<int> compare_waves_command(const CompareCommand& command);
[[nodiscard]] Result<int> compare_spans_command(const CompareCommand& command);
[[nodiscard]] Result<int> compare_classes_command(const CompareCommand& command);

// Whether --label asks for this name; without --label every name is wanted.
[[nodiscard]] bool is_wanted(const CompareCommand& command, std::string_view label);

}  // namespace consilium::cli
