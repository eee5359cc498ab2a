#include <turbojpeg.h>

#include <memory>

#include "codec/decoders.hpp"

namespace consilium::detail {

// Photographs are JFIF or Exif files: the library knows their colours by their markers, as every
// viewer does. (Frames of DICOM objects go by their dataset instead: decode_jpeg.cpp.)
Status decode_photo_jpeg(const CodecJob& job, ByteView in, std::span<std::byte> out) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), &tjDestroy);
  if (!decoder) return fail(ErrorCode::TooLarge, "the decoder has no memory");
  const auto* input = reinterpret_cast<const unsigned char*>(in.data());
  int columns = 0;
  int rows = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), input, in.size(), &columns, &rows, &subsampling,
                          &colours) != 0) {
    return fail(ErrorCode::Corrupt, "the JPEG header is damaged");
  }
  if (columns != static_cast<int>(job.columns) || rows != static_cast<int>(job.rows)) {
    return fail(ErrorCode::Corrupt, "the JPEG has another size than its header says");
  }
  // A warning means that pixels were made up: a file cut short, or damaged in its scan. Progressive
  // files of thousands of scans are made to eat time.
  constexpr int flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS;
  const int format = job.samples_per_pixel == 1 ? TJPF_GRAY : TJPF_RGB;
  if (tjDecompress2(decoder.get(), input, in.size(), reinterpret_cast<unsigned char*>(out.data()),
                    columns, 0, rows, format, flags) != 0) {
    return fail(ErrorCode::Corrupt, "the JPEG is damaged");
  }
  return {};
}

}  // namespace consilium::detail
