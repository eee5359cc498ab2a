#include "analysis/beat_clusters/principal_components.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::clusters {
namespace {

using Rows = std::vector<std::vector<double>>;

struct Spread {
  std::vector<double> mean;
  Rows covariance;
};

Spread spread_of(const BeatFeatures& features) {
  constexpr std::size_t rows_max = 4'000;
  const std::size_t columns = features.columns;
  const std::size_t rows = features.values.size() / columns;
  const std::size_t step = rows / rows_max + 1;
  Spread spread{.mean = std::vector<double>(columns, 0),
                .covariance = Rows(columns, std::vector<double>(columns, 0))};
  std::size_t used = 0;
  for (std::size_t r = 0; r < rows; r += step, ++used) {
    for (std::size_t c = 0; c < columns; ++c) {
      spread.mean[c] += static_cast<double>(features.values[r * columns + c]);
    }
  }
  for (double& value : spread.mean) value /= static_cast<double>(std::max<std::size_t>(1, used));
  std::vector<double> row(columns);
  for (std::size_t r = 0; r < rows; r += step) {
    for (std::size_t c = 0; c < columns; ++c) {
      row[c] = static_cast<double>(features.values[r * columns + c]) - spread.mean[c];
    }
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t d = 0; d <= c; ++d) spread.covariance[c][d] += row[c] * row[d];
    }
  }
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t d = 0; d < c; ++d) spread.covariance[d][c] = spread.covariance[c][d];
  }
  return spread;
}

// Gram and Schmidt; a direction that vanishes stays zero.
void make_orthonormal(Rows& axes) {
  for (std::size_t a = 0; a < axes.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) {
      double product = 0;
      for (std::size_t c = 0; c < axes[a].size(); ++c) product += axes[a][c] * axes[b][c];
      for (std::size_t c = 0; c < axes[a].size(); ++c) axes[a][c] -= product * axes[b][c];
    }
    double squares = 0;
    for (const double value : axes[a]) squares += value * value;
    const double scale = squares > 1e-20 ? 1 / std::sqrt(squares) : 0;
    for (double& value : axes[a]) value *= scale;
  }
}

}  // namespace

BeatFeatures principal_components(const BeatFeatures& features, std::size_t count) {
  const std::size_t columns = features.columns;
  count = std::min(count, columns);
  const Spread spread = spread_of(features);
  Rows axes(count, std::vector<double>(columns, 0));
  for (std::size_t a = 0; a < count; ++a) {  // any start that is not at right angles to an axis
    for (std::size_t c = 0; c < columns; ++c) {
      axes[a][c] = std::cos(static_cast<double>((a + 1) * (c + 1)));
    }
  }
  make_orthonormal(axes);
  constexpr int iterations = 30;
  for (int i = 0; i < iterations; ++i) {
    for (auto& axis : axes) {
      std::vector<double> turned(columns, 0);
      for (std::size_t c = 0; c < columns; ++c) {
        for (std::size_t d = 0; d < columns; ++d) turned[c] += spread.covariance[c][d] * axis[d];
      }
      axis = std::move(turned);
    }
    make_orthonormal(axes);
  }
  const std::size_t rows = features.values.size() / columns;
  BeatFeatures out{.columns = count, .values = std::vector<float>(rows * count)};
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t a = 0; a < count; ++a) {
      double sum = 0;
      for (std::size_t c = 0; c < columns; ++c) {
        sum +=
            (static_cast<double>(features.values[r * columns + c]) - spread.mean[c]) * axes[a][c];
      }
      out.values[r * count + a] = static_cast<float>(sum);
    }
  }
  return out;
}

}  // namespace consilium::clusters
