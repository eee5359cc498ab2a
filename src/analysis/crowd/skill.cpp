#include "analysis/crowd/skill.hpp"

#include <algorithm>

#include "analysis/crowd/vote_checks.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium::crowd {
namespace {

// Weights of item i's votes by class; whole numbers, so that equal votes are equal exactly.
void weigh(const VoteTable& votes, ItemIndex i, std::span<const FixedPoint> weight,
           std::vector<FixedPoint>& of_class) {
  std::ranges::fill(of_class, 0);
  for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
    of_class[votes.label[v]] += weight[votes.rater[v]];
  }
}

std::vector<double> shares(const VoteTable& votes, std::span<const FixedPoint> weight) {
  const std::uint32_t class_count = votes.class_count;
  std::vector<double> posterior(std::size_t{votes.item_count()} * class_count);
  std::vector<FixedPoint> of_class(class_count);
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    weigh(votes, i, weight, of_class);
    FixedPoint sum = 0;
    for (const FixedPoint w : of_class) sum += w;
    for (std::uint32_t c = 0; c < class_count; ++c) {
      posterior[std::size_t{i} * class_count + c] =
          sum > 0 ? static_cast<double>(of_class[c]) / static_cast<double>(sum) : 1.0 / class_count;
    }
  }
  return posterior;
}

// Each rater's share of votes that agree with the weighted majority.
std::vector<double> agreement(const VoteTable& votes, std::span<const FixedPoint> weight,
                              EqualVotes equal_votes) {
  std::vector<FixedPoint> of_class(votes.class_count);
  std::vector<ExactSum> agreed(votes.rater_count);
  std::vector<std::uint64_t> cast(votes.rater_count);
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    weigh(votes, i, weight, of_class);
    const auto top = std::ranges::max_element(of_class);
    const auto winners = std::ranges::count(of_class, *top);
    const auto lowest = static_cast<std::uint32_t>(top - of_class.begin());
    for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
      ++cast[votes.rater[v]];
      const bool wins = equal_votes == EqualVotes::Lowest ? votes.label[v] == lowest
                                                          : of_class[votes.label[v]] == *top;
      if (!wins) continue;
      agreed[votes.rater[v]].add(
          equal_votes == EqualVotes::Lowest ? 1.0 : 1.0 / static_cast<double>(winners));
    }
  }
  std::vector<double> result(votes.rater_count, 1.0 / votes.class_count);
  for (std::uint32_t r = 0; r < votes.rater_count; ++r) {
    if (cast[r] > 0) result[r] = agreed[r].value() / static_cast<double>(cast[r]);
  }
  return result;
}

std::vector<FixedPoint> fixed(std::span<const double> values) {
  std::vector<FixedPoint> result(values.size());
  std::ranges::transform(values, result.begin(), to_fixed);
  return result;
}

}  // namespace

Result<std::vector<double>> weighted_majority(const VoteTable& votes,
                                              std::span<const double> weight) {
  CSL_TRY(check_votes(votes));
  const bool in_range = std::ranges::all_of(weight, [](double w) { return w >= 0 && w <= 1000; });
  if (weight.size() != votes.rater_count || !in_range) {
    return fail(ErrorCode::InvalidInput, "the weights are not one a rater, 0 to 1,000", {},
                "give each rater a weight; divide all by the largest");
  }
  // So many votes may stand on an item that weights are brought to at most 1 before they are added.
  const double top = std::max(1.0, std::ranges::max(weight));
  std::vector<double> scaled(weight.begin(), weight.end());
  for (double& w : scaled) w /= top;
  return shares(votes, fixed(scaled));
}

Result<SkillResult> fit_wawa(const VoteTable& votes, EqualVotes equal_votes) {
  CSL_TRY(check_votes(votes));
  const std::vector<FixedPoint> equal(votes.rater_count, to_fixed(1));
  SkillResult result;
  result.skill = agreement(votes, equal, equal_votes);
  result.iterations = 1;
  result.posterior = shares(votes, fixed(result.skill));
  return result;
}

Result<SkillResult> fit_zero_based_skill(const VoteTable& votes, const ZeroBasedOptions& options) {
  CSL_TRY(check_votes(votes));
  if (options.iterations_max < 1 || options.iterations_a_rate < 1 || !(options.rate > 0) ||
      !(options.rate <= 1)) {
    return fail(ErrorCode::InvalidInput, "an option of the skills is out of range", {},
                "at least one iteration, a rate above 0 and at most 1");
  }
  // A little above chance: the first vote is the plain majority.
  SkillResult result;
  result.skill.assign(votes.rater_count, 1.0 / votes.class_count + 1e-5);
  double rate = options.rate;
  for (int iteration = 1; iteration <= options.iterations_max; ++iteration) {
    if (iteration % options.iterations_a_rate == 0) rate /= 2;
    const auto towards = agreement(votes, fixed(result.skill), options.equal_votes);
    result.iterations = iteration;
    if (towards == result.skill) break;
    for (std::uint32_t r = 0; r < votes.rater_count; ++r) {
      result.skill[r] = (1 - rate) * result.skill[r] + rate * towards[r];
    }
  }
  result.posterior = shares(votes, fixed(result.skill));
  return result;
}

}  // namespace consilium::crowd
