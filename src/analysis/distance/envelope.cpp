#include "analysis/distance/envelope.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace consilium::distance {
namespace {

// A vector of the compiler's, half a cache line: AVX2 holds it in one register, SSE2 in two.
template <class Value>
struct Lanes;
template <>
struct Lanes<float> {
  using Vector [[gnu::vector_size(32)]] = float;
  using Number = std::int32_t;
  using NumberVector [[gnu::vector_size(32)]] = std::int32_t;
};
template <>
struct Lanes<double> {
  using Vector [[gnu::vector_size(32)]] = double;
  using Number = std::int64_t;
  using NumberVector [[gnu::vector_size(32)]] = std::int64_t;
};

// One text for both targets. The sums are the same there (AVX2 alone brings no fused
// multiply-add), so the results are too.
template <class Value>
[[gnu::always_inline]] inline void envelope(EnvelopeScratch<Value>& scratch, std::size_t row_count,
                                            std::size_t edge, const Value* squares) {
  using Vector = typename Lanes<Value>::Vector;
  using Number = typename Lanes<Value>::Number;
  using NumberVector = typename Lanes<Value>::NumberVector;
  constexpr std::size_t lanes = lane_count<Value>;
  constexpr std::size_t half = lanes / 2;
  const Value* rows = scratch.rows.data();
  const std::int32_t* places = scratch.places.data();
  std::int32_t* least = scratch.least.data();
  std::int32_t* greatest = scratch.greatest.data();
  const auto n = static_cast<std::ptrdiff_t>(edge);
  const auto last = static_cast<std::int32_t>(row_count - 1);
  for (auto step = static_cast<std::ptrdiff_t>(std::bit_ceil(edge)); step >= 1; step /= 2) {
    for (std::ptrdiff_t y = step - 1; y < n; y += 2 * step) {
      const std::int32_t from = y >= step ? least[y - step] : 0;
      const std::int32_t to = y + step < n ? greatest[y + step] : last;
      Vector a;
      Vector b;
      std::memcpy(&a, rows + static_cast<std::size_t>(from) * lanes, sizeof a);
      std::memcpy(&b, rows + static_cast<std::size_t>(from) * lanes + half, sizeof b);
      const Value first = squares[places[from] - y];
      a += first;
      b += first;
      NumberVector row_a = NumberVector{} + Number{from};
      NumberVector row_b = row_a;
      for (std::int32_t k = from + 1; k <= to; ++k) {
        const Value square = squares[places[k] - y];
        Vector c;
        Vector d;
        std::memcpy(&c, rows + static_cast<std::size_t>(k) * lanes, sizeof c);
        std::memcpy(&d, rows + static_cast<std::size_t>(k) * lanes + half, sizeof d);
        c += square;
        d += square;
        const NumberVector row = NumberVector{} + Number{k};
        row_a = c < a ? row : row_a;
        row_b = d < b ? row : row_b;
        a = c < a ? c : a;
        b = d < b ? d : b;
      }
      Value* result = scratch.results.data() + static_cast<std::size_t>(y) * lanes;
      std::memcpy(result, &a, sizeof a);
      std::memcpy(result + half, &b, sizeof b);
      if (step == 1) continue;  // no row asks for these
      const NumberVector low = row_a < row_b ? row_a : row_b;
      const NumberVector high = row_a < row_b ? row_b : row_a;
      Number lowest = low[0];
      Number highest = high[0];
      for (std::size_t i = 1; i < half; ++i) {
        lowest = std::min(lowest, Number{low[i]});
        highest = std::max(highest, Number{high[i]});
      }
      least[y] = static_cast<std::int32_t>(lowest);
      greatest[y] = static_cast<std::int32_t>(highest);
    }
  }
}

template <class Value>
void envelope_plain(EnvelopeScratch<Value>& scratch, std::size_t row_count, std::size_t edge,
                    const Value* squares) {
  envelope(scratch, row_count, edge, squares);
}

#if defined(__x86_64__)
template <class Value>
[[gnu::target("avx2")]] void envelope_avx2(EnvelopeScratch<Value>& scratch, std::size_t row_count,
                                           std::size_t edge, const Value* squares) {
  envelope(scratch, row_count, edge, squares);
}
#endif

template <class Value>
void dispatch(EnvelopeScratch<Value>& scratch, std::size_t row_count, std::size_t edge,
              const Value* squares) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) {
    return envelope_avx2(scratch, row_count, edge, squares);
  }
#endif
  envelope_plain(scratch, row_count, edge, squares);
}

}  // namespace

void lower_envelope(EnvelopeScratch<float>& scratch, std::size_t row_count, std::size_t edge,
                    const float* squares) {
  dispatch(scratch, row_count, edge, squares);
}

void lower_envelope(EnvelopeScratch<double>& scratch, std::size_t row_count, std::size_t edge,
                    const double* squares) {
  dispatch(scratch, row_count, edge, squares);
}

}  // namespace consilium::distance
