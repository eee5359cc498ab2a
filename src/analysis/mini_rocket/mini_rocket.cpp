#include "analysis/mini_rocket/mini_rocket.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "analysis/parallel/parallel.hpp"
#include "base/byte_writer.hpp"
#include "base/random.hpp"

namespace consilium {
namespace {

constexpr std::size_t middle = MiniRocket::kernel_length / 2;
constexpr std::size_t channels_summed_max = 9;

using Kernel = std::array<std::uint8_t, 3>;  // where the weight is 2
constexpr std::array<Kernel, MiniRocket::kernel_count> all_kernels() {
  std::array<Kernel, MiniRocket::kernel_count> kernels{};
  std::size_t k = 0;
  for (std::uint8_t a = 0; a < MiniRocket::kernel_length; ++a) {
    for (std::uint8_t b = a + 1; b < MiniRocket::kernel_length; ++b) {
      for (std::uint8_t c = b + 1; c < MiniRocket::kernel_length; ++c) kernels[k++] = {a, b, c};
    }
  }
  return kernels;
}
constexpr auto kernels = all_kernels();

// Eight at once, said outright: the compiler's own vectors are off at the release's level.
using Lanes [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;
using Counts [[gnu::vector_size(32)]] = std::int32_t;
constexpr std::size_t lanes = 8;

[[gnu::target_clones("avx2", "default")]] void sum_of(float* to, const float* one,
                                                      const float* other, std::size_t count) {
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    *reinterpret_cast<Lanes*>(to + i) =
        *reinterpret_cast<const Lanes*>(one + i) + *reinterpret_cast<const Lanes*>(other + i);
  }
  for (; i < count; ++i) to[i] = one[i] + other[i];
}

// For each of some biases, how many values lie above it.
[[gnu::target_clones("avx2", "default")]] void count_above(const float* values, std::size_t count,
                                                           const float* biases,
                                                           std::size_t bias_count,
                                                           std::uint32_t* above) {
  for (std::size_t b = 0; b < bias_count; ++b) {
    const float bias = biases[b];
    Counts sum = {};
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
      // A comparison that holds is -1.
      sum -= *reinterpret_cast<const Lanes*>(values + i) > bias;
    }
    std::uint32_t total = 0;
    for (std::size_t k = 0; k < lanes; ++k) total += static_cast<std::uint32_t>(sum[k]);
    for (; i < count; ++i) total += values[i] > bias ? 1U : 0U;
    above[b] = total;
  }
}

Status check_series(std::span<const float> series, SeriesShape shape) {
  if (shape.size() == 0 || series.empty() || series.size() % shape.size() != 0) {
    return fail(ErrorCode::InvalidInput, "the series do not have the length they should", "series",
                "give whole series of one length, and at least one");
  }
  const auto bad = std::ranges::find_if(series, [](float x) { return !std::isfinite(x); });
  if (bad == series.end()) return {};
  return fail(
      ErrorCode::InvalidInput, "a series holds what is no number",
      "series " + std::to_string(static_cast<std::size_t>(bad - series.begin()) / shape.size()),
      "fill gaps, or leave the series out");
}

}  // namespace

void standardise(std::span<float> series, SeriesShape shape) {
  if (shape.length == 0) return;
  for (std::size_t at = 0; at + shape.length <= series.size(); at += shape.length) {
    const auto row = series.subspan(at, shape.length);
    const auto count = static_cast<double>(row.size());
    const double mean = std::reduce(row.begin(), row.end(), 0.0) / count;
    double squares = 0;
    for (const float x : row) squares += (double{x} - mean) * (double{x} - mean);
    const double deviation = std::sqrt(squares / count);
    // Below this a row differs from its mean by the rounding of floats alone.
    const bool is_flat = deviation <= 1e-6 * std::abs(mean) || deviation == 0;
    for (float& x : row) {
      x = is_flat ? 0.0F : static_cast<float>((double{x} - mean) / deviation);
    }
  }
}

// The convolutions of one series, dilation by dilation: the nine shifted copies of each channel are
// views into it with zeros around, and what all kernels share is summed once.
class MiniRocket::Convolver {
 public:
  explicit Convolver(SeriesShape shape)
      : shape_(shape),
        margin_(middle * ((shape.length - 1) / (kernel_length - 1)) + middle),
        stride_(shape.length + 2 * margin_),
        tripled_(stride_ * shape.channels),
        negated_(stride_ * shape.channels),
        shared_(shape.size()),
        first_(shape.length),
        second_(shape.length),
        part_(shape.length),
        sum_(shape.length) {}

  void set_series(const float* series) {
    for (std::size_t c = 0; c < shape_.channels; ++c) {
      float* tripled = tripled_.data() + c * stride_ + margin_;
      float* negated = negated_.data() + c * stride_ + margin_;
      for (std::size_t i = 0; i < shape_.length; ++i) {
        const float x = series[c * shape_.length + i];
        tripled[i] = x + x + x;
        negated[i] = -x;
      }
    }
  }

  // Weights -1 everywhere; the order of these sums is that of the authors' code.
  void set_dilation(std::size_t step) {
    step_ = step;
    for (std::size_t c = 0; c < shape_.channels; ++c) {
      float* shared = shared_.data() + c * shape_.length;
      const float* own = negated_.data() + c * stride_ + margin_;
      std::copy_n(own, shape_.length, shared);
      for (std::size_t j = 0; j < kernel_length; ++j) {
        if (j != middle) sum_of(shared, shared, shifted(own, j), shape_.length);
      }
    }
  }

  // The convolution with this kernel, valid until the next call. Kernels that share their first
  // weights come one after another, and so does their sum here.
  const float* convolve(std::size_t kernel, std::span<const std::uint8_t> channels) {
    const Kernel& twos = kernels[kernel];
    for (std::size_t n = 0; n < channels.size(); ++n) {
      const std::size_t c = channels[n];
      const float* tripled = tripled_.data() + c * stride_ + margin_;
      sum_of(first_.data(), shared_.data() + c * shape_.length, shifted(tripled, twos[0]),
             shape_.length);
      sum_of(second_.data(), first_.data(), shifted(tripled, twos[1]), shape_.length);
      float* to = n == 0 ? sum_.data() : part_.data();
      sum_of(to, second_.data(), shifted(tripled, twos[2]), shape_.length);
      if (n > 0) sum_of(sum_.data(), sum_.data(), part_.data(), shape_.length);
    }
    return sum_.data();
  }

 private:
  [[nodiscard]] const float* shifted(const float* row, std::size_t weight) const {
    return row + static_cast<std::ptrdiff_t>(weight * step_) -
           static_cast<std::ptrdiff_t>(middle * step_);
  }

  SeriesShape shape_;
  std::size_t margin_;
  std::size_t stride_;
  std::size_t step_ = 1;
  std::vector<float> tripled_;
  std::vector<float> negated_;
  std::vector<float> shared_;
  std::vector<float> first_;
  std::vector<float> second_;
  std::vector<float> part_;
  std::vector<float> sum_;
};

namespace {

// Dilations 2^0 up to the longest that a kernel has room for, evenly in the exponent; those that
// fall together share their features.
std::vector<std::pair<std::uint32_t, std::uint32_t>> dilations_for(std::size_t length,
                                                                   std::size_t features_of_kernel,
                                                                   std::size_t count_max) {
  const std::size_t count = std::min(features_of_kernel, count_max);
  const double multiplier = static_cast<double>(features_of_kernel) / static_cast<double>(count);
  const double exponent_max = std::log2(static_cast<double>(length - 1) /
                                        static_cast<double>(MiniRocket::kernel_length - 1));
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;  // the step, and how often
  for (std::size_t i = 0; i < count; ++i) {
    const double exponent =
        count == 1       ? 0
        : i + 1 == count ? exponent_max
                         : static_cast<double>(i) * (exponent_max / static_cast<double>(count - 1));
    const auto step = static_cast<std::uint32_t>(std::pow(2.0, exponent));
    if (found.empty() || found.back().first != step) found.emplace_back(step, 0);
    ++found.back().second;
  }
  std::size_t given = 0;
  for (auto& [step, features] : found) {
    features = static_cast<std::uint32_t>(static_cast<double>(features) * multiplier);
    given += features;
  }
  for (std::size_t i = 0; given < features_of_kernel; i = (i + 1) % found.size(), ++given) {
    ++found[i].second;
  }
  return found;
}

// The n-th of the low-discrepancy sequence, from 1.
double golden_quantile(std::size_t n) {
  const double multiple = static_cast<double>(n) * std::numbers::phi;
  return double{static_cast<float>(multiple - std::floor(multiple))};
}

// Linear between the values next to it; `sorted` is in order.
float quantile_of(std::span<const float> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), sorted.size() - 1);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = place - static_cast<double>(below);
  return static_cast<float>(double{sorted[below]} +
                            (double{sorted[above]} - double{sorted[below]}) * part);
}

}  // namespace

void MiniRocket::draw_channels(std::uint64_t seed) {
  SeededRandom random(seed);
  const std::size_t combinations = dilations_.size() * kernel_count;
  const double exponent_max =
      std::log2(static_cast<double>(std::min(shape_.channels, channels_summed_max)) + 1);
  std::vector<std::uint8_t> order(shape_.channels);
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  channel_begin_.assign(1, 0);
  for (std::size_t k = 0; k < combinations; ++k) {
    const auto count = static_cast<std::size_t>(std::pow(2.0, random.uniform() * exponent_max));
    for (std::size_t i = 0; i < std::min(count, shape_.channels); ++i) {
      std::swap(order[i], order[i + random.below(shape_.channels - i)]);
      channels_.push_back(order[i]);
    }
    channel_begin_.push_back(static_cast<std::uint32_t>(channels_.size()));
  }
}

std::span<const std::uint8_t> MiniRocket::channels_of(std::size_t combination) const {
  const std::size_t begin = channel_begin_[combination];
  return std::span(channels_).subspan(begin, channel_begin_[combination + 1] - begin);
}

Result<MiniRocket> MiniRocket::fit(std::span<const float> series, SeriesShape shape,
                                   const MiniRocketOptions& options) {
  if (shape.length > length_max || shape.channels > channel_count_max) {
    return fail(ErrorCode::TooLarge, "the series are too long or have too many channels", "series",
                "take up to 64 channels and 1,000,000 samples");
  }
  if (shape.length < kernel_length || options.feature_count < kernel_count ||
      options.dilation_count_max == 0) {
    return fail(ErrorCode::InvalidInput, "the series are too short, or too few features are wanted",
                "series", "take 9 samples, 84 features and a dilation at least");
  }
  CSL_TRY(check_series(series, shape));
  MiniRocket made;
  made.shape_ = shape;
  for (const auto& [step, features] : dilations_for(
           shape.length, options.feature_count / kernel_count, options.dilation_count_max)) {
    made.dilations_.push_back({.step = step, .features = features});
  }
  made.draw_channels(options.seed);
  SeededRandom examples(options.seed + 1);
  Convolver convolver(shape);
  std::vector<float> sorted(shape.length);
  std::size_t combination = 0;
  for (const Dilation& dilation : made.dilations_) {
    for (std::size_t kernel = 0; kernel < kernel_count; ++kernel, ++combination) {
      const std::size_t example = examples.below(series.size() / shape.size());
      convolver.set_series(series.data() + example * shape.size());
      convolver.set_dilation(dilation.step);
      const float* values = convolver.convolve(kernel, made.channels_of(combination));
      std::copy_n(values, shape.length, sorted.begin());
      std::ranges::sort(sorted);
      for (std::uint32_t f = 0; f < dilation.features; ++f) {
        made.biases_.push_back(quantile_of(sorted, golden_quantile(made.biases_.size() + 1)));
      }
    }
  }
  return made;
}

Result<std::vector<float>> MiniRocket::transform(std::span<const float> series,
                                                 unsigned threads) const {
  if (series.empty()) return std::vector<float>{};
  CSL_TRY(check_series(series, shape_));
  const std::size_t count = series.size() / shape_.size();
  std::vector<float> features(count * feature_count());
  split_work(threads, count, [&](std::uint64_t begin, std::uint64_t end, std::uint64_t) {
    Convolver convolver(shape_);
    std::vector<std::uint32_t> above(feature_count());
    for (std::uint64_t s = begin; s < end; ++s) {
      float* out = features.data() + s * feature_count();
      const float* bias = biases_.data();
      convolver.set_series(series.data() + s * shape_.size());
      for (std::size_t d = 0; d < dilations_.size(); ++d) {
        convolver.set_dilation(dilations_[d].step);
        const std::size_t padding = middle * dilations_[d].step;
        for (std::size_t kernel = 0; kernel < kernel_count; ++kernel) {
          const float* values = convolver.convolve(kernel, channels_of(d * kernel_count + kernel));
          // Every second combination looks only where the kernel lies within the series.
          const bool is_padded = (d + kernel) % 2 == 0;
          const std::size_t first = is_padded ? 0 : padding;
          const std::size_t length = shape_.length - 2 * first;
          count_above(values + first, length, bias, dilations_[d].features, above.data());
          for (std::uint32_t f = 0; f < dilations_[d].features; ++f) {
            *out++ = static_cast<float>(above[f]) / static_cast<float>(length);
          }
          bias += dilations_[d].features;
        }
      }
    }
  });
  return features;
}

Bytes MiniRocket::serialise() const {
  Bytes out;
  out.reserve(64 + 4 * biases_.size());
  put_number(out, std::uint16_t{1});
  put_number(out, static_cast<std::uint32_t>(shape_.channels));
  put_number(out, static_cast<std::uint32_t>(shape_.length));
  for (const Dilation& dilation : dilations_) {
    put_number(out, dilation.step);
    put_number(out, dilation.features);
  }
  for (const std::uint32_t begin : channel_begin_) put_number(out, begin);
  for (const std::uint8_t channel : channels_) put_number(out, channel);
  for (const float bias : biases_) put_number(out, bias);
  return out;
}

}  // namespace consilium
