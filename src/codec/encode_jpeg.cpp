#include "codec/encode_jpeg.hpp"

#include <turbojpeg.h>

#include <memory>

namespace consilium {

Result<Bytes> encode_jpeg(std::uint32_t columns, std::uint32_t rows, std::uint32_t channels,
                          ByteView samples, int quality) {
  const std::unique_ptr<void, int (*)(tjhandle)> encoder(tjInitCompress(), tjDestroy);
  const bool is_colour = channels == 3;
  const int sampling = is_colour ? TJSAMP_444 : TJSAMP_GRAY;
  const auto width = static_cast<int>(columns);
  const auto height = static_cast<int>(rows);
  const unsigned long size_max = tjBufSize(width, height, sampling);
  if (!encoder || size_max == static_cast<unsigned long>(-1)) {
    return fail(ErrorCode::Internal, "the picture cannot be made a JPEG");
  }
  Bytes out(size_max);
  auto* data = reinterpret_cast<unsigned char*>(out.data());
  unsigned long size = size_max;
  const int failed =
      tjCompress2(encoder.get(), reinterpret_cast<const unsigned char*>(samples.data()), width, 0,
                  height, is_colour ? TJPF_RGB : TJPF_GRAY, &data, &size, sampling, quality,
                  TJFLAG_NOREALLOC | TJFLAG_ACCURATEDCT);
  if (failed != 0) return fail(ErrorCode::Internal, "the picture cannot be made a JPEG");
  out.resize(size);
  return out;
}

}  // namespace consilium
