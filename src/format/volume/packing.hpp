// The deflate streams that volumes are packed in: gzip (RFC 1952) and zlib (RFC 1950).
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

[[nodiscard]] bool is_gzip(ByteView bytes);

// Of a size that the stream's own last four bytes state. Errors: Corrupt; TooLarge when that is
// over `size_max`, or more than deflate can pack into the stream. Cost: about 2 ns a byte.
[[nodiscard]] Result<Bytes> gunzip(ByteView packed, std::uint64_t size_max);
// Of exactly `size` bytes, which the caller has checked; gzip's members are joined.
// Errors: Corrupt when the stream is damaged or holds fewer or more.
[[nodiscard]] Result<Bytes> gunzip_exactly(ByteView packed, std::uint64_t size);
[[nodiscard]] Result<Bytes> inflate_zlib_exactly(ByteView packed, std::uint64_t size);

// Whether `packed` bytes of deflate could hold `size`: at most 1:1032.
[[nodiscard]] bool can_unpack_to(std::uint64_t packed, std::uint64_t size);

// At level 6, about 60 MB/s.
[[nodiscard]] Result<Bytes> gzip(ByteView bytes);
[[nodiscard]] Result<Bytes> deflate_zlib(ByteView bytes);

}  // namespace consilium
