// A disk that is full, and then is not: on a tmpfs of its own in a user namespace.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "storage/objects.hpp"
#include "storage/sqlite/test_store.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;
using test::tester;

bool write_text(const char* file, const std::string& text) {
  const int number = ::open(file, O_WRONLY | O_CLOEXEC);
  if (number < 0) return false;
  const bool done = ::write(number, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(number);
  return done;
}

// Makes this process root of a namespace in which it may mount.
bool enter_namespace() {
  const auto user = ::getuid();
  const auto group = ::getgid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return write_text("/proc/self/setgroups", "deny") &&
         write_text("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") &&
         write_text("/proc/self/gid_map", "0 " + std::to_string(group) + " 1") &&
         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

Result<Receipt> make(Store& store, const std::string& id, bool from_reserve = false) {
  const auto work = [&](Transaction& transaction) {
    EventDraft event{.type = "remark.made"};
    event.fields.set("remark_id", id).set("body", JsonText{"[\"" + std::string(2000, 'x') + "\"]"});
    return transaction.append(std::move(event));
  };
  return from_reserve ? store.write_from_reserve(tester(), work) : store.write(tester(), work);
}

std::int64_t count(Store& store) {
  const auto reader = store.read();
  if (!reader) return -1;
  const auto rows = (*reader)->query("remark.count");
  return rows ? rows->front().integer("n") : -1;
}

// Fills the disk with a file until nothing more goes in.
void fill(const fs::path& file) {
  const int number = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string piece(64U << 10U, 'f');
  for (std::size_t size = piece.size(); size >= 512; size /= 2) {
    while (::write(number, piece.data(), size) == static_cast<ssize_t>(size)) {
    }
  }
  ::close(number);
}

// Runs in a child process. Returns the number of the first step that went wrong, or 0.
int full_disk_day(const fs::path& disk) {
  const auto store = test::open_test_store({.folder = disk / "data"});
  const PatientId patient = make_id<PatientId>(*system_clock(), *system_random());
  if (!make(*store, "before")) return 1;
  fill(disk / "filler");
  // Ordinary writes and objects are refused as a full disk, at once; reads go on.
  const auto refused = make(*store, "refused");
  if (refused || refused.error().code != ErrorCode::NoSpace) return 2;
  const auto object = store->objects().put(patient, Bytes(1000));
  if (object || object.error().code != ErrorCode::NoSpace) return 3;
  if (count(*store) != 1) return 4;
  // What must go on goes on from the reserve.
  for (int i = 0; i < 200; ++i) {
    if (!make(*store, "reserved" + std::to_string(i), true)) return 5;
  }
  if (make(*store, "still refused")) return 6;
  if (count(*store) != 201) return 7;
  // The reserve is not endless: when it is spent, these fail too, cleanly.
  int spent = 0;
  while (make(*store, "spending" + std::to_string(spent), true)) {
    if (++spent % 100 == 0) fill(disk / "filler");
    if (spent > 200'000) return 8;
  }
  const auto over = make(*store, "over", true);
  if (over || over.error().code != ErrorCode::NoSpace) return 9;
  if (count(*store) != 201 + spent) return 10;
  // Space is back: writing goes on without a restart, and the reserve is made whole.
  fs::remove(disk / "filler");
  if (!make(*store, "after")) return 11;
  if (fs::file_size(disk / "data" / "reserve") != 64U << 20U) return 12;
  if (!store->objects().put(patient, Bytes(1000))) return 13;
  return count(*store) == 202 + spent ? 0 : 14;
}

TEST_CASE("a full disk refuses writes, keeps reading, spends its reserve and recovers by itself") {
  const test::TemporaryFolder folder;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr int not_permitted = 99;
    if (!enter_namespace()) ::_exit(not_permitted);
    if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=160m") != 0) {
      ::_exit(not_permitted);
    }
    ::_exit(full_disk_day(folder.path()));
  }
  int state = 0;
  REQUIRE(::waitpid(child, &state, 0) == child);
  REQUIRE(WIFEXITED(state));
  if (WEXITSTATUS(state) == 99) {
    MESSAGE("1 skipped: this machine permits no user namespaces");
    return;
  }
  CHECK_MESSAGE(WEXITSTATUS(state) == 0, "step ", WEXITSTATUS(state));
}

}  // namespace
}  // namespace consilium::storage
