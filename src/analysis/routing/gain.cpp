#include "analysis/routing/gain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"

namespace consilium::routing {

double entropy(std::span<const double> shares) {
  FixedPoint sum = 0;
  for (const double p : shares) {
    if (p > 0) sum -= to_fixed(p * std::log(p));
  }
  return std::max(0.0, from_fixed(sum));
}

double expected_gain(std::span<const double> shares, std::span<const double> rates) {
  const std::size_t class_count = shares.size();
  FixedPoint gain = 0;
  for (std::size_t l = 0; l < class_count; ++l) {
    FixedPoint mean = 0;
    FixedPoint total = 0;
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    for (std::size_t t = 0; t < class_count; ++t) {
      if (shares[t] <= 0) continue;
      const double rate = rates[t * class_count + l];
      mean += to_fixed(shares[t] * rate);
      total += to_fixed(shares[t]);
      least = std::min(least, rate);
      most = std::max(most, rate);
    }
    // Said as often whatever is true: it tells nothing, and rounding shall not say otherwise.
    if (least >= most || mean <= 0) continue;
    const double marginal = from_fixed(mean) / from_fixed(total);
    for (std::size_t t = 0; t < class_count; ++t) {
      const double rate = rates[t * class_count + l];
      if (shares[t] > 0 && rate > 0) gain += to_fixed(shares[t] * rate * std::log(rate / marginal));
    }
  }
  return std::max(0.0, from_fixed(gain));
}

Result<std::vector<Suggestion>> suggest_next(const RunningPanel& panel,
                                             std::span<const ItemIndex> open,
                                             std::span<const Candidate> candidates,
                                             std::size_t count, unsigned threads) {
  for (const ItemIndex item : open) {
    if (item >= panel.item_count()) {
      return fail(ErrorCode::InvalidInput, "an open item is not in the panel",
                  fmt::format("item {}", item), "make the panel anew with all items");
    }
  }
  std::vector<RateTable> rates;
  for (const Candidate& candidate : candidates) {
    if (candidate.rater >= panel.rater_count() || !(candidate.minutes_a_vote > 0) ||
        !std::isfinite(candidate.minutes_a_vote)) {
      return fail(ErrorCode::InvalidInput, "a candidate is not in the panel or costs no time",
                  fmt::format("rater {}", candidate.rater),
                  "give minutes above 0 for raters of the panel");
    }
    rates.push_back(panel.rates(candidate.rater));
  }
  struct Pair {
    Suggestion suggestion;
    std::size_t candidate = 0;
  };
  std::vector<std::vector<Pair>> of_part(std::max(1U, threads));
  split_work(threads, open.size(), [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
    for (std::uint64_t at = begin; at < end; ++at) {
      const std::vector<double> shares = panel.posterior(open[at]);
      for (std::size_t c = 0; c < candidates.size(); ++c) {
        const Candidate& who = candidates[c];
        if (who.places == 0 || panel.has_vote(open[at], who.rater)) continue;
        const double gain = expected_gain(shares, rates[c]);
        if (gain > 0) {
          of_part[part].push_back({{open[at], who.rater, gain, gain / who.minutes_a_vote}, c});
        }
      }
    }
  });
  std::vector<Pair> pairs = std::move(of_part[0]);
  for (std::size_t part = 1; part < of_part.size(); ++part) {
    pairs.insert(pairs.end(), of_part[part].begin(), of_part[part].end());
  }
  std::ranges::sort(pairs, [](const Pair& a, const Pair& b) {
    return std::tuple(-a.suggestion.gain_a_minute, a.suggestion.item, a.suggestion.rater) <
           std::tuple(-b.suggestion.gain_a_minute, b.suggestion.item, b.suggestion.rater);
  });
  std::vector<Suggestion> chosen;
  std::vector<bool> taken(panel.item_count());
  std::vector<std::uint32_t> asked(candidates.size());
  for (const Pair& pair : pairs) {
    if (chosen.size() == count) break;
    if (taken[pair.suggestion.item] || asked[pair.candidate] == candidates[pair.candidate].places) {
      continue;
    }
    taken[pair.suggestion.item] = true;
    ++asked[pair.candidate];
    chosen.push_back(pair.suggestion);
  }
  return chosen;
}

}  // namespace consilium::routing
