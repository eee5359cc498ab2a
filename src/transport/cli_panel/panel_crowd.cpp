#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <memory>
#include <optional>

#include "analysis/consensus/consensus.hpp"
#include "analysis/crowd/glad.hpp"
#include "analysis/crowd/mace.hpp"
#include "analysis/crowd/ordinal.hpp"
#include "analysis/crowd/skill.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/panel.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 5> crowd_methods{"wawa", "zero-based-skill", "glad", "mace",
                                                        "ordinal"};

// Numbers of each rater under a name.
using RaterNumbers = std::vector<std::pair<const char*, std::vector<double>>>;

struct CrowdFit {
  std::vector<double> posterior;
  RaterNumbers of_rater;
  std::optional<double> log_likelihood;
  std::optional<std::size_t> iterations;
  std::optional<bool> converged;
};

Result<CrowdFit> fit_skill(const VoteTable& votes, const PanelCommand& command) {
  if (command.method == "wawa") {
    auto found = CSL_TRY(crowd::fit_wawa(votes, crowd::EqualVotes::Shared));
    return CrowdFit{.posterior = std::move(found.posterior),
                    .of_rater = {{"skill", std::move(found.skill)}},
                    .log_likelihood = {},
                    .iterations = {},
                    .converged = {}};
  }
  crowd::ZeroBasedOptions options;
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  auto found = CSL_TRY(crowd::fit_zero_based_skill(votes, options));
  return CrowdFit{.posterior = std::move(found.posterior),
                  .of_rater = {{"skill", std::move(found.skill)}},
                  .log_likelihood = {},
                  .iterations = static_cast<std::size_t>(found.iterations),
                  .converged = {}};
}

Result<CrowdFit> fit_with_glad(const VoteTable& votes, const PanelCommand& command) {
  crowd::GladOptions options;
  options.threads = command.threads;
  options.gain_min = command.tolerance.value_or(options.gain_min);
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  auto found = CSL_TRY(crowd::fit_glad(votes, options));
  return CrowdFit{.posterior = std::move(found.posterior),
                  .of_rater = {{"ability", std::move(found.ability)}},
                  .log_likelihood = found.log_likelihood,
                  .iterations = found.objective_of.size(),
                  .converged = found.converged};
}

Result<CrowdFit> fit_with_mace(const VoteTable& votes, const PanelCommand& command) {
  crowd::MaceOptions options;
  options.threads = command.threads;
  options.seed = command.seed;
  options.gain_min = command.tolerance.value_or(options.gain_min);
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  if (command.restarts) options.starts = static_cast<int>(*command.restarts) + 1;
  auto found = CSL_TRY(crowd::fit_mace(votes, options));
  return CrowdFit{.posterior = std::move(found.posterior),
                  .of_rater = {{"competence", std::move(found.competence)},
                               {"strategy", std::move(found.strategy)}},
                  .log_likelihood = found.log_likelihood,
                  .iterations = found.objective_of.size(),
                  .converged = found.converged};
}

Result<CrowdFit> fit_with_ordinal(const VoteTable& votes, const PanelCommand& command) {
  crowd::OrdinalOptions options;
  options.gain_min = command.tolerance.value_or(options.gain_min);
  if (command.iteration_max) options.iterations_max = static_cast<int>(*command.iteration_max);
  auto found = CSL_TRY(crowd::fit_ordinal(votes, options));
  return CrowdFit{.posterior = std::move(found.posterior),
                  .of_rater = {{"bias", std::move(found.rater_bias)},
                               {"precision", std::move(found.rater_precision)}},
                  .log_likelihood = found.log_likelihood,
                  .iterations = found.objective_of.size(),
                  .converged = found.converged};
}

Result<CrowdFit> fit(const VoteTable& votes, const PanelCommand& command) {
  if (command.method == "glad") return fit_with_glad(votes, command);
  if (command.method == "mace") return fit_with_mace(votes, command);
  if (command.method == "ordinal") return fit_with_ordinal(votes, command);
  return fit_skill(votes, command);
}

// As find_consensus labels: the best class, where it is alone within `tie_tolerance`.
ClassIndex label_of(std::span<const double> posterior, std::string_view tie) {
  const double best = std::ranges::max(posterior);
  const auto is_best = [&](double p) { return p >= best - tie_tolerance; };
  if (std::ranges::count_if(posterior, is_best) > 1 && tie != "lowest") return no_label;
  return static_cast<ClassIndex>(std::ranges::find_if(posterior, is_best) - posterior.begin());
}

double entropy_of(std::span<const double> posterior) {
  double sum = 0;
  for (const double p : posterior) {
    if (p > 0) sum -= p * std::log(p);
  }
  return sum;
}

void describe(const RaterNumbers& numbers, std::uint32_t rater_count, RaterIndex rater,
              json::object& out) {
  for (const auto& [name, values] : numbers) {
    const std::size_t width = values.size() / rater_count;
    const std::span<const double> own = std::span(values).subspan(rater * width, width);
    out[name] = width == 1 ? json::value(own[0]) : json::value(json::array(own.begin(), own.end()));
  }
}

}  // namespace

bool is_crowd_method(std::string_view method) {
  return std::ranges::count(crowd_methods, method) > 0;
}

Result<PanelOutcome> run_crowd(const VoteFile& file, const PanelCommand& command,
                               json::object& summary, std::string& text) {
  CrowdFit found = CSL_TRY(fit(file.votes, command));
  summary["log_likelihood"] = number_json(found.log_likelihood);
  if (found.iterations) summary["iterations"] = *found.iterations;
  if (found.converged) summary["converged"] = *found.converged;
  if (found.log_likelihood) {
    fmt::format_to(
        std::back_inserter(text), "log-likelihood {:.4f}, {} iterations, {}\n",
        *found.log_likelihood, found.iterations.value_or(0),
        found.converged.value_or(true) ? "converged" : "NOT converged: raise --max-iter");
  }
  PanelOutcome outcome;
  outcome.method = command.method;
  const std::size_t classes = file.classes.size();
  outcome.prevalence.resize(classes);
  for (ItemIndex item = 0; item < file.items.size(); ++item) {
    const std::span<const double> posterior =
        std::span(found.posterior).subspan(item * classes, classes);
    outcome.label.push_back(label_of(posterior, command.tie));
    outcome.entropy_nats.push_back(entropy_of(posterior));
    for (std::size_t k = 0; k < classes; ++k) outcome.prevalence[k] += posterior[k];
  }
  for (double& share : outcome.prevalence) share /= file.items.size();
  outcome.posterior = std::move(found.posterior);
  std::vector<std::uint64_t> votes(file.raters.size());
  for (const RaterIndex rater : file.votes.rater) ++votes[rater];
  outcome.describe_rater = [numbers =
                                std::make_shared<const RaterNumbers>(std::move(found.of_rater)),
                            votes = std::move(votes)](RaterIndex rater, json::object& out) {
    out["votes"] = votes[rater];
    describe(*numbers, static_cast<std::uint32_t>(votes.size()), rater, out);
  };
  return outcome;
}

}  // namespace consilium::cli
