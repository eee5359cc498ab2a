// Agreement weights: how much two different classes still agree, from 0 (not at all) to 1 (fully).
// Source: K. L. Gwet, Handbook of Inter-Rater Reliability, 4th ed. (2014), chapter 3.
//
// With values v_k of the q classes (1 .. q unless given), n_kl the number of classes whose value
// lies from v_k to v_l, both counted, and x / max meaning division by the greatest x over all
// pairs:
//   identity   1 when k = l, else 0
//   linear     1 - |v_k - v_l| / max
//   quadratic  1 - (v_k - v_l)^2 / max
//   gwet-ordinal  1 - M_kl / max, M_kl = n_kl (n_kl - 1) / 2. This is NOT Krippendorff's ordinal
//              metric, which depends on how often each class was used: see alpha.hpp. The two give
//              different numbers and therefore have different names
//   radical    1 - sqrt|v_k - v_l| / max
//   gwet-ratio 1 - ((v_k - v_l) / (v_k + v_l))^2 / max; values must not be negative
//   circular   1 - sin^2(pi (v_k - v_l) / U) / max, U = greatest - least value + 1
//   bipolar    1 - (v_k - v_l)^2 / ((v_k + v_l - 2 least)(2 greatest - v_k - v_l)) / max
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace consilium {

enum class WeightKind {
  Identity,
  Linear,
  Quadratic,
  GwetOrdinal,
  Radical,
  GwetRatio,
  Circular,
  Bipolar,
  Own,
};

// "gwet-ordinal"; the names of the list above, and "own".
[[nodiscard]] std::string_view name_of(WeightKind kind);
[[nodiscard]] std::optional<WeightKind> parse_weight_kind(std::string_view name);

inline constexpr std::uint32_t weighted_classes_max = 4096;

// A symmetric q x q matrix with ones on its diagonal. Identity is not stored.
class Weights {
 public:
  // Errors: InvalidInput when fewer than 2 values are given, when two are equal or one is beyond
  // 1e100, and on negative values for gwet-ratio; TooLarge past 4096 classes (identity has no
  // limit). `Own` is made by `own`.
  [[nodiscard]] static Result<Weights> make(WeightKind kind, std::span<const double> class_values);
  // The same with values 1 .. class_count.
  [[nodiscard]] static Result<Weights> make(WeightKind kind, std::uint32_t class_count);
  // `matrix` row by row. Errors: InvalidInput when it is not square or not symmetric, when a
  // diagonal entry is not 1 or another one is outside [0, 1] (the entry is named).
  [[nodiscard]] static Result<Weights> own(std::uint32_t class_count,
                                           std::span<const double> matrix);

  [[nodiscard]] WeightKind kind() const { return kind_; }
  [[nodiscard]] std::uint32_t class_count() const { return class_count_; }
  [[nodiscard]] bool identity() const { return kind_ == WeightKind::Identity; }
  [[nodiscard]] double at(std::size_t k, std::size_t l) const {
    if (identity()) return k == l ? 1 : 0;
    return matrix_[k * class_count_ + l];
  }
  // What tells classes apart without their numbers: the same mark for classes that the weights
  // treat alike up to renumbering. See bootstrap.hpp.
  [[nodiscard]] std::uint64_t class_mark(std::size_t k) const;

 private:
  Weights(WeightKind kind, std::uint32_t class_count) : kind_(kind), class_count_(class_count) {}

  WeightKind kind_;
  std::uint32_t class_count_;
  std::vector<double> matrix_;
};

}  // namespace consilium
