#include "analysis/crowd/glad.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "analysis/crowd/climb.hpp"
#include "analysis/crowd/vote_checks.hpp"
#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium::crowd {
namespace {

constexpr double evidence_max = 64;
constexpr double ability_limit = 50;
constexpr double log_ease_limit = 7;
constexpr double step_done = 1e-2;

// Votes are worked through some at a time, so that exponentials are taken of many. All lengths are
// rounded up to whole vectors of four; what lies beyond the end is 0 and not read.
struct Block {
  std::vector<FixedPoint> scores;  // one a class
  std::vector<double> shares;
  std::vector<double> evidence;  // of each vote
  std::vector<double> probability;
  std::vector<double> softplus;
  static std::size_t whole(std::size_t count) { return (count + 3) / 4 * 4; }
  void resize(std::size_t votes) {
    evidence.resize(whole(votes));
    std::fill(evidence.begin() + static_cast<std::ptrdiff_t>(votes), evidence.end(), 0.0);
    probability.resize(whole(votes));
    softplus.resize(whole(votes));
  }
};

class Fit {
 public:
  Fit(const VoteTable& votes, const GladOptions& options)
      : votes_(votes),
        options_(options),
        by_rater_(votes_by_rater(votes)),
        fixed_log_prior_(votes.class_count,
                         to_fixed(-std::log(static_cast<double>(votes.class_count)))),
        log_others_(std::log(static_cast<double>(votes.class_count - 1))),
        ease_(votes.item_count(), std::exp(options.log_ease_mean)),
        credit_(votes.vote_count()) {
    for (std::size_t c = 0; c < options.class_prior.size(); ++c) {
      fixed_log_prior_[c] = to_fixed(std::log(options.class_prior[c]));
    }
    result_.posterior.resize(std::size_t{votes.item_count()} * votes.class_count);
    result_.ability.assign(votes.rater_count, options.ability_mean);
    result_.log_ease.assign(votes.item_count(), options.log_ease_mean);
  }

  GladResult run() {
    double before = 0;
    for (int iteration = 0; iteration < options_.iterations_max; ++iteration) {
      measure(/*move=*/true);
      result_.objective_of.push_back(result_.objective);
      if (iteration > 0 && result_.objective - before < options_.gain_min) {
        result_.converged = true;
        break;
      }
      before = result_.objective;
      move_abilities();
    }
    // The last moves count too: the posterior handed out is that of the parameters handed out.
    measure(/*move=*/false);
    return std::move(result_);
  }

 private:
  // The objective at the present parameters; then, if asked, each difficulty to its best; then the
  // posterior.
  void measure(bool move) {
    const unsigned threads = std::max(1U, options_.threads);
    std::vector<ExactSum> sums(threads);
    split_work(options_.threads, votes_.item_count(),
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
                 Block block;
                 block.scores.resize(votes_.class_count);
                 block.shares.resize(Block::whole(votes_.class_count));
                 for (std::uint64_t i = begin; i < end; ++i) {
                   sums[part].add(likelihood_of(static_cast<ItemIndex>(i), block));
                   if (move && votes_.first[i + 1] > votes_.first[i]) {
                     move_ease(static_cast<ItemIndex>(i), block);
                     expect(static_cast<ItemIndex>(i), block);
                   }
                 }
               });
    ExactSum likelihood;
    for (const ExactSum& sum : sums) likelihood.add(sum);
    result_.log_likelihood = likelihood.value();
    ExactSum prior = prior_before_;
    for (const double ability : result_.ability) prior.add(penalty(ability, options_.ability_mean));
    result_.objective = result_.log_likelihood + prior.value();
    prior_before_ = ExactSum{};
    for (const double ease : result_.log_ease) {
      prior_before_.add(penalty(ease, options_.log_ease_mean));
    }
  }

  static double penalty(double value, double mean) { return -(value - mean) * (value - mean) / 2; }

  [[nodiscard]] double evidence(double ability, double ease) const {
    return std::clamp(ability * ease, -evidence_max, evidence_max);
  }

  // The evidence of the votes on item i, were its ease `ease`.
  void gather(ItemIndex i, double ease, Block& block) const {
    const auto raters = votes_.raters_of(i);
    block.resize(raters.size());
    for (std::size_t v = 0; v < raters.size(); ++v) {
      block.evidence[v] = evidence(result_.ability[raters[v]], ease);
    }
  }

  // Posterior of item i and its log likelihood.
  double likelihood_of(ItemIndex i, Block& block) {
    const double score = expect(i, block);
    logistic(block.evidence, block.probability, block.softplus);
    FixedPoint base = 0;
    for (std::size_t v = 0; v < votes_.raters_of(i).size(); ++v) {
      base += to_fixed(block.softplus[v] + log_others_);
    }
    return score - from_fixed(base);
  }

  // Posterior of item i, the credit (posterior of what was said) of its votes; returns the log of
  // the sum over classes. A vote's log odds are a_r b_i themselves, so that no logarithm is needed
  // but for the likelihood.
  double expect(ItemIndex i, Block& block) {
    const std::uint32_t class_count = votes_.class_count;
    std::vector<FixedPoint>& scores = block.scores;
    std::ranges::copy(fixed_log_prior_, scores.begin());
    gather(i, ease_[i], block);
    const auto labels = votes_.labels_of(i);
    for (std::size_t v = 0; v < labels.size(); ++v) {
      scores[labels[v]] += to_fixed(block.evidence[v] + log_others_);
    }
    const FixedPoint top = *std::ranges::max_element(scores);
    std::vector<double>& shares = block.shares;
    for (std::uint32_t c = 0; c < class_count; ++c) shares[c] = from_fixed(scores[c] - top);
    exp_in_place(shares);
    FixedPoint sum = 0;
    for (std::uint32_t c = 0; c < class_count; ++c) sum += to_fixed(shares[c]);
    const double total = from_fixed(sum);
    double* const row = &result_.posterior[std::size_t{i} * class_count];
    for (std::uint32_t c = 0; c < class_count; ++c) row[c] = shares[c] / total;
    for (std::size_t v = 0; v < labels.size(); ++v) credit_[votes_.first[i] + v] = row[labels[v]];
    return from_fixed(top) + exact_log(total);
  }

  void move_ease(ItemIndex i, Block& block) {
    const auto slope = [&](double log_ease) {
      gather(i, std::exp(log_ease), block);
      logistic(block.evidence, block.probability);
      FixedPoint first = 0;
      FixedPoint second = 0;
      for (std::size_t v = 0; v < votes_.raters_of(i).size(); ++v) {
        const double x = block.evidence[v];
        const double p = block.probability[v];
        const double rise = (credit_[votes_.first[i] + v] - p) * x;
        first += to_fixed(rise);
        second += to_fixed(rise - x * x * p * (1 - p));
      }
      return Slopes{from_fixed(first) - (log_ease - options_.log_ease_mean),
                    from_fixed(second) - 1};
    };
    result_.log_ease[i] =
        climb(result_.log_ease[i], -log_ease_limit, log_ease_limit, step_done, slope);
    ease_[i] = std::exp(result_.log_ease[i]);
  }

  void move_abilities() {
    split_work(options_.threads, votes_.rater_count,
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t) {
                 Block block;
                 block.resize(block_votes);
                 for (std::uint64_t r = begin; r < end; ++r) move_ability(r, block);
               });
  }

  static constexpr std::uint64_t block_votes = 256;

  void move_ability(std::uint64_t r, Block& block) {
    const auto slope = [&](double ability) {
      ExactSum first;
      ExactSum second;
      for (std::uint64_t at = by_rater_.first[r]; at < by_rater_.first[r + 1]; at += block_votes) {
        const auto count = std::min(block_votes, by_rater_.first[r + 1] - at);
        for (std::uint64_t v = 0; v < count; ++v) {
          block.evidence[v] = evidence(ability, ease_[by_rater_.item[at + v]]);
        }
        const std::size_t whole = Block::whole(count);
        logistic(std::span(block.evidence).first(whole), std::span(block.probability).first(whole));
        for (std::uint64_t v = 0; v < count; ++v) {
          const double ease = ease_[by_rater_.item[at + v]];
          const double p = block.probability[v];
          first.add((credit_[by_rater_.vote[at + v]] - p) * ease);
          second.add(ease * ease * p * (1 - p));
        }
      }
      return Slopes{first.value() - (ability - options_.ability_mean), -second.value() - 1};
    };
    result_.ability[r] = climb(result_.ability[r], -ability_limit, ability_limit, step_done, slope);
  }

  const VoteTable& votes_;
  const GladOptions& options_;
  VotesByRater by_rater_;
  std::vector<FixedPoint> fixed_log_prior_;
  double log_others_;
  std::vector<double> ease_;    // b_i
  std::vector<double> credit_;  // by vote
  ExactSum prior_before_;       // of the difficulties that the likelihood was measured at
  GladResult result_;
};

}  // namespace

Result<GladResult> fit_glad(const VoteTable& votes, const GladOptions& options) {
  CSL_TRY(check_votes(votes));
  CSL_TRY(check_class_prior(options.class_prior, votes.class_count));
  if (options.iterations_max < 1 || !(options.gain_min >= 0) ||
      !std::isfinite(options.ability_mean) || !(std::fabs(options.log_ease_mean) <= 4)) {
    return fail(ErrorCode::InvalidInput, "an option of the model is out of range", {},
                "at least one iteration, a gain of at least 0, means within 4 of 0");
  }
  return Fit(votes, options).run();
}

}  // namespace consilium::crowd
