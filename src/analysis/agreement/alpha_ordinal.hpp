// Alpha on an ordinal scale: its differences depend on how often each class was used. Used inside
// this module.
//
// Krippendorff's ordinal difference of two classes is that of their mid-ranks among all codings:
// R_k = sum of n_g over smaller values + n_k / 2. So D_e needs one pass over the classes, and D_o
// only the pairs of classes that some unit holds, instead of a matrix of all.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"

namespace consilium {

class OrdinalScale {
 public:
  OrdinalScale(const RatingPatterns& patterns, std::span<const double> class_values);

  [[nodiscard]] std::size_t column_count() const { return 1 + rank_.size() + pairs_.size(); }
  void add_summands(const RatingPatterns& patterns, std::size_t pattern, double codings,
                    SummandRows& rows) const;
  void mark(AgreementModel& model) const;
  [[nodiscard]] std::shared_ptr<const Coefficient> coefficient() const;

 private:
  std::vector<std::uint32_t> rank_;   // of each class, from 0
  std::vector<std::uint64_t> pairs_;  // lower rank << 32 | higher rank, ascending
};

}  // namespace consilium
