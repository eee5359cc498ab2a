// A ready frame as a picture: window, region and size as a client asks (PS3.18 8.3.5).
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/pixel.hpp"
#include "format/dicom/image_description.hpp"
#include "service/dicomweb/dicomweb.hpp"

namespace consilium::service {

// 8-bit grey or RGB, rows x columns x channels.
struct Picture {
  std::uint32_t columns = 0;
  std::uint32_t rows = 0;
  std::uint32_t channels = 1;
  Bytes samples;
};

// The window is the query's, else the frame's first, else from the 1st to the 99th percentile.
// The viewport keeps the pixels' aspect: the picture is the largest that fits it; bilinear.
[[nodiscard]] Picture picture_of(ByteView frame, const PixelLayout& layout, const FrameFacts& facts,
                                 const RenderQuery& query);
// Coded as the query asks. Errors: InvalidInput on a viewport outside the image.
[[nodiscard]] Result<Bytes> render(ByteView frame, const PixelLayout& layout,
                                   const FrameFacts& facts, const RenderQuery& query);

}  // namespace consilium::service
