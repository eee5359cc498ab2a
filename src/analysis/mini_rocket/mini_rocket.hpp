// Series turned into some 10,000 numbers that tell their shapes apart, whatever they measure: the
// share of each convolution with fixed small kernels that lies above a bias. Source: A. Dempster,
// D. F. Schmidt, G. I. Webb, MiniRocket, KDD 2021, 248-257 (arXiv:2012.08791); several channels as
// in the authors' multivariate variant.
//
// The 84 kernels are those of 9 weights of which three are 2 and the others -1. Each is spread over
// dilations from 1 up to the length, with padding in every second combination. Biases are quantiles
// of one training example's convolution, at the multiples of the golden ratio modulo 1. With
// several channels each pair of kernel and dilation sums the convolutions of some of them. Which
// example and which channels is drawn from a seed.
//
// A feature is a share, 0 to 1; adding a constant to a series changes only what padding sees, so
// series are best brought to mean 0 and one scale first (`standardise`).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

// A series is `channels` rows of `length` samples, one after another.
struct SeriesShape {
  std::size_t channels = 1;
  std::size_t length = 0;
  [[nodiscard]] std::size_t size() const { return channels * length; }
  friend bool operator==(const SeriesShape&, const SeriesShape&) = default;
};

// Each channel of each series to mean 0 and standard deviation 1 (0 where it is flat).
void standardise(std::span<float> series, SeriesShape shape);

struct MiniRocketOptions {
  std::size_t feature_count = 10'000;  // rounded down to a multiple of 84
  std::size_t dilation_count_max = 32;
  std::uint64_t seed = 1;
};

class MiniRocket {
 public:
  static constexpr std::size_t kernel_length = 9;
  static constexpr std::size_t kernel_count = 84;
  static constexpr std::size_t channel_count_max = 64;
  static constexpr std::size_t length_max = 1'000'000;

  // `series`: any number of examples. Errors: InvalidInput when there is none, their shape does not
  // divide them, they are shorter than 9 samples, hold what is no number, or fewer than 84 features
  // are wanted; TooLarge past the limits above.
  [[nodiscard]] static Result<MiniRocket> fit(std::span<const float> series, SeriesShape shape,
                                              const MiniRocketOptions& options = {});

  [[nodiscard]] SeriesShape shape() const { return shape_; }
  [[nodiscard]] std::size_t feature_count() const { return biases_.size(); }

  // Rows of feature_count() values, one a series. Errors: InvalidInput when the series' size or
  // samples do not fit. Cost: half a millisecond for 360 samples and 9,996 features; the threads
  // share the series, and their number makes no difference to the result.
  [[nodiscard]] Result<std::vector<float>> transform(std::span<const float> series,
                                                     unsigned threads = 1) const;

  // All that the features depend on, for its hash. Format 1, little-endian.
  [[nodiscard]] Bytes serialise() const;

  friend bool operator==(const MiniRocket&, const MiniRocket&) = default;

 private:
  struct Dilation {
    std::uint32_t step = 1;
    std::uint32_t features = 0;  // of each kernel
    friend bool operator==(const Dilation&, const Dilation&) = default;
  };
  class Convolver;
  void draw_channels(std::uint64_t seed);
  [[nodiscard]] std::span<const std::uint8_t> channels_of(std::size_t combination) const;

  SeriesShape shape_;
  std::vector<Dilation> dilations_;
  std::vector<std::uint32_t> channel_begin_;  // of each combination, dilation by dilation; and end
  std::vector<std::uint8_t> channels_;
  std::vector<float> biases_;  // by dilation, then by kernel
};

}  // namespace consilium
