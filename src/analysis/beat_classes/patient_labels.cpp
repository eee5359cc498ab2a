#include "analysis/beat_classes/patient_labels.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace consilium {
namespace {

// A beat's QRS is 1 long (beat_shapes.hpp); set by leaving records out.
constexpr double length = 0.6;
constexpr double ridge = 0.02;

double kernel(std::span<const float> one, std::span<const float> other) {
  double sum = 0;
  for (std::size_t c = 0; c < one.size(); ++c) {
    const auto off = static_cast<double>(one[c]) - static_cast<double>(other[c]);
    sum += off * off;
  }
  return std::exp(-sum / (2 * length * length));
}

// Solves (L L^T) x = right for all columns of `right`, the kernel's matrix having been replaced by
// its Cholesky factor L. The ridge keeps it positive.
void solve(std::vector<double>& matrix, std::size_t count, std::vector<double>& right) {
  const auto at = [&](std::size_t r, std::size_t c) -> double& { return matrix[r * count + c]; };
  for (std::size_t c = 0; c < count; ++c) {
    for (std::size_t r = c; r < count; ++r) {
      double sum = at(r, c);
      for (std::size_t k = 0; k < c; ++k) sum -= at(r, k) * at(c, k);
      at(r, c) = r == c ? std::sqrt(std::max(sum, 1e-12)) : sum / at(c, c);
    }
  }
  const std::size_t columns = right.size() / count;
  for (std::size_t x = 0; x < columns; ++x) {
    for (std::size_t r = 0; r < count; ++r) {
      double sum = right[r * columns + x];
      for (std::size_t k = 0; k < r; ++k) sum -= at(r, k) * right[k * columns + x];
      right[r * columns + x] = sum / at(r, r);
    }
    for (std::size_t r = count; r-- > 0;) {
      double sum = right[r * columns + x];
      for (std::size_t k = r + 1; k < count; ++k) sum -= at(k, r) * right[k * columns + x];
      right[r * columns + x] = sum / at(r, r);
    }
  }
}

}  // namespace

Result<std::vector<BeatClassShares>> with_labels(const BeatFeatures& features,
                                                 std::span<const BeatClassShares> model_says,
                                                 std::span<const BeatLabel> labels) {
  std::map<std::size_t, BeatClass> by_beat;
  for (const BeatLabel& label : labels) by_beat[label.beat] = label.label;
  if (features.values.size() != model_says.size() * features.columns ||
      (!by_beat.empty() && by_beat.rbegin()->first >= model_says.size())) {
    return fail(ErrorCode::InvalidInput, "a label is of no beat", "labels",
                "label beats of this record");
  }
  if (by_beat.size() > beat_labels_max) {
    return fail(ErrorCode::TooLarge, "too many beats are labelled to learn from them here",
                "labels", "take 2,000 at most, or train a model with them");
  }
  std::vector<BeatClassShares> out(model_says.begin(), model_says.end());
  if (by_beat.empty()) return out;
  const auto row = [&](std::size_t b) {
    return std::span(features.values).subspan(b * features.columns, features.columns);
  };
  const std::vector<std::pair<std::size_t, BeatClass>> known(by_beat.begin(), by_beat.end());
  const std::size_t count = known.size();
  std::vector<double> matrix(count * count);
  std::vector<double> wrong(count * beat_class_count);  // by what the model is
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      matrix[a * count + b] =
          kernel(row(known[a].first), row(known[b].first)) + (a == b ? ridge : 0);
      matrix[b * count + a] = matrix[a * count + b];
    }
    for (std::size_t k = 0; k < beat_class_count; ++k) {
      const double truth = static_cast<std::size_t>(known[a].second) == k ? 1 : 0;
      wrong[a * beat_class_count + k] = truth - static_cast<double>(model_says[known[a].first][k]);
    }
  }
  solve(matrix, count, wrong);
  for (std::size_t b = 0; b < out.size(); ++b) {
    std::array<double, beat_class_count> bent{};
    for (std::size_t a = 0; a < count; ++a) {
      const double near = kernel(row(b), row(known[a].first));
      for (std::size_t k = 0; k < beat_class_count; ++k) {
        bent[k] += near * wrong[a * beat_class_count + k];
      }
    }
    double sum = 0;
    for (std::size_t k = 0; k < beat_class_count; ++k) {
      bent[k] = std::max(1e-6, bent[k] + static_cast<double>(out[b][k]));
      sum += bent[k];
    }
    for (std::size_t k = 0; k < beat_class_count; ++k) {
      out[b][k] = static_cast<float>(bent[k] / sum);
    }
  }
  for (const auto& [beat, label] : known) {
    out[beat] = {};
    out[beat][static_cast<std::size_t>(label)] = 1;
  }
  return out;
}

}  // namespace consilium
