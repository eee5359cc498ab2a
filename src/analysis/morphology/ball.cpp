#include "analysis/morphology/ball.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"

namespace consilium::morphology {
namespace {

[[gnu::target_clones("avx2", "default")]] void join_row(std::uint64_t* __restrict to,
                                                        const std::uint64_t* __restrict from,
                                                        std::size_t words) {
  for (std::size_t w = 0; w < words; ++w) to[w] |= from[w];
}

// to = from joined with itself moved `steps` bits both ways. `from` has a word of 0 on either side.
[[gnu::target_clones("avx2", "default")]] void widen_row(std::uint64_t* __restrict to,
                                                         const std::uint64_t* __restrict from,
                                                         std::size_t words, std::size_t steps) {
  const std::size_t back = 64 - steps;
  for (std::size_t w = 0; w < words; ++w) {
    to[w] = from[w] | (from[w] << steps) | ((from + w)[-1] >> back) | (from[w] >> steps) |
            (from[w + 1] << back);
  }
}

// A row that grows wider step by step; a word of 0 stands on either side.
class WideningRow {
 public:
  WideningRow(std::size_t words, std::uint64_t last_word_bits)
      : words_(words), last_word_bits_(last_word_bits), now_(words + 2), next_(words + 2) {}

  void start(const std::uint64_t* row) {
    std::copy_n(row, words_, now_.begin() + 1);
    width_ = 0;
  }
  // Joined with itself moved by up to `width` voxels; widths never shrink.
  void widen_to(std::size_t width) {
    while (width_ < width) {
      // What a voxel at the volume's end has become is but width_ + 1 long: a longer step would
      // leave a gap in it.
      const std::size_t steps = std::min({width - width_, width_ + 1, std::size_t{63}});
      widen_row(next_.data() + 1, now_.data() + 1, words_, steps);
      next_[words_] &= last_word_bits_;
      std::swap(now_, next_);
      width_ += steps;
    }
  }
  [[nodiscard]] const std::uint64_t* words() const { return now_.data() + 1; }

 private:
  std::size_t words_;
  std::uint64_t last_word_bits_;
  std::vector<std::uint64_t> now_, next_;
  std::size_t width_ = 0;
};

// How far the ball reaches along x at (dy, dz), for dz >= 0 and dy >= 0 as far as it reaches.
std::vector<std::vector<std::uint32_t>> ball_widths(const Lattice& lattice, double radius_mm) {
  const double square = radius_mm * radius_mm * (1 + square_slack);
  std::vector<std::vector<std::uint32_t>> widths;
  for (std::uint32_t dz = 0; dz < lattice.dims[2]; ++dz) {
    const double left = square - std::pow(dz * lattice.spacing_mm[2], 2);
    if (left < 0) break;
    auto& of_slice = widths.emplace_back();
    for (std::uint32_t dy = 0; dy < lattice.dims[1]; ++dy) {
      const double rest = left - std::pow(dy * lattice.spacing_mm[1], 2);
      if (rest < 0) break;
      const double width = std::floor(std::sqrt(rest) / lattice.spacing_mm[0]);
      of_slice.push_back(static_cast<std::uint32_t>(std::min<double>(width, lattice.dims[0])));
    }
  }
  return widths;
}

std::size_t row_offset_count(const std::vector<std::vector<std::uint32_t>>& widths) {
  std::size_t count = 0;
  for (std::size_t dz = 0; dz < widths.size(); ++dz) {
    count += (2 * widths[dz].size() - 1) * (dz == 0 ? 1 : 2);
  }
  return count;
}

BitVolume dilated_by(const BitVolume& bits, const std::vector<std::vector<std::uint32_t>>& widths,
                     unsigned threads) {
  const std::size_t ny = bits.dims()[1];
  const std::size_t nz = bits.dims()[2];
  const std::size_t words = bits.row_words();
  BitVolume result(bits.dims());
  const auto join_slice = [&](std::size_t from_z, std::size_t to_z,
                              const std::vector<std::uint32_t>& of_slice, WideningRow& row) {
    for (std::size_t y = 0; y < ny; ++y) {
      const std::uint64_t* from = bits.row(y, from_z);
      if (std::all_of(from, from + words, [](std::uint64_t word) { return word == 0; })) continue;
      row.start(from);
      for (std::size_t dy = of_slice.size(); dy-- > 0;) {
        row.widen_to(of_slice[dy]);
        if (y >= dy) join_row(result.row(y - dy, to_z), row.words(), words);
        if (dy > 0 && y + dy < ny) join_row(result.row(y + dy, to_z), row.words(), words);
      }
    }
  };
  for_each_part(nz, threads, [&] {
    return [&, row = WideningRow(words, bits.last_word_bits())](std::size_t z) mutable {
      for (std::size_t dz = 0; dz < widths.size(); ++dz) {
        if (z >= dz) join_slice(z - dz, z, widths[dz], row);
        if (dz > 0 && z + dz < nz) join_slice(z + dz, z, widths[dz], row);
      }
    };
  });
  return result;
}

}  // namespace

std::uint32_t steps_within(double length_mm, double spacing_mm) {
  return static_cast<std::uint32_t>(
      std::min<double>(std::floor(length_mm / spacing_mm * (1 + square_slack)), lattice_edge_max));
}

BitVolume dilated_by_rows(const BitVolume& bits, const Lattice& lattice, double radius_mm,
                          unsigned threads) {
  return dilated_by(bits, ball_widths(lattice, radius_mm), threads);
}

BitVolume dilated(const BitVolume& bits, const Lattice& lattice, double radius_mm,
                  unsigned threads) {
  const auto widths = ball_widths(lattice, radius_mm);
  if (row_offset_count(widths) > ball_rows_max) {
    return dilated_by_distance(bits, lattice, radius_mm, threads);
  }
  return dilated_by(bits, widths, threads);
}

}  // namespace consilium::morphology
