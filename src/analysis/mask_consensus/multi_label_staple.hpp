// STAPLE for label volumes: a label for each voxel and a confusion matrix for each rater, estimated
// from one another. Sources: T. Rohlfing, D. Russakoff and C. Maurer, IEEE Trans. Med. Imaging 23
// (2004) 983-994; conventions of ITK's MultiLabelSTAPLEImageFilter, whose results it gives:
// - the prior of a label is its share of all votes, and stays;
// - confusion matrices start from label voting (voxels whose vote is tied take no part), there
//   normalised over the true labels of each label said; after that over the labels said;
// - a voxel gets the label of greatest weight, and `undecided` where two share it or none has any.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/mask_consensus/vote_patterns.hpp"
#include "base/result.hpp"

namespace consilium {

struct MultiLabelStapleSettings {
  std::optional<std::uint16_t> undecided{};  // default: one past the greatest label
  int iterations_max = 1000;                 // 0: the start alone
  double tolerance = 1e-5;                   // stop when no matrix entry moved as far, as ITK does
  friend bool operator==(const MultiLabelStapleSettings&,
                         const MultiLabelStapleSettings&) = default;
};

struct MultiLabelStapleResult {
  std::vector<std::uint16_t> labels{};  // those that occur, ascending: rows and columns below
  std::vector<double> prior{};          // one a label
  // [rater][said * labels + true]: how probable it is that the rater says `said` of a voxel that is
  // `true`. A column is all 0 when no voxel was estimated to be `true`.
  std::vector<std::vector<double>> confusion{};
  std::vector<std::uint16_t> label_of_pattern{};
  // The weight of that label among all, one a pattern; 0 where undecided for want of any weight.
  std::vector<double> probability{};
  std::uint16_t undecided = 0;
  int iterations = 0;
  bool converged = false;
};

// `patterns` from label_patterns (or binary_patterns). Errors: InvalidInput when a setting is out
// of range or no label is left for undecided voxels; TooLarge when raters x labels^2 passes 2^28.
// Cost: O(patterns x raters x labels) an iteration.
[[nodiscard]] Result<MultiLabelStapleResult> multi_label_staple(
    const VotePatterns& patterns, const MultiLabelStapleSettings& settings = {});

}  // namespace consilium
