// Transfer syntaxes of PS3.5 annex A and PS3.6 table A-1: how a dataset and its pixels are written.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace consilium {

// How encapsulated frames are compressed.
enum class PixelCodec : std::uint8_t {
  None,  // native pixel data
  Rle,
  Jpeg,  // processes 1, 2, 4 and the retired progressive ones, 8 and 12 bit
  JpegLossless,
  JpegLs,
  Jpeg2000,  // Part 1, and High-Throughput (Part 15)
  DeflatedFrame,
  PhotoJpeg,  // whole files that are no DICOM: photographs
  Png,
  Tiff,
  Unsupported,  // video, JPIP, JPEG XL and other syntaxes that we do not decode
};

struct TransferSyntax {
  std::string_view uid;
  std::string_view name;
  bool is_explicit_vr = true;
  std::endian byte_order = std::endian::little;
  bool is_deflated = false;      // the dataset as a whole
  bool is_encapsulated = false;  // the pixel data
  PixelCodec codec = PixelCodec::None;
};

// Unknown UIDs are taken as encapsulated explicit VR little endian (PS3.5 A.4: all that are not
// listed as native are), with the codec Unsupported.
[[nodiscard]] const TransferSyntax& transfer_syntax(std::string_view uid);

[[nodiscard]] const TransferSyntax& implicit_little_endian();
[[nodiscard]] const TransferSyntax& explicit_little_endian();
[[nodiscard]] const TransferSyntax& explicit_big_endian();

}  // namespace consilium
