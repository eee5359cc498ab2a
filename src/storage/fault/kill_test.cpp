// kill -9 at random moments, against the store itself: a child writes with several threads and
// tells each acknowledged write through a pipe; the parent kills it, opens the store and compares.
// (The power is cut in crash_test.cpp; tests/crash/kill_loop.py does the same to the server.)
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "storage/maintenance/rebuild_check.hpp"
#include "storage/objects.hpp"
#include "storage/sqlite/test_store.hpp"

namespace consilium::storage::fault {
namespace {

namespace fs = std::filesystem;
using storage::test::TemporaryFolder;
using storage::test::tester;

constexpr int writers = 20;

// In the child, until it is killed: remarks, some with objects; a line to the journal for each one
// that the store acknowledged. A line is shorter than PIPE_BUF, so it arrives whole or not at all.
[[noreturn]] void write_until_killed(const fs::path& folder, int round, int journal) {
  const std::unique_ptr<Store> store = storage::test::open_test_store({.folder = folder});
  const PatientId patient = make_id<PatientId>(*system_clock(), *system_random());
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0;; ++i) {
        std::string id = std::to_string(round);
        id.append("-").append(std::to_string(writer)).append("-").append(std::to_string(i));
        EventDraft event{.type = "remark.made"};
        event.patient = patient;
        event.fields.set("remark_id", id).set("text", PatientText{id});
        if (i % 5 == 0) {
          const Bytes content = to_bytes(id + std::string(5000, 'o'));
          const auto put = store->objects().put(patient, content);
          if (!put || !store->objects().sync(std::array{put->object})) ::_exit(2);
          event.fields.set("object", put->object.name);
        }
        const auto done = store->write(tester(), [&](Transaction& transaction) {
          return transaction.append(std::move(event));
        });
        if (!done) ::_exit(2);
        id.push_back('\n');
        if (::write(journal, id.data(), id.size()) != static_cast<ssize_t>(id.size())) ::_exit(2);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(0);
}

std::set<std::string> read_journal(int journal) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (ssize_t count = 0; (count = ::read(journal, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::set<std::string> ids;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
       at = end + 1) {
    ids.insert(text.substr(at, end - at));
  }
  return ids;
}

TEST_CASE("kill -9 at any moment loses nothing that was acknowledged") {
  const TemporaryFolder folder;
  const char* wanted = std::getenv("CONSILIUM_KILLS");
  const int kills = wanted == nullptr ? 50 : std::atoi(wanted);
  SeededRandom random(9);
  std::set<std::string> acknowledged;
  std::int64_t longest_start_ms = 0;
  for (int round = 0; round < kills; ++round) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      write_until_killed(folder.path() / "data", round, ends[1]);
    }
    ::close(ends[1]);
    std::thread killer([&, wait_ms = 5 + static_cast<int>(random.below(200))] {
      std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
      ::kill(child, SIGKILL);
    });
    acknowledged.merge(read_journal(ends[0]));
    killer.join();
    ::close(ends[0]);
    int state = 0;
    REQUIRE(::waitpid(child, &state, 0) == child);
    CHECK(WIFSIGNALED(state));

    const auto begin = std::chrono::steady_clock::now();
    const auto store = storage::test::open_test_store({.folder = folder.path() / "data"});
    const auto taken = std::chrono::steady_clock::now() - begin;
    longest_start_ms = std::max<std::int64_t>(
        longest_start_ms, std::chrono::duration_cast<std::chrono::milliseconds>(taken).count());
    const auto reader = store->read();
    REQUIRE(reader.has_value());
    const auto rows = (*reader)->query("remark.all");
    REQUIRE(rows.has_value());
    std::set<std::string> there;
    for (const Row& row : *rows) there.insert(row.text("remark_id"));
    int lost = 0;
    for (const std::string& id : acknowledged) lost += there.contains(id) ? 0 : 1;
    CHECK_MESSAGE(lost == 0, "round ", round, ": ", lost, " acknowledged remarks are lost");
  }
  MESSAGE(kills, " kills, ", acknowledged.size(), " acknowledged remarks, longest start ",
          longest_start_ms, " ms");
  const auto report = verify_store(folder.path() / "data", storage::test::test_areas());
  REQUIRE(report.has_value());
  CHECK_MESSAGE(report->holds, (report->problems.empty() ? "" : report->problems.front()));
}

}  // namespace
}  // namespace consilium::storage::fault
