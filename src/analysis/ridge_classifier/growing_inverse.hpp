// The inverse of a symmetric positive definite matrix that gains rows, kept as the lower triangle M
// with M^T M = A^-1: new rows cost a multiplication with what is there, not a new factorisation.
// Used inside this module.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium::ridge {

class GrowingInverse {
 public:
  static constexpr std::size_t rows_at_once_max = 64;

  [[nodiscard]] std::size_t size() const { return size_; }

  // Rows size() to size() + count - 1 of A, `rows[r * stride + c]` up to the diagonal of each;
  // `diagonal_added` is added there. Errors: InvalidInput when A would not be positive definite: it
  // then stays as it was. Cost: count x size^2, and in all size^3 / 3 multiplications.
  [[nodiscard]] Status append(std::span<const double> rows, std::size_t stride, std::size_t count,
                              double diagonal_added);

  // A^-1 y.
  [[nodiscard]] std::vector<double> solve(std::span<const double> y) const;
  // M z: its squared length is z^T A^-1 z.
  [[nodiscard]] std::vector<double> half_solve(std::span<const double> z) const;
  // The diagonal of A^-1.
  [[nodiscard]] std::vector<double> diagonal() const;

 private:
  [[nodiscard]] const double* row(std::size_t i) const { return rows_.data() + i * (i + 1) / 2; }

  std::size_t size_ = 0;
  std::vector<double> rows_;  // of M, packed
};

}  // namespace consilium::ridge
