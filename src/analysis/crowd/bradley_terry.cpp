#include "analysis/crowd/bradley_terry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/statistics/exact_sum.hpp"

namespace consilium::crowd {
namespace {

// One thing's opponents, each once, with how often they met.
struct Meetings {
  std::vector<std::uint64_t> first;  // count + 1
  std::vector<std::uint32_t> opponent;
  std::vector<double> times;
  std::vector<double> wins;  // by thing
};

Meetings meetings_of(std::span<const Comparison> comparisons, std::uint32_t count) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  pairs.reserve(2 * comparisons.size());
  Meetings meetings{std::vector<std::uint64_t>(count + 1), {}, {}, std::vector<double>(count)};
  for (const Comparison& c : comparisons) {
    pairs.emplace_back(c.winner, c.loser);
    pairs.emplace_back(c.loser, c.winner);
    meetings.wins[c.winner] += 1;
  }
  std::ranges::sort(pairs);
  for (std::size_t at = 0; at < pairs.size(); ++at) {
    if (at > 0 && pairs[at] == pairs[at - 1]) {
      meetings.times.back() += 1;
      continue;
    }
    meetings.opponent.push_back(pairs[at].second);
    meetings.times.push_back(1);
    ++meetings.first[pairs[at].first + 1];
  }
  for (std::uint32_t i = 0; i < count; ++i) meetings.first[i + 1] += meetings.first[i];
  return meetings;
}

// Which things can be reached from `from` along losses (`forward`) or wins.
std::vector<bool> reached(std::span<const Comparison> comparisons, std::uint32_t count,
                          std::uint32_t from, bool forward) {
  std::vector<std::vector<std::uint32_t>> next(count);
  for (const Comparison& c : comparisons) {
    next[forward ? c.loser : c.winner].push_back(forward ? c.winner : c.loser);
  }
  std::vector<bool> seen(count);
  std::vector<std::uint32_t> open = {from};
  seen[from] = true;
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    for (const std::uint32_t to : next[at]) {
      if (!seen[to]) open.push_back(to);
      seen[to] = true;
    }
  }
  return seen;
}

// All reach thing 0 and are reached from it: then all reach all.
Status check_maximum(std::span<const Comparison> comparisons, std::uint32_t count) {
  for (const bool forward : {true, false}) {
    const auto seen = reached(comparisons, count, 0, forward);
    const auto missing = std::ranges::find(seen, false);
    if (missing != seen.end()) {
      const auto other = static_cast<std::uint32_t>(missing - seen.begin());
      return fail(
          ErrorCode::InvalidInput, "without a prior there is no finite ranking",
          fmt::format("things {} and {}: no chain of losses leads from the one to the other",
                      forward ? 0U : other, forward ? other : 0U),
          "give a prior above 0, or more comparisons");
    }
  }
  return {};
}

class Fit {
 public:
  Fit(std::span<const Comparison> comparisons, std::uint32_t count, const RankingOptions& options)
      : meetings_(meetings_of(comparisons, count)),
        options_(options),
        count_(count),
        log_strength_(count) {}

  Ranking run() {
    Ranking ranking;
    while (ranking.iterations < options_.iterations_max && !ranking.converged) {
      const double moved = options_.method == RankingMethod::Mm ? step_mm() : step_newton();
      ++ranking.iterations;
      ranking.converged = moved <= options_.step_min;
    }
    ranking.log_likelihood = log_likelihood(false);
    ranking.log_strength = log_strength_;
    const double top = std::ranges::max(log_strength_);
    ranking.share.resize(count_);
    for (std::uint32_t i = 0; i < count_; ++i) ranking.share[i] = std::exp(log_strength_[i] - top);
    std::vector<double> terms = ranking.share;
    const double sum = sorted_sum(terms);
    for (double& share : ranking.share) share /= sum;
    return ranking;
  }

 private:
  // The sum over thing i's meetings of term(opponent, times), in an order of the terms' own.
  template <class Term>
  double over_meetings(std::uint32_t i, const Term& term) {
    terms_.clear();
    for (std::uint64_t m = meetings_.first[i]; m < meetings_.first[i + 1]; ++m) {
      terms_.push_back(term(meetings_.opponent[m], meetings_.times[m]));
    }
    return sorted_sum(terms_);
  }

  static double beats(double difference) { return 1 / (1 + std::exp(-difference)); }

  double over_all(std::vector<double> values) { return sorted_sum(values); }

  // Without a prior only differences count: the mean is brought to 0.
  void centre(std::vector<double>& values) {
    if (options_.prior_wins > 0) return;
    const double mean = over_all(values) / count_;
    for (double& value : values) value -= mean;
  }

  // The posterior (or likelihood) of the present strengths.
  double log_likelihood(bool with_prior) {
    std::vector<double> values(count_);
    for (std::uint32_t i = 0; i < count_; ++i) {
      const double own = log_strength_[i];
      values[i] = meetings_.wins[i] * own - over_meetings(i, [&](std::uint32_t j, double times) {
                    return times / 2 * log_of_sum(own, log_strength_[j]);
                  });
      if (with_prior) {
        values[i] += options_.prior_wins * (own - 2 * log_of_sum(own, 0));
      }
    }
    return over_all(values);
  }
  static double log_of_sum(double a, double b) {
    return std::max(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
  }

  double step_mm() {
    std::vector<double> next(count_);
    for (std::uint32_t i = 0; i < count_; ++i) {
      // Hunter's (3), with both sides divided by w_i: the numbers stay near 1.
      const double own = log_strength_[i];
      const double expected =
          over_meetings(i, [&](std::uint32_t j,
                               double times) { return times * beats(own - log_strength_[j]); }) +
          2 * options_.prior_wins * beats(own);
      next[i] = own + std::log((meetings_.wins[i] + options_.prior_wins) / expected);
    }
    centre(next);
    double moved = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      moved = std::max(moved, std::fabs(next[i] - log_strength_[i]));
    }
    log_strength_ = std::move(next);
    return moved;
  }

  // A Newton step, halved until it does not lose. Returns the largest move.
  double step_newton() {
    std::vector<double> slope(count_);
    for (std::uint32_t i = 0; i < count_; ++i) {
      const double own = log_strength_[i];
      slope[i] =
          meetings_.wins[i] + options_.prior_wins -
          over_meetings(i, [&](std::uint32_t j,
                               double times) { return times * beats(own - log_strength_[j]); }) -
          2 * options_.prior_wins * beats(own);
    }
    std::vector<double> step = solve(slope);
    centre(step);
    double size = 0;
    for (const double move : step) size = std::max(size, std::fabs(move));
    const std::vector<double> from = log_strength_;
    const double before = log_likelihood(true);
    double scale = size > 4 ? 4 / size : 1;
    while (scale > 1e-6) {
      for (std::uint32_t i = 0; i < count_; ++i) log_strength_[i] = from[i] + scale * step[i];
      // Near the top the gain is below rounding: a small step is good as it is.
      if (log_likelihood(true) >= before || size < 1e-6) return size * scale;
      scale /= 2;
    }
    log_strength_ = from;
    return 0;
  }

  // Minus the second derivative times `v`.
  std::vector<double> curve(const std::vector<double>& v) {
    std::vector<double> result(count_);
    for (std::uint32_t i = 0; i < count_; ++i) {
      const double own = log_strength_[i];
      const double p = beats(own);
      result[i] = 2 * options_.prior_wins * p * (1 - p) * v[i] +
                  over_meetings(i, [&](std::uint32_t j, double times) {
                    const double b = beats(own - log_strength_[j]);
                    return times * b * (1 - b) * (v[i] - v[j]);
                  });
    }
    return result;
  }

  double dot(const std::vector<double>& a, const std::vector<double>& b) {
    std::vector<double> products(count_);
    for (std::uint32_t i = 0; i < count_; ++i) products[i] = a[i] * b[i];
    return sorted_sum(products);
  }

  // Conjugate gradients (M. Hestenes, E. Stiefel 1952), scaled by the diagonal.
  std::vector<double> solve(const std::vector<double>& right) {
    std::vector<double> diagonal(count_);
    for (std::uint32_t i = 0; i < count_; ++i) {
      const double own = log_strength_[i];
      const double p = beats(own);
      diagonal[i] = 2 * options_.prior_wins * p * (1 - p) +
                    over_meetings(i, [&](std::uint32_t j, double times) {
                      const double b = beats(own - log_strength_[j]);
                      return times * b * (1 - b);
                    });
      diagonal[i] = std::max(diagonal[i], 1e-12);
    }
    std::vector<double> x(count_);
    std::vector<double> rest = right;
    std::vector<double> scaled(count_);
    const auto rescale = [&] {
      for (std::uint32_t i = 0; i < count_; ++i) scaled[i] = rest[i] / diagonal[i];
    };
    rescale();
    std::vector<double> direction = scaled;
    double size = dot(rest, scaled);
    const double enough = size * 1e-20;
    for (std::uint32_t step = 0; step < 4 * count_ + 50 && size > enough && size > 0; ++step) {
      const std::vector<double> curved = curve(direction);
      const double bend = dot(direction, curved);
      if (!(bend > 0)) break;
      const double length = size / bend;
      for (std::uint32_t i = 0; i < count_; ++i) {
        x[i] += length * direction[i];
        rest[i] -= length * curved[i];
      }
      rescale();
      const double next = dot(rest, scaled);
      for (std::uint32_t i = 0; i < count_; ++i) {
        direction[i] = scaled[i] + next / size * direction[i];
      }
      size = next;
    }
    return x;
  }

  Meetings meetings_;
  RankingOptions options_;
  std::uint32_t count_;
  std::vector<double> log_strength_;
  std::vector<double> terms_;
};

}  // namespace

Result<Ranking> rank_by_comparisons(std::span<const Comparison> comparisons, std::uint32_t count,
                                    const RankingOptions& options) {
  if (comparisons.empty()) {
    return fail(ErrorCode::InvalidInput, "there is no comparison", {}, "wait for the first one");
  }
  if (!(options.prior_wins >= 0 && options.prior_wins <= 1e6) || options.iterations_max < 1 ||
      !(options.step_min > 0)) {
    return fail(ErrorCode::InvalidInput, "an option of the ranking is out of range", {},
                "a prior of at least 0, at least one iteration, a least step above 0");
  }
  for (std::size_t i = 0; i < comparisons.size(); ++i) {
    const Comparison& c = comparisons[i];
    if (c.winner >= count || c.loser >= count || c.winner == c.loser) {
      return fail(ErrorCode::InvalidInput,
                  "a comparison is of a thing with itself or of one that is not there",
                  fmt::format("comparison {}", i), "number the things below their count");
    }
  }
  if (options.prior_wins == 0) CSL_TRY(check_maximum(comparisons, count));
  return Fit(comparisons, count, options).run();
}

}  // namespace consilium::crowd
