#include "base/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

namespace consilium {
namespace {
constexpr int child_descriptor = 3;

std::unexpected<Error> not_started() {
  return fail(ErrorCode::Unavailable, "the helper process could not be started");
}
}  // namespace

Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments,
                                         SocketKind kind) {
  std::array<int, 2> pair{-1, -1};
  const int type = kind == SocketKind::Packets ? SOCK_SEQPACKET : SOCK_STREAM;
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair.data()) != 0) return not_started();
  Descriptor ours(pair[0]);
  const Descriptor theirs(pair[1]);
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  words.insert(words.end(), {"--fd", std::to_string(child_descriptor)});
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<char*, 1> environment{nullptr};

  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return not_started();
  // From the highest down, so that no descriptor is overwritten before it is used.
  posix_spawn_file_actions_adddup2(&actions, theirs.get(), child_descriptor);
  for (int standard = 0; standard < child_descriptor; ++standard) {
    posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, child_descriptor + 1);
  pid_t process = -1;
  const int problem = posix_spawn(&process, program.c_str(), &actions, nullptr, pointers.data(),
                                  environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return not_started();
  return ChildProcess(process, std::move(ours));
}

ChildProcess::~ChildProcess() {
  if (process_ < 0) return;
  kill(process_, SIGKILL);
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace consilium
