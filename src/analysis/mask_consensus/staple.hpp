// STAPLE: what several raters' binary masks say together, and how good each rater is, estimated
// from one another. Source: S. Warfield, K. Zou and W. Wells, IEEE Trans. Med. Imaging 23 (2004)
// 903-921.
//
// Rater r marks a foreground voxel with probability p_r (sensitivity) and leaves a background voxel
// unmarked with probability q_r (specificity); a voxel is foreground with prior probability g. EM:
//   W(v) = g A(v) / (g A(v) + (1 - g) B(v)),
//     A(v) = product over raters of p_r where r marked v, else 1 - p_r,
//     B(v) = product over raters of 1 - q_r where r marked v, else q_r;
//   p_r = sum of W over the voxels r marked / sum of W,
//   q_r = sum of 1 - W over the voxels r did not mark / sum of 1 - W.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/mask_consensus/vote_patterns.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/result.hpp"

namespace consilium {

// The two priors give different numbers; the result names its own.
enum class StaplePrior {
  Fixed,      // g stays the share of marked votes, times the confidence weight: ITK's convention
  Estimated,  // g is the mean of W, renewed in each iteration, as Dawid and Skene (1979) do
};

enum class StapleStart {
  VoteShare,    // W starts as the share of raters that marked the voxel: what ITK's code does
  NearPerfect,  // p and q start at .99999: what Warfield's paper and ITK's manual say
};

struct StapleSettings {
  StaplePrior prior = StaplePrior::Fixed;
  StapleStart start = StapleStart::VoteShare;
  double confidence_weight = 1;  // of the fixed prior; above 0
  int iterations_max = 1000;     // at least 1
  double tolerance = 1e-7;       // stop when no p or q moved further in an iteration, as ITK does
  friend bool operator==(const StapleSettings&, const StapleSettings&) = default;
};

struct StapleResult {
  StaplePrior prior = StaplePrior::Fixed;
  // One a rater. Undefined where there is nothing to be sensitive (or specific) to: all masks
  // empty (or all full).
  std::vector<std::optional<double>> sensitivity{};
  std::vector<std::optional<double>> specificity{};
  double foreground_prior = 0;
  std::vector<double> foreground_probability{};  // W, one a pattern
  int iterations = 0;
  bool converged = false;
  // Log-likelihood of the votes (natural), after each iteration; never falls.
  std::vector<double> log_likelihood{};
};

// `patterns` from binary_patterns. Errors: InvalidInput when the patterns are not binary or a
// setting is out of its range. Cost: O(patterns x raters) an iteration.
[[nodiscard]] Result<StapleResult> staple(const VotePatterns& patterns,
                                          const StapleSettings& settings = {});

// The probability at each voxel: as float; as round(255 W); as round(65535 W).
// Errors: as write_by_pattern.
[[nodiscard]] Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                                       std::span<float> out, unsigned threads = 1);
[[nodiscard]] Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                                       std::span<std::uint8_t> out, unsigned threads = 1);
[[nodiscard]] Status write_probability(const VotePatterns& patterns, const StapleResult& result,
                                       std::span<std::uint16_t> out, unsigned threads = 1);

}  // namespace consilium
