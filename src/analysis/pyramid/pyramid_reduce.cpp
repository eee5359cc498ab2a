#include <algorithm>

#include "analysis/pyramid/pyramid_form.hpp"

namespace consilium::pyramid {
namespace {

constexpr int bin_size = static_cast<int>(pyramid_finest_bin);

// One text for both targets: the compiler makes vector code of it for each.
[[gnu::always_inline]] inline void reduce(const std::int32_t* samples, std::span<MinMax> out,
                                          std::int32_t missing) {
  for (std::size_t b = 0; b < out.size(); ++b, samples += bin_size) {
    std::int32_t least = samples[0];
    std::int32_t greatest = samples[0];
    for (int i = 1; i < bin_size; ++i) {
      least = std::min(least, samples[i]);
      greatest = std::max(greatest, samples[i]);
    }
    out[b] = {.min = least, .max = greatest};
    // Nearly always nothing is missing; only then are the samples looked at one by one.
    if (missing >= least && missing <= greatest) out[b] = min_max_of(samples, bin_size, missing);
  }
}

void reduce_plain(const std::int32_t* samples, std::span<MinMax> out, std::int32_t missing) {
  reduce(samples, out, missing);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void reduce_avx2(const std::int32_t* samples, std::span<MinMax> out,
                                         std::int32_t missing) {
  reduce(samples, out, missing);
}
#endif

}  // namespace

void reduce_bins(const std::int32_t* samples, std::span<MinMax> out, std::int32_t missing) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) return reduce_avx2(samples, out, missing);
#endif
  reduce_plain(samples, out, missing);
}

}  // namespace consilium::pyramid
