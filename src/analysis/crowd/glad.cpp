#include "analysis/crowd/glad.hpp"

#include <algorithm>
#include <cmath>
#include <span>

#include "analysis/crowd/climb.hpp"
#include "analysis/crowd/fixed_sum.hpp"
#include "analysis/crowd/split_work.hpp"
#include "analysis/crowd/vote_checks.hpp"

namespace consilium::crowd {
namespace {

constexpr double evidence_max = 64;
constexpr double ability_limit = 50;
constexpr double log_ease_limit = 7;
constexpr double step_done = 1e-2;

// s(x) and log(1 + e^x) from one exponential.
struct Logistic {
  double probability = 0;
  double softplus = 0;
};
Logistic logistic(double x) {
  const double e = std::exp(-std::fabs(x));
  return {x >= 0 ? 1 / (1 + e) : e / (1 + e), std::max(x, 0.0) + std::log1p(e)};
}
double probability_of(double x) {
  const double e = std::exp(-std::fabs(x));
  return (x >= 0 ? 1.0 : e) / (1 + e);
}

class Fit {
 public:
  Fit(const VoteTable& votes, const GladOptions& options)
      : votes_(votes),
        options_(options),
        by_rater_(votes_by_rater(votes)),
        log_prior_(votes.class_count, -std::log(static_cast<double>(votes.class_count))),
        log_others_(std::log(static_cast<double>(votes.class_count - 1))),
        ease_(votes.item_count(), std::exp(options.log_ease_mean)),
        credit_(votes.vote_count()) {
    for (std::size_t c = 0; c < options.class_prior.size(); ++c) {
      log_prior_[c] = std::log(options.class_prior[c]);
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
    std::vector<FixedSum> sums(threads);
    split_work(options_.threads, votes_.item_count(),
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
                 std::vector<Fixed> scores(votes_.class_count);
                 for (std::uint64_t i = begin; i < end; ++i) {
                   sums[part].add(expect(static_cast<ItemIndex>(i), scores));
                   if (move && votes_.first[i + 1] > votes_.first[i]) {
                     move_ease(static_cast<ItemIndex>(i));
                     expect(static_cast<ItemIndex>(i), scores);
                   }
                 }
               });
    FixedSum likelihood;
    for (const FixedSum& sum : sums) likelihood.add(sum);
    result_.log_likelihood = likelihood.value();
    FixedSum prior = prior_before_;
    for (const double ability : result_.ability) prior.add(penalty(ability, options_.ability_mean));
    result_.objective = result_.log_likelihood + prior.value();
    prior_before_ = FixedSum{};
    for (const double ease : result_.log_ease) {
      prior_before_.add(penalty(ease, options_.log_ease_mean));
    }
  }

  static double penalty(double value, double mean) { return -(value - mean) * (value - mean) / 2; }

  [[nodiscard]] double evidence(double ability, double ease) const {
    return std::clamp(ability * ease, -evidence_max, evidence_max);
  }

  // Posterior of item i, the credit (posterior of what was said) of its votes, and its likelihood.
  // A vote's log odds are a_r b_i themselves, so that no logarithm is needed but for the
  // likelihood.
  double expect(ItemIndex i, std::vector<Fixed>& scores) {
    const std::uint32_t class_count = votes_.class_count;
    for (std::uint32_t c = 0; c < class_count; ++c) scores[c] = to_fixed(log_prior_[c]);
    Fixed base = 0;
    for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
      const double x = evidence(result_.ability[votes_.rater[v]], ease_[i]);
      scores[votes_.label[v]] += to_fixed(x + log_others_);
      base -= to_fixed(logistic(x).softplus + log_others_);
    }
    const Fixed top = *std::ranges::max_element(scores);
    double* row = &result_.posterior[std::size_t{i} * class_count];
    Fixed sum = 0;
    for (std::uint32_t c = 0; c < class_count; ++c) {
      row[c] = std::exp(from_fixed(scores[c] - top));
      sum += to_fixed(row[c]);
    }
    const double total = from_fixed(sum);
    for (std::uint32_t c = 0; c < class_count; ++c) row[c] /= total;
    for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
      credit_[v] = row[votes_.label[v]];
    }
    return from_fixed(top + base) + std::log(total);
  }

  void move_ease(ItemIndex i) {
    const auto slope = [&](double log_ease) {
      const double ease = std::exp(log_ease);
      Fixed first = 0;
      Fixed second = 0;
      for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
        const double x = evidence(result_.ability[votes_.rater[v]], ease);
        const double p = probability_of(x);
        const double rise = (credit_[v] - p) * x;
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
                 for (std::uint64_t r = begin; r < end; ++r) move_ability(r);
               });
  }

  void move_ability(std::uint64_t r) {
    const auto slope = [&](double ability) {
      FixedSum first;
      FixedSum second;
      for (std::uint64_t place = by_rater_.first[r]; place < by_rater_.first[r + 1]; ++place) {
        const double ease = ease_[by_rater_.item[place]];
        const double p = probability_of(evidence(ability, ease));
        first.add((credit_[by_rater_.vote[place]] - p) * ease);
        second.add(ease * ease * p * (1 - p));
      }
      return Slopes{first.value() - (ability - options_.ability_mean), -second.value() - 1};
    };
    result_.ability[r] = climb(result_.ability[r], -ability_limit, ability_limit, step_done, slope);
  }

  const VoteTable& votes_;
  const GladOptions& options_;
  VotesByRater by_rater_;
  std::vector<double> log_prior_;
  double log_others_;
  std::vector<double> ease_;    // b_i
  std::vector<double> credit_;  // by vote
  FixedSum prior_before_;       // of the difficulties that the likelihood was measured at
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
