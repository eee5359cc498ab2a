#include <zlib.h>

#include <array>

#include "base/byte_reader.hpp"
#include "codec/decoders.hpp"
#include "format/dicom/frames.hpp"

namespace consilium::detail {
namespace {

constexpr std::size_t header_size = 64;

// PackBits (PS3.5 G.3.1) into every `stride`th byte of `out`, from `first`.
Status unpack_segment(ByteView segment, std::span<std::byte> out, std::size_t first,
                      std::size_t stride, std::size_t count) {
  std::size_t from = 0;
  std::size_t made = 0;
  while (made < count) {
    if (from >= segment.size()) {
      return fail(ErrorCode::Corrupt, "an RLE segment ends early");
    }
    const auto control = std::to_integer<unsigned>(segment[from++]);
    if (control == 128) continue;
    const bool is_run = control > 128;
    const std::size_t length =
        std::min<std::size_t>(is_run ? 257 - control : control + 1, count - made);
    if (from + (is_run ? 1 : length) > segment.size()) {
      return fail(ErrorCode::Corrupt, "an RLE segment ends early");
    }
    for (std::size_t i = 0; i < length; ++i) {
      out[first + (made + i) * stride] = segment[is_run ? from : from + i];
    }
    from += is_run ? 1 : length;
    made += length;
  }
  return {};
}

}  // namespace

// PS3.5 annex G: one segment for each byte of each sample, the most significant byte first.
Status decode_rle(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  ByteReader reader(in);
  const std::size_t sample_size = job.bits_allocated / 8U;
  const std::size_t segment_count = sample_size * job.samples_per_pixel;
  const std::uint32_t declared = CSL_TRY(reader.u32());
  if (declared != segment_count || segment_count > 15) {
    return fail(ErrorCode::Corrupt, "the RLE header has a wrong number of segments");
  }
  std::array<std::uint32_t, 16> begins{};
  for (std::size_t i = 0; i < 15; ++i) begins[i] = CSL_TRY(reader.u32());
  const std::size_t pixel_count = std::size_t{job.rows} * job.columns;
  const std::size_t pixel_size = segment_count;
  for (std::size_t segment = 0; segment < segment_count; ++segment) {
    const std::size_t begin = begins[segment];
    std::size_t end = segment + 1 < segment_count ? begins[segment + 1] : in.size();
    if (begin < header_size || begin > in.size() || end < begin) {
      return fail(ErrorCode::Corrupt, "an RLE segment lies outside the frame");
    }
    end = std::min(end, in.size());
    const std::size_t sample = segment / sample_size;
    const std::size_t significance = sample_size - 1 - segment % sample_size;
    CSL_TRY(unpack_segment(in.subspan(begin, end - begin), out, sample * sample_size + significance,
                           pixel_size, pixel_count));
  }
  return {};
}

// Raw deflate of one native frame (Deflated Image Frame, PS3.5 A.4.13).
Status decode_deflated(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return fail(ErrorCode::Internal, "inflating could not begin");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  Bytes planes(job.is_planar ? out.size() : 0);
  std::byte* target = job.is_planar ? planes.data() : out.data();
  stream.next_out = reinterpret_cast<Bytef*>(target);
  stream.avail_out = static_cast<uInt>(out.size());
  inflate(&stream, Z_FINISH);
  const bool is_whole = stream.avail_out == 0;
  inflateEnd(&stream);
  if (!is_whole) return fail(ErrorCode::Corrupt, "the deflated frame is damaged");
  if (job.is_planar) {
    const std::size_t sample_size = job.bits_allocated / 8U;
    const std::size_t plane = planes.size() / job.samples_per_pixel;
    for (std::size_t at = 0; at < planes.size(); ++at) {
      const std::size_t sample = at / plane;
      const std::size_t pixel = at % plane / sample_size;
      out[(pixel * job.samples_per_pixel + sample) * sample_size + at % sample_size] = planes[at];
    }
  }
  return {};
}

Status decode_frame(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  switch (job.codec) {
    case PixelCodec::Rle:
      return decode_rle(job, in, out);
    case PixelCodec::Jpeg:
    case PixelCodec::JpegLossless:
      return decode_jpeg(job, in, out);
    case PixelCodec::JpegLs:
      return decode_jpeg_ls(job, in, out);
    case PixelCodec::Jpeg2000:
      return decode_jpeg_2000(job, in, out);
    case PixelCodec::DeflatedFrame:
      return decode_deflated(job, in, out);
    case PixelCodec::PhotoJpeg:
      return decode_photo_jpeg(job, in, out);
    case PixelCodec::Png:
      return decode_png(job, in, out);
    case PixelCodec::Tiff:
      return decode_tiff(job, in, out);
    case PixelCodec::None:
    case PixelCodec::Unsupported:
      break;
  }
  return fail(ErrorCode::Unsupported, "no decoder for this compression");
}

}  // namespace consilium::detail
