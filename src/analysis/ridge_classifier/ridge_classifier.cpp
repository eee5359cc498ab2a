#include "analysis/ridge_classifier/ridge_classifier.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/ridge_classifier/row_products.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

using ridge::GrowingInverse;

constexpr std::size_t choosing_rows_max = 512;
constexpr double ridges[] = {1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30};

std::size_t padded(std::size_t columns) { return (columns + 1 + 7) / 8 * 8; }

// Rows of a matrix, `stride` apart, taken into an inverse in steps; the first of them is row
// inverse.size() of the whole.
Status append_all(GrowingInverse& inverse, std::span<const double> rows, std::size_t stride,
                  std::size_t count, double diagonal_added) {
  for (std::size_t r = 0; r < count; r += GrowingInverse::rows_at_once_max) {
    const std::size_t at_once = std::min(GrowingInverse::rows_at_once_max, count - r);
    CSL_TRY(inverse.append(rows.subspan(r * stride), stride, at_once, diagonal_added));
  }
  return {};
}

// The compiler's own vectors are off at the release's level.
[[gnu::target_clones("avx2", "default")]] void add_scaled(double* to, const float* row,
                                                          double weight, std::size_t count) {
  using Lanes [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = double;
  using Floats [[gnu::vector_size(16), gnu::aligned(4), gnu::may_alias]] = float;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const Floats four = *reinterpret_cast<const Floats*>(row + i);
    *reinterpret_cast<Lanes*>(to + i) += weight * __builtin_convertvector(four, Lanes);
  }
  for (; i < count; ++i) to[i] += weight * double{row[i]};
}

// The least of a function with one valley, by golden sections of [low, high].
template <class Function>
double least_at(double low, double high, int steps, Function function) {
  constexpr double section = 0.6180339887498949;
  double a = high - section * (high - low);
  double b = low + section * (high - low);
  double at_a = function(a);
  double at_b = function(b);
  for (int i = 0; i < steps; ++i) {
    if (at_a < at_b) {
      high = b;
      b = a;
      at_b = at_a;
      a = high - section * (high - low);
      at_a = function(a);
    } else {
      low = a;
      a = b;
      at_a = at_b;
      b = low + section * (high - low);
      at_b = function(b);
    }
  }
  return (low + high) / 2;
}

}  // namespace

Status RidgeClassifier::check_rows(std::span<const float> features,
                                   std::span<const std::uint32_t> classes) const {
  if (features.size() != classes.size() * columns_) {
    return fail(ErrorCode::InvalidInput, "there are not as many features as rows and columns",
                "features");
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto values = features.subspan(i * columns_, columns_);
    if (classes[i] >= class_count_) {
      return fail(ErrorCode::InvalidInput, "a row's class is not among those there are",
                  "row " + std::to_string(i));
    }
    if (!std::ranges::all_of(values, [](float x) { return std::isfinite(x); })) {
      return fail(ErrorCode::InvalidInput, "a feature is no number", "row " + std::to_string(i));
    }
  }
  const std::size_t rows = classes_.size() + classes.size();
  if (std::min(rows, columns_) > row_count_max) {
    return fail(ErrorCode::TooLarge, "there are more than 20,000 rows of as many columns", "",
                "train on a part of the rows");
  }
  return {};
}

void RidgeClassifier::take_rows(std::span<const float> features,
                                std::span<const std::uint32_t> classes) {
  rows_.resize(rows_.size() + classes.size() * stride_, 0.0F);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    float* to = rows_.data() + (classes_.size() + i) * stride_;
    for (std::size_t f = 0; f < columns_; ++f) {
      to[f] = (features[i * columns_ + f] - mean_[f]) * scale_[f];
    }
    to[columns_] = 1;
  }
  classes_.insert(classes_.end(), classes.begin(), classes.end());
}

double RidgeClassifier::choose_ridge() const {
  const std::size_t count = std::min(row_count(), choosing_rows_max);
  std::vector<float> chosen(count * stride_);
  std::vector<std::size_t> places(count);
  for (std::size_t i = 0; i < count; ++i) {
    places[i] = i * row_count() / count;
    std::copy_n(row(places[i]), stride_, chosen.data() + i * stride_);
  }
  std::vector<double> products;
  ridge::products({chosen.data(), stride_}, 0, count, 1, products);
  double best = ridges[std::size(ridges) - 1];
  double least = std::numeric_limits<double>::max();
  std::vector<double> y(count);
  for (const double candidate : ridges) {
    GrowingInverse inverse;
    if (!append_all(inverse, products, count, count, candidate)) continue;
    const std::vector<double> diagonal = inverse.diagonal();
    double error = 0;
    for (std::uint32_t k = 0; k < class_count_; ++k) {
      for (std::size_t i = 0; i < count; ++i) y[i] = target(places[i], k);
      const std::vector<double> alpha = inverse.solve(y);
      for (std::size_t i = 0; i < count; ++i) {
        const double residual = alpha[i] / diagonal[i];
        error += residual * residual;
      }
    }
    if (error < least) {
      least = error;
      best = candidate;
    }
  }
  return best;
}

Status RidgeClassifier::solve_by_rows(std::size_t first_row, unsigned threads) {
  const std::size_t count = row_count();
  std::vector<double> products;
  ridge::products({rows_.data(), stride_}, first_row, count, threads, products);
  if (first_row == 0) inverse_.emplace();
  CSL_TRY(append_all(*inverse_, products, count, count - first_row, ridge_));
  const std::vector<double> diagonal = inverse_->diagonal();
  std::vector<double> y(count);
  std::vector<std::vector<double>> alphas;
  left_out_.assign(count * class_count_, 0.0);
  for (std::uint32_t k = 0; k < class_count_; ++k) {
    for (std::size_t i = 0; i < count; ++i) y[i] = target(i, k);
    alphas.push_back(inverse_->solve(y));
    for (std::size_t i = 0; i < count; ++i) {
      left_out_[i * class_count_ + k] = y[i] - alphas[k][i] / diagonal[i];
    }
  }
  weights_.assign(stride_ * class_count_, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::uint32_t k = 0; k < class_count_; ++k) {
      add_scaled(weights_.data() + k * stride_, row(i), alphas[k][i], stride_);
    }
  }
  return {};
}

Status RidgeClassifier::solve_by_columns(unsigned threads) {
  const std::size_t count = row_count();
  const std::size_t side = columns_ + 1;
  const std::size_t turned_stride = (count + 7) / 8 * 8;
  std::vector<float> turned(side * turned_stride, 0.0F);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t f = 0; f < side; ++f) turned[f * turned_stride + i] = row(i)[f];
  }
  std::vector<double> products;
  ridge::products({turned.data(), turned_stride}, 0, side, threads, products);
  inverse_.emplace();
  CSL_TRY(append_all(*inverse_, products, side, side, ridge_));
  weights_.assign(stride_ * class_count_, 0.0);
  for (std::uint32_t k = 0; k < class_count_; ++k) {
    std::vector<double> met(stride_, 0.0);
    for (std::size_t i = 0; i < count; ++i) add_scaled(met.data(), row(i), target(i, k), stride_);
    const std::vector<double> solved = inverse_->solve(met);
    std::ranges::copy(solved, weights_.begin() + static_cast<std::ptrdiff_t>(k * stride_));
  }
  left_out_.assign(count * class_count_, 0.0);
  std::vector<double> z(side);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(row(i), side, z.begin());
    double own = 0;  // what the row itself adds to what is said of it
    for (const double x : inverse_->half_solve(z)) own += x * x;
    for (std::uint32_t k = 0; k < class_count_; ++k) {
      double said = 0;
      for (std::size_t f = 0; f < side; ++f) said += weights_[k * stride_ + f] * z[f];
      left_out_[i * class_count_ + k] = (said - own * target(i, k)) / (1 - own);
    }
  }
  return {};
}

void RidgeClassifier::fit_sharpness() {
  const auto loss = [&](double log_sharpness) {
    const double sharpness = std::exp(log_sharpness);
    double sum = 0;
    for (std::size_t i = 0; i < row_count(); ++i) {
      const double* said = left_out_.data() + i * class_count_;
      const double most = *std::max_element(said, said + class_count_);
      double all = 0;
      for (std::uint32_t k = 0; k < class_count_; ++k)
        all += std::exp(sharpness * (said[k] - most));
      sum += std::log(all) - sharpness * (said[classes_[i]] - most);
    }
    return sum;
  };
  sharpness_ = std::exp(least_at(std::log(0.1), std::log(50.0), 30, loss));
}

Result<RidgeClassifier> RidgeClassifier::train(std::span<const float> features, std::size_t columns,
                                               std::span<const std::uint32_t> classes,
                                               std::uint32_t class_count, unsigned threads) {
  if (columns > column_count_max || class_count > class_count_max) {
    return fail(ErrorCode::TooLarge, "there are more than 65,536 columns or 256 classes");
  }
  std::vector<std::size_t> seen(class_count, 0);
  for (const std::uint32_t k : classes) {
    if (k < class_count) ++seen[k];
  }
  if (columns == 0 || class_count < 2 || std::ranges::count(seen, 0U) > 0) {
    return fail(ErrorCode::InvalidInput, "there are fewer than two classes, or one without a row",
                "classes", "label examples of each class first");
  }
  RidgeClassifier made;
  made.columns_ = columns;
  made.stride_ = padded(columns);
  made.class_count_ = class_count;
  CSL_TRY(made.check_rows(features, classes));
  made.is_by_rows_ = classes.size() <= columns;
  std::vector<double> sum(columns, 0.0);
  std::vector<double> squares(columns, 0.0);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (std::size_t f = 0; f < columns; ++f) {
      const double x{features[i * columns + f]};
      sum[f] += x;
      squares[f] += x * x;
    }
  }
  const auto count = static_cast<double>(classes.size());
  for (std::size_t f = 0; f < columns; ++f) {
    const double mean = sum[f] / count;
    const double variance = squares[f] / count - mean * mean;
    // A column that rounding alone moves tells nothing.
    const bool is_constant = !(variance > 1e-12 * (mean * mean + 1e-12));
    made.mean_.push_back(static_cast<float>(mean));
    made.scale_.push_back(
        is_constant ? 0.0F
                    : static_cast<float>(1 / std::sqrt(variance * static_cast<double>(columns))));
  }
  made.take_rows(features, classes);
  made.ridge_ = made.choose_ridge();
  CSL_TRY(made.is_by_rows_ ? made.solve_by_rows(0, threads) : made.solve_by_columns(threads));
  made.fit_sharpness();
  return made;
}

Status RidgeClassifier::add(std::span<const float> features, std::span<const std::uint32_t> classes,
                            unsigned threads) {
  CSL_TRY(check_rows(features, classes));
  if (classes.empty()) return {};
  const std::size_t first_row = row_count();
  take_rows(features, classes);
  // Positive definite by its ridge, whatever the rows: a failure would be ours.
  const Status solved = is_by_rows_ ? solve_by_rows(first_row, threads) : solve_by_columns(threads);
  CSL_CHECK(solved.has_value());
  fit_sharpness();
  return {};
}

std::vector<double> RidgeClassifier::scores(std::span<const float> features) const {
  CSL_CHECK(features.size() % columns_ == 0);
  const std::size_t count = features.size() / columns_;
  std::vector<double> out(count * class_count_);
  std::vector<float> z(columns_);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t f = 0; f < columns_; ++f) {
      z[f] = (features[i * columns_ + f] - mean_[f]) * scale_[f];
    }
    for (std::uint32_t k = 0; k < class_count_; ++k) {
      const double* weights = weights_.data() + k * stride_;
      double said = weights[columns_];
      for (std::size_t f = 0; f < columns_; ++f) said += weights[f] * double{z[f]};
      out[i * class_count_ + k] = said;
    }
  }
  return out;
}

std::vector<double> RidgeClassifier::probabilities(std::span<const double> scores) const {
  std::vector<double> out(scores.size());
  const double most = std::ranges::max(scores);
  double all = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    out[k] = std::exp(sharpness_ * (scores[k] - most));
    all += out[k];
  }
  for (double& p : out) p /= all;
  return out;
}

Bytes RidgeClassifier::serialise() const {
  Bytes out;
  out.reserve(64 + 4 * (weights_.size() + 2 * columns_));
  put_number(out, std::uint16_t{1});
  put_number(out, static_cast<std::uint32_t>(columns_));
  put_number(out, class_count_);
  put_number(out, static_cast<float>(sharpness_));
  for (const float x : mean_) put_number(out, x);
  for (const float x : scale_) put_number(out, x);
  for (std::uint32_t k = 0; k < class_count_; ++k) {
    for (std::size_t f = 0; f <= columns_; ++f) {
      put_number(out, static_cast<float>(weights_[k * stride_ + f]));
    }
  }
  return out;
}

}  // namespace consilium
