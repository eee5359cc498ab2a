// What the coefficients on classes share: sums over classes that no renumbering changes, and the
// marks by which the bootstrap numbers rows. Used inside this module.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "analysis/agreement/rating_patterns.hpp"
#include "analysis/agreement/weights.hpp"

namespace consilium {

[[nodiscard]] std::unexpected<Error> no_pairs();

// sum_l w_kl share_l for each k; O(q) for identity, else O(q^2).
[[nodiscard]] std::vector<double> weighted(const Weights& weights, std::span<const double> share);
// sum_kl w_kl share_k share_l.
[[nodiscard]] double weighted_product(const Weights& weights, std::span<const double> share);
// sum_k r_k (sum_l w_kl r_l - 1) of one pattern: ordered pairs of ratings, weighted.
[[nodiscard]] double agreeing_pairs(const RatingPatterns& patterns, std::size_t pattern,
                                    const Weights& weights);

// Gwet takes the number of items with two ratings as given: such an item's deviation is shifted by
// (n / n' - 1) x coefficient, one with a single rating by -coefficient. `pairs_column` holds 1 for
// items with two ratings.
void add_pairs_shift(std::span<const double> sums, const SummandRows& rows,
                     std::uint32_t pairs_column, double coefficient, std::span<double> deviation);

[[nodiscard]] std::vector<std::uint32_t> rows_of_items(
    const RatingPatterns& patterns, std::span<const std::uint32_t> row_of_pattern);

// Appends marks of columns that stand for no class.
void mark_columns(AgreementModel& model, std::initializer_list<std::uint64_t> marks);
// Marks columns [first_column, first_column + classes) as those of the classes, in `role`.
void mark_classes(AgreementModel& model, const Weights& weights, std::size_t first_column,
                  std::uint64_t role);

}  // namespace consilium
