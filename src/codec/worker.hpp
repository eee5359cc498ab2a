// The confined process that decodes frames: `consilium codec --fd N`.
#pragma once

namespace consilium {

// Confines this process (confine.hpp), then serves requests from the socket `descriptor` until it
// is closed. Returns the exit code: 0 at the end of the connection, 3 when it could not confine
// itself or the connection broke. No byte of a request is read before the process is confined.
[[nodiscard]] int run_codec_worker(int descriptor);

}  // namespace consilium
