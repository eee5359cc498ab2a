#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/morphology/morphology.hpp"
#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

using Counts = std::vector<std::uint16_t>;

// to[x] = the sum of from[x - reach .. x + reach], the ends repeated.
template <class Value>
void sum_along(const Value* from, std::uint16_t* to, std::size_t count, std::size_t reach) {
  const auto at = [&](std::ptrdiff_t x) -> unsigned {
    return from[std::clamp<std::ptrdiff_t>(x, 0, static_cast<std::ptrdiff_t>(count) - 1)];
  };
  const auto r = static_cast<std::ptrdiff_t>(reach);
  unsigned sum = 0;
  for (std::ptrdiff_t x = -r; x < r; ++x) sum += at(x);
  for (std::ptrdiff_t x = 0; x < static_cast<std::ptrdiff_t>(count); ++x) {
    sum += at(x + r);
    to[x] = static_cast<std::uint16_t>(sum);
    sum -= at(x - r);
  }
}

[[gnu::target_clones("avx2", "default")]] void add_and_drop(std::uint16_t* __restrict sums,
                                                            const std::uint16_t* added,
                                                            const std::uint16_t* dropped,
                                                            std::size_t count) {
  for (std::size_t x = 0; x < count; ++x) {
    sums[x] = static_cast<std::uint16_t>(sums[x] + added[x] - dropped[x]);
  }
}

// Rows of `width` values, `count` of them, `stride` apart: every row becomes the sum of those
// within `reach` of it, the ends repeated. `row` is called with each sum and its number.
template <class Row>
void sum_rows(const std::uint16_t* first, std::size_t width, std::size_t count, std::size_t stride,
              std::size_t reach, Counts& sums, const Row& row) {
  const auto last = static_cast<std::ptrdiff_t>(count) - 1;
  const auto at = [&](std::ptrdiff_t k) {
    return first + static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(k, 0, last)) * stride;
  };
  const auto r = static_cast<std::ptrdiff_t>(reach);
  std::fill_n(sums.begin(), width, std::uint16_t{0});
  const Counts none(width);
  for (std::ptrdiff_t k = -r; k < r; ++k) add_and_drop(sums.data(), at(k), none.data(), width);
  for (std::ptrdiff_t k = 0; k <= last; ++k) {
    add_and_drop(sums.data(), at(k + r), k == 0 ? none.data() : at(k - r - 1), width);
    row(static_cast<std::size_t>(k), sums.data());
  }
}

BitVolume majority(const BitVolume& bits, const std::array<std::size_t, 3>& reach,
                   unsigned threads) {
  const std::size_t nx = bits.dims()[0];
  const std::size_t ny = bits.dims()[1];
  const std::size_t nz = bits.dims()[2];
  Counts counts(nx * ny * nz);
  for_each_part(nz, threads, [&] {
    return [&, mask = std::vector<std::uint8_t>(nx), along = Counts(nx * ny),
            sums = Counts(nx)](std::size_t z) mutable {
      for (std::size_t y = 0; y < ny; ++y) {
        std::ranges::fill(mask, std::uint8_t{0});
        for_each_run(bits.row(y, z), bits.row_words(), [&](std::size_t begin, std::size_t end) {
          std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(begin), end - begin,
                      std::uint8_t{1});
        });
        sum_along(mask.data(), along.data() + y * nx, nx, reach[0]);
      }
      sum_rows(along.data(), nx, ny, nx, reach[1], sums,
               [&](std::size_t y, const std::uint16_t* row) {
                 std::copy_n(row, nx, counts.data() + (z * ny + y) * nx);
               });
    };
  });
  const auto half =
      static_cast<std::uint16_t>((2 * reach[0] + 1) * (2 * reach[1] + 1) * (2 * reach[2] + 1) / 2);
  BitVolume result(bits.dims());
  for_each_part(ny, threads, [&] {
    return [&, sums = Counts(nx), mask = std::vector<std::uint8_t>(nx)](std::size_t y) mutable {
      sum_rows(counts.data() + y * nx, nx, nz, nx * ny, reach[2], sums,
               [&](std::size_t z, const std::uint16_t* row) {
                 std::transform(row, row + nx, mask.begin(), [half](std::uint16_t count) {
                   return static_cast<std::uint8_t>(count > half);
                 });
                 pack_row(mask, result.row(y, z));
               });
    };
  });
  return result;
}

}  // namespace

std::uint32_t median_edge(double mm, double spacing_mm) {
  const double half = std::floor(mm / spacing_mm / 2);
  return 2 * static_cast<std::uint32_t>(std::clamp(half, 0.0, 40'000.0)) + 1;
}

Result<BitVolume> median_smoothed(const BitVolume& bits, const Lattice& lattice, double mm,
                                  unsigned threads) {
  CSL_TRY(check_length(bits, lattice, mm));
  std::array<std::size_t, 3> reach{};
  double voxels = 1;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    // A box longer than an image of one voxel along an axis has only that voxel there.
    const std::uint32_t edge =
        lattice.dims[axis] == 1 ? 1 : median_edge(mm, lattice.spacing_mm[axis]);
    reach[axis] = edge / 2;
    voxels *= edge;
  }
  if (voxels > 65'535) {
    return fail(ErrorCode::TooLarge, "the box to smooth over is too large",
                fmt::format("{} mm are {:.0f} voxels, 65535 at most", mm, voxels),
                "smooth over less");
  }
  const auto box = box_of(bits);
  if (!box) return bits;
  const VoxelRange around =
      grown_box(*box,
                {static_cast<std::uint32_t>(reach[0]), static_cast<std::uint32_t>(reach[1]),
                 static_cast<std::uint32_t>(reach[2])},
                lattice.dims);
  BitVolume result(bits.dims());
  paste(result, majority(cropped(bits, around), reach, threads), around);
  return result;
}

}  // namespace consilium
