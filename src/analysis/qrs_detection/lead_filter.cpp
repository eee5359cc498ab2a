#include "analysis/qrs_detection/lead_filter.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium::qrs {
namespace {

// Widths in ms, set by the filters' response.
constexpr double low_pass_ms = 14;
constexpr double trend_ms = 60;
constexpr double smooth_ms = 8;
constexpr double uv_max = 32'767;

// To the nearest whole number, halves away from 0, so that a lead upside down gives the same.
std::int64_t microvolts_of(double millivolts) {
  const double uv = std::clamp(millivolts * 1000, -uv_max, uv_max);
  // Through 32 bits, which many processors convert several at a time.
  return static_cast<std::int32_t>(uv + std::copysign(0.5, uv));
}

std::int64_t width_of(const MovingSum& sum) { return static_cast<std::int64_t>(sum.width()); }

}  // namespace

void Track::drop_before(std::int64_t i) {
  const std::int64_t count = std::min(i - first, static_cast<std::int64_t>(values.size()));
  // So no value is moved more than once on average.
  if (count <= 0 || count < std::ssize(values) - count) return;
  values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  first += count;
}

MovingSum sum_over(double width_ms, double rate_hz) {
  const double half = std::round((width_ms * rate_hz / 1000 - 1) / 2);
  return MovingSum(static_cast<std::size_t>(std::max(1.0, half)));
}

LeadFilter::LeadFilter(double rate_hz)
    : low_pass_{sum_over(low_pass_ms, rate_hz), sum_over(low_pass_ms, rate_hz),
                sum_over(low_pass_ms, rate_hz)},
      trend_{sum_over(trend_ms, rate_hz), sum_over(trend_ms, rate_hz)},
      smooth_{sum_over(smooth_ms, rate_hz), sum_over(smooth_ms, rate_hz)} {}

void LeadFilter::push(std::span<const float> samples_mv) {
  Values& microvolts = stage_[2];
  microvolts.resize(samples_mv.size());
  const bool is_whole =
      offset_mv_ && !samples_mv.empty() &&
      std::ranges::all_of(samples_mv, [](float sample) { return std::isfinite(sample); });
  if (is_whole) {
    const double offset_mv = *offset_mv_;
    std::ranges::transform(samples_mv, microvolts.begin(), [offset_mv](float sample) {
      return microvolts_of(static_cast<double>(sample) - offset_mv);
    });
    last_mv_ = static_cast<double>(samples_mv.back()) - offset_mv;
  } else {
    std::size_t filled = 0;
    for (const float sample : samples_mv) {
      if (std::isfinite(sample)) {
        // The lead's offset is nothing to be filtered: zeros stand before the first sample.
        if (!offset_mv_) offset_mv_ = static_cast<double>(sample);
        last_mv_ = static_cast<double>(sample) - *offset_mv_;
      }
      microvolts[filled++] = microvolts_of(last_mv_);
    }
  }
  pushed_ += static_cast<std::int64_t>(samples_mv.size());
  filter(microvolts);
  derive(std::numeric_limits<std::int64_t>::max());
}

void LeadFilter::filter(std::span<const std::int64_t> samples) {
  const std::int64_t had = low_.end();
  stage_[0].clear();
  stage_[1].clear();
  low_pass_[0].push(samples, stage_[0]);
  low_pass_[1].push(stage_[0], stage_[1]);
  low_pass_[2].push(stage_[1], low_.values);
  stage_[0].clear();
  trend_[0].push(low_.part(had, low_.end()), stage_[0]);
  trend_[1].push(stage_[0], base_.values);
  stage_[0].clear();
  smooth_[0].push(samples, stage_[0]);
  smooth_[1].push(stage_[0], fine_.values);
}

void LeadFilter::finish() {
  // What is not filtered yet comes out behind the last sample, which goes on for as long as the
  // filters look ahead.
  const std::int64_t ahead = width_of(low_pass_[0]) * 2 + width_of(trend_[0]);
  filter(std::vector<std::int64_t>(static_cast<std::size_t>(ahead), microvolts_of(last_mv_)));
  derive(pushed_);
}

void LeadFilter::derive(std::int64_t count_max) {
  const auto low_width = static_cast<double>(low_pass_[0].width());
  const auto trend_width = static_cast<double>(trend_[0].width());
  const auto fine_width = static_cast<double>(smooth_[0].width());
  const std::int64_t trend_gain = width_of(trend_[0]) * width_of(trend_[0]);
  const std::int64_t low_gain =
      width_of(low_pass_[0]) * width_of(low_pass_[0]) * width_of(low_pass_[0]);
  const std::int64_t fine_gain = width_of(smooth_[0]) * width_of(smooth_[0]);
  const double low_cubed = low_width * low_width * low_width;
  const double band_scale = parts_of_uv / (low_cubed * trend_width * trend_width);
  const double high_scale = parts_of_uv / (low_cubed * fine_width * fine_width);
  const std::int64_t begin = band.end();
  const std::int64_t end = std::min({low_.end(), base_.end(), fine_.end(), count_max});
  if (end <= begin) return;
  const auto low = low_.part(begin, end);
  const auto base = base_.part(begin, end);
  const auto fine = fine_.part(begin, end);
  const auto count = static_cast<std::size_t>(end - begin);
  const std::size_t had_band = band.values.size();
  const std::size_t had_high = high.values.size();
  band.values.resize(had_band + count);
  high.values.resize(had_high + count);
  for (std::size_t i = 0; i < count; ++i) {
    // To whole numbers towards zero, so that a lead upside down gives the same.
    band.values[had_band + i] =
        static_cast<std::int64_t>(static_cast<double>(low[i] * trend_gain - base[i]) * band_scale);
    high.values[had_high + i] = static_cast<std::int64_t>(
        static_cast<double>(fine[i] * low_gain - low[i] * fine_gain) * high_scale);
  }
  for (Track* track : {&low_, &base_, &fine_}) track->drop_before(end);
}

}  // namespace consilium::qrs
