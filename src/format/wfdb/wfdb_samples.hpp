// The forms in which WFDB signal files hold samples. Source: signal(5) of the WFDB Applications
// Guide. All but FLAC are decoded here; FLAC is in wfdb_flac.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.hpp"

namespace consilium {

enum class WfdbFormat : std::uint16_t {
  Null = 0,  // no samples
  F8 = 8,    // first differences, 8 bits
  F16 = 16,  // little-endian, as all below but 61
  F24 = 24,
  F32 = 32,
  F61 = 61,    // 16 bits, big-endian
  F80 = 80,    // 8 bits, offset binary
  F160 = 160,  // 16 bits, offset binary
  F212 = 212,  // two 12-bit samples in three bytes
  F310 = 310,  // three 10-bit samples in four bytes
  F311 = 311,  // the same, packed from the low bit on
  Flac8 = 508,
  Flac16 = 516,
  Flac24 = 524,
};

[[nodiscard]] std::optional<WfdbFormat> wfdb_format_of(int number);
[[nodiscard]] bool is_flac(WfdbFormat format);
// The sample value that says "nothing measured".
[[nodiscard]] std::int32_t missing_sample(WfdbFormat format);
// The bits a sample has in the format.
[[nodiscard]] int sample_bits(WfdbFormat format);

// Packed formats repeat after a group of samples: 212 after 2 in 3 bytes, 310 and 311 after 3 in 4.
struct WfdbPacking {
  int samples = 1;
  int bytes = 1;
};
[[nodiscard]] WfdbPacking packing_of(WfdbFormat format);
// The bytes in which `count` samples from the begin of a file lie; the last group may be partial.
[[nodiscard]] std::uint64_t bytes_of_samples(WfdbFormat format, std::uint64_t count);
// The whole samples in so many bytes.
[[nodiscard]] std::uint64_t samples_in_bytes(WfdbFormat format, std::uint64_t bytes);

// Decodes `out.size()` samples from `bytes`, which begins at a group of the packing and holds at
// least bytes_of_samples(format, out.size()) bytes (CSL_CHECKed). Format 8 gives the differences.
// Cost: about 1 ns a sample or less.
void decode_wfdb(WfdbFormat format, ByteView bytes, std::span<std::int32_t> out);

}  // namespace consilium
