// How given labels and true classes go together, estimated from a model's out-of-sample
// probabilities: the confident joint of Northcutt, Jiang & Chuang, "Confident Learning", J. Artif.
// Intell. Res. 70 (2021) 1373, section 3. See semantics.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace consilium {

// Matrices are row by row: row = given label, column = true class as the model confidently says.
struct ConfidentJoint {
  std::size_t class_count = 0;
  std::uint64_t row_count = 0;              // items seen
  std::vector<std::uint64_t> label_counts;  // items given each label
  // The mean probability of class k over the items given k; infinity for a class that no item was
  // given (nothing can reach it).
  std::vector<double> thresholds;
  std::vector<std::uint64_t> counts;  // class_count squared: items confidently counted

  [[nodiscard]] std::uint64_t count(std::size_t given, std::size_t truth) const {
    return counts[given * class_count + truth];
  }
  friend bool operator==(const ConfidentJoint&, const ConfidentJoint&) = default;
};

// The joint in items: rows scaled to the label counts, diagonal counts of 0 taken as 1 so that a
// class is never thought wrong throughout. Formula (3) of the paper times the number of items.
// Cost: O(class_count^2).
[[nodiscard]] std::vector<double> calibrated_joint(const ConfidentJoint& joint);

// The same in whole items: each row keeps its sum; what rounding to nearest leaves over goes to the
// entries that lost or won most by it, of equal ones to the larger, then to the lower class.
[[nodiscard]] std::vector<std::int64_t> calibrated_counts(const ConfidentJoint& joint);

// Q(given, true): the calibrated joint over the number of items. All 0 without items.
[[nodiscard]] std::vector<double> estimated_joint(const ConfidentJoint& joint);

// How many items of each (given, true) to prune: calibrated counts, a diagonal of at least
// `kept_per_class`, off-diagonal counts scaled by `noise_share` and cut to whole items, what that
// removes put back on the diagonal.
[[nodiscard]] std::vector<std::int64_t> prune_counts(const ConfidentJoint& joint,
                                                     std::uint64_t kept_per_class,
                                                     double noise_share);

}  // namespace consilium
