#include "service/intake/photo_intake.hpp"

#include "codec/pool.hpp"
#include "format/photo/photo.hpp"
#include "service/intake/image_intake.hpp"

namespace consilium::service {
namespace {

PixelCodec codec_of(PhotoFormat format) {
  switch (format) {
    case PhotoFormat::Jpeg:
      return PixelCodec::PhotoJpeg;
    case PhotoFormat::Png:
      return PixelCodec::Png;
    case PhotoFormat::Tiff:
      return PixelCodec::Tiff;
  }
  return PixelCodec::Unsupported;
}

CodecJob job_of(const Photo& photo, std::uint32_t page) {
  return {.codec = codec_of(photo.format),
          .rows = photo.layout.rows,
          .columns = photo.layout.columns,
          .samples_per_pixel = static_cast<std::uint16_t>(photo.layout.samples_per_pixel),
          .bits_allocated = static_cast<std::uint16_t>(8 * size_bytes(photo.layout.sample_type)),
          .bits_stored = static_cast<std::uint16_t>(8 * size_bytes(photo.layout.sample_type)),
          .page = page};
}

// What a reader must know of how the picture is shown.
std::vector<std::string> notes_of(const Photo& photo) {
  std::vector<std::string> notes;
  if (photo.layout.samples_per_pixel == 3) {
    notes.emplace_back(photo.has_colour_profile
                           ? "the file's colour profile is not applied; colours are taken as sRGB"
                           : "colours are taken as sRGB");
  }
  if (photo.had_wide_colour) notes.emplace_back("of 16 bits a colour channel, 8 are shown");
  if (photo.has_transparency) notes.emplace_back("transparency is not shown");
  return notes;
}

Result<Bytes> decode_frames(const IntakeTools& tools, const Photo& photo, ByteView file) {
  const PixelLayout& layout = photo.layout;
  const std::size_t pixel_bytes = layout.samples_per_pixel * size_bytes(layout.sample_type);
  Bytes frames;
  for (const std::uint32_t page : photo.pages) {
    Bytes frame = CSL_TRY(tools.codec->decode(job_of(photo, page), file));
    if (photo.orientation != 1) {
      frame = upright(frame, layout.rows, layout.columns, pixel_bytes, photo.orientation);
    }
    if (photo.pages.size() == 1) return frame;
    frames.insert(frames.end(), frame.begin(), frame.end());
  }
  return frames;
}

}  // namespace

Status prepare_photo(const IntakeTools& tools, const PhotoFile& file, const std::string& content,
                     const PreparedSink& sink) {
  const Photo photo = CSL_TRY(describe_photo(file.bytes));
  if (tools.codec == nullptr) {
    return fail(ErrorCode::Unsupported, "pictures need the codec worker");
  }
  const Bytes frames = CSL_TRY(decode_frames(tools, photo, file.bytes));
  PlainImage plain;
  plain.image.modality = "OT";  // of what a picture is taken, the file does not say
  plain.image.ready = photo.layout;
  if (swaps_sides(photo.orientation)) {
    std::swap(plain.image.ready.rows, plain.image.ready.columns);
  }
  plain.image.frame_count = static_cast<std::uint32_t>(photo.pages.size());
  plain.image.frames.emplace_back();
  plain.image.is_lossy = photo.format == PhotoFormat::Jpeg;
  plain.image.notes = notes_of(photo);
  plain.frames = frames;
  plain.patient_id = file.patient;
  // Each picture is labelled for itself, also where a patient has several.
  plain.study = file.name;
  plain.series = file.name;
  return prepare_plain_image(tools, file.bytes, plain, content, sink);
}

}  // namespace consilium::service
