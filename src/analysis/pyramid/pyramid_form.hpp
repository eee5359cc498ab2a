// The stored form of a pyramid; see semantics.md. Used by this module alone.
#pragma once

#include <cstdint>
#include <string_view>

#include "analysis/pyramid/pyramid.hpp"

namespace consilium::pyramid {

inline constexpr std::string_view begin_mark = "CSLPYR01";
inline constexpr std::string_view end_mark = "CSLPYREN";
inline constexpr std::int64_t chunk_bins = 4096;
inline constexpr std::int64_t coarsest_bins_max = 64;
inline constexpr std::int64_t samples_max = std::int64_t{1} << 38;
inline constexpr std::size_t bin_bytes = 8;
inline constexpr std::size_t trailer_bytes = 16;

[[nodiscard]] constexpr std::int64_t bin_samples(int level) {
  std::int64_t size = pyramid_finest_bin;
  for (int l = 0; l < level; ++l) size *= pyramid_branching;
  return size;
}
[[nodiscard]] constexpr std::int64_t bin_count(std::int64_t samples, int level) {
  const std::int64_t size = bin_samples(level);
  return samples / size + (samples % size != 0 ? 1 : 0);
}
[[nodiscard]] constexpr std::int64_t chunk_count(std::int64_t bins) {
  return (bins + chunk_bins - 1) / chunk_bins;
}
[[nodiscard]] constexpr int level_count(std::int64_t samples) {
  int level = 0;
  while (bin_count(samples, level) > coarsest_bins_max) ++level;
  return level + 1;
}

[[nodiscard]] constexpr MinMax merged(const MinMax& a, const MinMax& b) {
  return {.min = a.min < b.min ? a.min : b.min, .max = a.max > b.max ? a.max : b.max};
}

// Of the samples that are not `missing`.
[[nodiscard]] inline MinMax min_max_of(const std::int32_t* samples, std::int64_t count,
                                       std::int32_t missing) {
  MinMax all;
  for (std::int64_t i = 0; i < count; ++i) {
    all.min = samples[i] < all.min ? samples[i] : all.min;
    all.max = samples[i] > all.max ? samples[i] : all.max;
  }
  // Nearly always nothing is missing; only then are the samples looked at one by one.
  if (missing < all.min || missing > all.max) return all;
  MinMax measured;
  for (std::int64_t i = 0; i < count; ++i) {
    if (samples[i] == missing) continue;
    measured = merged(measured, {.min = samples[i], .max = samples[i]});
  }
  return measured;
}

// out[i] of samples [16 i, 16 i + 16). By AVX2 where the machine has it.
void reduce_bins(const std::int32_t* samples, std::span<MinMax> out, std::int32_t missing);

}  // namespace consilium::pyramid
