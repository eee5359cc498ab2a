#include "analysis/mask_consensus/label_vote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/mask_consensus/fixed_point.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

using mask_consensus::fixed_probability;
using mask_consensus::probability_one;

class Selection {
 public:
  Selection(const VotePatterns& patterns, const SimpleSettings& settings)
      : patterns_(patterns), settings_(settings) {
    result_.agreement.resize(patterns.rater_count);
    result_.kept.assign(patterns.rater_count, 1);
    result_.foreground.resize(patterns.pattern_count());
    weights_.assign(patterns.rater_count, fixed_probability(1));
  }

  SimpleResult run() {
    vote();
    while (result_.iterations < settings_.iterations_max && !result_.converged) {
      judge();
      const bool dropped = drop();
      for (std::size_t r = 0; r < weights_.size(); ++r) {
        weights_[r] = result_.kept[r] != 0 ? fixed_probability(result_.agreement[r]) : 0;
      }
      const bool changed = vote();
      result_.converged = !dropped && !changed;
      ++result_.iterations;
    }
    return std::move(result_);
  }

 private:
  // The weighted majority. True when a pattern that occurs changed sides.
  bool vote() {
    Wide total = 0;
    for (const std::int64_t weight : weights_) total += weight;
    bool changed = false;
    for (std::size_t p = 0; p < result_.foreground.size(); ++p) {
      const auto votes = patterns_.votes_of(p);
      Wide marked = 0;
      for (std::size_t r = 0; r < votes.size(); ++r) {
        if (votes[r] != 0) marked += weights_[r];
      }
      const std::uint8_t foreground = 2 * marked > total ? 1 : 0;
      if (foreground != result_.foreground[p] && patterns_.voxel_counts[p] != 0) changed = true;
      result_.foreground[p] = foreground;
    }
    return changed;
  }

  // Dice of each kept rater with the consensus.
  void judge() {
    std::uint64_t consensus = 0;
    std::vector<std::uint64_t> marked(weights_.size());
    std::vector<std::uint64_t> common(weights_.size());
    for (std::size_t p = 0; p < result_.foreground.size(); ++p) {
      const std::uint64_t count = patterns_.voxel_counts[p];
      const auto votes = patterns_.votes_of(p);
      if (result_.foreground[p] != 0) consensus += count;
      for (std::size_t r = 0; r < votes.size(); ++r) {
        if (votes[r] == 0) continue;
        marked[r] += count;
        if (result_.foreground[p] != 0) common[r] += count;
      }
    }
    for (std::size_t r = 0; r < weights_.size(); ++r) {
      if (result_.kept[r] == 0) continue;
      const auto both = static_cast<double>(marked[r] + consensus);
      // Two empty masks are the same mask.
      result_.agreement[r] = both > 0 ? 2 * static_cast<double>(common[r]) / both : 1;
    }
  }

  bool drop() {
    Wide sum = 0;
    Wide squares = 0;
    std::int64_t count = 0;
    for (std::size_t r = 0; r < weights_.size(); ++r) {
      if (result_.kept[r] == 0) continue;
      const std::int64_t agreement = fixed_probability(result_.agreement[r]);
      sum += agreement;
      squares += static_cast<Wide>(agreement) * agreement;
      ++count;
    }
    const double mean = static_cast<double>(sum) / static_cast<double>(count) / probability_one;
    // count x squares - sum^2 keeps all digits, where subtracting means would lose them.
    const Wide spread = count * squares - sum * sum;
    const double deviation = std::sqrt(std::max(0.0, static_cast<double>(spread))) /
                             static_cast<double>(count) / probability_one;
    const double least = mean - settings_.threshold * deviation;
    // Equal raters must not fall to rounding in the mean.
    constexpr double slack = 1e-12;
    bool dropped = false;
    for (std::size_t r = 0; r < weights_.size(); ++r) {
      if (result_.kept[r] == 0 || result_.agreement[r] >= least - slack) continue;
      result_.kept[r] = 0;
      dropped = true;
    }
    return dropped;
  }

  const VotePatterns& patterns_;
  const SimpleSettings& settings_;
  std::vector<std::int64_t> weights_;
  SimpleResult result_;
};

}  // namespace

Result<std::uint16_t> undecided_label(const VotePatterns& patterns,
                                      std::optional<std::uint16_t> wanted) {
  if (wanted) return *wanted;
  if (patterns.labels.empty() || patterns.labels.back() == 65'535) {
    return fail(ErrorCode::InvalidInput, "no label is left for undecided voxels", {},
                "give the label of undecided voxels");
  }
  return static_cast<std::uint16_t>(patterns.labels.back() + 1);
}

Result<std::vector<std::uint16_t>> label_voting(const VotePatterns& patterns,
                                                std::optional<std::uint16_t> undecided) {
  const std::uint16_t if_undecided = CSL_TRY(undecided_label(patterns, undecided));
  std::vector<std::uint16_t> result(patterns.pattern_count());
  std::vector<std::uint32_t> votes_for(patterns.labels.size());
  for (std::size_t p = 0; p < result.size(); ++p) {
    const auto votes = patterns.votes_of(p);
    for (const std::uint16_t vote : votes) ++votes_for[vote];
    std::uint32_t most = 0;
    for (const std::uint16_t vote : votes) most = std::max(most, votes_for[vote]);
    result[p] = if_undecided;
    std::optional<std::uint16_t> winner;
    for (const std::uint16_t vote : votes) {
      if (votes_for[vote] != most || winner == vote) continue;
      result[p] = winner ? if_undecided : patterns.labels[vote];
      if (winner) break;
      winner = vote;
    }
    for (const std::uint16_t vote : votes) votes_for[vote] = 0;
  }
  return result;
}

Result<SimpleResult> simple_consensus(const VotePatterns& patterns,
                                      const SimpleSettings& settings) {
  if (!(settings.threshold >= 0) || settings.iterations_max < 1) {
    return fail(ErrorCode::InvalidInput, "the threshold is below 0, or there is no iteration",
                fmt::format("threshold {}, iterations_max {}", settings.threshold,
                            settings.iterations_max));
  }
  if (patterns.labels != std::vector<std::uint16_t>{0, 1} || patterns.rater_count == 0) {
    return fail(ErrorCode::InvalidInput, "the vote patterns are not those of binary masks");
  }
  bool marked = false;
  for (std::size_t p = 0; p < patterns.pattern_count(); ++p) {
    if (patterns.voxel_counts[p] != 0 && std::ranges::count(patterns.votes_of(p), 1) != 0) {
      marked = true;
    }
  }
  if (!marked) {
    return fail(ErrorCode::InvalidInput, "all masks are empty: their agreement is undefined");
  }
  return Selection(patterns, settings).run();
}

}  // namespace consilium
