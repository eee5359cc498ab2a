// Takes from this process everything that decoding does not need, for good: new privileges, files,
// network, other processes, executable memory. Called by the codec worker before it reads a byte.
#pragma once

#include <cstdint>

#include "base/result.hpp"

namespace consilium {

struct Confinement {
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
