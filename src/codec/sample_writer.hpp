// Writes one sample as little endian in the job's sample size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace consilium::detail {

inline void write_sample(std::span<std::byte> out, std::size_t index, std::size_t sample_size_bytes,
                         std::uint32_t value) {
  std::byte* to = out.data() + index * sample_size_bytes;
  for (std::size_t i = 0; i < sample_size_bytes; ++i) {
    to[i] = static_cast<std::byte>((value >> (8U * i)) & 0xFFU);
  }
}

// The low `bits` bits as a number: two's complement when signed.
inline std::uint32_t extend(std::uint32_t value, int bits, bool is_signed) {
  const int spare = 32 - bits;
  if (spare <= 0) return value;
  const std::uint32_t raised = value << static_cast<unsigned>(spare);
  return is_signed ? static_cast<std::uint32_t>(static_cast<std::int32_t>(raised) >> spare)
                   : raised >> static_cast<unsigned>(spare);
}

}  // namespace consilium::detail
