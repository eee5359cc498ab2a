#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "analysis/heart_rate_variability/intervals.hpp"

namespace consilium::variability {
namespace {

// Mean square of what a straight line leaves of values[0 .. size).
double square_beside_line(const double* values, std::size_t size) {
  const auto n = static_cast<double>(size);
  const double middle = (n - 1) / 2;
  double sum = 0;
  double slope = 0;
  for (std::size_t i = 0; i < size; ++i) {
    sum += values[i];
    slope += (static_cast<double>(i) - middle) * values[i];
  }
  slope /= n * (n * n - 1) / 12;
  const double mean = sum / n;
  double squares = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double rest = values[i] - mean - slope * (static_cast<double>(i) - middle);
    squares += rest * rest;
  }
  return squares / n;
}

}  // namespace

std::optional<double> sample_entropy(std::span<const double> values, double tolerance) {
  if (values.size() < 4) return std::nullopt;
  std::uint64_t twos = 0;
  std::uint64_t threes = 0;
  // As many patterns of two as of three: the last value begins none.
  const std::size_t patterns = values.size() - 2;
  const auto agree = [&](std::size_t i, std::size_t j) {
    return std::abs(values[i] - values[j]) <= tolerance;
  };
  for (std::size_t i = 0; i < patterns; ++i) {
    for (std::size_t j = i + 1; j < patterns; ++j) {
      if (!agree(i, j) || !agree(i + 1, j + 1)) continue;
      ++twos;
      if (agree(i + 2, j + 2)) ++threes;
    }
  }
  if (threes == 0) return std::nullopt;
  return std::log(static_cast<double>(twos) / static_cast<double>(threes));
}

double fluctuation_slope(std::span<const double> values, std::size_t first, std::size_t last) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::reduce(values.begin(), values.end(), 0.0) / count;
  std::vector<double> profile;
  double sum = 0;
  for (const double value : values) profile.push_back(sum += value - mean);
  double x_sum = 0;
  double y_sum = 0;
  double xx = 0;
  double xy = 0;
  double n = 0;
  for (std::size_t size = first; size <= last; ++size) {
    const std::size_t boxes = profile.size() / size;
    double squares = 0;
    for (std::size_t b = 0; b < boxes; ++b) {
      squares += square_beside_line(profile.data() + b * size, size);
    }
    if (!(squares > 0)) continue;
    const double x = std::log(static_cast<double>(size));
    const double y = std::log(squares / static_cast<double>(boxes)) / 2;
    x_sum += x;
    y_sum += y;
    xx += x * x;
    xy += x * y;
    n += 1;
  }
  const double spread = n * xx - x_sum * x_sum;
  return spread > 0 ? (n * xy - x_sum * y_sum) / spread : 0;
}

}  // namespace consilium::variability
