#include "transport/cli_panel/panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>

#include "analysis/consensus/consensus.hpp"
#include "format/vote_csv/consensus_csv.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 18> method_names{"auto",          "majority",
                                                        "weighted",      "pooled-coin",
                                                        "onecoin",       "dawid-skene",
                                                        "map",           "ibcc",
                                                        "hierarchical",  "hierarchical-symmetric",
                                                        "wawa",          "zero-based-skill",
                                                        "glad",          "mace",
                                                        "ordinal",       "quantity",
                                                        "bradley-terry", "staple"};

// Which methods know an option; the options that all know are not here.
struct OptionUse {
  std::string_view option;
  bool is_given;
  std::vector<std::string_view> methods;
};

Status check_votes_file(const VoteFile& file) {
  if (file.raters.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one rater",
                fmt::format("all rows are of '{}'", file.raters[0]),
                "a panel needs votes of two raters or more");
  }
  if (file.classes.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one class",
                fmt::format("all votes are '{}'", file.classes[0]),
                "give the scale that raters had by --classes");
  }
  return {};
}

// The known truths by the votes' numbers. Errors name the row.
Result<std::vector<KnownItem>> read_known(const std::filesystem::path& path, const VoteFile& file,
                                          bool class_must_be_there) {
  std::vector<KnownItem> known;
  if (path.empty()) return known;
  const auto source = CSL_TRY(open_input(path));
  const LabelFile labels = CSL_TRY(in_file(read_labels(*source), path));
  for (std::uint32_t i = 0; i < labels.items.size(); ++i) {
    const std::string where = fmt::format("{}, row {}", path.string(), labels.row[i]);
    const auto item = file.items.find(labels.items[i]);
    if (!item) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the item '{}' has no votes", labels.items[i]), where,
                  "leave it out of the file, or check how items are spelled");
    }
    const auto found = std::ranges::find(file.classes, labels.labels[labels.label[i]]);
    if (found == file.classes.end() && class_must_be_there) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("nobody voted '{}'", labels.labels[labels.label[i]]), where,
                  "give every class of the scale by --classes");
    }
    known.push_back({*item, found == file.classes.end()
                                ? no_label
                                : static_cast<ClassIndex>(found - file.classes.begin())});
  }
  return known;
}

std::span<const double> posterior_of(const PanelOutcome& outcome, ItemIndex item) {
  const std::size_t classes = outcome.prevalence.size();
  return std::span(outcome.posterior).subspan(std::size_t{item} * classes, classes);
}

void write_consensus(OutputFile& out, const VoteFile& file, const PanelOutcome& outcome,
                     bool with_posteriors) {
  std::string text;
  append_consensus_heading(text, with_posteriors ? file.classes : std::vector<std::string>());
  for (ItemIndex item = 0; item < file.items.size(); ++item) {
    const std::span<const double> posterior = posterior_of(outcome, item);
    const ClassIndex label = outcome.label[item];
    append_consensus_row(text,
                         {.item = file.items[item],
                          .label = label == no_label ? std::string_view() : file.classes[label],
                          .probability = std::ranges::max(posterior),
                          .entropy_nats = outcome.entropy_nats[item],
                          .votes = file.votes.raters_of(item).size(),
                          .posterior = with_posteriors ? posterior : std::span<const double>()});
    if (text.size() > 1U << 20U) {
      out.write(text);
      text.clear();
    }
  }
  out.write(text);
}

// One rater a line: with thousands of raters and dozens of classes the file may be large.
void write_raters(OutputFile& out, const VoteFile& file, const PanelOutcome& outcome) {
  json::array classes;
  for (const std::string& name : file.classes) classes.emplace_back(name);
  out.write(fmt::format("{{\"method\":{},\"classes\":{},\"raters\":[",
                        json::serialize(json::value(outcome.method)), json::serialize(classes)));
  for (RaterIndex rater = 0; rater < file.raters.size(); ++rater) {
    json::object one{{"rater", file.raters[rater]}};
    outcome.describe_rater(rater, one);
    out.write((rater == 0 ? "\n" : ",\n") + json::serialize(one));
  }
  out.write("\n]}\n");
}

// Equal best classes share the credit, so that the number does not hang on how classes are ordered.
Share accuracy_of(const PanelOutcome& outcome, std::span<const KnownItem> known) {
  Share share;
  for (const KnownItem& one : known) {
    ++share.count;
    if (one.label == no_label) continue;
    share.right += tied_credit(posterior_of(outcome, one.item), one.label, TiePolicy::Fractional);
  }
  return share;
}

json::object facts_of(const VoteFile& file, const PanelOutcome& outcome) {
  json::array prevalence;
  for (std::size_t k = 0; k < file.classes.size(); ++k) {
    prevalence.push_back(
        json::object{{"class", file.classes[k]}, {"share", outcome.prevalence[k]}});
  }
  return json::object{{"method", outcome.method},
                      {"items", file.items.size()},
                      {"raters", file.raters.size()},
                      {"votes", file.votes.vote_count()},
                      {"duplicate_rows_dropped", file.duplicate_count},
                      {"items_without_label", std::ranges::count(outcome.label, no_label)},
                      {"prevalence", std::move(prevalence)}};
}

std::string facts_text(const VoteFile& file, const PanelOutcome& outcome) {
  std::string text = fmt::format("{}: {} items, {} raters, {} votes, {} classes\n", outcome.method,
                                 file.items.size(), file.raters.size(), file.votes.vote_count(),
                                 file.classes.size());
  if (file.classes.size() <= 12) {
    text += "prevalence:";
    for (std::size_t k = 0; k < file.classes.size(); ++k) {
      fmt::format_to(std::back_inserter(text), "{} {} {:.4f}", k == 0 ? "" : ",", file.classes[k],
                     outcome.prevalence[k]);
    }
    text += '\n';
  }
  if (const auto none = std::ranges::count(outcome.label, no_label); none > 0) {
    fmt::format_to(std::back_inserter(text),
                   "{} items have no label: their best classes are tied\n", none);
  }
  return text;
}

}  // namespace

std::span<const std::string_view> panel_methods() { return method_names; }

Status check_panel_options(const PanelCommand& command) {
  const std::vector<std::string_view> em{
      "auto", "pooled-coin", "onecoin",      "dawid-skene",
      "map",  "ibcc",        "hierarchical", "hierarchical-symmetric"};
  std::vector<std::string_view> with_gold = em;
  with_gold.insert(with_gold.end(), {"majority", "weighted"});
  std::vector<std::string_view> with_restarts = em;
  with_restarts.emplace_back("mace");
  std::vector<std::string_view> iterative = with_restarts;
  iterative.insert(iterative.end(),
                   {"zero-based-skill", "glad", "ordinal", "quantity", "bradley-terry", "staple"});
  std::vector<std::string_view> with_tolerance = iterative;
  std::erase(with_tolerance, "zero-based-skill");
  std::vector<std::string_view> of_classes(method_names.begin(), method_names.end() - 3);
  const OptionUse uses[] = {
      {"--gold", !command.gold.empty(), with_gold},
      {"--init", command.init.has_value(), em},
      {"--restarts", command.restarts.has_value(), with_restarts},
      {"--prior",
       command.prior.has_value(),
       {"auto", "onecoin", "map", "ibcc", "hierarchical", "hierarchical-symmetric"}},
      {"--smoothing", command.smoothing.has_value(), {"dawid-skene"}},
      {"--max-iter", command.iteration_max.has_value(), iterative},
      {"--tol", command.tolerance.has_value(), with_tolerance},
      {"--gold-eval", !command.gold_eval.empty(), of_classes},
      {"--classes", !command.classes.empty(), of_classes},
  };
  for (const OptionUse& use : uses) {
    if (!use.is_given || std::ranges::count(use.methods, command.method) > 0) continue;
    return fail(ErrorCode::InvalidInput, fmt::format("{} takes no {}", command.method, use.option),
                {}, fmt::format("leave it out, or take one of: {}", fmt::join(use.methods, ", ")));
  }
  if (command.method != "staple" && command.inputs.size() != 1) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("{} reads one file of votes, not {}", command.method, command.inputs.size()),
        {}, "put all votes into one CSV file; several masks are for staple");
  }
  return {};
}

Result<int> panel_on_votes(const PanelCommand& command) {
  const std::filesystem::path& path = command.inputs.front();
  const auto source = CSL_TRY(open_input(path));
  const VoteCsvRules rules{
      .cluster_column = {},
      .class_order = command.classes,
      .duplicates = command.keep_duplicates ? Duplicates::Keep : Duplicates::Drop};
  const VoteFile file = CSL_TRY(in_file(read_votes(*source, rules), path));
  CSL_TRY(in_file(check_votes_file(file), path));
  const auto gold = CSL_TRY(read_known(command.gold, file, true));
  const auto gold_eval = CSL_TRY(read_known(command.gold_eval, file, false));
  json::object summary;
  std::string text;
  const PanelOutcome outcome = CSL_TRY(
      in_file(is_crowd_method(command.method) ? run_crowd(file, command, summary, text)
                                              : run_consensus(file, gold, command, summary, text),
              path));
  json::object answer = facts_of(file, outcome);
  for (auto& member : summary) answer.insert_or_assign(member.key(), std::move(member.value()));
  text = facts_text(file, outcome) + text;
  if (!command.gold_eval.empty()) {
    const Share accuracy = accuracy_of(outcome, gold_eval);
    answer["accuracy"] = share_json(accuracy);
    text += fmt::format("accuracy {}\n", share_text(accuracy));
  }
  auto out = CSL_TRY(create_output(command.out));
  auto raters = CSL_TRY(create_output(command.raters));
  if (out) write_consensus(*out, file, outcome, command.posteriors);
  if (raters) write_raters(*raters, file, outcome);
  CSL_TRY(commit(out));
  CSL_TRY(commit(raters));
  tell_duplicates(path, file.duplicate_count);
  fmt::print("{}", command.json ? json::serialize(answer) + "\n" : text);
  return 0;
}

Result<int> panel_command(const PanelCommand& command) {
  CSL_TRY(check_panel_options(command));
  if (command.method == "staple") return panel_on_masks(command);
  if (command.method == "quantity") return panel_on_measurements(command);
  if (command.method == "bradley-terry") return panel_on_preferences(command);
  return panel_on_votes(command);
}

}  // namespace consilium::cli
