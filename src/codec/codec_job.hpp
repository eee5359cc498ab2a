// One frame to decode, as it is asked of the confined worker, and the form of the answer.
//
// The answer is little endian and interleaved, rows x columns x samples of `bits_allocated` each:
// - RLE and deflated frames: the file's samples unchanged but for planes (FrameForm::Unpacked);
// - all others (FrameForm::Decoded): signed values sign-extended to the sample, colour as RGB.
// Colour
//   is unsigned whatever the codestream claims (PS3.3 C.7.6.3.1.2), and YBR becomes RGB once: by
//   the codestream's own transform where it has one, else by the photometric interpretation.
// - photographs: as Decoded, the whole file being the input; not yet turned upright.
#pragma once

#include <cstdint>

#include "format/dicom/frames.hpp"
#include "format/dicom/image_description.hpp"
#include "format/dicom/transfer_syntax.hpp"

namespace consilium {

struct CodecJob {
  PixelCodec codec = PixelCodec::None;
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint16_t samples_per_pixel = 1;
  std::uint16_t bits_allocated = 8;
  std::uint16_t bits_stored = 8;
  bool is_signed = false;
  bool is_ybr = false;     // the photometric interpretation says YBR of some form
  bool is_planar = false;  // deflated frames keep the file's planes
  std::uint32_t page = 0;  // of a TIFF
  friend bool operator==(const CodecJob&, const CodecJob&) = default;
};

[[nodiscard]] inline std::uint64_t output_size_bytes(const CodecJob& job) {
  return std::uint64_t{job.rows} * job.columns * job.samples_per_pixel * (job.bits_allocated / 8U);
}

[[nodiscard]] inline CodecJob codec_job(PixelCodec codec, const ImageDescription& image) {
  const StoredPixels& stored = image.stored;
  return {.codec = codec,
          .rows = image.ready.rows,
          .columns = image.ready.columns,
          .samples_per_pixel = stored.samples_per_pixel,
          .bits_allocated = stored.bits_allocated,
          .bits_stored = stored.bits_stored,
          .is_signed = stored.is_signed,
          .is_ybr = stored.photometric == StoredPhotometric::YbrFull ||
                    stored.photometric == StoredPhotometric::YbrFull422 ||
                    stored.photometric == StoredPhotometric::YbrCoded,
          .is_planar = stored.is_planar};
}

// How make_ready must take the answer.
[[nodiscard]] constexpr FrameForm answer_form(PixelCodec codec) {
  return codec == PixelCodec::Rle || codec == PixelCodec::DeflatedFrame ? FrameForm::Unpacked
                                                                        : FrameForm::Decoded;
}

}  // namespace consilium
