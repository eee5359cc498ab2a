// Classes told apart by ridge regression on many features: one regression a class onto 1 and -1,
// the highest score wins. Trained in closed form, so that it gives at once what it would have said
// of every training row had that one been left out (the shortcut of D. M. Allen, Technometrics 16
// (1974) 125-127), and takes in further rows without starting anew. It is what MiniRocket's authors
// put behind their features.
//
// Features are brought to mean 0 and deviation 1 (by the rows of `train`); a constant stands among
// them as the intercept. With more columns than rows the equations are those of the rows, else of
// the columns. The ridge is the one of twelve values for which the rows left out (of 512 rows,
// evenly taken, where there are more) are met best. A softmax turns scores into probabilities: its
// sharpness fits what was said of rows left out.
//
// The result depends on the rows and their order alone, not on threads or processor.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/ridge_classifier/growing_inverse.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

class RidgeClassifier {
 public:
  static constexpr std::uint32_t class_count_max = 256;
  static constexpr std::size_t row_count_max = 20'000;  // where there are as many columns
  static constexpr std::size_t column_count_max = 65'536;

  // features[i * columns + f] of row i; classes 0 .. class_count - 1. Errors: InvalidInput when
  // lengths differ, a class is out of range or without a row, there are fewer than two classes or
  // rows, or a feature is no number; TooLarge past the limits. Cost: rows x smaller of rows and
  // columns x columns / 2 + the cube of the smaller one / 3: 2,000 x 9,996 in 2 s. Memory: 4 bytes
  // a feature, 8 for each pair of the smaller side.
  [[nodiscard]] static Result<RidgeClassifier> train(std::span<const float> features,
                                                     std::size_t columns,
                                                     std::span<const std::uint32_t> classes,
                                                     std::uint32_t class_count,
                                                     unsigned threads = 1);

  // Takes in further rows: the scores are those of a training on all rows with this ridge and these
  // means and deviations. Errors: as above, and then nothing has changed.
  // Cost: 50 rows x 9,996 after 2,000 in 0.25 s.
  [[nodiscard]] Status add(std::span<const float> features, std::span<const std::uint32_t> classes,
                           unsigned threads = 1);

  [[nodiscard]] std::size_t row_count() const { return classes_.size(); }
  [[nodiscard]] std::uint32_t class_count() const { return class_count_; }
  [[nodiscard]] double ridge() const { return ridge_; }

  // Rows of class_count() scores, one for each row of `features`. CSL_CHECKs the columns.
  [[nodiscard]] std::vector<double> scores(std::span<const float> features) const;
  // The same of each training row, said without it.
  [[nodiscard]] const std::vector<double>& left_out() const { return left_out_; }
  // One row's scores as probabilities that sum to 1.
  [[nodiscard]] std::vector<double> probabilities(std::span<const double> scores) const;

  // What it says of any row follows from this. Format 1, little-endian.
  [[nodiscard]] Bytes serialise() const;

 private:
  [[nodiscard]] Status check_rows(std::span<const float> features,
                                  std::span<const std::uint32_t> classes) const;
  void take_rows(std::span<const float> features, std::span<const std::uint32_t> classes);
  [[nodiscard]] double choose_ridge() const;
  [[nodiscard]] Status solve_by_rows(std::size_t first_row, unsigned threads);
  [[nodiscard]] Status solve_by_columns(unsigned threads);
  [[nodiscard]] double target(std::size_t row, std::uint32_t k) const {
    return classes_[row] == k ? 1 : -1;
  }
  void fit_sharpness();
  [[nodiscard]] const float* row(std::size_t i) const { return rows_.data() + i * stride_; }

  std::size_t columns_ = 0;
  std::size_t stride_ = 0;  // columns, the constant, and zeros up to a multiple of 8
  std::uint32_t class_count_ = 0;
  bool is_by_rows_ = true;
  double ridge_ = 1;
  double sharpness_ = 1;
  std::vector<float> mean_;
  std::vector<float> scale_;  // 1 / deviation over the root of the columns; 0 for a constant one
  std::vector<float> rows_;   // scaled
  std::vector<std::uint32_t> classes_;
  std::optional<ridge::GrowingInverse> inverse_;
  std::vector<double> weights_;   // class by class, stride_ each
  std::vector<double> left_out_;  // rows x classes
};

}  // namespace consilium
