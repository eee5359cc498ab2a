#include <charls/charls_jpegls_decoder.h>

#include <memory>

#include "codec/decoders.hpp"
#include "codec/sample_writer.hpp"
#include "format/dicom/frames.hpp"

namespace consilium::detail {
namespace {

struct Close {
  void operator()(const charls_jpegls_decoder* decoder) const {
    charls_jpegls_decoder_destroy(decoder);
  }
};

Status damaged() { return fail(ErrorCode::Corrupt, "the JPEG-LS codestream is damaged"); }

}  // namespace

Status decode_jpeg_ls(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  using charls::interleave_mode;
  constexpr auto success = charls::jpegls_errc::success;
  const std::unique_ptr<charls_jpegls_decoder, Close> decoder(charls_jpegls_decoder_create());
  if (!decoder) return fail(ErrorCode::TooLarge, "the decoder has no memory");
  if (charls_jpegls_decoder_set_source_buffer(decoder.get(), in.data(), in.size()) != success ||
      charls_jpegls_decoder_read_header(decoder.get()) != success) {
    return damaged();
  }
  charls_frame_info info{};
  charls_interleave_mode mode{};
  size_t size = 0;
  if (charls_jpegls_decoder_get_frame_info(decoder.get(), &info) != success ||
      charls_jpegls_decoder_get_interleave_mode(decoder.get(), &mode) != success ||
      charls_jpegls_decoder_get_destination_size(decoder.get(), 0, &size) != success) {
    return damaged();
  }
  const std::uint64_t samples = std::uint64_t{job.rows} * job.columns * job.samples_per_pixel;
  const std::size_t coded_size = info.bits_per_sample > 8 ? 2 : 1;
  if (info.width != job.columns || info.height != job.rows ||
      info.component_count != job.samples_per_pixel || size != samples * coded_size) {
    return fail(ErrorCode::Corrupt, "the codestream has another size than its image says");
  }
  const std::size_t sample_size = job.bits_allocated / 8U;
  if (coded_size > sample_size) {
    return fail(ErrorCode::Corrupt, "the codestream has more bits than its image says");
  }
  Bytes coded(size);
  if (charls_jpegls_decoder_decode_to_buffer(decoder.get(), coded.data(), coded.size(), 0) !=
      success) {
    return damaged();
  }
  const bool has_planes = job.samples_per_pixel > 1 && mode == interleave_mode::none;
  const std::size_t plane = std::size_t{job.rows} * job.columns;
  for (std::size_t i = 0; i < samples; ++i) {
    std::uint32_t value = std::to_integer<std::uint32_t>(coded[i * coded_size]);
    if (coded_size == 2) value |= std::to_integer<std::uint32_t>(coded[i * 2 + 1]) << 8U;
    // JPEG-LS codes bit patterns; the sign is in the image's description.
    value = extend(value, info.bits_per_sample, job.is_signed);
    const std::size_t to = has_planes ? i % plane * job.samples_per_pixel + i / plane : i;
    write_sample(out, to, sample_size, value);
  }
  if (job.is_ybr && job.samples_per_pixel == 3) ybr_full_to_rgb(out, sample_size);
  return {};
}

}  // namespace consilium::detail
