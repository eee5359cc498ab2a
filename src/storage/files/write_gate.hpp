// Whether the store may still write. It closes for good (until a restart, which checks what is on
// the disk) when an fsync failed: after that the kernel may call lost pages clean, so a later
// success would be a lie.
#pragma once

#include <atomic>

#include "base/result.hpp"

namespace consilium::storage {

class WriteGate {
 public:
  [[nodiscard]] Status check() const {
    if (!closed_.load(std::memory_order_acquire)) return {};
    return fail(ErrorCode::Unavailable, "the disk failed; nothing more is written", {},
                "look at the machine's disk log, then start the server again");
  }
  void close() { closed_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_closed() const { return closed_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> closed_{false};
};

}  // namespace consilium::storage
