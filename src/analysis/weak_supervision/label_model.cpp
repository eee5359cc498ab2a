#include "analysis/weak_supervision/label_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/weak_supervision/item_pass.hpp"
#include "analysis/weak_supervision/vote_slots.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

using weak::PassSums;
using weak::VoteSlots;
using weak::whole_log;

constexpr std::uint64_t rates_max = std::uint64_t{1} << 26U;
constexpr std::uint32_t dense_classes_max = 8;
constexpr double rate_unit = 0x1p52;
constexpr double rate_least = 1e-12;  // keeps logarithms finite

bool is_confusion(FunctionModel model) {
  return model == FunctionModel::Confusion || model == FunctionModel::ConfusionWithAbstention;
}

// A pass over few classes is faster when every vote speaks of every class.
bool is_dense(FunctionModel model, std::uint32_t classes) {
  return is_confusion(model) || classes <= dense_classes_max;
}

Status check_prior(std::span<const double> prior, std::uint32_t classes) {
  if (prior.empty()) return {};
  double sum = 0;
  bool positive = true;
  for (const double share : prior) {
    sum += share;
    positive = positive && share > 0;
  }
  if (prior.size() == classes && positive && std::abs(sum - 1) < 1e-9) return {};
  return fail(ErrorCode::InvalidInput,
              fmt::format("a class prior needs {} positive shares whose sum is 1", classes),
              fmt::format("{} shares, sum {}", prior.size(), sum));
}

Status check(const VoteTable& votes, const LabelModelOptions& options) {
  if (votes.class_count < 2 || votes.item_count() == 0) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} classes and {} items: a label model needs two classes and an item",
                            votes.class_count, votes.item_count()));
  }
  for (const double count :
       {options.right_count, options.wrong_count, options.class_count, options.hit_rate_count}) {
    if (!(count > 0) || !std::isfinite(count)) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("a pseudo-count of {} is not positive and finite", count));
    }
  }
  if (options.iterations_max < 1 || !(options.tolerance >= 0)) {
    return fail(ErrorCode::InvalidInput, "a label model needs an iteration and a tolerance >= 0");
  }
  return check_prior(options.class_prior, votes.class_count);
}

// The votes with what is fixed while a model is fitted.
struct Fitting {
  const VoteTable& votes;
  const VoteSlots& slots;
  const LabelModelOptions& options;
  bool dense = false;  // how passes sum
  [[nodiscard]] std::size_t classes() const { return votes.class_count; }
  [[nodiscard]] std::int64_t right_votes(const PassSums& sums, std::size_t slot) const {
    return sums.of_slot[dense ? slot * classes() + slots.label[slot] : slot];
  }
  [[nodiscard]] double items() const { return votes.item_count(); }
};

double in_items(std::int64_t shares) { return static_cast<double>(shares) / weak::share_unit; }

// A one-coin function's pseudo-counts of right votes and of all its votes.
std::pair<double, double> coin_counts(const LabelModelOptions& options, std::size_t classes) {
  const double right = options.right_count;
  return {right, right + options.wrong_count * (static_cast<double>(classes) - 1)};
}

// What HitRates expects before seeing which items: that .7 of a function's votes for a class are
// right, were all classes equally frequent.
std::pair<double, double> expected_hit_rates(const Fitting& fit, std::uint32_t slot) {
  const double k = static_cast<double>(fit.classes());
  const double rate = static_cast<double>(fit.slots.votes[slot]) / fit.items();
  return {std::clamp(0.7 * k * rate, 1e-6, 0.9), std::clamp(0.3 * k / (k - 1) * rate, 1e-6, 0.9)};
}

std::vector<double> new_prior(const Fitting& fit, const PassSums& sums) {
  if (!fit.options.class_prior.empty()) return fit.options.class_prior;
  std::int64_t all = 0;
  for (const std::int64_t own : sums.of_class) all += own;
  std::vector<double> prior;
  for (const std::int64_t own : sums.of_class) {
    prior.push_back((in_items(own) + fit.options.class_count) /
                    (in_items(all) + fit.options.class_count * static_cast<double>(fit.classes())));
  }
  return prior;
}

// Rates of a confusion form: expected votes and pseudo-counts over their sum.
std::vector<double> new_confusion(const Fitting& fit, RaterIndex function, const PassSums& sums) {
  const std::size_t k = fit.classes();
  const std::uint32_t begin = fit.slots.first[function];
  const std::uint32_t end = fit.slots.first[function + 1];
  const bool silence = fit.options.model == FunctionModel::ConfusionWithAbstention;
  const double wrong = fit.options.wrong_count;
  std::vector<double> rates(std::size_t{end - begin} * k);
  for (std::size_t c = 0; c < k; ++c) {
    std::int64_t votes = 0;
    bool names = false;
    for (std::uint32_t s = begin; s < end; ++s) {
      votes += sums.of_slot[s * k + c];
      names = names || fit.slots.label[s] == c;
    }
    // Without a word for c a function has only wrong answers (and silence).
    double all = wrong * (end - begin) + (names ? fit.options.right_count - wrong : 0);
    all += silence ? in_items(std::max(sums.of_class[c], votes)) + wrong : in_items(votes);
    for (std::uint32_t s = begin; s < end; ++s) {
      const double pseudo = fit.slots.label[s] == c ? fit.options.right_count : wrong;
      rates[std::size_t{s - begin} * k + c] = (in_items(sums.of_slot[s * k + c]) + pseudo) / all;
    }
  }
  return rates;
}

std::vector<double> new_hit_rates(const Fitting& fit, RaterIndex function, const PassSums& sums) {
  std::vector<double> rates;
  for (std::uint32_t s = fit.slots.first[function]; s < fit.slots.first[function + 1]; ++s) {
    const auto [hit, alarm] = expected_hit_rates(fit, s);
    const double of_class = in_items(sums.of_class[fit.slots.label[s]]);
    const double right = in_items(fit.right_votes(sums, s));
    const double votes = static_cast<double>(fit.slots.votes[s]);
    const double pseudo = fit.options.hit_rate_count;
    rates.push_back((right + pseudo * hit) / (std::max(of_class, right) + pseudo));
    rates.push_back((std::max(votes - right, 0.0) + pseudo * alarm) /
                    (std::max(fit.items() - of_class, votes - right) + pseudo));
  }
  return rates;
}

double new_coin(const Fitting& fit, RaterIndex function, const PassSums& sums) {
  std::int64_t right = 0;
  std::uint64_t votes = 0;
  for (std::uint32_t s = fit.slots.first[function]; s < fit.slots.first[function + 1]; ++s) {
    right += fit.right_votes(sums, s);
    votes += fit.slots.votes[s];
  }
  const auto [pseudo_right, pseudo_all] = coin_counts(fit.options, fit.classes());
  return (in_items(right) + pseudo_right) / (static_cast<double>(votes) + pseudo_all);
}

// The maximisation step: the parameters from the sums of a pass.
void maximise(const Fitting& fit, const PassSums& sums, LabelModel& model) {
  model.class_prior = new_prior(fit, sums);
  for (RaterIndex j = 0; j < fit.votes.rater_count; ++j) {
    FunctionFit& own = model.functions[j];
    switch (model.model) {
      case FunctionModel::OneCoin:
        own.rates = {new_coin(fit, j, sums)};
        break;
      case FunctionModel::Confusion:
      case FunctionModel::ConfusionWithAbstention:
        own.rates = new_confusion(fit, j, sums);
        break;
      case FunctionModel::HitRates:
        own.rates = new_hit_rates(fit, j, sums);
        break;
    }
  }
}

std::int64_t bounded_log(double rate) { return whole_log(std::max(rate, rate_least)); }

// P(silent | c); summed in whole numbers, so that the classes' order is no matter.
double silent_share(const FunctionFit& own, std::size_t classes, std::size_t c) {
  std::int64_t spoken = 0;
  for (std::size_t s = 0; s < own.classes.size(); ++s) {
    spoken += std::llrint(own.rates[s * classes + c] * rate_unit);
  }
  return 1 - static_cast<double>(spoken) / rate_unit;
}

// What one function adds to every item's scores: by its votes, and by its silence.
void add_weights(const LabelModel& model, const FunctionFit& own, weak::ItemWeights& out) {
  const std::size_t k = model.class_count;
  const std::size_t slots = own.classes.size();
  switch (model.model) {
    case FunctionModel::OneCoin: {
      const double other = (1 - own.rates[0]) / (static_cast<double>(k) - 1);
      out.weight.insert(out.weight.end(), slots, bounded_log(own.rates[0]) - bounded_log(other));
      out.vote_log.insert(out.vote_log.end(), slots, bounded_log(other));
      return;
    }
    case FunctionModel::HitRates:
      for (std::size_t s = 0; s < slots; ++s) {
        const double hit = own.rates[2 * s];
        const double alarm = own.rates[2 * s + 1];
        const std::int64_t silent = bounded_log(1 - hit) - bounded_log(1 - alarm);
        out.base[own.classes[s]] += silent;
        out.weight.push_back(bounded_log(hit) - bounded_log(alarm) - silent);
        out.vote_log.push_back(bounded_log(alarm) - bounded_log(1 - alarm));
      }
      return;
    case FunctionModel::Confusion:
      for (const double rate : own.rates) out.weight.push_back(bounded_log(rate));
      return;
    case FunctionModel::ConfusionWithAbstention:
      break;
  }
  std::vector<std::int64_t> silence(k);
  for (std::size_t c = 0; c < k; ++c) {
    silence[c] = bounded_log(silent_share(own, k, c));
    out.base[c] += silence[c];
  }
  for (std::size_t e = 0; e < own.rates.size(); ++e) {
    out.weight.push_back(bounded_log(own.rates[e]) - silence[e % k]);
  }
}

weak::ItemWeights weights_of(const LabelModel& model) {
  weak::ItemWeights out{.dense = is_dense(model.model, model.class_count)};
  for (const double share : model.class_prior) out.base.push_back(bounded_log(share));
  for (const FunctionFit& own : model.functions) add_weights(model, own, out);
  if (!out.dense || is_confusion(model.model)) return out;
  const std::vector<std::int64_t> own_class = std::move(out.weight);
  out.weight.clear();
  for (const FunctionFit& own : model.functions) {
    for (const ClassIndex label : own.classes) {
      const std::size_t slot = out.weight.size() / model.class_count;
      for (std::size_t c = 0; c < model.class_count; ++c) {
        out.weight.push_back(out.vote_log[slot] + (c == label ? own_class[slot] : 0));
      }
    }
  }
  return out;
}

// Terms of the objective besides the items' likelihood, in log units: pseudo-counts times the
// logarithms that they stand for, and what all silences share in HitRates.
Wide prior_terms(const Fitting& fit, const LabelModel& model) {
  const auto term = [](double count, double rate) {
    return Wide{std::llrint(count * std::log(std::max(rate, rate_least)) * weak::log_unit)};
  };
  const LabelModelOptions& options = fit.options;
  const std::size_t k = fit.classes();
  Wide sum = 0;
  for (const double share : model.class_prior) {
    if (options.class_prior.empty()) sum += term(options.class_count, share);
  }
  for (RaterIndex j = 0; j < model.functions.size(); ++j) {
    const FunctionFit& own = model.functions[j];
    if (model.model == FunctionModel::OneCoin) {
      const auto [right, all] = coin_counts(options, k);
      sum += term(right, own.rates[0]) + term(all - right, 1 - own.rates[0]);
      continue;
    }
    for (std::size_t s = 0; s < own.classes.size(); ++s) {
      if (model.model == FunctionModel::HitRates) {
        const auto slot = static_cast<std::uint32_t>(fit.slots.first[j] + s);
        const auto [hit, alarm] = expected_hit_rates(fit, slot);
        const double pseudo = options.hit_rate_count;
        const double h = own.rates[2 * s];
        const double a = own.rates[2 * s + 1];
        sum += term(pseudo * hit, h) + term(pseudo * (1 - hit), 1 - h) + term(pseudo * alarm, a) +
               term(pseudo * (1 - alarm) + fit.items(), 1 - a);
        continue;
      }
      for (std::size_t c = 0; c < k; ++c) {
        sum += term(own.classes[s] == c ? options.right_count : options.wrong_count,
                    own.rates[s * k + c]);
      }
    }
    if (model.model != FunctionModel::ConfusionWithAbstention) continue;
    for (std::size_t c = 0; c < k; ++c) {
      sum += term(options.wrong_count, silent_share(own, k, c));
    }
  }
  return sum;
}

// How far expectations moved from one pass to the next: of right (or any) votes a vote, of classes
// an item; the greater. Rates that rest on two votes do not hold the end up.
double move_between(const Fitting& fit, const PassSums& before, const PassSums& after) {
  const auto distance = [](const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    Wide sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    return static_cast<double>(sum) / weak::share_unit;
  };
  const double votes = std::max(1.0, static_cast<double>(fit.votes.vote_count()));
  return std::max(distance(before.of_slot, after.of_slot) / votes,
                  distance(before.of_class, after.of_class) / fit.items());
}

void add_accuracies(const Fitting& fit, const PassSums& sums, LabelModel& model) {
  for (RaterIndex j = 0; j < fit.votes.rater_count; ++j) {
    std::int64_t right = 0;
    std::uint64_t votes = 0;
    for (std::uint32_t s = fit.slots.first[j]; s < fit.slots.first[j + 1]; ++s) {
      right += fit.right_votes(sums, s);
      votes += fit.slots.votes[s];
    }
    if (votes > 0) {
      model.functions[j].accuracy = std::min(1.0, in_items(right) / static_cast<double>(votes));
    }
  }
}

LabelModel empty_model(const Fitting& fit) {
  LabelModel model{.model = fit.options.model,
                   .class_count = fit.votes.class_count,
                   .functions = std::vector<FunctionFit>(fit.votes.rater_count)};
  for (RaterIndex j = 0; j < fit.votes.rater_count; ++j) {
    model.functions[j].classes.assign(fit.slots.label.begin() + fit.slots.first[j],
                                      fit.slots.label.begin() + fit.slots.first[j + 1]);
  }
  return model;
}

}  // namespace

Result<LabelModel> fit_label_model(const VoteTable& votes, const LabelModelOptions& options) {
  CSL_TRY(check(votes, options));
  const VoteSlots slots = CSL_TRY(weak::slots_of(votes));
  const bool dense = is_dense(options.model, votes.class_count);
  if (dense && std::uint64_t{slots.count()} * votes.class_count > rates_max) {
    return fail(ErrorCode::TooLarge,
                fmt::format("{} function classes x {} classes are more than {} rates",
                            slots.count(), votes.class_count, rates_max),
                {}, "use OneCoin or HitRates, whose rates do not grow with the classes");
  }
  const Fitting fit{.votes = votes, .slots = slots, .options = options, .dense = dense};
  LabelModel model = empty_model(fit);
  PassSums sums = weak::vote_shares(votes, slots, dense, options.threads);
  maximise(fit, sums, model);
  while (!model.converged && model.iterations < options.iterations_max) {
    weak::ItemWeights weights = weights_of(model);
    weights.with_likelihood = options.trace_objective;
    PassSums next = weak::pass_over_items(votes, slots, weights, options.threads, {});
    if (options.trace_objective) {
      model.objective.push_back(static_cast<double>(next.log_likelihood + prior_terms(fit, model)) /
                                weak::log_unit);
    }
    model.converged = move_between(fit, sums, next) <= options.tolerance;
    ++model.iterations;
    sums = std::move(next);
    maximise(fit, sums, model);
  }
  model.items.resize(votes.item_count());
  const PassSums last =
      weak::pass_over_items(votes, slots, weights_of(model), options.threads, model.items);
  add_accuracies(fit, last, model);
  return model;
}

Result<LabelModel> label_by_accuracy(const VoteTable& votes, std::span<const double> accuracy,
                                     std::span<const double> class_prior, unsigned threads) {
  const LabelModelOptions options{
      .model = FunctionModel::OneCoin,
      .class_prior = std::vector<double>(class_prior.begin(), class_prior.end()),
      .threads = threads};
  CSL_TRY(check(votes, options));
  if (accuracy.size() != votes.rater_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} accuracies for {} functions", accuracy.size(), votes.rater_count));
  }
  const VoteSlots slots = CSL_TRY(weak::slots_of(votes));
  const Fitting fit{.votes = votes,
                    .slots = slots,
                    .options = options,
                    .dense = is_dense(options.model, votes.class_count)};
  LabelModel model = empty_model(fit);
  model.class_prior = options.class_prior;
  if (model.class_prior.empty())
    model.class_prior.assign(votes.class_count, 1.0 / votes.class_count);
  for (std::size_t j = 0; j < accuracy.size(); ++j) {
    if (!(accuracy[j] > 0 && accuracy[j] < 1)) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("an accuracy of {} is not in (0, 1)", accuracy[j]),
                  fmt::format("function {}", j));
    }
    model.functions[j].rates = {accuracy[j]};
  }
  model.converged = true;
  model.items.resize(votes.item_count());
  const PassSums sums =
      weak::pass_over_items(votes, slots, weights_of(model), threads, model.items);
  add_accuracies(fit, sums, model);
  return model;
}

Result<std::vector<double>> posterior_of(const LabelModel& model,
                                         std::span<const RaterIndex> functions,
                                         std::span<const ClassIndex> labels) {
  if (functions.size() != labels.size()) {
    return fail(ErrorCode::InvalidInput, "an item's votes differ in length");
  }
  const weak::ItemWeights weights = weights_of(model);
  std::vector<std::size_t> first{0};
  for (const FunctionFit& own : model.functions) first.push_back(first.back() + own.classes.size());
  const std::size_t k = model.class_count;
  std::vector<std::int64_t> score = weights.base;
  for (std::size_t v = 0; v < functions.size(); ++v) {
    if (functions[v] >= model.functions.size()) {
      return fail(ErrorCode::InvalidInput, "a vote is by a function that the model does not know",
                  fmt::format("function {}", functions[v]));
    }
    const auto& classes = model.functions[functions[v]].classes;
    const auto found = std::ranges::lower_bound(classes, labels[v]);
    if (found == classes.end() || *found != labels[v]) continue;
    const std::size_t slot =
        first[functions[v]] + static_cast<std::size_t>(found - classes.begin());
    if (!weights.dense) score[labels[v]] += weights.weight[slot];
    for (std::size_t c = 0; weights.dense && c < k; ++c) score[c] += weights.weight[slot * k + c];
  }
  const std::int64_t most = *std::ranges::max_element(score);
  std::vector<double> out(k);
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < k; ++c) {
    const double e = std::exp(static_cast<double>(score[c] - most) / weak::log_unit);
    out[c] = std::round(e * weak::log_unit);
    sum += static_cast<std::int64_t>(out[c]);
  }
  for (double& share : out) share /= static_cast<double>(sum);
  return out;
}

}  // namespace consilium
