// Precision, recall and F1 of spans: one rater measured against another one.
//
// A pair of units counts once: units are matched one to one, as many as can be (maximum matching),
// so the counts do not depend on the order in which units were written. What may match is said by
// a Closeness: same parts and category (the strict score of CoNLL and i2b2), boundaries within a
// tolerance, any overlap, an overlap of at least an IoU; each with or without the category.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/matching/closeness.hpp"
#include "analysis/matching/unit.hpp"
#include "analysis/statistics/cluster_bootstrap.hpp"

namespace consilium {

// `first` is the reference rater's total, `second` the other one's.
struct MatchCounts {
  std::uint64_t matched = 0;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  // Each is empty where it is undefined: nothing to divide by. Two raters who both mark nothing
  // agree, but an F1 of that is not defined and is not 1.
  [[nodiscard]] std::optional<double> precision() const;  // matched / second
  [[nodiscard]] std::optional<double> recall() const;     // matched / first
  [[nodiscard]] std::optional<double> f1() const;         // 2 matched / (first + second)
  friend bool operator==(const MatchCounts&, const MatchCounts&) = default;
};

struct SpanScores {
  MatchCounts all;                        // micro: of all categories together
  std::vector<MatchCounts> by_category;   // empty when categories were not to agree
  std::vector<MatchCounts> by_continuum;  // zeros where not both raters read it
  std::uint32_t continua_read = 0;        // by both
  // The mean of the categories' F1 over the categories that either rater used.
  [[nodiscard]] std::optional<double> macro_f1() const;
  friend bool operator==(const SpanScores&, const SpanScores&) = default;
};

// Scores of `second` against the reference `first`, over the continua that both read.
// Errors: those of order_units and check_closeness; InvalidInput when a rater does not exist, both
// are one, or they read no continuum in common. TooLarge past 2^26 close pairs in one continuum.
// Cost: O(units log units + close pairs x sqrt(units)).
[[nodiscard]] Result<SpanScores> span_scores(const UnitStudy& study, std::uint32_t first,
                                             std::uint32_t second, const Closeness& closeness);

// How positions are scored: every code point or tick by itself, or tokens.
struct PositionRule {
  bool same_category = true;  // else a position is only marked or not
  // Tokens of each continuum, sorted and disjoint: a token is marked where a unit covers any of it.
  // Empty: every position counts.
  std::vector<std::vector<Part>> tokens{};
};

// The same of positions: a position marked by both raters (with one category) is a match. A
// position that one rater marks twice with one category counts once; with two, once for each.
// Points cover nothing and take no part.
// Errors: as span_scores; InvalidInput when tokens are not given for every continuum, or are not
// sorted and disjoint.
[[nodiscard]] Result<SpanScores> position_scores(const UnitStudy& study, std::uint32_t first,
                                                 std::uint32_t second, const PositionRule& rule);

struct RaterPairScore {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  SpanScores scores;
};

// Scores of all pairs of raters who read a continuum in common.
struct PairwiseScores {
  std::vector<RaterPairScore> pairs;  // by first, then second; first < second
  // Over the pairs where it is defined; empty when it is so nowhere. Exchanging raters leaves F1 as
  // it is, so no rater is the reference. Hripcsak and Rothschild (JAMIA 12 (2005) 296-298) show
  // that it nears kappa where what is not marked cannot be counted.
  std::optional<double> mean_f1;
  std::optional<double> mean_macro_f1;
  std::uint32_t undefined_pairs = 0;  // raters who both marked nothing
};

// Errors: as span_scores; InvalidInput when no two raters read a continuum in common.
[[nodiscard]] Result<PairwiseScores> pairwise_scores(const UnitStudy& study,
                                                     const Closeness& closeness);

// Interval of the mean pairwise F1 (`mean_f1`; of the micro F1 for two raters) over clusters of
// continua. `cluster_of[c]` is the patient of continuum c; empty: each continuum is its own.
[[nodiscard]] Result<BootstrapInterval> bootstrap_f1(const PairwiseScores& scores,
                                                     std::span<const std::uint32_t> cluster_of,
                                                     const ClusterBootstrapOptions& options);

}  // namespace consilium
