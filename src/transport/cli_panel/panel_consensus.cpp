#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

#include "analysis/consensus/consensus.hpp"
#include "format/vote_csv/csv_rows.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/panel.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::array<std::pair<ConsensusMethod, std::string_view>, 10> methods{
    {{ConsensusMethod::Auto, "auto"},
     {ConsensusMethod::Majority, "majority"},
     {ConsensusMethod::WeightedMajority, "weighted"},
     {ConsensusMethod::PooledCoin, "pooled-coin"},
     {ConsensusMethod::OneCoin, "onecoin"},
     {ConsensusMethod::DawidSkene, "dawid-skene"},
     {ConsensusMethod::Map, "map"},
     {ConsensusMethod::Ibcc, "ibcc"},
     {ConsensusMethod::Hierarchical, "hierarchical"},
     {ConsensusMethod::HierarchicalSymmetric, "hierarchical-symmetric"}}};

ConsensusMethod method_of(std::string_view name) {
  for (const auto& [method, method_name] : methods) {
    if (method_name == name) return method;
  }
  return ConsensusMethod::Auto;
}

std::string_view name_of_method(ConsensusMethod wanted) {
  for (const auto& [method, name] : methods) {
    if (method == wanted) return name;
  }
  return "auto";
}

TiePolicy tie_policy_of(std::string_view name) {
  if (name == "lowest") return TiePolicy::Lowest;
  return name == "fractional" ? TiePolicy::Fractional : TiePolicy::Abstain;
}

// "none", or "DIAGONAL,OFF": pseudo-votes.
Result<ConfusionPrior> prior_of(const std::string& text) {
  if (text == "none") return ConfusionPrior{.diagonal = 0, .off_diagonal = 0, .prevalence = 0};
  ConfusionPrior prior;
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos ||
      !parse_number(std::string_view(text).substr(0, comma), prior.diagonal) ||
      !parse_number(std::string_view(text).substr(comma + 1), prior.off_diagonal)) {
    return fail(ErrorCode::InvalidInput, "the prior is neither none nor two numbers", "--prior",
                "write --prior 4,1: right and wrong pseudo-votes");
  }
  return prior;
}

Result<ConsensusOptions> options_of(const PanelCommand& command, std::span<const KnownItem> gold) {
  ConsensusOptions options;
  options.method = method_of(command.method);
  options.ties = tie_policy_of(command.tie);
  if (command.init == "majority") options.start = ConsensusStart::Majority;
  if (command.init == "random") options.start = ConsensusStart::Random;
  options.restarts = command.restarts.value_or(options.restarts);
  options.seed = command.seed;
  if (command.prior) options.prior = CSL_TRY(prior_of(*command.prior));
  options.smoothing = command.smoothing.value_or(options.smoothing);
  options.tolerance = command.tolerance.value_or(options.tolerance);
  options.iteration_max = command.iteration_max.value_or(options.iteration_max);
  options.threads = command.threads;
  for (const KnownItem& known : gold) options.gold.push_back({known.item, known.label});
  return options;
}

json::array square_json(std::span<const double> cells, std::size_t edge) {
  json::array rows;
  for (std::size_t row = 0; row < edge; ++row) {
    const std::span<const double> line = cells.subspan(row * edge, edge);
    rows.emplace_back(json::array(line.begin(), line.end()));
  }
  return rows;
}

void describe(const RaterTable& raters, RaterIndex rater, json::object& out) {
  const std::size_t classes = raters.class_count;
  const std::size_t cells = classes * classes;
  const auto of_rater = [&](const std::vector<double>& all) {
    return square_json(std::span(all).subspan(rater * cells, cells), classes);
  };
  out["votes"] = raters.vote_count[rater];
  out["weight"] = raters.weight[rater];
  out["information_nats"] = raters.information_nats[rater];
  out["confusion"] = of_rater(raters.confusion);  // rows: the true class
  out["lower"] = of_rater(raters.lower);
  out["upper"] = of_rater(raters.upper);
  out["expected_count"] = of_rater(raters.expected_count);
}

json::array modes_json(const ConsensusResult& found) {
  json::array modes;
  for (const ConsensusMode& mode : found.modes) {
    modes.push_back(json::object{{"objective", mode.objective},
                                 {"below_best_nats", mode.below_best},
                                 {"runs", mode.run_count},
                                 {"chosen", mode.is_chosen}});
  }
  return modes;
}

json::array candidates_json(const ConsensusResult& found) {
  json::array candidates;
  for (const CandidateScore& one : found.candidates) {
    candidates.push_back(json::object{{"method", name_of_method(one.method)},
                                      {"held_out_vote_score_nats", one.vote_score},
                                      {"held_out_gold_score_nats", number_json(one.gold_score)}});
  }
  return candidates;
}

void summarise(const VoteFile& file, const ConsensusResult& found, json::object& summary,
               std::string& text) {
  summary["log_likelihood"] = found.log_likelihood;
  summary["objective"] = found.objective_trace.empty() ? json::value(nullptr)
                                                       : json::value(found.objective_trace.back());
  summary["iterations"] = found.iterations;
  summary["converged"] = found.converged;
  summary["modes"] = modes_json(found);
  json::array dependent;
  for (const ItemIndex item : found.mode_dependent_items) {
    dependent.emplace_back(file.items[item]);
  }
  summary["mode_dependent_items"] = std::move(dependent);
  if (!found.candidates.empty()) summary["candidates"] = candidates_json(found);
  fmt::format_to(std::back_inserter(text), "log-likelihood {:.4f}", found.log_likelihood);
  if (found.iterations > 0) {
    fmt::format_to(std::back_inserter(text), ", {} iterations, {}", found.iterations,
                   found.converged ? "converged" : "NOT converged: raise --max-iter");
  }
  text += '\n';
  if (found.modes.size() > 1) {
    fmt::format_to(std::back_inserter(text),
                   "{} solutions are about equally likely; the labels of {} items hang on which\n",
                   found.modes.size(), found.mode_dependent_items.size());
  }
}

}  // namespace

Result<PanelOutcome> run_consensus(const VoteFile& file, std::span<const KnownItem> gold,
                                   const PanelCommand& command, json::object& summary,
                                   std::string& text) {
  ConsensusResult found = CSL_TRY(find_consensus(file.votes, CSL_TRY(options_of(command, gold))));
  summarise(file, found, summary, text);
  summary["gold_items"] = gold.size();
  PanelOutcome outcome;
  outcome.method = name_of_method(found.method);
  outcome.posterior = std::move(found.posterior.value);
  outcome.label = std::move(found.label);
  outcome.entropy_nats = std::move(found.entropy_nats);
  outcome.prevalence = std::move(found.prevalence);
  const auto raters = std::make_shared<const RaterTable>(std::move(found.raters));
  outcome.describe_rater = [raters](RaterIndex rater, json::object& out) {
    describe(*raters, rater, out);
  };
  return outcome;
}

}  // namespace consilium::cli
