#include "analysis/ridge_classifier/growing_inverse.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.hpp"

namespace consilium::ridge {
namespace {

constexpr std::size_t four = 4;
using Sums = std::array<double, four>;
using Lanes [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = double;

// Sums of a row with each of four others, in lanes whose number does not depend on the processor,
// so that neither do the sums.
[[gnu::target_clones("avx2", "default")]] void dot_four(const double* one,
                                                        const double* const* others,
                                                        std::size_t count, double* out) {
  Lanes sum[four] = {};
  const std::size_t whole = count / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    const Lanes a = *reinterpret_cast<const Lanes*>(one + i);
    for (std::size_t k = 0; k < four; ++k) {
      sum[k] += a * *reinterpret_cast<const Lanes*>(others[k] + i);
    }
  }
  for (std::size_t k = 0; k < four; ++k) {
    double total = (sum[k][0] + sum[k][1]) + (sum[k][2] + sum[k][3]);
    for (std::size_t i = whole; i < count; ++i) total += one[i] * others[k][i];
    out[k] = total;
  }
}

// to += weight * row.
[[gnu::target_clones("avx2", "default")]] void add_scaled(double* to, const double* row,
                                                          double weight, std::size_t count) {
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    *reinterpret_cast<Lanes*>(to + i) += weight * *reinterpret_cast<const Lanes*>(row + i);
  }
  for (; i < count; ++i) to[i] += weight * row[i];
}

// Up to 64 rows of one length, in fours that are filled up with rows of zeros.
class Block {
 public:
  Block(std::size_t count, std::size_t length)
      : length_(length), values_((count + four - 1) / four * four * length, 0.0) {}
  double* row(std::size_t r) { return values_.data() + r * length_; }
  [[nodiscard]] const double* row(std::size_t r) const { return values_.data() + r * length_; }

 private:
  std::size_t length_;
  std::vector<double> values_;
};

[[gnu::target_clones("avx2", "default")]] double dot(const double* a, const double* b,
                                                     std::size_t count) {
  Lanes sum = {};
  const std::size_t whole = count / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) {
    sum += *reinterpret_cast<const Lanes*>(a + i) * *reinterpret_cast<const Lanes*>(b + i);
  }
  double total = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  for (std::size_t i = whole; i < count; ++i) total += a[i] * b[i];
  return total;
}

// The inverse of the Cholesky factor of a small symmetric matrix, in place; false when there is
// none.
bool invert_factor(Block& a, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      const double rest = a.row(i)[j] - dot(a.row(i), a.row(j), j);
      if (i == j) {
        if (!(rest > 0)) return false;
        a.row(i)[i] = std::sqrt(rest);
      } else {
        a.row(i)[j] = rest / a.row(j)[j];
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double pivot = 1 / a.row(i)[i];
    for (std::size_t j = 0; j < i; ++j) {
      // Entries of row i left of j are inverted already, those from j on still the factor's.
      double sum = 0;
      for (std::size_t k = j; k < i; ++k) sum += a.row(i)[k] * a.row(k)[j];
      a.row(i)[j] = -pivot * sum;
    }
    a.row(i)[i] = pivot;
  }
  return true;
}

}  // namespace

Status GrowingInverse::append(std::span<const double> rows, std::size_t stride, std::size_t count,
                              double diagonal_added) {
  CSL_CHECK(count <= rows_at_once_max);
  const std::size_t before = size_;
  // t = M k for every new row k; s = its own part of A without what the rows before explain of it.
  Block given(count, before);
  Block t(count, before);
  Block s(count, count);
  for (std::size_t r = 0; r < count; ++r) {
    std::copy_n(rows.data() + r * stride, before, given.row(r));
    std::copy_n(rows.data() + r * stride + before, r + 1, s.row(r));
    s.row(r)[r] += diagonal_added;
  }
  for (std::size_t i = 0; i < before; ++i) {
    for (std::size_t r = 0; r < count; r += four) {
      const double* others[four] = {given.row(r), given.row(r + 1), given.row(r + 2),
                                    given.row(r + 3)};
      Sums sums;
      dot_four(row(i), others, i + 1, sums.data());
      for (std::size_t k = 0; k < four; ++k) t.row(r + k)[i] = sums[k];
    }
  }
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t q = 0; q <= r; q += four) {
      const double* others[four] = {t.row(q), t.row(q + 1), t.row(q + 2), t.row(q + 3)};
      Sums sums;
      dot_four(t.row(r), others, before, sums.data());
      for (std::size_t k = 0; k < std::min(four, r + 1 - q); ++k) s.row(r)[q + k] -= sums[k];
    }
  }
  if (!invert_factor(s, count)) {
    return fail(ErrorCode::InvalidInput, "the rows depend on each other", "", "use a larger ridge");
  }
  Block u(count, before);  // t M
  for (std::size_t i = 0; i < before; ++i) {
    for (std::size_t r = 0; r < count; ++r) add_scaled(u.row(r), row(i), t.row(r)[i], i + 1);
  }
  rows_.resize((before + count) * (before + count + 1) / 2, 0.0);
  size_ += count;
  for (std::size_t r = 0; r < count; ++r) {
    double* to = rows_.data() + (before + r) * (before + r + 1) / 2;
    for (std::size_t q = 0; q <= r; ++q) {
      add_scaled(to, u.row(q), -s.row(r)[q], before);
    }
    std::copy_n(s.row(r), r + 1, to + before);
  }
  return {};
}

std::vector<double> GrowingInverse::half_solve(std::span<const double> z) const {
  std::vector<double> out(size_);
  for (std::size_t i = 0; i < size_; ++i) out[i] = dot(row(i), z.data(), i + 1);
  return out;
}

std::vector<double> GrowingInverse::solve(std::span<const double> y) const {
  const std::vector<double> half = half_solve(y);
  std::vector<double> out(size_, 0.0);
  for (std::size_t i = 0; i < size_; ++i) {
    add_scaled(out.data(), row(i), half[i], i + 1);
  }
  return out;
}

std::vector<double> GrowingInverse::diagonal() const {
  std::vector<double> out(size_, 0.0);
  for (std::size_t i = 0; i < size_; ++i) {
    for (std::size_t j = 0; j <= i; ++j) out[j] += row(i)[j] * row(i)[j];
  }
  return out;
}

}  // namespace consilium::ridge
