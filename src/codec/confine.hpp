// Takes from this process everything that decoding does not need, for good: new privileges, files,
// network, other processes, executable memory. Called by the helper processes before they read a
// byte.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace consilium {

// What of the network stays usable.
enum class NetworkUse : std::uint8_t {
  None,
  OnePeer,   // connections that are handed over; none can be made
  Connects,  // connections can be made, never accepted
};

struct Confinement {
  NetworkUse network = NetworkUse::None;
  int kept_descriptor = -1;  // all others are closed
  std::uint64_t address_space_bytes_max = std::uint64_t{16} << 30U;
  std::uint32_t cpu_seconds_max = 3600;
  std::uint32_t descriptor_count_max = 64;
};

// Seccomp allow-list (all else answers EPERM; mapping executable memory too), resource limits,
// no-new-privileges, no core dumps. Linux only.
// Errors: Internal when any of it cannot be had; the caller must then end.
[[nodiscard]] Status confine_this_process(const Confinement& confinement);

}  // namespace consilium
