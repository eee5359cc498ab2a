#include "codec/confine.hpp"

#include <linux/close_range.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <memory>
#include <span>

#include "codec/sanitizer_build.hpp"

namespace consilium {
namespace {

// What memory, threads' locks, the socket and a clean end need; nothing that names a file, makes a
// socket or starts a process.
constexpr std::array allowed_calls{
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(close),

    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(brk),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrusage),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
};

// One connected peer more: its bytes, waiting for them, and what is asked of a socket.
constexpr std::array peer_calls{
    SCMP_SYS(recvfrom),    SCMP_SYS(sendto),     SCMP_SYS(poll),
    SCMP_SYS(select),      SCMP_SYS(pselect6),   SCMP_SYS(ppoll),
    SCMP_SYS(getsockopt),  SCMP_SYS(setsockopt), SCMP_SYS(getpeername),
    SCMP_SYS(getsockname), SCMP_SYS(shutdown),   SCMP_SYS(fcntl),
    SCMP_SYS(writev),      SCMP_SYS(readv),      SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
};
constexpr std::array connect_calls{SCMP_SYS(socket), SCMP_SYS(connect)};

Status failed(const char* what) {
  return fail(ErrorCode::Internal, what, {}, "the helper processes need Linux with seccomp");
}

Status set_limit(int resource, std::uint64_t most) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) {
    return failed("a resource limit could not be set");
  }
  return {};
}

Status close_others(int kept) {
  const bool closed_below = kept <= 0 || close_range(0, static_cast<unsigned>(kept) - 1, 0) == 0;
  const bool closed_above =
      close_range(static_cast<unsigned>(kept) + 1, std::numeric_limits<unsigned>::max(), 0) == 0;
  if (!closed_below || !closed_above) return failed("open files could not be closed");
  return {};
}

Status allow(void* filter, std::span<const int> calls) {
  for (const int call : calls) {
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) != 0) {
      return failed("the system call filter could not be made");
    }
  }
  return {};
}

Status filter_calls(NetworkUse network) {
  struct Release {
    void operator()(void* filter) const { seccomp_release(filter); }
  };
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return failed("the system call filter could not be made");
  CSL_TRY(allow(filter.get(), allowed_calls));
  if (network != NetworkUse::None) CSL_TRY(allow(filter.get(), peer_calls));
  if (network == NetworkUse::Connects) CSL_TRY(allow(filter.get(), connect_calls));
  // Memory may be mapped and its protection changed, but never to run code.
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    if (seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1,
                         SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0) {
      return failed("the system call filter could not be made");
    }
  }
  if (seccomp_load(filter.get()) != 0) return failed("the system call filter could not be set");
  return {};
}

}  // namespace

Status confine_this_process(const Confinement& confinement) {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return failed("core dumps could not be turned off");
  CSL_TRY(close_others(confinement.kept_descriptor));
  CSL_TRY(set_limit(RLIMIT_CORE, 0));
  CSL_TRY(set_limit(RLIMIT_FSIZE, 0));
  CSL_TRY(set_limit(RLIMIT_CPU, confinement.cpu_seconds_max));
  CSL_TRY(set_limit(RLIMIT_NOFILE, confinement.descriptor_count_max));
  if constexpr (!is_sanitizer_build) {
    CSL_TRY(set_limit(RLIMIT_AS, confinement.address_space_bytes_max));
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return failed("new privileges could not be given up");
  }
  return filter_calls(confinement.network);
}

}  // namespace consilium
