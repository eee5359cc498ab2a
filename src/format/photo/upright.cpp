#include <cstring>

#include "format/photo/photo.hpp"

namespace consilium {
namespace {

// Which stored pixel is seen at (row, column): Exif 2.32, 4.6.4 A, tag 274.
struct Seen {
  std::uint32_t row = 0;
  std::uint32_t column = 0;
};

Seen stored_pixel(std::uint32_t row, std::uint32_t column, std::uint32_t rows,
                  std::uint32_t columns, std::uint32_t orientation) {
  switch (orientation) {
    case 2:
      return {row, columns - 1 - column};
    case 3:
      return {rows - 1 - row, columns - 1 - column};
    case 4:
      return {rows - 1 - row, column};
    case 5:
      return {column, row};
    case 6:
      return {rows - 1 - column, row};
    case 7:
      return {rows - 1 - column, columns - 1 - row};
    case 8:
      return {column, columns - 1 - row};
    default:
      return {row, column};
  }
}

}  // namespace

Bytes upright(ByteView frame, std::uint32_t rows, std::uint32_t columns, std::size_t pixel_bytes,
              std::uint32_t orientation) {
  const std::uint32_t seen_rows = swaps_sides(orientation) ? columns : rows;
  const std::uint32_t seen_columns = swaps_sides(orientation) ? rows : columns;
  Bytes turned(frame.size());
  std::byte* out = turned.data();
  for (std::uint32_t row = 0; row < seen_rows; ++row) {
    for (std::uint32_t column = 0; column < seen_columns; ++column) {
      const Seen from = stored_pixel(row, column, rows, columns, orientation);
      const std::size_t at = (std::size_t{from.row} * columns + from.column) * pixel_bytes;
      std::memcpy(out, frame.data() + at, pixel_bytes);
      out += pixel_bytes;
    }
  }
  return turned;
}

}  // namespace consilium
