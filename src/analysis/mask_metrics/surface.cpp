#include "analysis/mask_metrics/surface.hpp"

#include <bit>

#include "analysis/mask_metrics/surfel_size.hpp"
#include "analysis/parallel/parallel.hpp"

namespace consilium::mask_metrics {
namespace {

// Bit x becomes that of x + 1.
std::uint64_t next_of(const std::uint64_t* row, std::size_t w, std::size_t words) {
  return row[w] >> 1U | (w + 1 < words ? row[w + 1] << 63U : 0);
}
// Bit x becomes that of x - 1.
std::uint64_t previous_of(const std::uint64_t* row, std::size_t w) {
  return row[w] << 1U | (w > 0 ? row[w - 1] >> 63U : 0);
}

// The two bits x and x + 1 of a row, for x < 64 row_words - 1.
unsigned pair_at(const std::uint64_t* row, std::size_t x) {
  const std::size_t w = x / 64;
  const std::size_t bit = x % 64;
  if (bit < 63) return static_cast<unsigned>(row[w] >> bit & 3U);
  return static_cast<unsigned>(row[w] >> 63U | (row[w + 1] & 1U) << 1U);
}

// A cell holds surface when its corners are neither all in nor all out.
void mark_cells(const BitVolume& mask, std::size_t z, bool planar, BitVolume& cells) {
  std::vector<std::uint64_t> any(mask.row_words);
  std::vector<std::uint64_t> all(mask.row_words);
  for (std::size_t y = 0; y < cells.ny; ++y) {
    const std::uint64_t* rows[4] = {mask.row(y, z), mask.row(y + 1, z),
                                    mask.row(y, planar ? z : z + 1),
                                    mask.row(y + 1, planar ? z : z + 1)};
    for (std::size_t w = 0; w < mask.row_words; ++w) {
      any[w] = rows[0][w] | rows[1][w] | rows[2][w] | rows[3][w];
      all[w] = rows[0][w] & rows[1][w] & rows[2][w] & rows[3][w];
    }
    std::uint64_t* out = cells.row(y, z);
    for (std::size_t w = 0; w < cells.row_words; ++w) {
      out[w] = (any[w] | next_of(any.data(), w, mask.row_words)) &
               ~(all[w] & next_of(all.data(), w, mask.row_words));
    }
  }
}

// Border voxels are those of the mask that its erosion by the face neighbours takes away.
void mark_border(const BitVolume& mask, std::size_t z, bool planar, BitVolume& border) {
  if (!planar && (z == 0 || z + 1 == mask.nz)) return;  // the margin
  for (std::size_t y = 1; y + 1 < mask.ny; ++y) {
    const std::uint64_t* row = mask.row(y, z);
    const std::uint64_t* above = mask.row(y - 1, z);
    const std::uint64_t* below = mask.row(y + 1, z);
    const std::uint64_t* before = planar ? row : mask.row(y, z - 1);
    const std::uint64_t* behind = planar ? row : mask.row(y, z + 1);
    std::uint64_t* out = border.row(y, z);
    for (std::size_t w = 0; w < mask.row_words; ++w) {
      const std::uint64_t kept = above[w] & below[w] & before[w] & behind[w] & previous_of(row, w) &
                                 next_of(row, w, mask.row_words);
      out[w] = row[w] & ~kept;
    }
  }
}

template <class Visit>
void for_each_bit(const BitVolume& volume, std::size_t z, const Visit& visit) {
  for (std::size_t y = 0; y < volume.ny; ++y) {
    const std::uint64_t* row = volume.row(y, z);
    for (std::size_t w = 0; w < volume.row_words; ++w) {
      for (std::uint64_t word = row[w]; word != 0; word &= word - 1) {
        visit(w * 64 + static_cast<std::size_t>(std::countr_zero(word)), y);
      }
    }
  }
}

}  // namespace

Surface surface_of(const BitVolume& mask, SurfaceDefinition definition, bool planar,
                   const std::array<double, 3>& spacing_mm, unsigned threads) {
  const bool cells = definition == SurfaceDefinition::MarchingCubes;
  const std::size_t fewer = cells ? 1 : 0;
  const std::size_t slices = planar ? 1 : mask.nz - fewer;
  Surface surface{.at = BitVolume(mask.nx - fewer, mask.ny - fewer, slices), .first{}, .size{}};
  surface.first.resize(slices + 1);
  for_each_part(slices, threads, [&] {
    return [&](std::size_t z) {
      if (cells) {
        mark_cells(mask, z, planar, surface.at);
      } else {
        mark_border(mask, z, planar, surface.at);
      }
      std::size_t count = 0;
      const std::uint64_t* begin = surface.at.row(0, z);
      for (std::size_t w = 0; w < surface.at.row_words * surface.at.ny; ++w) {
        count += static_cast<std::size_t>(std::popcount(begin[w]));
      }
      surface.first[z + 1] = count;
    };
  });
  for (std::size_t z = 0; z < slices; ++z) surface.first[z + 1] += surface.first[z];
  surface.size.assign(surface.first[slices], 1.0);
  if (!cells) return surface;
  const auto areas = surfel_areas_mm2(spacing_mm);
  const auto lengths = contour_lengths_mm(spacing_mm);
  for_each_part(slices, threads, [&] {
    return [&](std::size_t z) {
      double* size = surface.size.data() + surface.first[z];
      for_each_bit(surface.at, z, [&](std::size_t x, std::size_t y) {
        unsigned code = pair_at(mask.row(y, z), x) | pair_at(mask.row(y + 1, z), x) << 2U;
        if (planar) {
          *size++ = lengths[code];
          return;
        }
        code |= pair_at(mask.row(y, z + 1), x) << 4U | pair_at(mask.row(y + 1, z + 1), x) << 6U;
        *size++ = areas[code];
      });
    };
  });
  return surface;
}

}  // namespace consilium::mask_metrics
