#include "analysis/ridge_classifier/row_products.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"

namespace consilium::ridge {
namespace {

constexpr std::size_t tall = 2;       // rows of the one side at once
constexpr std::size_t wide = 4;       // of the other
constexpr std::size_t tile = 32;      // rows of the one side that stay in the cache
constexpr std::size_t piece = 1'024;  // columns at once

using Lanes [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;

// Sums over `count` columns (a multiple of 8) of two rows with four.
[[gnu::target_clones("avx2", "default")]] void two_by_four(const float* const* one,
                                                           const float* const* other,
                                                           std::size_t count, double* const* out) {
  Lanes sum[tall][wide] = {};
  for (std::size_t i = 0; i < count; i += 8) {
    const Lanes a0 = *reinterpret_cast<const Lanes*>(one[0] + i);
    const Lanes a1 = *reinterpret_cast<const Lanes*>(one[1] + i);
    for (std::size_t k = 0; k < wide; ++k) {
      const Lanes b = *reinterpret_cast<const Lanes*>(other[k] + i);
      sum[0][k] += a0 * b;
      sum[1][k] += a1 * b;
    }
  }
  for (std::size_t r = 0; r < tall; ++r) {
    for (std::size_t k = 0; k < wide; ++k) {
      const Lanes& s = sum[r][k];
      out[r][k] += ((double{s[0]} + double{s[1]}) + (double{s[2]} + double{s[3]})) +
                   ((double{s[4]} + double{s[5]}) + (double{s[6]} + double{s[7]}));
    }
  }
}

}  // namespace

void products(const Rows& rows, std::size_t first, std::size_t count, unsigned threads,
              std::vector<double>& out) {
  const std::size_t new_rows = count - first;
  // Room for what the last pair and the last four reach past the end; it is not read.
  const std::size_t width = (count + wide - 1) / wide * wide + wide;
  std::vector<double> sums((new_rows + tall - 1) / tall * tall * width, 0.0);
  const auto at = [&](std::size_t r) { return rows.row(std::min(r, count - 1)); };
  for_each_part((new_rows + tile - 1) / tile, threads, [&] {
    return [&](std::size_t part) {
      const std::size_t tile_begin = first + part * tile;
      const std::size_t tile_end = std::min(tile_begin + tile, count);
      for (std::size_t begin = 0; begin < rows.stride; begin += piece) {
        const std::size_t length = std::min(piece, rows.stride - begin);
        for (std::size_t j = 0; j < tile_end; j += wide) {
          const float* other[wide] = {at(j) + begin, at(j + 1) + begin, at(j + 2) + begin,
                                      at(j + 3) + begin};
          for (std::size_t i = tile_begin; i < tile_end; i += tall) {
            if (j > i + 1) continue;
            const float* one[tall] = {at(i) + begin, at(i + 1) + begin};
            double* to[tall] = {sums.data() + (i - first) * width + j,
                                sums.data() + (i - first + 1) * width + j};
            two_by_four(one, other, length, to);
          }
        }
      }
    };
  });
  out.resize(new_rows * count);
  for (std::size_t r = 0; r < new_rows; ++r) {
    std::copy_n(sums.data() + r * width, count, out.data() + r * count);
  }
}

}  // namespace consilium::ridge
