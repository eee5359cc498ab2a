// The worker as a program of its own, so that the pool can be tested without the product's binary,
// and so that the tests can ask the confined process to do what it must not.
//
//   csl_codec_worker --fd N            serves, as `consilium codec --fd N` does
//   csl_codec_worker misbehave WHAT --fd N   after confinement tries WHAT on the first request:
//       crash, hang, or open|create|socket|fork|exec|kill|map_code, answering with a
//       first byte of 1 when it was denied and 2 when it was not
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "codec/confine.hpp"
#include "codec/wire.hpp"
#include "codec/worker.hpp"

namespace {

using namespace consilium;

// Whether the system refused with EPERM, which is what the filter answers.
bool is_denied(long answer) { return answer < 0 && errno == EPERM; }

bool is_denied(std::string_view what) {
  if (what == "open") return is_denied(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  if (what == "create") return is_denied(open("/tmp/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (what == "socket") return is_denied(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (what == "fork") {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    return is_denied(child);
  }
  if (what == "exec") {
    char* const nothing[] = {nullptr};
    return is_denied(execve("/bin/true", nothing, nothing));
  }
  if (what == "kill") return is_denied(kill(getppid(), 0));
  if (what == "map_code") {
    void* place = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED && errno == EPERM;
  }
  return false;
}

int misbehave(std::string_view what, int descriptor) {
  if (!confine_this_process({.kept_descriptor = descriptor})) return 3;
  const wire::Reply ready{.verdict = wire::Verdict::Done};
  if (!wire::send_bytes(descriptor, &ready, sizeof(ready), -1)) return 3;
  wire::Request request;
  int memory = -1;
  if (!wire::receive_bytes(descriptor, &request, sizeof(request), memory)) return 0;
  if (what == "crash") abort();
  // A volatile step: a loop without one may be taken for finite (C++23 [intro.progress]) and left
  // out.
  volatile std::uint64_t turns = 0;
  while (what == "hang") turns = turns + 1;
  const std::size_t size = request.output_offset + request.output_size;
  void* place = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (place == MAP_FAILED) return 3;
  auto* output = static_cast<std::byte*>(place) + request.output_offset;
  *output = is_denied(what) ? std::byte{1} : std::byte{2};
  const wire::Reply reply{.verdict = wire::Verdict::Done};
  return wire::send_bytes(descriptor, &reply, sizeof(reply), -1) ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (words.size() < 2 || words[words.size() - 2] != "--fd") return 2;
  const int descriptor = std::atoi(words.back().data());
  if (words.size() == 4 && words[0] == "misbehave") return misbehave(words[1], descriptor);
  return run_codec_worker(descriptor);
}
