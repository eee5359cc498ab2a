// Minima and maxima of a recording at many scales, so that any stretch from 200 ms to a day is
// drawn in milliseconds with no spike lost: what a pixel shows is exactly the least and greatest
// sample under it, never a sample out of many. See semantics.md.
//
// Level l holds bins of 16 x 4^l samples of a channel. A bin without any measured sample says so.
// The serialised form lies beside the recording and is read by ranges.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/byte_source.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {

// The least and greatest sample; `min > max` when nothing was measured.
struct MinMax {
  std::int32_t min = 2147483647;
  std::int32_t max = -2147483647 - 1;
  [[nodiscard]] bool empty() const { return min > max; }
  friend bool operator==(const MinMax&, const MinMax&) = default;
};

inline constexpr std::int64_t pyramid_finest_bin = 16;
inline constexpr std::int64_t pyramid_branching = 4;
inline constexpr std::int64_t pyramid_pixels_max = 65'536;

// Reads `source` once from begin to end and writes the pyramid to `sink` in order.
// Errors: TooLarge past 2^38 samples over all channels, gaps counted; else those of source and
// sink. Cost: about 1 ns a sample over that of reading; memory for one block of the recording and
// 32 KiB for each channel and level.
[[nodiscard]] Status build_pyramid(const SampleSource& source, const ByteSink& sink);

class Pyramid {
 public:
  // Reads the tables and the levels from 256 samples a bin on (1/24 byte a sample: 21 MB for a day
  // of twelve channels at 500 Hz). Errors: Corrupt when they do not fit the bytes; Unsupported for
  // another version; Conflict when it is not of this recording (other channels or lengths).
  // `source` must outlive the pyramid: it answers where bins are too coarse.
  [[nodiscard]] static Result<std::unique_ptr<Pyramid>> open(
      std::shared_ptr<const ByteSource> bytes, const SampleSource& source);
  virtual ~Pyramid() = default;

  // What `pixel_count` equal pixels over ticks [first, last) show of each channel named: pixel i
  // covers the samples whose ticks lie in [first + i d / n, first + (i + 1) d / n) with
  // d = last - first, bounds rounded up. Exactly the least and greatest measured sample there;
  // empty where there is none. Ask for channels together: they share the reading. Safe from several
  // threads.
  // Errors: InvalidInput for 0 or more than 65,536 pixels, an empty or turned range, a channel that
  // is not there; else those of reading.
  // Cost: at most 64 samples or bins a pixel and channel, and one read of the recording a pixel.
  [[nodiscard]] virtual Result<std::vector<std::vector<MinMax>>> query(
      std::span<const std::size_t> channels, Tick first, Tick last, int pixel_count) const = 0;

  // The same for one channel.
  [[nodiscard]] Result<std::vector<MinMax>> query(std::size_t channel, Tick first, Tick last,
                                                  int pixel_count) const;
};

}  // namespace consilium
