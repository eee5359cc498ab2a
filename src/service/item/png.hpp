// PNG (ISO/IEC 15948), the plain part of it: 8-bit grey or RGB, written whole. For thumbnails.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace consilium::service {

// `samples` is rows x columns x channels, the first row first; channels is 1 (grey) or 3 (RGB).
[[nodiscard]] Bytes write_png(std::uint32_t columns, std::uint32_t rows, std::uint32_t channels,
                              ByteView samples);

}  // namespace consilium::service
