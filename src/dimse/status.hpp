// Statuses of DIMSE answers that we give (PS3.7 annex C; PS3.4 annexes B, C, GG and J).
#pragma once

#include <cstdint>

namespace consilium::dimse::status {

inline constexpr std::uint16_t success = 0x0000;
inline constexpr std::uint16_t processing_failure = 0x0110;
inline constexpr std::uint16_t duplicate_instance = 0x0111;
inline constexpr std::uint16_t unknown_class = 0x0122;
inline constexpr std::uint16_t not_authorized = 0x0124;
inline constexpr std::uint16_t out_of_resources = 0xA700;
inline constexpr std::uint16_t unknown_destination = 0xA801;
// Of C-STORE: the dataset is another class'; of queries: the identifier is not the model's.
inline constexpr std::uint16_t does_not_match_class = 0xA900;
inline constexpr std::uint16_t sub_operations_with_failures = 0xB000;
inline constexpr std::uint16_t cannot_understand = 0xC000;
inline constexpr std::uint16_t cancelled = 0xFE00;
inline constexpr std::uint16_t pending = 0xFF00;

// Of the kind Bxxx: done, with something to say.
[[nodiscard]] constexpr bool is_warning(std::uint32_t status) {
  return (status & 0xF000U) == 0xB000U;
}

}  // namespace consilium::dimse::status
