// Helpers of ours in a process of their own: started with nothing but one socket.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/result.hpp"

namespace consilium {

// A started process and our end of the socket pair; ending it kills the process and waits for it.
class ChildProcess {
 public:
  enum class SocketKind { Packets, Stream };

  // Starts `program` with `arguments` and "--fd 3": its end of the socket pair. It gets no other
  // descriptor (0 to 2 are /dev/null) and no environment.
  // Errors: Unavailable when the system has no process or socket for it.
  [[nodiscard]] static Result<ChildProcess> start(const std::filesystem::path& program,
                                                  const std::vector<std::string>& arguments,
                                                  SocketKind kind);
  ChildProcess(ChildProcess&& other) noexcept
      : process_(std::exchange(other.process_, -1)), socket_(std::move(other.socket_)) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t process() const { return process_; }
  [[nodiscard]] int socket() const { return socket_.get(); }

 private:
  ChildProcess(pid_t process, Descriptor socket) : process_(process), socket_(std::move(socket)) {}
  pid_t process_ = -1;
  Descriptor socket_;
};

}  // namespace consilium
