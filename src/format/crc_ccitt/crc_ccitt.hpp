// The checksum of SCP-ECG and ISHNE files: CRC-CCITT of 16 bits, polynomial 0x1021 from 0xFFFF on,
// high bit first, nothing turned or inverted at the end ("123456789" gives 0x29B1).
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace consilium {

[[nodiscard]] inline std::uint16_t crc_ccitt(ByteView bytes) {
  std::uint32_t crc = 0xFFFF;
  for (const std::byte byte : bytes) {
    crc ^= std::to_integer<std::uint32_t>(byte) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? crc << 1U ^ 0x1021U : crc << 1U;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace consilium
