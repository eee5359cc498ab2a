// The messages between pool and worker: fixed structures over a socket pair of our own two
// processes on one machine; the memory file goes along as SCM_RIGHTS.
#pragma once

#include <cstdint>
#include <type_traits>

#include "codec/codec_job.hpp"

namespace consilium::wire {

inline constexpr std::uint32_t version = 1;

struct Request {
  std::uint32_t version = wire::version;
  CodecJob job;
  std::uint64_t input_size = 0;     // from byte 0 of the memory file
  std::uint64_t output_offset = 0;  // a multiple of 64
  std::uint64_t output_size = 0;
};

enum class Verdict : std::uint32_t { Done, Corrupt, Unsupported, OutOfMemory };

// The worker sends one with Done when it is confined, then one for each request.
struct Reply {
  Verdict verdict = Verdict::Corrupt;
  std::uint32_t cpu_seconds = 0;  // that the worker has used since it started
};

static_assert(std::is_trivially_copyable_v<Request> && std::is_trivially_copyable_v<Reply>);

// Sends the structure, and the descriptor if it is not negative. False on any failure.
[[nodiscard]] bool send_bytes(int socket, const void* data, std::size_t size, int descriptor);
// Receives exactly `size` bytes; a descriptor that came along goes to `descriptor` (else -1).
// False at the end of the connection and on any failure.
[[nodiscard]] bool receive_bytes(int socket, void* data, std::size_t size, int& descriptor);

}  // namespace consilium::wire
