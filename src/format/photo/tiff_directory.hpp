// The directories of a TIFF file, and of the Exif block that JPEG and PNG carry in its form.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::detail {

// The entries of one directory that say how its pixels are kept, with TIFF 6.0's defaults.
struct TiffPage {
  std::uint64_t columns = 0;
  std::uint64_t rows = 0;
  std::uint32_t bits_per_sample = 1;
  bool has_mixed_bits = false;  // samples of different sizes
  std::uint32_t compression = 1;
  std::uint32_t photometric = 0;
  std::uint32_t samples_per_pixel = 1;
  std::uint32_t sample_format = 1;  // 1 unsigned, 2 signed, 3 float
  std::uint32_t orientation = 1;
  std::uint32_t subfile_type = 0;  // 1 reduced size, 4 mask
  bool has_colour_profile = false;
};

// All directories in their order. Errors: Corrupt when one lies outside the file or they make a
// ring; TooLarge past `page_count_max`.
[[nodiscard]] Result<std::vector<TiffPage>> read_tiff_pages(ByteView file,
                                                            std::uint32_t page_count_max);

// The orientation that an Exif block (its TIFF part) states; 1 when it states none, or no sound
// one: what a camera writes wrongly there costs no picture.
[[nodiscard]] std::uint32_t exif_orientation(ByteView block);

}  // namespace consilium::detail
