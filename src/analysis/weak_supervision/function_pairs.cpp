#include "analysis/weak_supervision/function_pairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "analysis/weak_supervision/vote_slots.hpp"

namespace consilium {
namespace {

constexpr double sum_unit = 0x1p50;    // sums over classes are whole, so their order is no matter
constexpr double best_skill = 0.9999;  // a clamped function still leaves its votes in doubt
constexpr double normal_quartile = 0.6744897501960817;
constexpr int sign_rounds_max = 20;

std::int64_t whole(double x) { return std::llrint(x * sum_unit); }

// Chance-corrected agreement of a pair; none where too few items are shared.
class SkillProducts {
 public:
  SkillProducts(const FunctionPairs& pairs, std::uint32_t classes, std::uint32_t together_min)
      : pairs_(pairs), classes_(classes), together_min_(together_min) {}
  [[nodiscard]] bool known(RaterIndex a, RaterIndex b) const {
    return a != b && together(a, b) >= together_min_;
  }
  [[nodiscard]] std::uint32_t together(RaterIndex a, RaterIndex b) const {
    return pairs_.together[pairs_.index_of(a, b)];
  }
  [[nodiscard]] double product(RaterIndex a, RaterIndex b) const {
    const double share = static_cast<double>(pairs_.agreeing[pairs_.index_of(a, b)]) /
                         static_cast<double>(together(a, b));
    return (classes_ * share - 1) / (classes_ - 1.0);
  }
  // Two standard errors of chance agreement: less cannot be divided by.
  [[nodiscard]] double noise(RaterIndex a, RaterIndex b) const {
    return 2 / std::sqrt(static_cast<double>(together(a, b)) * (classes_ - 1.0));
  }

 private:
  const FunctionPairs& pairs_;
  std::uint32_t classes_;
  std::uint32_t together_min_;
};

// The functions that share most items with `own`: at most `partners_max`, and all that tie with the
// last, since a choice among those would depend on their numbers.
std::vector<RaterIndex> partners_of(const SkillProducts& products, RaterIndex own,
                                    std::uint32_t functions, std::uint32_t partners_max) {
  std::vector<RaterIndex> partners;
  for (RaterIndex other = 0; other < functions; ++other) {
    if (other != own && products.known(own, other)) partners.push_back(other);
  }
  const auto key = [&](RaterIndex other) {
    return std::pair(products.together(own, other), std::abs(products.product(own, other)));
  };
  std::ranges::sort(partners, std::ranges::greater{}, key);
  if (partners.size() > partners_max && partners_max > 0) {
    const auto last = key(partners[partners_max - 1]);
    std::erase_if(partners, [&](RaterIndex other) { return key(other) < last; });
  }
  return partners;
}

double median_of(std::vector<double>& values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  if (values.size() % 2 == 1) return values[half];
  return (values[half - 1] + values[half]) / 2;
}

// b^2 from the median triplet; nothing without a triplet.
struct SquaredSkill {
  double value = 0;
  std::uint32_t triplets = 0;
};

SquaredSkill squared_skill(const SkillProducts& products, RaterIndex own,
                           const std::vector<RaterIndex>& partners) {
  std::vector<double> values;
  for (std::size_t j = 0; j < partners.size(); ++j) {
    for (std::size_t k = 0; k < j; ++k) {
      if (!products.known(partners[j], partners[k])) continue;
      const double other = products.product(partners[j], partners[k]);
      if (std::abs(other) <= products.noise(partners[j], partners[k])) continue;
      values.push_back(products.product(own, partners[j]) * products.product(own, partners[k]) /
                       other);
    }
  }
  const auto count = static_cast<std::uint32_t>(values.size());
  return {values.empty() ? 0 : median_of(values), count};
}

// Signs by weight of agreement: all start as right; a function that agrees with the rest less than
// by chance turns. All turn together in a round, so that their order does not matter.
std::vector<int> signs_of(const SkillProducts& products, std::uint32_t functions) {
  std::vector<int> signs(functions, 1);
  for (int round = 0; round < sign_rounds_max; ++round) {
    std::vector<int> next = signs;
    for (RaterIndex a = 0; a < functions; ++a) {
      std::int64_t weight = 0;
      for (RaterIndex b = 0; b < functions; ++b) {
        if (!products.known(a, b)) continue;
        // In items: a pair speaks by how often it meets.
        weight += signs[b] * std::llrint(products.product(a, b) * products.together(a, b) * 1024);
      }
      if (weight != 0) next[a] = weight > 0 ? 1 : -1;
    }
    if (next == signs) break;
    signs = std::move(next);
  }
  return signs;
}

// P(agree) of two one-coin functions; `others` is the number of wrong classes.
double coin_agreement(double first, double second, double others) {
  return first * second + (1 - first) * (1 - second) / others;
}

// P(agree | both vote) of two functions by the model, were they independent given the class.
class ExpectedAgreement {
 public:
  explicit ExpectedAgreement(const LabelModel& model) : model_(model) {
    const std::size_t k = model.class_count;
    for (const FunctionFit& own : model.functions) {
      std::vector<double> spoken;
      if (model.model == FunctionModel::ConfusionWithAbstention) {
        for (std::size_t c = 0; c < k; ++c) {
          std::int64_t sum = 0;
          for (std::size_t s = 0; s < own.classes.size(); ++s) sum += whole(own.rates[s * k + c]);
          spoken.push_back(static_cast<double>(sum) / sum_unit);
        }
      }
      spoken_.push_back(std::move(spoken));
    }
  }

  [[nodiscard]] double of(RaterIndex a, RaterIndex b) const {
    switch (model_.model) {
      case FunctionModel::OneCoin: {
        return coin_agreement(model_.functions[a].rates[0], model_.functions[b].rates[0],
                              model_.class_count - 1.0);
      }
      case FunctionModel::HitRates:
        return by_hit_rates(a, b);
      case FunctionModel::Confusion:
      case FunctionModel::ConfusionWithAbstention:
        break;
    }
    return by_confusion(a, b);
  }

 private:
  // Calls `visit(slot of a, slot of b)` for the classes that both vote for.
  template <class Visit>
  void for_shared(RaterIndex a, RaterIndex b, const Visit& visit) const {
    const auto& first = model_.functions[a].classes;
    const auto& second = model_.functions[b].classes;
    for (std::size_t s = 0, t = 0; s < first.size() && t < second.size();) {
      if (first[s] == second[t])
        visit(s++, t++);
      else if (first[s] < second[t])
        ++s;
      else
        ++t;
    }
  }

  [[nodiscard]] double by_confusion(RaterIndex a, RaterIndex b) const {
    const std::size_t k = model_.class_count;
    const auto& first = model_.functions[a].rates;
    const auto& second = model_.functions[b].rates;
    std::int64_t agree = 0;
    for_shared(a, b, [&](std::size_t s, std::size_t t) {
      for (std::size_t c = 0; c < k; ++c) {
        agree += whole(model_.class_prior[c] * first[s * k + c] * second[t * k + c]);
      }
    });
    if (model_.model == FunctionModel::Confusion) return static_cast<double>(agree) / sum_unit;
    std::int64_t both = 0;
    for (std::size_t c = 0; c < k; ++c) {
      both += whole(model_.class_prior[c] * spoken_[a][c] * spoken_[b][c]);
    }
    return static_cast<double>(agree) / static_cast<double>(std::max<std::int64_t>(both, 1));
  }

  // Of class c a function's votes are: c by its hit rate, any other class by its false alarm rate.
  [[nodiscard]] double by_hit_rates(RaterIndex a, RaterIndex b) const {
    const auto& first = model_.functions[a];
    const auto& second = model_.functions[b];
    const auto alarms = [](const FunctionFit& own) {
      std::int64_t sum = 0;
      for (std::size_t s = 0; s < own.classes.size(); ++s) sum += whole(own.rates[2 * s + 1]);
      return static_cast<double>(sum) / sum_unit;
    };
    const double alarm_a = alarms(first);
    const double alarm_b = alarms(second);
    std::int64_t agree = 0;
    std::int64_t both = whole(alarm_a * alarm_b);
    for_shared(a, b, [&](std::size_t s, std::size_t t) {
      const double share = model_.class_prior[first.classes[s]];
      const double alarm = first.rates[2 * s + 1] * second.rates[2 * t + 1];
      agree += whole(share * first.rates[2 * s] * second.rates[2 * t] + (1 - share) * alarm);
      both += whole(share * (first.rates[2 * s] - first.rates[2 * s + 1]) *
                    (second.rates[2 * t] - second.rates[2 * t + 1]));
    });
    const auto add_own = [&](const FunctionFit& own, double other_alarm) {
      for (std::size_t s = 0; s < own.classes.size(); ++s) {
        both += whole(model_.class_prior[own.classes[s]] *
                      (own.rates[2 * s] - own.rates[2 * s + 1]) * other_alarm);
      }
    };
    add_own(first, alarm_b);
    add_own(second, alarm_a);
    return std::clamp(
        static_cast<double>(agree) / static_cast<double>(std::max<std::int64_t>(both, 1)), 0.0,
        1.0);
  }

  const LabelModel& model_;
  std::vector<std::vector<double>> spoken_;
};

// Moves and scales the statistics so that their middle half is that of a normal distribution: most
// pairs are independent, and what they show is what estimated rates and a model not quite true do
// to z (an empirical null: Efron, J. Am. Stat. Assoc. 99 (2004) 96). Never towards more findings.
void calibrate(std::vector<DependentPair>& pairs) {
  if (pairs.empty()) return;
  std::vector<double> values;
  for (const DependentPair& pair : pairs) values.push_back(pair.z);
  const double middle = median_of(values);
  for (double& value : values) value = std::abs(value - middle);
  const double scale = std::max(1.0, median_of(values) / normal_quartile);
  for (DependentPair& pair : pairs) {
    pair.z = (pair.z - std::max(middle, 0.0)) / scale;
    pair.p = std::erfc(pair.z / std::sqrt(2.0)) / 2;
  }
}

// `expected(a, b)`: the agreement of two independent functions; nothing where it is not known.
template <class Expected>
Result<std::vector<DependentPair>> dependent_pairs(const VoteTable& votes,
                                                   const DependenceOptions& options,
                                                   const Expected& expected) {
  if (!(options.level > 0 && options.level < 1)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("a level of {} is not in (0, 1)", options.level));
  }
  const FunctionPairs pairs = CSL_TRY(count_pairs(votes));
  std::vector<DependentPair> tested;
  for (RaterIndex b = 0; b < votes.rater_count; ++b) {
    for (RaterIndex a = 0; a < b; ++a) {
      const std::size_t pair = pairs.index_of(a, b);
      const std::uint32_t together = pairs.together[pair];
      if (together < std::max(options.together_min, 1U)) continue;
      const std::optional<double> agreement = expected(a, b);
      if (!agreement.has_value()) continue;
      const double variance = *agreement * (1 - *agreement) / together;
      if (!(variance > 0)) continue;
      DependentPair own{.first = a, .second = b, .together = together};
      own.agreement = static_cast<double>(pairs.agreeing[pair]) / together;
      own.expected = *agreement;
      own.z = (own.agreement - own.expected) / std::sqrt(variance);
      tested.push_back(own);
    }
  }
  calibrate(tested);
  const auto count = static_cast<double>(tested.size());
  std::erase_if(tested, [&](const DependentPair& own) {
    return own.p * count > options.level || own.agreement - own.expected < options.excess_min;
  });
  std::ranges::sort(tested, {}, [](const DependentPair& own) {
    return std::tuple(-own.z, own.first, own.second);
  });
  return tested;
}

}  // namespace

Result<FunctionPairs> count_pairs(const VoteTable& votes) {
  if (votes.rater_count > paired_functions_max) {
    return fail(ErrorCode::TooLarge,
                fmt::format("{} functions are more than the {} that are compared in pairs",
                            votes.rater_count, paired_functions_max));
  }
  CSL_TRY(weak::slots_of(votes));  // each function votes once on an item
  const std::size_t m = votes.rater_count;
  const std::size_t count = m == 0 ? 0 : m * (m - 1) / 2;
  FunctionPairs pairs{.function_count = votes.rater_count,
                      .together = std::vector<std::uint32_t>(count, 0),
                      .agreeing = std::vector<std::uint32_t>(count, 0)};
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    const auto functions = votes.raters_of(i);
    const auto labels = votes.labels_of(i);
    for (std::size_t v = 0; v < functions.size(); ++v) {
      for (std::size_t w = 0; w < v; ++w) {
        const std::size_t pair = pairs.index_of(functions[v], functions[w]);
        ++pairs.together[pair];
        pairs.agreeing[pair] += labels[v] == labels[w] ? 1 : 0;
      }
    }
  }
  return pairs;
}

Result<std::vector<TripletAccuracy>> triplet_accuracies(const VoteTable& votes,
                                                        const TripletOptions& options) {
  if (votes.class_count < 2) {
    return fail(ErrorCode::InvalidInput, "triplets need two classes or more");
  }
  const FunctionPairs pairs = CSL_TRY(count_pairs(votes));
  const SkillProducts products(pairs, votes.class_count, std::max(options.together_min, 1U));
  const std::vector<int> signs = signs_of(products, votes.rater_count);
  const double k = votes.class_count;
  std::vector<TripletAccuracy> out;
  for (RaterIndex own = 0; own < votes.rater_count; ++own) {
    const auto partners = partners_of(products, own, votes.rater_count, options.partners_max);
    const SquaredSkill squared = squared_skill(products, own, partners);
    TripletAccuracy& accuracy = out.emplace_back();
    accuracy.accuracy = options.assumed_accuracy;
    accuracy.triplets = squared.triplets;
    if (squared.triplets == 0) continue;
    // b lies between -1 / (K - 1), always wrong, and 1, always right.
    const double skill = signs[own] * std::sqrt(std::max(squared.value, 0.0));
    const double possible = std::clamp(skill, -best_skill / (k - 1), best_skill);
    accuracy.state =
        possible != skill || squared.value < 0 ? TripletState::Clamped : TripletState::Estimated;
    accuracy.accuracy = (possible * (k - 1) + 1) / k;
  }
  return out;
}

Result<std::vector<DependentPair>> find_dependent_pairs(const VoteTable& votes,
                                                        std::span<const TripletAccuracy> accuracies,
                                                        const DependenceOptions& options) {
  if (accuracies.size() != votes.rater_count || votes.class_count < 2) {
    return fail(ErrorCode::InvalidInput, "the accuracies are of other votes",
                fmt::format("{} accuracies for {} functions and {} classes", accuracies.size(),
                            votes.rater_count, votes.class_count));
  }
  const double others = votes.class_count - 1.0;
  return dependent_pairs(votes, options, [&](RaterIndex a, RaterIndex b) -> std::optional<double> {
    if (accuracies[a].state == TripletState::NotEstimable) return std::nullopt;
    if (accuracies[b].state == TripletState::NotEstimable) return std::nullopt;
    return coin_agreement(accuracies[a].accuracy, accuracies[b].accuracy, others);
  });
}

Result<std::vector<DependentPair>> find_dependent_pairs(const VoteTable& votes,
                                                        const LabelModel& model,
                                                        const DependenceOptions& options) {
  if (model.functions.size() != votes.rater_count || model.class_count != votes.class_count) {
    return fail(ErrorCode::InvalidInput, "the label model is of other votes",
                fmt::format("{} functions and {} classes in the model, {} and {} in the votes",
                            model.functions.size(), model.class_count, votes.rater_count,
                            votes.class_count));
  }
  const ExpectedAgreement expected(model);
  return dependent_pairs(votes, options, [&](RaterIndex a, RaterIndex b) -> std::optional<double> {
    return expected.of(a, b);
  });
}

}  // namespace consilium
