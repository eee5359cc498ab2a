// Pictures of ours as baseline JPEG (ITU-T T.81). Only encoding, of pixels that are ours already:
// it runs in the server, while whatever comes from outside is decoded in the confined worker.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

// `samples` is rows x columns x channels, the first row first; channels is 1 (grey) or 3 (RGB,
// coded 4:4:4). `quality` is 1 to 100. Errors: Internal when the encoder fails.
// Cost: about 5 ns a pixel.
[[nodiscard]] Result<Bytes> encode_jpeg(std::uint32_t columns, std::uint32_t rows,
                                        std::uint32_t channels, ByteView samples, int quality);

}  // namespace consilium
