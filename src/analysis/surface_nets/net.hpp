// The cells that a surface passes, and which of them are neighbours.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace consilium::surface_nets {

// Cell (x, y, z) has the corners x - 1, x along each axis; cells run from 0 to dims, so that those
// at the volume's ends reach out of it.
// An edge of the surface runs through a face of the cell to the next cell where the face's four
// voxels are not all of one label: x low, x high, y low, y high, z low, z high.
inline constexpr std::size_t face_count = 6;
inline constexpr std::uint32_t no_cell = 0xFFFFFFFFU;

struct Cell {
  std::uint32_t x = 0;
  std::uint8_t crossings = 0;  // bit f: through face f
  std::uint8_t pairs = 0;      // bit a: the voxels at its high corner and before it along a differ
};

struct Net {
  std::array<std::uint32_t, 3> dims{};  // of the volume
  std::vector<Cell> cells;              // by row of cells, rising
  // Of each cell the next one through each face that is crossed, else no_cell.
  std::vector<std::array<std::uint32_t, face_count>> next;
  // Where the cells of row y + (ny + 1) z begin; one entry more at the end.
  std::vector<std::uint32_t> row_begin;

  [[nodiscard]] std::size_t row_of(std::size_t y, std::size_t z) const {
    return z * (dims[1] + 1U) + y;
  }
};

[[nodiscard]] Net net_of(std::span<const std::uint16_t> labels,
                         const std::array<std::uint32_t, 3>& dims, unsigned threads);

}  // namespace consilium::surface_nets
