#include "analysis/crowd/mace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "analysis/crowd/fixed_sum.hpp"
#include "analysis/crowd/signature.hpp"
#include "analysis/crowd/special.hpp"
#include "analysis/crowd/split_work.hpp"
#include "analysis/crowd/vote_checks.hpp"

namespace consilium::crowd {
namespace {

constexpr double log_rate_min = -64;  // a single vote's evidence is held to that

double log_gamma_of(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

class Fit {
 public:
  Fit(const VoteTable& votes, const MaceOptions& options)
      : votes_(votes),
        options_(options),
        cells_(std::size_t{votes.rater_count} * votes.class_count),
        smoothing_(options.smoothing > 0 ? options.smoothing : 0.01 / votes.class_count),
        said_(cells_),
        credit_(cells_),
        log_guess_(cells_),
        lift_(cells_),
        knows_share_(cells_) {
    for (std::uint64_t v = 0; v < votes.vote_count(); ++v) {
      said_[cell(votes.rater[v], votes.label[v])] += 1;
    }
    find_patterns();
    posterior_.resize(times_.size() * votes.class_count);
    competence_.resize(votes.rater_count);
    strategy_.resize(cells_);
  }

  MaceResult run() {
    const VoteSignatures signatures = vote_signatures(votes_);
    int best = 0;
    std::vector<double> objective_of_start;
    for (int start = 0; start < options_.starts; ++start) {
      begin(start, signatures);
      objective_of_start.push_back(
          climb_from_here(std::min(options_.iterations_a_start, options_.iterations_max))
              .objective);
      if (objective_of_start.back() > objective_of_start[static_cast<std::size_t>(best)]) {
        best = start;
      }
    }
    begin(best, signatures);
    MaceResult result = climb_from_here(options_.iterations_max);
    result.objective_of_start = std::move(objective_of_start);
    tell(result);
    return result;
  }

 private:
  // Items with the same votes have the same posterior: each pattern of votes is met once, with how
  // many items have it. Crowds that work in batches have several items a pattern.
  void find_patterns() {
    std::map<std::vector<std::size_t>, std::uint32_t> number;
    std::vector<std::size_t> cells;
    for (ItemIndex i = 0; i < votes_.item_count(); ++i) {
      cells.clear();
      for (std::uint64_t v = votes_.first[i]; v < votes_.first[i + 1]; ++v) {
        cells.push_back(cell(votes_.rater[v], votes_.label[v]));
      }
      std::ranges::sort(cells);
      const auto [at, is_new] = number.emplace(cells, static_cast<std::uint32_t>(times_.size()));
      pattern_of_.push_back(at->second);
      if (!is_new) {
        ++times_[at->second];
        continue;
      }
      times_.push_back(1);
      for (const std::size_t c : cells) {
        cell_.push_back(c);
        label_.push_back(static_cast<ClassIndex>(c % votes_.class_count));
      }
      first_.push_back(cell_.size());
    }
  }

  [[nodiscard]] std::size_t cell(RaterIndex r, std::uint32_t k) const {
    return std::size_t{r} * votes_.class_count + k;
  }

  // The paper's start: both outcomes and all strategies near equal, with up to half as much again
  // of noise. The noise hangs on who the rater is, not on the rater's number.
  void begin(int start, const VoteSignatures& signatures) {
    const auto weight = [&](std::uint64_t of, std::uint64_t what) {
      return start == 0
                 ? 1.0
                 : 1 + 0.5 * uniform_of(options_.seed, static_cast<std::uint64_t>(start), of, what);
    };
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      const std::uint64_t who = signatures.rater[r];
      const double knows = weight(who, 1);
      competence_[r] = knows / (knows + weight(who, 2));
      Fixed sum = 0;
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        strategy_[cell(r, k)] = weight(who, signatures.class_of[k]);
        sum += to_fixed(strategy_[cell(r, k)]);
      }
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        strategy_[cell(r, k)] /= from_fixed(sum);
        set_rates(r, k, std::log(competence_[r]),
                  std::log1p(-competence_[r]) + std::log(strategy_[cell(r, k)]));
      }
    }
  }

  void set_rates(RaterIndex r, std::uint32_t k, double log_knows, double log_guess) {
    log_guess = std::max(log_guess, log_rate_min);
    const double odds = std::exp(log_knows - log_guess);
    log_guess_[cell(r, k)] = to_fixed(log_guess);
    lift_[cell(r, k)] = to_fixed(std::log1p(odds));
    knows_share_[cell(r, k)] = odds / (1 + odds);
  }

  MaceResult climb_from_here(int iterations_max) {
    MaceResult result;
    expect();
    for (int iteration = 0; iteration < iterations_max; ++iteration) {
      const double prior = options_.method == MaceMethod::Em ? maximise() : update_beliefs();
      result.objective = expect() + prior;
      result.objective_of.push_back(result.objective);
      const std::size_t done = result.objective_of.size();
      if (done > 1 && result.objective - result.objective_of[done - 2] < options_.gain_min) {
        result.converged = true;
        break;
      }
    }
    return result;
  }

  void tell(MaceResult& result) {
    for (const std::uint32_t pattern : pattern_of_) {
      const auto row = std::span(posterior_)
                           .subspan(std::size_t{pattern} * votes_.class_count, votes_.class_count);
      result.posterior.insert(result.posterior.end(), row.begin(), row.end());
    }
    // The likelihood is told at the parameters handed out, which the lower bound's rates are not.
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        set_rates(r, k, std::log(competence_[r]),
                  std::log1p(-competence_[r]) + std::log(strategy_[cell(r, k)]));
      }
    }
    result.log_likelihood = expect();
    result.competence = competence_;
    result.strategy = strategy_;
  }

  // Posteriors and the credit (posterior of what was said) summed by rater and class. A vote for k
  // is, under truth k, 1 + odds times as likely as under any other: one table entry a vote.
  double expect() {
    const unsigned threads = std::max(1U, options_.threads);
    std::vector<FixedSum> sums(threads);
    std::vector<std::vector<Fixed>> credits(threads);
    split_work(options_.threads, times_.size(),
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
                 std::vector<Fixed>& credit = part == 0 ? credit_ : credits[part];
                 credit.assign(cells_, 0);
                 std::vector<Fixed> scores(votes_.class_count);
                 for (std::uint64_t i = begin; i < end; ++i) {
                   sums[part].add_times(expect_pattern(i, scores, credit), times_[i]);
                 }
               });
    FixedSum likelihood;
    for (const FixedSum& sum : sums) likelihood.add(sum);
    for (const auto& credit : credits) {
      for (std::size_t c = 0; c < credit.size(); ++c) credit_[c] += credit[c];
    }
    return likelihood.value();
  }

  double expect_pattern(std::size_t i, std::vector<Fixed>& scores, std::vector<Fixed>& credit) {
    const std::uint32_t class_count = votes_.class_count;
    std::ranges::fill(scores, 0);
    Fixed base = 0;
    for (std::size_t v = first_[i]; v < first_[i + 1]; ++v) {
      scores[label_[v]] += lift_[cell_[v]];
      base += log_guess_[cell_[v]];
    }
    const Fixed top = *std::ranges::max_element(scores);
    double* row = &posterior_[i * class_count];
    Fixed sum = 0;
    for (std::uint32_t c = 0; c < class_count; ++c) {
      row[c] = scores[c] == top ? 1 : std::exp(from_fixed(scores[c] - top));
      sum += to_fixed(row[c]);
    }
    const double total = from_fixed(sum);
    for (std::uint32_t c = 0; c < class_count; ++c) row[c] /= total;
    for (std::size_t v = first_[i]; v < first_[i + 1]; ++v) {
      credit[cell_[v]] += to_fixed(row[label_[v]]) * times_[i];
    }
    return from_fixed(top + base) + std::log(total / class_count);
  }

  // How often rater r knew and guessed, expected; guesses also by class.
  struct Counts {
    double knew = 0;
    double guessed = 0;
  };
  Counts counts_of(RaterIndex r, std::vector<double>& guessed_of) const {
    Fixed knew = 0;
    Fixed guessed = 0;
    for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
      const double here = from_fixed(credit_[cell(r, k)]) * knows_share_[cell(r, k)];
      guessed_of[k] = said_[cell(r, k)] - here;
      knew += to_fixed(here);
      guessed += to_fixed(guessed_of[k]);
    }
    return {from_fixed(knew), from_fixed(guessed)};
  }

  // Em's maximisation; returns the log prior density that the smoothing stands for.
  double maximise() {
    FixedSum prior;
    std::vector<double> guessed_of(votes_.class_count);
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      const Counts counts = counts_of(r, guessed_of);
      const double votes = counts.knew + counts.guessed;
      competence_[r] = (counts.knew + smoothing_) / (votes + 2 * smoothing_);
      const double log_knows = std::log(competence_[r]);
      const double log_guesses = std::log((counts.guessed + smoothing_) / (votes + 2 * smoothing_));
      prior.add(smoothing_ * (log_knows + log_guesses));
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        double& share = strategy_[cell(r, k)];
        share = (guessed_of[k] + smoothing_) / (counts.guessed + smoothing_ * votes_.class_count);
        prior.add(smoothing_ * std::log(share));
        set_rates(r, k, log_knows, log_guesses + std::log(share));
      }
    }
    return prior.value();
  }

  // Variational's update; returns minus the divergences of the beliefs from their priors.
  double update_beliefs() {
    FixedSum bound;
    std::vector<double> guessed_of(votes_.class_count);
    const double knows_prior = options_.competence_prior_knows;
    const double guesses_prior = options_.competence_prior_guesses;
    const double each_prior = options_.strategy_prior;
    const double all_prior = each_prior * votes_.class_count;
    const double constant = log_gamma_of(knows_prior + guesses_prior) - log_gamma_of(knows_prior) -
                            log_gamma_of(guesses_prior) + log_gamma_of(all_prior) -
                            votes_.class_count * log_gamma_of(each_prior);
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      const Counts counts = counts_of(r, guessed_of);
      const double knows = counts.knew + knows_prior;
      const double guesses = counts.guessed + guesses_prior;
      competence_[r] = knows / (knows + guesses);
      const double log_knows = digamma(knows) - digamma(knows + guesses);
      const double log_guesses = digamma(guesses) - digamma(knows + guesses);
      const double all = counts.guessed + all_prior;
      const double digamma_all = digamma(all);
      double belief = constant - log_gamma_of(knows + guesses) + log_gamma_of(knows) +
                      log_gamma_of(guesses) - log_gamma_of(all) - counts.knew * log_knows -
                      counts.guessed * log_guesses;
      Fixed of_classes = 0;
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        const double each = guessed_of[k] + each_prior;
        strategy_[cell(r, k)] = each / all;
        const double log_share = digamma(each) - digamma_all;
        of_classes += to_fixed(log_gamma_of(each) - guessed_of[k] * log_share);
        set_rates(r, k, log_knows, log_guesses + log_share);
      }
      belief += from_fixed(of_classes);
      bound.add(belief);
    }
    return bound.value();
  }

  const VoteTable& votes_;
  const MaceOptions& options_;
  std::size_t cells_;
  double smoothing_;
  std::vector<std::uint32_t> pattern_of_;  // by item
  std::vector<std::int64_t> times_;        // items, by pattern
  std::vector<std::size_t> first_{0};      // by pattern, its votes: places in cell_ and label_
  std::vector<std::size_t> cell_;
  std::vector<ClassIndex> label_;
  std::vector<double> said_;         // votes, by rater and class
  std::vector<Fixed> credit_;        // posterior of what was said, by rater and class
  std::vector<Fixed> log_guess_;     // log of (1 - c_r) s_rk, by rater and class
  std::vector<Fixed> lift_;          // log(1 + c_r / ((1 - c_r) s_rk))
  std::vector<double> knows_share_;  // that a vote for the true class was known, not guessed
  std::vector<double> posterior_;    // patterns x classes
  std::vector<double> competence_;
  std::vector<double> strategy_;
};

Status check_options(const MaceOptions& options) {
  const auto prior_in_range = [](double value) { return value >= 0.01 && value <= 1000; };
  if (options.starts < 1 || options.iterations_max < 1 || options.iterations_a_start < 1 ||
      !(options.gain_min >= 0) || !(options.smoothing <= 1000) || options.smoothing == 0 ||
      !prior_in_range(options.competence_prior_knows) ||
      !prior_in_range(options.competence_prior_guesses) ||
      !prior_in_range(options.strategy_prior)) {
    return fail(ErrorCode::InvalidInput, "an option of the model is out of range", {},
                "at least one start and iteration, a gain of at least 0, priors from 0.01 to 1000");
  }
  return {};
}

}  // namespace

Result<MaceResult> fit_mace(const VoteTable& votes, const MaceOptions& options) {
  CSL_TRY(check_votes(votes));
  CSL_TRY(check_options(options));
  constexpr std::uint64_t votes_of_rater_max = 4'000'000;
  std::vector<std::uint64_t> cast(votes.rater_count);
  for (const RaterIndex r : votes.rater) {
    if (++cast[r] > votes_of_rater_max) {
      return fail(ErrorCode::TooLarge, "a rater has over 4,000,000 votes",
                  fmt::format("rater {}", r), "split the rater's votes by period");
    }
  }
  return Fit(votes, options).run();
}

}  // namespace consilium::crowd
