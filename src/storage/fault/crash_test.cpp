// What a power cut may leave of a store, thousands of times over: see semantics.md, promise P1 to
// P4.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include "storage/fault/recording.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/objects.hpp"
#include "storage/sqlite/test_store.hpp"
#include "storage/vault.hpp"

namespace consilium::storage::fault {
namespace {

namespace fs = std::filesystem;
using storage::test::TemporaryFolder;
using storage::test::tester;

Bytes content_of(const std::string& remark_id) {
  SeededRandom random(std::hash<std::string>{}(remark_id));
  Bytes content(3000 + random.below(90'000));
  random.fill(std::span(content).first(content.size() / 2));
  return content;
}

StoreOptions options_for(const fs::path& folder) {
  return StoreOptions{.folder = folder,
                      .page_cache_bytes = 1U << 20U,
                      .chunk_cache_bytes = 1U << 20U,
                      .reserve_bytes = 0,
                      .checkpoint_pages = 80};
}

std::string remark_text(int thread, int number) {
  std::string id = std::to_string(thread);
  id.push_back('-');
  id.append(std::to_string(number));
  return id;
}

// One writer's day: remarks made and changed, some with an object. An acknowledgement says "id
// revision".
void write_remarks(Store& store, Recording& recording, const PatientId& patient, int thread,
                   int count) {
  for (int i = 0; i < count; ++i) {
    const std::string id = remark_text(thread, i);
    EventDraft event{.type = "remark.made"};
    event.patient = patient;
    event.fields.set("remark_id", id).set("weight", 0.5).set("text", PatientText{"words " + id});
    if (i % 3 == 0) {
      const auto put = store.objects().put(patient, content_of(id));
      REQUIRE(put.has_value());
      REQUIRE(store.objects().sync(std::array{put->object}).has_value());
      event.fields.set("object", put->object.name)
          .set("body", JsonText{std::to_string(put->object.size_bytes)});
    }
    const auto made = store.write(
        tester(), [&](Transaction& transaction) { return transaction.append(std::move(event)); });
    REQUIRE(made.has_value());
    recording.acknowledge(id + " 1");
    if (i % 2 == 1) {
      const auto changed = store.write(tester(), [&](Transaction& transaction) -> Status {
        for (const char* words :
             {"second", "third"}) {  // two events, one transaction: both or none
          EventDraft change{.type = "remark.changed"};
          change.patient = patient;
          change.fields.set("remark_id", id).set("weight", 0.25).set("text", PatientText{words});
          CSL_TRY(transaction.append(std::move(change)));
        }
        return {};
      });
      REQUIRE(changed.has_value());
      recording.acknowledge(id + " 3");
    }
  }
}

Identity identity_of(const std::string& patient_id) {
  return Identity{.issuer = {},
                  .patient_id = Protected<std::string>(patient_id),
                  .name = Protected<std::string>("Doe^Jane"),
                  .birth_date = {},
                  .sex = {}};
}

// Two openings of one store, three writers each; enough for several checkpoints.
void record_run(Recording& recording, const fs::path& folder) {
  const RecordingVfs vfs(recording);
  const std::unique_ptr<Disk> disk = recording_disk(recording);
  StoreOptions options = options_for(folder);
  options.sqlite_vfs = RecordingVfs::name;
  options.disk = disk.get();
  for (int opening = 0; opening < 2; ++opening) {
    const std::unique_ptr<Store> store = storage::test::open_test_store(options);
    recording.acknowledge("opened");
    const std::string patient_id = std::to_string(opening);
    const auto found = store->vault().find_or_add(identity_of(patient_id));
    REQUIRE(found.has_value());
    recording.acknowledge("patient " + patient_id);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        write_remarks(*store, recording, found->entry.patient, opening * 3 + thread, 9);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

// Null when the store keeps its promise in this folder, else what it lost.
std::optional<std::string> broken_promise(const fs::path& folder,
                                          const std::vector<std::string>& acknowledged,
                                          bool rebuild) {
  // P1: it opens, whatever the cut left.
  auto opened = sqlite::open_sqlite_store(options_for(folder), storage::test::test_areas());
  if (!opened) return "it does not open: " + to_line(opened.error());
  Store& store = **opened;
  const auto reader = store.read();
  if (!reader) return "it does not read: " + to_line(reader.error());
  const auto rows = (*reader)->query("remark.all");
  if (!rows) return "it does not read: " + to_line(rows.error());
  std::map<std::string, const Row*> remarks;
  for (const Row& row : *rows) remarks.emplace(row.text("remark_id"), &row);

  // P2: what was acknowledged is there.
  for (const std::string& what : acknowledged) {
    if (what == "opened") continue;
    const std::string name = what.substr(0, what.find(' '));
    const std::string rest = what.substr(what.find(' ') + 1);
    if (name == "patient") {
      const auto found = store.vault().find_or_add(identity_of(rest));
      if (!found || found->made) return "an acknowledged identity is lost";
      continue;
    }
    const auto remark = remarks.find(name);
    if (remark == remarks.end()) return "acknowledged remark " + name + " is lost";
    if (remark->second->integer("revision") < std::stoll(rest)) {
      return "acknowledged change of remark " + name + " is lost";
    }
  }
  // P3: nothing is half done. A change is two events of one transaction: revision 2 must never be
  // seen.
  for (const Row& row : *rows) {
    if (row.integer("revision") == 2) return std::string("half a transaction is there");
    const auto patient = row.id<PatientId>("patient_id");
    if (!patient || !(*reader)->open_sealed(*patient, row.bytes("text"))) {
      return std::string("a sealed text does not open");
    }
    if (row.is_null("object")) continue;
    const ObjectRef object{.name = row.text("object"), .size_bytes = std::stoull(row.text("body"))};
    const auto content = store.objects().get(*patient, object);
    if (!content) return "an object is lost: " + to_line(content.error());
    if (*content != content_of(row.text("remark_id"))) return std::string("an object was changed");
  }
  // P4: the log holds and makes the tables.
  if (rebuild) {
    const auto report = verify_store(folder, storage::test::test_areas());
    if (!report) return "it cannot be verified: " + to_line(report.error());
    if (!report->holds) return "it does not verify: " + report->problems.front();
  } else {
    const auto report = audit_verify(folder);
    if (!report) return "the log cannot be verified: " + to_line(report.error());
    if (!report->holds) return "the log does not hold: " + report->problem;
  }
  // And it goes on: a write after the cut is taken.
  const auto written = store.write(tester(), [](Transaction& transaction) {
    EventDraft event{.type = "remark.made"};
    event.fields.set("remark_id", std::string("after"));
    return transaction.append(std::move(event));
  });
  if (!written) return "it takes no write: " + to_line(written.error());
  return std::nullopt;
}

struct Tally {
  int states = 0;
  int broken = 0;
  std::string first;
};

// Cuts spread evenly over the recording, each with a seed of its own; every `stride`-th from
// `first` on.
Tally try_cuts(const std::vector<Operation>& operations, Syncs syncs, int state_count, int first,
               int stride, const fs::path& folder) {
  Tally tally;
  CrashDisk disk(operations, syncs);
  const double cuts_per_step =
      static_cast<double>(state_count) / static_cast<double>(operations.size());
  double due = 0;
  int number = 0;
  while (!disk.at_end()) {
    disk.step();
    for (due += cuts_per_step; due >= 1; due -= 1) {
      if (++number % stride != first) continue;
      SeededRandom random(static_cast<std::uint64_t>(number));
      disk.materialise(folder, random);
      ++tally.states;
      const auto problem = broken_promise(folder, disk.acknowledged(), tally.states % 20 == 0);
      if (!problem) continue;
      if (tally.broken++ == 0) tally.first = "state " + std::to_string(number) + ": " + *problem;
    }
  }
  return tally;
}

Tally try_cuts_on_two_cores(const std::vector<Operation>& operations, Syncs syncs, int state_count,
                            const fs::path& folder) {
  Tally odd;
  std::thread other([&] { odd = try_cuts(operations, syncs, state_count, 1, 2, folder / "odd"); });
  Tally both = try_cuts(operations, syncs, state_count, 0, 2, folder / "even");
  other.join();
  both.states += odd.states;
  both.broken += odd.broken;
  if (both.first.empty()) both.first = odd.first;
  return both;
}

int wanted_states() {
  const char* wanted = std::getenv("CONSILIUM_CRASH_STATES");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int usual = 300;  // the sanitisers look for other mistakes, at a tenth of the speed
#else
  constexpr int usual = 5200;
#endif
  return wanted == nullptr ? usual : std::atoi(wanted);
}

TEST_CASE("no power cut at any moment loses what was acknowledged, or leaves half of anything") {
  const TemporaryFolder folder;
  Recording recording(folder.path() / "run");
  record_run(recording, folder.path() / "run");
  const auto begin = std::chrono::steady_clock::now();
  const Tally tally = try_cuts_on_two_cores(recording.operations(), Syncs::Honoured,
                                            wanted_states(), folder.path());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  MESSAGE(tally.states, " crash states of ", recording.operations().size(), " operations in ",
          taken.count(), " s");
  CHECK_MESSAGE(tally.broken == 0, tally.broken, " broken; ", tally.first);
#ifndef CSL_WITHOUT_FSYNC
  // The test itself is tested: on a disk that ignores every sync it must find losses.
  const Tally ignored =
      try_cuts_on_two_cores(recording.operations(), Syncs::Ignored, 200, folder.path());
  MESSAGE(ignored.broken, " of ", ignored.states, " states lose something when syncs are ignored");
  CHECK(ignored.broken > 0);
#endif
}

TEST_CASE("W6: after one failed fsync nothing more is acknowledged until a restart; reads go on") {
  const auto make = [](Store& store, const std::string& id) {
    return store.write(tester(), [&](Transaction& transaction) {
      EventDraft event{.type = "remark.made"};
      event.fields.set("remark_id", id);
      return transaction.append(std::move(event));
    });
  };
  for (const bool by_object : {false, true}) {
    CAPTURE(by_object);
    const TemporaryFolder folder;
    Recording recording(folder.path() / "run");
    const RecordingVfs vfs(recording);
    const std::unique_ptr<Disk> disk = recording_disk(recording);
    StoreOptions options = options_for(folder.path() / "run");
    options.sqlite_vfs = RecordingVfs::name;
    options.disk = disk.get();
    {
      const auto store = storage::test::open_test_store(options);
      REQUIRE(make(*store, "before").has_value());
      const PatientId patient = make_id<PatientId>(*system_clock(), *system_random());
      const auto put = store->objects().put(patient, Bytes(1000));
      REQUIRE(put.has_value());
      recording.fail_syncs(true);
      if (by_object) {
        CHECK(!store->objects().sync(std::array{put->object}).has_value());
      } else {
        CHECK(make(*store, "failed").error().code == ErrorCode::Unavailable);
      }
      recording.fail_syncs(false);  // the next one would seem to succeed
      CHECK(make(*store, "later").error().code == ErrorCode::Unavailable);
      CHECK(!store->objects().sync(std::array{put->object}).has_value());
      const auto reader = store->read();
      REQUIRE(reader.has_value());
      CHECK((*reader)->query("remark.count")->front().integer("n") >= 1);
    }
    const auto store = storage::test::open_test_store(options);
    CHECK(make(*store, "after").has_value());
  }
}

}  // namespace
}  // namespace consilium::storage::fault
