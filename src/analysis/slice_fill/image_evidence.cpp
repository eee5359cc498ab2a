#include "analysis/slice_fill/image_evidence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace consilium::slice_fill {
namespace {

constexpr std::size_t bin_count = 64;
constexpr std::size_t slices_max = 32;  // enough to learn from

struct Learnt {
  std::vector<float> inside, outside;
};

// The values within the band around the border of one slice.
void gather(std::span<const float> image, const SliceFrame& frame, const DrawnSlice& slice,
            double band_mm, Learnt& learnt) {
  Shape whole{.slice = &slice, .parts = std::vector<std::uint32_t>(slice.parts.size())};
  std::iota(whole.parts.begin(), whole.parts.end(), 0U);
  Window window = window_of(whole);
  const auto u_more = static_cast<std::int64_t>(std::ceil(band_mm / frame.u_mm)) + 1;
  const auto v_more = static_cast<std::int64_t>(std::ceil(band_mm / frame.v_mm)) + 1;
  window.u_first -= u_more;
  window.v_first -= v_more;
  window.u_count += static_cast<std::size_t>(2 * u_more);
  window.v_count += static_cast<std::size_t>(2 * v_more);
  const std::vector<float> distances = signed_distance_in(whole, window, frame);
  std::size_t i = 0;
  for (std::size_t y = 0; y < window.v_count; ++y) {
    const std::int64_t v = window.v_first + static_cast<std::int64_t>(y);
    for (std::size_t x = 0; x < window.u_count; ++x, ++i) {
      const std::int64_t u = window.u_first + static_cast<std::int64_t>(x);
      if (u < 0 || v < 0 || u >= static_cast<std::int64_t>(frame.u_count) ||
          v >= static_cast<std::int64_t>(frame.v_count) ||
          std::abs(static_cast<double>(distances[i])) > band_mm) {
        continue;
      }
      const float value =
          image[slice.w * frame.w_stride + static_cast<std::size_t>(v) * frame.v_stride +
                static_cast<std::size_t>(u) * frame.u_stride];
      if (std::isfinite(value)) {
        (distances[i] < 0 ? learnt.inside : learnt.outside).push_back(value);
      }
    }
  }
}

}  // namespace

ImageEvidence::ImageEvidence(std::span<const float> image, const SliceFrame& frame,
                             const std::vector<DrawnSlice>& slices, double band_mm)
    : image_(image), frame_(frame) {
  Learnt learnt;
  const std::size_t step = (slices.size() + slices_max - 1) / slices_max;
  for (std::size_t i = 0; i < slices.size(); i += step) {
    gather(image, frame, slices[i], band_mm, learnt);
  }
  if (learnt.inside.empty() || learnt.outside.empty()) return;
  const auto inside = std::ranges::minmax(learnt.inside);
  const auto outside = std::ranges::minmax(learnt.outside);
  low_ = std::min(inside.min, outside.min);
  const float high = std::max(inside.max, outside.max);
  if (!(high > low_)) return;
  bins_per_value_ = static_cast<float>(bin_count) / (high - low_);
  const auto bin_of = [&](float value) {
    return std::min(static_cast<std::size_t>((value - low_) * bins_per_value_), bin_count - 1);
  };
  // One voxel more in every bin keeps what was rarely seen from saying much.
  std::vector<double> in(bin_count, 1.0);
  std::vector<double> out(bin_count, 1.0);
  for (const float value : learnt.inside) in[bin_of(value)] += 1;
  for (const float value : learnt.outside) out[bin_of(value)] += 1;
  const auto in_all = static_cast<double>(learnt.inside.size() + bin_count);
  const auto out_all = static_cast<double>(learnt.outside.size() + bin_count);
  for (std::size_t bin = 0; bin < bin_count; ++bin) {
    const double ratio = std::log((in[bin] / in_all) / (out[bin] / out_all));
    scores_.push_back(static_cast<float>(std::clamp(ratio / 2, -1.0, 1.0)));
  }
}

float ImageEvidence::score_at(std::int64_t u, std::int64_t v, std::uint32_t w) const {
  float sum = 0;
  float count = 0;
  for (std::int64_t y = std::max<std::int64_t>(v - 1, 0);
       y <= std::min(v + 1, static_cast<std::int64_t>(frame_.v_count) - 1); ++y) {
    for (std::int64_t x = std::max<std::int64_t>(u - 1, 0);
         x <= std::min(u + 1, static_cast<std::int64_t>(frame_.u_count) - 1); ++x) {
      const float value =
          image_[w * frame_.w_stride + static_cast<std::size_t>(y) * frame_.v_stride +
                 static_cast<std::size_t>(x) * frame_.u_stride];
      if (!std::isfinite(value)) continue;
      const float bin =
          std::clamp((value - low_) * bins_per_value_, 0.0F, static_cast<float>(bin_count - 1));
      sum += scores_[static_cast<std::size_t>(bin)];
      count += 1;
    }
  }
  return count > 0 ? sum / count : 0;
}

void ImageEvidence::move_border(PlaneDistance& shape, std::uint32_t w, double snap_mm) const {
  if (scores_.empty() || snap_mm == 0) return;
  const Window& window = shape.window;
  const auto snap = static_cast<float>(snap_mm);
  std::size_t i = 0;
  for (std::size_t y = 0; y < window.v_count; ++y) {
    const std::int64_t v = window.v_first + static_cast<std::int64_t>(y);
    for (std::size_t x = 0; x < window.u_count; ++x, ++i) {
      const std::int64_t u = window.u_first + static_cast<std::int64_t>(x);
      if (std::abs(shape.values[i]) > snap || u < 0 || v < 0 ||
          u >= static_cast<std::int64_t>(frame_.u_count) ||
          v >= static_cast<std::int64_t>(frame_.v_count)) {
        continue;
      }
      shape.values[i] -= snap * score_at(u, v, w);
    }
  }
}

}  // namespace consilium::slice_fill
