#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>

#include <memory>
#include <optional>

#include "codec/decoders.hpp"
#include "codec/sample_writer.hpp"

namespace consilium::detail {
namespace {

// What the markers before the scan say (ITU-T T.81 annex B, and Adobe's APP14).
struct JpegHeader {
  int precision = 0;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  int component_count = 0;
  bool is_lossless = false;
  bool has_rgb_ids = false;  // the components are called R, G, B
  bool has_jfif = false;
  std::optional<int> adobe_transform;  // 0 none, 1 YCbCr
};

std::uint32_t u16_at(ByteView bytes, std::size_t at) {
  return (std::to_integer<std::uint32_t>(bytes[at]) << 8U) |
         std::to_integer<std::uint32_t>(bytes[at + 1]);
}

bool is_frame_header(unsigned marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

void read_frame_header(ByteView segment, unsigned marker, JpegHeader& header) {
  if (segment.size() < 6) return;
  header.precision = std::to_integer<int>(segment[0]);
  header.rows = u16_at(segment, 1);
  header.columns = u16_at(segment, 3);
  header.component_count = std::to_integer<int>(segment[5]);
  header.is_lossless = marker == 0xC3;
  header.has_rgb_ids = header.component_count == 3 && segment.size() >= 15 &&
                       segment[6] == std::byte{'R'} && segment[9] == std::byte{'G'} &&
                       segment[12] == std::byte{'B'};
}

Result<JpegHeader> read_header(ByteView in) {
  JpegHeader header;
  std::size_t at = 0;
  while (at + 4 <= in.size()) {
    if (in[at] != std::byte{0xFF}) return fail(ErrorCode::Corrupt, "a JPEG marker was expected");
    const auto marker = std::to_integer<unsigned>(in[at + 1]);
    if (marker == 0xFF || marker == 0xD8 || marker == 0x01) {  // fill byte, start, no meaning
      at += marker == 0xFF ? 1 : 2;
      continue;
    }
    if (marker == 0xDA) break;  // the scan
    const std::size_t length = u16_at(in, at + 2);
    if (length < 2 || at + 2 + length > in.size()) break;
    const ByteView segment = in.subspan(at + 4, length - 2);
    if (is_frame_header(marker)) read_frame_header(segment, marker, header);
    if (marker == 0xE0 && text_of(segment).starts_with("JFIF")) header.has_jfif = true;
    if (marker == 0xEE && segment.size() >= 12 && text_of(segment).starts_with("Adobe")) {
      header.adobe_transform = std::to_integer<int>(segment[11]);
    }
    at += 2 + length;
  }
  if (header.precision == 0) return fail(ErrorCode::Corrupt, "the JPEG frame header is missing");
  return header;
}

// Whether the coded components are YBR. What the codestream says of itself is what its writer did;
// the photometric interpretation is often left wrong by software that recompresses.
bool is_coded_as_ybr(const CodecJob& job, const JpegHeader& header) {
  if (header.component_count != 3) return false;
  if (header.is_lossless) return job.is_ybr;
  if (header.adobe_transform) return *header.adobe_transform == 1;
  if (header.has_rgb_ids) return false;
  return header.has_jfif || job.is_ybr;
}

std::unique_ptr<DJDecoder> make_decoder(const DJCodecParameter& parameters, int precision,
                                        bool is_ybr) {
  const OFBool ybr = is_ybr ? OFTrue : OFFalse;
  if (precision <= 8) return std::make_unique<DJDecompressIJG8Bit>(parameters, ybr);
  if (precision <= 12) return std::make_unique<DJDecompressIJG12Bit>(parameters, ybr);
  return std::make_unique<DJDecompressIJG16Bit>(parameters, ybr);
}

}  // namespace

Status decode_jpeg(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  const JpegHeader header = CSL_TRY(read_header(in));
  if (header.rows != job.rows || header.columns != job.columns ||
      header.component_count != job.samples_per_pixel) {
    return fail(ErrorCode::Corrupt, "the codestream has another size than its image says");
  }
  const std::size_t coded_size = header.precision <= 8 ? 1 : 2;
  const std::size_t sample_size = job.bits_allocated / 8U;
  if (header.precision > 16 || coded_size > sample_size) {
    return fail(ErrorCode::Corrupt, "the codestream has more bits than its image says");
  }
  const DJCodecParameter parameters(ECC_lossyRGB, EDC_photometricInterpretation, EUC_never,
                                    EPC_colorByPixel);
  const auto decoder = make_decoder(parameters, header.precision, is_coded_as_ybr(job, header));
  if (decoder->init().bad()) return fail(ErrorCode::TooLarge, "the decoder has no memory");
  const std::size_t samples = std::size_t{job.rows} * job.columns * job.samples_per_pixel;
  Bytes coded(samples * coded_size);
  // The library takes the input as not const, but only reads it.
  auto* input = reinterpret_cast<Uint8*>(const_cast<std::byte*>(in.data()));
  const OFCondition done =
      decoder->decode(input, static_cast<Uint32>(in.size()), reinterpret_cast<Uint8*>(coded.data()),
                      static_cast<Uint32>(coded.size()), job.is_signed ? OFTrue : OFFalse);
  if (done.bad()) return fail(ErrorCode::Corrupt, "the JPEG codestream is damaged");
  for (std::size_t i = 0; i < samples; ++i) {
    std::uint32_t value = std::to_integer<std::uint32_t>(coded[i * coded_size]);
    if (coded_size == 2) value |= std::to_integer<std::uint32_t>(coded[i * 2 + 1]) << 8U;
    write_sample(out, i, sample_size, extend(value, header.precision, job.is_signed));
  }
  return {};
}

}  // namespace consilium::detail
