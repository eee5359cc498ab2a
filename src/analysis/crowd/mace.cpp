#include "analysis/crowd/mace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "analysis/crowd/signature.hpp"
#include "analysis/crowd/vote_checks.hpp"
#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"
#include "base/wide_integer.hpp"

namespace consilium::crowd {
namespace {

constexpr double log_rate_min = -64;  // a single vote's evidence is held to that

// Of each parameter of a belief, the functions that its expectations are made of.
struct Beliefs {
  std::vector<double> parameter;
  std::vector<double> log_gamma;
  std::vector<double> digamma;
  void resize(std::size_t count) {
    parameter.resize(count);
    log_gamma.resize(count);
    digamma.resize(count);
  }
};

class Fit {
 public:
  Fit(const VoteTable& votes, const MaceOptions& options)
      : votes_(votes),
        options_(options),
        cells_(std::size_t{votes.rater_count} * votes.class_count),
        smoothing_(options.smoothing > 0 ? options.smoothing : 0.01 / votes.class_count),
        said_(cells_),
        credit_(cells_),
        lift_(cells_),
        rates_(cells_),
        knows_share_(cells_),
        softplus_(cells_) {
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
        cell_.push_back(static_cast<std::uint32_t>(c));
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
      FixedPoint sum = 0;
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        strategy_[cell(r, k)] = weight(who, signatures.class_of[k]);
        sum += to_fixed(strategy_[cell(r, k)]);
      }
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        strategy_[cell(r, k)] /= from_fixed(sum);
      }
    }
    set_rates_of_means();
  }

  // The rates that the present competences and strategies amount to.
  void set_rates_of_means() {
    log_share_ = strategy_;
    log_in_place(log_share_);
    log_knows_.resize(votes_.rater_count);
    log_guesses_.resize(votes_.rater_count);
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      log_knows_[r] = competence_[r];
      log_guesses_[r] = 1 - competence_[r];
    }
    log_in_place(log_knows_);
    log_in_place(log_guesses_);
    set_rates();
  }

  // From log_knows_ and log_guesses_ (by rater) and log_share_ (by cell): what a vote adds to the
  // score of its class, how likely it was known, and what all votes add to every class.
  void set_rates() {
    Wide base = 0;
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      for (std::size_t c = cell(r, 0); c < cell(r + 1, 0); ++c) {
        const double log_guess = std::max(log_guesses_[r] + log_share_[c], log_rate_min);
        base += Wide{to_fixed(log_guess)} * static_cast<std::int64_t>(said_[c]);
        rates_[c] = log_knows_[r] - log_guess;
      }
    }
    base_ = static_cast<double>(base) / fixed_one;
    logistic(rates_, knows_share_, softplus_);
    std::ranges::transform(softplus_, lift_.begin(), to_fixed);
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
    set_rates_of_means();
    result.log_likelihood = expect();
    result.competence = competence_;
    result.strategy = strategy_;
  }

  // Posteriors and the credit (posterior of what was said) summed by rater and class. A vote for k
  // is, under truth k, 1 + odds times as likely as under any other: one table entry a vote.
  double expect() {
    const unsigned threads = std::max(1U, options_.threads);
    std::vector<ExactSum> sums(threads);
    std::vector<std::vector<FixedPoint>> credits(threads);
    split_work(options_.threads, times_.size(),
               [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
                 std::vector<FixedPoint>& credit = part == 0 ? credit_ : credits[part];
                 credit.assign(cells_, 0);
                 Block block(votes_.class_count);
                 for (std::uint64_t i = begin; i < end; i += block_patterns) {
                   expect_block(i, std::min(i + block_patterns, end), block, credit, sums[part]);
                 }
               });
    ExactSum likelihood;
    for (const ExactSum& sum : sums) likelihood.add(sum);
    for (const auto& credit : credits) {
      for (std::size_t c = 0; c < credit.size(); ++c) credit_[c] += credit[c];
    }
    return base_ + likelihood.value();
  }

  // Some patterns at a time, so that exponentials and logarithms are taken of many.
  static constexpr std::uint64_t block_patterns = 64;
  struct Block {
    explicit Block(std::uint32_t class_count)
        : scores(class_count), shares(class_count), top(block_patterns), total(block_patterns) {}
    std::vector<FixedPoint> scores;  // of one pattern
    std::vector<FixedPoint> shares;
    std::vector<FixedPoint> top;  // by pattern
    std::vector<double> total;
  };

  void expect_block(std::uint64_t begin, std::uint64_t end, Block& block,
                    std::vector<FixedPoint>& credit, ExactSum& likelihood) {
    const std::uint32_t class_count = votes_.class_count;
    const std::span<double> rows =
        std::span(posterior_).subspan(begin * class_count, (end - begin) * class_count);
    double* row = rows.data();
    for (std::uint64_t i = begin; i < end; ++i, row += class_count) {
      std::ranges::fill(block.scores, 0);
      for (std::size_t v = first_[i]; v < first_[i + 1]; ++v) {
        block.scores[label_[v]] += lift_[cell_[v]];
      }
      const FixedPoint top = *std::ranges::max_element(block.scores);
      block.top[i - begin] = top;
      for (std::uint32_t c = 0; c < class_count; ++c) row[c] = from_fixed(block.scores[c] - top);
    }
    exp_in_place(rows);
    row = rows.data();
    for (std::uint64_t i = begin; i < end; ++i, row += class_count) {
      FixedPoint sum = 0;
      for (std::uint32_t c = 0; c < class_count; ++c) sum += to_fixed(row[c]);
      const double total = from_fixed(sum);
      const double part = 1 / total;
      block.total[i - begin] = total / class_count;
      for (std::uint32_t c = 0; c < class_count; ++c) {
        row[c] *= part;
        block.shares[c] = to_fixed(row[c]) * times_[i];
      }
      for (std::size_t v = first_[i]; v < first_[i + 1]; ++v) {
        credit[cell_[v]] += block.shares[label_[v]];
      }
    }
    log_in_place(std::span(block.total).first(end - begin));
    for (std::uint64_t i = begin; i < end; ++i) {
      likelihood.add_times(from_fixed(block.top[i - begin]) + block.total[i - begin], times_[i]);
    }
  }

  // How often rater r knew and guessed, expected; guesses also by class.
  struct Counts {
    double knew = 0;
    double guessed = 0;
  };
  Counts counts_of(RaterIndex r, std::vector<double>& guessed_of) const {
    FixedPoint knew = 0;
    FixedPoint guessed = 0;
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
    std::vector<double> guessed_of(votes_.class_count);
    log_knows_.resize(votes_.rater_count);
    log_guesses_.resize(votes_.rater_count);
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      const Counts counts = counts_of(r, guessed_of);
      const double votes = counts.knew + counts.guessed;
      competence_[r] = (counts.knew + smoothing_) / (votes + 2 * smoothing_);
      log_knows_[r] = competence_[r];
      log_guesses_[r] = (counts.guessed + smoothing_) / (votes + 2 * smoothing_);
      const double part = 1 / (counts.guessed + smoothing_ * votes_.class_count);
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        strategy_[cell(r, k)] = (guessed_of[k] + smoothing_) * part;
      }
    }
    log_share_ = strategy_;
    log_in_place(log_share_);
    log_in_place(log_knows_);
    log_in_place(log_guesses_);
    ExactSum prior;
    for (RaterIndex r = 0; r < votes_.rater_count; ++r) {
      prior.add(smoothing_ * (log_knows_[r] + log_guesses_[r]));
    }
    for (const double log_share : log_share_) prior.add(smoothing_ * log_share);
    set_rates();
    return prior.value();
  }

  // Variational's update; returns minus the divergences of the beliefs from their priors.
  double update_beliefs() {
    const std::uint32_t raters = votes_.rater_count;
    const double knows_prior = options_.competence_prior_knows;
    const double guesses_prior = options_.competence_prior_guesses;
    const double each_prior = options_.strategy_prior;
    const double all_prior = each_prior * votes_.class_count;
    const double constant = log_gamma(knows_prior + guesses_prior) - log_gamma(knows_prior) -
                            log_gamma(guesses_prior) + log_gamma(all_prior) -
                            votes_.class_count * log_gamma(each_prior);
    // Parameters of the beliefs: of each rater knows, guesses, both and all strategies together;
    // then of each cell its strategy.
    beliefs_.resize(4 * std::size_t{raters} + cells_);
    double* const each = &beliefs_.parameter[4 * std::size_t{raters}];
    std::vector<double> guessed_of(votes_.class_count);
    for (RaterIndex r = 0; r < raters; ++r) {
      const Counts counts = counts_of(r, guessed_of);
      double* const of_rater = &beliefs_.parameter[4 * std::size_t{r}];
      of_rater[0] = counts.knew + knows_prior;
      of_rater[1] = counts.guessed + guesses_prior;
      of_rater[2] = of_rater[0] + of_rater[1];
      of_rater[3] = counts.guessed + all_prior;
      competence_[r] = of_rater[0] / of_rater[2];
      const double part = 1 / of_rater[3];
      for (std::uint32_t k = 0; k < votes_.class_count; ++k) {
        each[cell(r, k)] = guessed_of[k] + each_prior;
        strategy_[cell(r, k)] = each[cell(r, k)] * part;
      }
    }
    gamma_functions(beliefs_.parameter, beliefs_.log_gamma, beliefs_.digamma);
    return take_expected_rates(constant);
  }

  // The rates that the beliefs amount to, and the second half of `update_beliefs`.
  double take_expected_rates(double constant) {
    const std::size_t raters = votes_.rater_count;
    const double* const each = &beliefs_.parameter[4 * raters];
    const double* const of_each = &beliefs_.log_gamma[4 * raters];
    const double* const log_each = &beliefs_.digamma[4 * raters];
    log_knows_.resize(raters);
    log_guesses_.resize(raters);
    log_share_.resize(cells_);
    ExactSum bound;
    for (RaterIndex r = 0; r < raters; ++r) {
      const double* const parameter = &beliefs_.parameter[4 * std::size_t{r}];
      const double* const of = &beliefs_.log_gamma[4 * std::size_t{r}];
      const double* const log = &beliefs_.digamma[4 * std::size_t{r}];
      log_knows_[r] = log[0] - log[2];
      log_guesses_[r] = log[1] - log[2];
      FixedPoint of_classes = 0;
      for (std::size_t c = cell(r, 0); c < cell(r + 1, 0); ++c) {
        log_share_[c] = log_each[c] - log[3];
        of_classes += to_fixed(of_each[c] - (each[c] - options_.strategy_prior) * log_share_[c]);
      }
      bound.add(constant - of[2] + of[0] + of[1] - of[3] -
                (parameter[0] - options_.competence_prior_knows) * log_knows_[r] -
                (parameter[1] - options_.competence_prior_guesses) * log_guesses_[r] +
                from_fixed(of_classes));
    }
    set_rates();
    return bound.value();
  }

  const VoteTable& votes_;
  const MaceOptions& options_;
  std::size_t cells_;
  double smoothing_;
  std::vector<std::uint32_t> pattern_of_;  // by item
  std::vector<std::int64_t> times_;        // items, by pattern
  std::vector<std::size_t> first_{0};      // by pattern, its votes: places in cell_ and label_
  std::vector<std::uint32_t> cell_;
  std::vector<ClassIndex> label_;
  std::vector<double> said_;         // votes, by rater and class
  std::vector<FixedPoint> credit_;   // posterior of what was said, by rater and class
  std::vector<FixedPoint> lift_;     // log(1 + c_r / ((1 - c_r) s_rk)), likewise
  std::vector<double> rates_;        // log(c_r / ((1 - c_r) s_rk))
  std::vector<double> knows_share_;  // that a vote for the true class was known, not guessed
  std::vector<double> softplus_;     // lift_ before it was rounded
  std::vector<double> log_knows_;    // by rater
  std::vector<double> log_guesses_;
  std::vector<double> log_share_;  // by rater and class
  double base_ = 0;                // sum of log((1 - c_r) s_rk) over all votes
  Beliefs beliefs_;
  std::vector<double> posterior_;  // patterns x classes
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
