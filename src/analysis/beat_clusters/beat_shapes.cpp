#include "analysis/beat_clusters/beat_shapes.hpp"

#include <algorithm>
#include <cmath>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr double step_ms = 8;
constexpr int qrs_before = 10;  // steps: 80 ms before the beat to 120 ms after it
constexpr int qrs_after = 15;
constexpr double rest_weight = 0.5;
constexpr double interval_weight = 2.0;

template <class T>
T median_of(std::vector<T>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

void append_beat_shape(std::span<const float> samples_mv, std::int64_t first, double rate_hz,
                       std::int64_t beat, std::vector<float>& out) {
  if (samples_mv.empty()) {
    out.insert(out.end(), beat_shape_size, 0.0F);
    return;
  }
  const double step = step_ms * rate_hz / 1000;
  const std::int64_t last = std::ssize(samples_mv) - 1;
  double known = 0;
  std::vector<float> shape;
  for (int n = -beat_shape_before; n <= beat_shape_after; ++n) {
    const double middle = static_cast<double>(beat - first) + n * step;
    const auto begin = static_cast<std::int64_t>(std::ceil(middle - step / 2));
    const auto end = static_cast<std::int64_t>(std::ceil(middle + step / 2));
    double sum = 0;
    int count = 0;
    for (std::int64_t i = begin; i < std::max(end, begin + 1); ++i) {
      const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, last));
      const auto value = static_cast<double>(samples_mv[at]);
      if (std::isfinite(value)) known = value;
      sum += known;
      ++count;
    }
    shape.push_back(static_cast<float>(sum / count));
  }
  std::vector<float> sorted = shape;
  const float middle = median_of(sorted);
  for (const float value : shape) out.push_back(value - middle);
}

std::vector<BeatIntervals> beat_intervals(std::span<const std::int64_t> beats) {
  constexpr std::size_t beside = 8;
  std::vector<BeatIntervals> out(beats.size());
  std::vector<double> around;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const auto interval = [&](std::size_t j) {  // to the one before
      return std::max(1.0, static_cast<double>(beats[j] - beats[j - 1]));
    };
    around.clear();
    const std::size_t begin = i < beside ? 1 : i - beside + 1;
    for (std::size_t j = begin; j < std::min(beats.size(), i + beside + 1); ++j) {
      around.push_back(interval(j));
    }
    if (around.empty()) continue;
    const double usual = median_of(around);
    if (i > 0) out[i].before = interval(i) / usual;
    if (i + 1 < beats.size()) out[i].after = interval(i + 1) / usual;
    if (i > 1) out[i].before_previous = interval(i) / interval(i - 1);
  }
  return out;
}

BeatFeatures beat_features(std::span<const float> shapes, std::size_t lead_count,
                           std::span<const BeatIntervals> intervals) {
  const std::size_t shape_columns = lead_count * beat_shape_size;
  CSL_CHECK(shapes.size() == intervals.size() * shape_columns);
  constexpr std::size_t interval_columns = 3;
  BeatFeatures out{.columns = shape_columns + interval_columns, .values = {}};
  out.values.reserve(intervals.size() * out.columns);
  std::vector<float> gains(lead_count, 1.0F);
  std::vector<float> norms;
  for (std::size_t l = 0; l < lead_count; ++l) {
    norms.clear();
    for (std::size_t b = 0; b < intervals.size(); ++b) {
      const auto shape = shapes.subspan(b * shape_columns + l * beat_shape_size, beat_shape_size);
      double squares = 0;
      for (int n = beat_shape_before - qrs_before; n <= beat_shape_before + qrs_after; ++n) {
        const auto value = static_cast<double>(shape[static_cast<std::size_t>(n)]);
        squares += value * value;
      }
      norms.push_back(static_cast<float>(std::sqrt(squares)));
    }
    if (!norms.empty()) gains[l] = 1.0F / std::max(1e-4F, median_of(norms));
  }
  const auto scaled = [](double ratio) {
    return static_cast<float>(interval_weight * std::log(std::clamp(ratio, 0.3, 3.0)));
  };
  for (std::size_t b = 0; b < intervals.size(); ++b) {
    for (std::size_t l = 0; l < lead_count; ++l) {
      const auto shape = shapes.subspan(b * shape_columns + l * beat_shape_size, beat_shape_size);
      for (std::size_t n = 0; n < beat_shape_size; ++n) {
        const int from_beat = static_cast<int>(n) - beat_shape_before;
        const bool is_qrs = from_beat >= -qrs_before && from_beat <= qrs_after;
        const float weight = gains[l] * (is_qrs ? 1.0F : static_cast<float>(rest_weight));
        out.values.push_back(std::clamp(shape[n] * weight, -5.0F, 5.0F));
      }
    }
    out.values.push_back(scaled(intervals[b].before));
    out.values.push_back(scaled(intervals[b].after) / 2);
    out.values.push_back(scaled(intervals[b].before_previous) / 2);
  }
  return out;
}

}  // namespace consilium
