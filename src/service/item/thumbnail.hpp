// A small picture of one ready frame.
#pragma once

#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::service {

// PNG of at most 128 rows. `volume_json` tells layout, transform and windows of the frame; without
// a window the grey values go from the 1st to the 99th percentile.
[[nodiscard]] Result<Bytes> thumbnail_png(ByteView frame, std::string_view volume_json);

}  // namespace consilium::service
