#include "format/dicom/transfer_syntax.hpp"

#include <array>

namespace consilium {
namespace {

constexpr TransferSyntax native(std::string_view uid, std::string_view name, bool is_explicit_vr,
                                std::endian order, bool is_deflated = false) {
  return {.uid = uid,
          .name = name,
          .is_explicit_vr = is_explicit_vr,
          .byte_order = order,
          .is_deflated = is_deflated};
}

constexpr TransferSyntax encapsulated(std::string_view uid, std::string_view name,
                                      PixelCodec codec) {
  return {.uid = uid, .name = name, .is_encapsulated = true, .codec = codec};
}

constexpr std::array table{
    native("1.2.840.10008.1.2", "Implicit VR Little Endian", false, std::endian::little),
    native("1.2.840.10008.1.2.1", "Explicit VR Little Endian", true, std::endian::little),
    native("1.2.840.10008.1.2.2", "Explicit VR Big Endian", true, std::endian::big),
    native("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", true,
           std::endian::little, true),
    encapsulated("1.2.840.10008.1.2.5", "RLE Lossless", PixelCodec::Rle),
    encapsulated("1.2.840.10008.1.2.4.50", "JPEG Baseline", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.51", "JPEG Extended", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.52", "JPEG Process 3 and 5", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.53", "JPEG Process 6 and 8", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.54", "JPEG Process 7 and 9", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.55", "JPEG Process 10 and 12", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.56", "JPEG Process 11 and 13", PixelCodec::Jpeg),
    encapsulated("1.2.840.10008.1.2.4.57", "JPEG Lossless", PixelCodec::JpegLossless),
    encapsulated("1.2.840.10008.1.2.4.58", "JPEG Process 15", PixelCodec::JpegLossless),
    encapsulated("1.2.840.10008.1.2.4.70", "JPEG Lossless SV1", PixelCodec::JpegLossless),
    encapsulated("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless", PixelCodec::JpegLs),
    encapsulated("1.2.840.10008.1.2.4.81", "JPEG-LS Near Lossless", PixelCodec::JpegLs),
    encapsulated("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless", PixelCodec::Jpeg2000),
    encapsulated("1.2.840.10008.1.2.4.91", "JPEG 2000", PixelCodec::Jpeg2000),
    encapsulated("1.2.840.10008.1.2.4.201", "HTJ2K Lossless", PixelCodec::Jpeg2000),
    encapsulated("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL", PixelCodec::Jpeg2000),
    encapsulated("1.2.840.10008.1.2.4.203", "HTJ2K", PixelCodec::Jpeg2000),
    encapsulated("1.2.840.10008.1.2.8.1", "Deflated Image Frame", PixelCodec::DeflatedFrame),
};

constexpr TransferSyntax unknown =
    encapsulated("", "a transfer syntax that is not supported", PixelCodec::Unsupported);

}  // namespace

const TransferSyntax& transfer_syntax(std::string_view uid) {
  for (const TransferSyntax& syntax : table) {
    if (syntax.uid == uid) return syntax;
  }
  return unknown;
}

const TransferSyntax& implicit_little_endian() { return table[0]; }
const TransferSyntax& explicit_little_endian() { return table[1]; }
const TransferSyntax& explicit_big_endian() { return table[2]; }

}  // namespace consilium
