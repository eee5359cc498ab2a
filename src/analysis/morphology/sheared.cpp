#include "analysis/morphology/sheared.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/morphology/ball.hpp"
#include "analysis/morphology/shell.hpp"
#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

double volume_of(const ShearedLattice& lattice) {
  const auto& [x, y, z] = lattice.steps_mm;
  return std::abs(dot(cross(x, y), z));
}

Status check(const BitVolume& bits, const ShearedLattice& lattice, double mm) {
  if (bits.dims() != lattice.dims) {
    return fail(ErrorCode::InvalidInput, "a mask has other dimensions than its lattice");
  }
  if (!(volume_of(lattice) > 1e-100)) {
    return fail(ErrorCode::InvalidInput, "the grid's axes span no volume");
  }
  if (!(mm >= 0 && mm <= length_mm_max)) {
    return fail(ErrorCode::InvalidInput, "a length is out of range", fmt::format("{} mm", mm),
                fmt::format("give 0 to {} mm", length_mm_max));
  }
  return {};
}

// The voxels along each axis that a ball reaches: planes of an axis lie closer than its steps.
std::array<std::uint32_t, 3> reach_of(const ShearedLattice& lattice, double mm) {
  std::array<std::uint32_t, 3> reach{};
  for (std::size_t a = 0; a < 3; ++a) {
    const double area = length(cross(lattice.steps_mm[(a + 1) % 3], lattice.steps_mm[(a + 2) % 3]));
    const double steps =
        std::floor(mm * (1 + morphology::square_slack) * area / volume_of(lattice));
    reach[a] = static_cast<std::uint32_t>(std::min<double>(steps, lattice.dims[a]));
  }
  return reach;
}

// The ball as rows: voxels first to last (both in) of the row that lies (dy, dz) away.
struct BallRow {
  std::int64_t dy = 0;
  std::int64_t dz = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::vector<BallRow> ball_rows(const ShearedLattice& lattice, double mm) {
  const auto& [x, y, z] = lattice.steps_mm;
  const auto reach = reach_of(lattice, mm);
  const double square = mm * mm * (1 + morphology::square_slack);
  std::vector<BallRow> rows;
  for (std::int64_t dz = -std::int64_t{reach[2]}; dz <= std::int64_t{reach[2]}; ++dz) {
    for (std::int64_t dy = -std::int64_t{reach[1]}; dy <= std::int64_t{reach[1]}; ++dy) {
      Vector3 at{};
      for (std::size_t n = 0; n < 3; ++n) {
        at[n] = static_cast<double>(dy) * y[n] + static_cast<double>(dz) * z[n];
      }
      // |at + dx x|^2 <= mm^2.
      const double a = dot(x, x);
      const double b = dot(at, x);
      const double root = b * b - a * (dot(at, at) - square);
      if (root < 0) continue;
      const auto first = static_cast<std::int64_t>(std::ceil((-b - std::sqrt(root)) / a));
      const auto last = static_cast<std::int64_t>(std::floor((-b + std::sqrt(root)) / a));
      if (first <= last) rows.push_back({.dy = dy, .dz = dz, .first = first, .last = last});
    }
  }
  return rows;
}

BitVolume dilated(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                  unsigned threads) {
  const std::vector<BallRow> rows = ball_rows(lattice, mm);
  const auto nx = static_cast<std::int64_t>(bits.dims()[0]);
  const auto ny = static_cast<std::int64_t>(bits.dims()[1]);
  const auto nz = static_cast<std::int64_t>(bits.dims()[2]);
  BitVolume result(bits.dims());
  for_each_part(bits.dims()[2], threads, [&] {
    return [&](std::size_t to_z) {
      for (const BallRow& row : rows) {
        const std::int64_t from_z = static_cast<std::int64_t>(to_z) - row.dz;
        if (from_z < 0 || from_z >= nz) continue;
        for (std::int64_t to_y = std::max<std::int64_t>(0, row.dy);
             to_y < std::min(ny, ny + row.dy); ++to_y) {
          std::uint64_t* to = result.row(static_cast<std::size_t>(to_y), to_z);
          const std::uint64_t* from =
              bits.row(static_cast<std::size_t>(to_y - row.dy), static_cast<std::size_t>(from_z));
          for_each_run(from, bits.row_words(), [&](std::size_t begin, std::size_t end) {
            const std::int64_t first =
                std::max<std::int64_t>(0, static_cast<std::int64_t>(begin) + row.first);
            const std::int64_t past = std::min(nx, static_cast<std::int64_t>(end) + row.last);
            if (first < past) {
              set_run(to, static_cast<std::size_t>(first), static_cast<std::size_t>(past));
            }
          });
        }
      }
    };
  });
  return result;
}

// Makes the part of the box around what is set, grown by the ball and one voxel, and puts it back.
template <class Make>
Result<BitVolume> in_box(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                         const Make& make) {
  CSL_TRY(check(bits, lattice, mm));
  const auto box = box_of(bits);
  if (!box) return bits;
  auto reach = reach_of(lattice, mm);
  for (std::uint32_t& steps : reach) ++steps;
  const VoxelRange around = grown_box(*box, reach, bits.dims());
  BitVolume result(bits.dims());
  const ShearedLattice of_part{.dims = around.dims(), .steps_mm = lattice.steps_mm};
  paste(result, make(cropped(bits, around), of_part), around);
  return result;
}

}  // namespace

std::optional<ShearedLattice> sheared_lattice_of(const Grid& grid) {
  if (lattice_of(grid).has_value()) return std::nullopt;
  return ShearedLattice{
      .dims = grid.dims,
      .steps_mm = {grid.affine.axis_mm(0), grid.affine.axis_mm(1), grid.affine.axis_mm(2)}};
}

Result<Lattice> upright_lattice(const ShearedLattice& lattice) {
  const auto& [x, y, z] = lattice.steps_mm;
  const double area = length(cross(x, y));
  const Lattice upright{.dims = lattice.dims,
                        .spacing_mm = {length(x), area / length(x), volume_of(lattice) / area}};
  CSL_TRY(check_lattice(upright, upright.voxel_count()));
  return upright;
}

Result<BitVolume> grown(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                        unsigned threads) {
  return in_box(bits, lattice, mm, [&](const BitVolume& part, const ShearedLattice& of_part) {
    return dilated(part, of_part, mm, threads);
  });
}

Result<BitVolume> shrunk(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                         unsigned threads) {
  return in_box(bits, lattice, mm, [&](const BitVolume& part, const ShearedLattice& of_part) {
    return complement_of(dilated(complement_of(part), of_part, mm, threads));
  });
}

Result<BitVolume> hollow(const BitVolume& bits, const ShearedLattice& lattice, double thickness_mm,
                         ShellSide side, unsigned threads) {
  return morphology::shell_of(bits, lattice, thickness_mm, side, threads);
}

Result<BitVolume> opened(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                         unsigned threads) {
  return grown(CSL_TRY(shrunk(bits, lattice, mm, threads)), lattice, mm, threads);
}

Result<BitVolume> closed(const BitVolume& bits, const ShearedLattice& lattice, double mm,
                         unsigned threads) {
  return shrunk(CSL_TRY(grown(bits, lattice, mm, threads)), lattice, mm, threads);
}

}  // namespace consilium
