// What the handlers of an association share: the peer's connection and the way to the server.
#pragma once

#include "dimse/channel.hpp"

struct T_ASC_Association;
class OFCondition;

namespace consilium::dimse {

struct Link {
  T_ASC_Association* association = nullptr;
  int connection = -1;  // the peer's socket
  int channel = -1;     // the server's
};

// Statuses of PS3.7 annex C and PS3.4 (annexes B, C and GG) that we give.
namespace status {
inline constexpr std::uint16_t success = 0x0000;
inline constexpr std::uint16_t sub_operations_with_failures = 0xB000;
inline constexpr std::uint16_t out_of_resources = 0xA700;
inline constexpr std::uint16_t unknown_destination = 0xA801;
inline constexpr std::uint16_t cannot_understand = 0xC000;
inline constexpr std::uint16_t cancelled = 0xFE00;
inline constexpr std::uint16_t pending = 0xFF00;
inline constexpr std::uint16_t unknown_class = 0x0122;
inline constexpr std::uint16_t processing_failure = 0x0110;
}  // namespace status

// Asks and waits for the answer; false when the server is gone.
[[nodiscard]] bool ask(const Link& link, const Message& question, Message& answer);

}  // namespace consilium::dimse
