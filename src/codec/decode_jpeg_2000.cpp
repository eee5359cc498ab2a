#include <openjpeg.h>

#include <cstring>
#include <memory>

#include "codec/decoders.hpp"
#include "codec/sample_writer.hpp"
#include "format/dicom/frames.hpp"

namespace consilium::detail {
namespace {

struct Source {
  ByteView bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_source(void* buffer, OPJ_SIZE_T count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t left = source.bytes.size() - source.at;
  if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
  const std::size_t taken = std::min<std::size_t>(count, left);
  std::memcpy(buffer, source.bytes.data() + source.at, taken);
  source.at += taken;
  return taken;
}

OPJ_OFF_T skip_source(OPJ_OFF_T count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const auto left = static_cast<OPJ_OFF_T>(source.bytes.size() - source.at);
  if (count < 0 || count > left) return -1;
  source.at += static_cast<std::size_t>(count);
  return count;
}

OPJ_BOOL seek_source(OPJ_OFF_T to, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (to < 0 || static_cast<std::size_t>(to) > source.bytes.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

void ignore_message(const char*, void*) {}

// The library's handles are all void pointers or plain structures, ended by a function.
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Status damaged() { return fail(ErrorCode::Corrupt, "the JPEG 2000 codestream is damaged"); }

Stream open_stream(Source& source) {
  Stream stream(opj_stream_default_create(OPJ_TRUE), &opj_stream_destroy);
  if (stream) {
    opj_stream_set_read_function(stream.get(), read_source);
    opj_stream_set_skip_function(stream.get(), skip_source);
    opj_stream_set_seek_function(stream.get(), seek_source);
    opj_stream_set_user_data(stream.get(), &source, nullptr);
    opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  }
  return stream;
}

// Some writers wrap the codestream in a JP2 file, though PS3.5 A.4.4 forbids it.
bool is_jp2_file(ByteView in) { return in.size() >= 12 && text_of(in.subspan(4, 4)) == "jP  "; }

// Whether the codestream names a transform of its components, which makes its output RGB. COD's
// marker is FF 52; the byte for the transform is 8 past it.
bool has_component_transform(ByteView in) {
  for (std::size_t at = 0; at + 8 < in.size(); ++at) {
    if (in[at] != std::byte{0xFF}) continue;
    if (in[at + 1] == std::byte{0x90}) return false;  // the first tile: no COD before it
    if (in[at + 1] == std::byte{0x52}) return in[at + 8] != std::byte{0};
  }
  return false;
}

Status check_image(const CodecJob& job, const opj_image_t& image) {
  bool fits = image.numcomps >= job.samples_per_pixel;
  for (std::uint32_t i = 0; fits && i < job.samples_per_pixel; ++i) {
    const opj_image_comp_t& component = image.comps[i];
    fits = component.w == job.columns && component.h == job.rows && component.data != nullptr;
    if (component.prec == 0 || component.prec > job.bits_allocated) {
      return fail(ErrorCode::Corrupt, "the codestream has more bits than its image says");
    }
  }
  if (!fits) {
    return fail(ErrorCode::Corrupt, "the codestream has another size than its image says");
  }
  return {};
}

void write_image(const CodecJob& job, const opj_image_t& image, std::span<std::byte> out) {
  const std::size_t pixel_count = std::size_t{job.rows} * job.columns;
  const std::size_t sample_size = job.bits_allocated / 8U;
  for (std::size_t sample = 0; sample < job.samples_per_pixel; ++sample) {
    const opj_image_comp_t& component = image.comps[sample];
    for (std::size_t pixel = 0; pixel < pixel_count; ++pixel) {
      // Where codestream and description differ on the sign, the bits are right and the
      // description says how to read them.
      const std::uint32_t value = extend(static_cast<std::uint32_t>(component.data[pixel]),
                                         static_cast<int>(component.prec), job.is_signed);
      write_sample(out, pixel * job.samples_per_pixel + sample, sample_size, value);
    }
  }
}

}  // namespace

Status decode_jpeg_2000(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  Source source{.bytes = in};
  const Stream stream = open_stream(source);
  const Codec codec(opj_create_decompress(is_jp2_file(in) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K),
                    &opj_destroy_codec);
  if (!stream || !codec) return fail(ErrorCode::TooLarge, "the decoder has no memory");
  opj_set_info_handler(codec.get(), ignore_message, nullptr);
  opj_set_warning_handler(codec.get(), ignore_message, nullptr);
  opj_set_error_handler(codec.get(), ignore_message, nullptr);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE) return damaged();
  // A codestream that ends early decodes to a picture that was never taken.
  opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
  opj_image_t* made = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &made) == OPJ_TRUE;
  const Image image(made, &opj_image_destroy);
  if (!has_header || !image) return damaged();
  const bool is_right_size =
      image->x1 - image->x0 == job.columns && image->y1 - image->y0 == job.rows;
  if (!is_right_size) {
    return fail(ErrorCode::Corrupt, "the codestream has another size than its image says");
  }
  if (opj_decode(codec.get(), stream.get(), image.get()) == OPJ_FALSE) return damaged();
  CSL_TRY(check_image(job, *image));
  write_image(job, *image, out);
  const bool is_still_ybr =
      job.is_ybr && job.samples_per_pixel == 3 && !has_component_transform(in);
  if (is_still_ybr) ybr_full_to_rgb(out, job.bits_allocated / 8U);
  return {};
}

}  // namespace consilium::detail
