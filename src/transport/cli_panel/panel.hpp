// The kinds of panel behind panel_command: of votes on classes, of measurements, of comparisons and
// of masks.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/vote_csv/vote_csv.hpp"
#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {

// Every --method, in the order of help.
[[nodiscard]] std::span<const std::string_view> panel_methods();

// What every method on classes comes to.
struct PanelOutcome {
  std::string method;             // the one used, never "auto"
  std::vector<double> posterior;  // items x classes
  std::vector<ClassIndex> label;  // no_label where the tie policy gives none
  std::vector<double> entropy_nats;
  std::vector<double> prevalence;  // one a class
  // What is known of one rater, put into the object: numbers of the method's own.
  std::function<void(RaterIndex, boost::json::object&)> describe_rater;
};

struct KnownItem {
  ItemIndex item = 0;
  ClassIndex label = 0;  // no_label: a class that nobody voted
};

// majority to hierarchical-symmetric, and auto. Adds iterations, modes and so on to the summary.
// Errors: those of find_consensus.
[[nodiscard]] Result<PanelOutcome> run_consensus(const VoteFile& file,
                                                 std::span<const KnownItem> gold,
                                                 const PanelCommand& command,
                                                 boost::json::object& summary, std::string& text);
// wawa, zero-based-skill, glad, mace, ordinal. Errors: those of their engines.
[[nodiscard]] bool is_crowd_method(std::string_view method);
[[nodiscard]] Result<PanelOutcome> run_crowd(const VoteFile& file, const PanelCommand& command,
                                             boost::json::object& summary, std::string& text);

// InvalidInput when an option is given that the method does not know: it would be without effect.
[[nodiscard]] Status check_panel_options(const PanelCommand& command);

[[nodiscard]] Result<int> panel_on_votes(const PanelCommand& command);
[[nodiscard]] Result<int> panel_on_measurements(const PanelCommand& command);
[[nodiscard]] Result<int> panel_on_preferences(const PanelCommand& command);
[[nodiscard]] Result<int> panel_on_masks(const PanelCommand& command);

}  // namespace consilium::cli
