// Photographs and other plain pictures (JPEG, PNG, TIFF): what their headers say of their pixels,
// read by us, so that every size is checked before a decoder is given the file. Decoding itself is
// the codec's. Sources: ITU-T T.81 annex B (JPEG), ISO/IEC 15948 (PNG), Adobe's TIFF 6.0 and
// BigTIFF, CIPA DC-008 (Exif).
//
// Of Exif only the orientation is read. Colour is taken as sRGB: profiles are seen, not applied.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/pixel.hpp"

namespace consilium {

enum class PhotoFormat : std::uint8_t { Jpeg, Png, Tiff };

inline constexpr std::uint64_t photo_pixels_max = std::uint64_t{1} << 28U;  // of one frame
inline constexpr std::uint64_t photo_bytes_max = std::uint64_t{2} << 30U;   // of all frames, ready
inline constexpr std::uint32_t photo_pages_max = 10'000;

struct Photo {
  PhotoFormat format = PhotoFormat::Jpeg;
  // The samples that a decoder gives, before the picture is turned upright: grey as in the file
  // (fewer than 8 bits spread over 8), colour as RGB of 8 bits each.
  PixelLayout layout;
  std::uint32_t orientation = 1;  // Exif's 1 to 8
  // The numbers of the pages that are frames; thumbnails and masks among a TIFF's pages are none.
  std::vector<std::uint32_t> pages{0};
  bool has_colour_profile = false;
  bool has_transparency = false;
  bool had_wide_colour = false;  // 16 bits a channel, of which 8 are kept
};

// Told by the first bytes alone.
[[nodiscard]] bool looks_like_photo(ByteView head);

// Errors: Corrupt when the header is damaged, or declares more pixels than the file can hold;
// TooLarge past photo_pixels_max, photo_bytes_max, 65,535 rows or columns, or photo_pages_max;
// Unsupported for colours of print (CMYK, Lab), JPEG of other than 8 bits, samples of 24 or 64
// bits, and a TIFF whose pages differ in size or kind (a whole slide, most often).
// Cost: a few microseconds; reads headers only.
[[nodiscard]] Result<Photo> describe_photo(ByteView file);

// The frame as a viewer holds it, by Exif's orientation; `pixel_bytes` is the size of one pixel.
// Orientations 5 to 8 exchange rows and columns. Cost: one copy.
[[nodiscard]] Bytes upright(ByteView frame, std::uint32_t rows, std::uint32_t columns,
                            std::size_t pixel_bytes, std::uint32_t orientation);
[[nodiscard]] constexpr bool swaps_sides(std::uint32_t orientation) {
  return orientation >= 5 && orientation <= 8;
}

}  // namespace consilium
