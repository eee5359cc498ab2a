// How fast the store is: durable writes at 1, 16 and 64 writers, objects in and out, verification.
//
//   csl_bench_store FOLDER [SECONDS]
//
// FOLDER lies on the disk that is to be measured and is filled with some 2 GB. Content is made:
// smooth 16-bit slices with noise in the low bits, which zstd -1 packs about as well as it packs
// CT.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>

#include "storage/files/disk.hpp"
#include "storage/maintenance/audit_check.hpp"
#include "storage/maintenance/rebuild_check.hpp"
#include "storage/maintenance/scrub.hpp"
#include "storage/objects.hpp"
#include "storage/sqlite/test_store.hpp"

namespace {

using namespace consilium;
using namespace consilium::storage;
using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

double since(SteadyClock::time_point begin) { return Seconds(SteadyClock::now() - begin).count(); }

Bytes slice(std::uint64_t seed) {
  constexpr std::size_t side = 512;
  SeededRandom random(seed);
  Bytes bytes(side * side * 2);
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      const double dx = static_cast<double>(x) - 256;
      const double dy = static_cast<double>(y) - 256;
      const double radius = std::sqrt(dx * dx + dy * dy);
      const bool is_body = radius < 200;
      const auto value = static_cast<std::int16_t>(
          is_body ? 40 + 30 * std::sin(radius / 17 + static_cast<double>(seed)) +
                        static_cast<double>(random.below(12))
                  : -1000);
      std::memcpy(bytes.data() + 2 * (y * side + x), &value, sizeof value);
    }
  }
  return bytes;
}

void measure_fsync(const std::filesystem::path& folder) {
  const std::unique_ptr<Disk> disk = real_disk();
  std::vector<double> times;
  for (int i = 0; i < 200; ++i) {
    const auto begin = SteadyClock::now();
    const auto path = folder / std::to_string(i);
    if (!write_durably(*disk, path, Bytes(4096))) std::abort();
    times.push_back(since(begin) * 1e3);
    if (!disk->remove(path)) std::abort();
  }
  std::ranges::sort(times);
  fmt::print("a 4 KiB file made and synced with its folder: p50 {:.2f} ms, p99 {:.2f} ms\n",
             times[100], times[197]);
}

void measure_writes(Store& store, int writers, double seconds) {
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::vector<double> times;
  std::vector<std::thread> threads;
  const auto begin = SteadyClock::now();
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      std::vector<double> own;
      for (int i = 0; !stop; ++i) {
        EventDraft event{.type = "remark.made"};
        event.fields.set("remark_id", fmt::format("{}-{}-{}", writers, writer, i))
            .set("weight", 0.5)
            .set("body", JsonText{R"({"type":"box","x":12.5,"y":40.25,"width":17,"height":9.5})"});
        const auto start = SteadyClock::now();
        const auto done = store.write(test::tester(), [&](Transaction& transaction) {
          return transaction.append(std::move(event));
        });
        if (!done) std::abort();
        own.push_back(since(start) * 1e3);
      }
      const std::scoped_lock lock(mutex);
      times.insert(times.end(), own.begin(), own.end());
    });
  }
  std::this_thread::sleep_for(Seconds(seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double taken = since(begin);
  std::ranges::sort(times);
  fmt::print("{:2} writers: {:7.0f} durable writes/s, p50 {:.2f} ms, p99 {:.2f} ms\n", writers,
             static_cast<double>(times.size()) / taken, times[times.size() / 2],
             times[times.size() * 99 / 100]);
}

void measure_bulk(Store& store) {
  constexpr int events = 20'000;
  const auto begin = SteadyClock::now();
  for (int i = 0; i < events; i += 1000) {
    const auto done = store.write(test::tester(), [&](Transaction& transaction) -> Status {
      for (int k = 0; k < 1000; ++k) {
        EventDraft event{.type = "remark.made"};
        event.fields.set("remark_id", fmt::format("bulk-{}", i + k)).set("weight", 0.25);
        CSL_TRY(transaction.append(std::move(event)));
      }
      return {};
    });
    if (!done) std::abort();
  }
  fmt::print("1,000 events a write: {:.0f} events/s ({:.1f} us an event)\n", events / since(begin),
             since(begin) / events * 1e6);
}

void measure_objects(Store& store) {
  constexpr int count = 400;
  const PatientId patient = make_id<PatientId>(*system_clock(), *system_random());
  std::vector<Bytes> contents;
  for (int i = 0; i < count; ++i) contents.push_back(slice(static_cast<std::uint64_t>(i)));
  const double megabytes = count * static_cast<double>(contents.front().size()) / 1e6;
  std::vector<ObjectRef> objects;
  const std::clock_t processor_begin = std::clock();
  auto begin = SteadyClock::now();
  for (const Bytes& content : contents) {
    const auto put = store.objects().put(patient, content);
    if (!put) std::abort();
    objects.push_back(put->object);
  }
  const double processor = static_cast<double>(std::clock() - processor_begin) / CLOCKS_PER_SEC;
  fmt::print("put, one thread: {:.0f} MB/s ({:.0f} MB/s of processor time)\n",
             megabytes / since(begin), megabytes / processor);
  begin = SteadyClock::now();
  for (std::size_t i = 0; i < objects.size(); i += 64) {
    const std::size_t size = std::min<std::size_t>(64, objects.size() - i);
    if (!store.objects().sync(std::span(objects).subspan(i, size))) std::abort();
  }
  fmt::print("sync of {} objects, 64 at a time: {:.2f} s\n", count, since(begin));
  const std::clock_t get_begin = std::clock();
  begin = SteadyClock::now();
  for (const ObjectRef& object : objects) {
    if (!store.objects().get(patient, object)) std::abort();
  }
  const double get_processor = static_cast<double>(std::clock() - get_begin) / CLOCKS_PER_SEC;
  fmt::print("get, one thread: {:.0f} MB/s ({:.0f} MB/s of processor time)\n",
             megabytes / since(begin), megabytes / get_processor);
}

}  // namespace

int main(int argument_count, char** arguments) {
  if (argument_count < 2) {
    fmt::print(stderr, "usage: csl_bench_store FOLDER [SECONDS]\n");
    return 2;
  }
  const std::filesystem::path folder = std::filesystem::path(arguments[1]) / "store-bench";
  const double seconds = argument_count > 2 ? std::atof(arguments[2]) : 5;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  measure_fsync(folder);
  {
    const auto store = test::open_test_store({.folder = folder / "data"});
    for (const int writers : {1, 16, 64}) measure_writes(*store, writers, seconds);
    measure_bulk(*store);
    measure_objects(*store);
  }
  auto begin = SteadyClock::now();
  const auto audit = audit_verify(folder / "data");
  if (!audit || !audit->holds) return 3;
  fmt::print("audit verify: {} events, {} heads in {:.2f} s\n", audit->event_count,
             audit->head_count, since(begin));
  begin = SteadyClock::now();
  const auto report = verify_store(folder / "data", test::test_areas());
  if (!report || !report->holds) return 3;
  fmt::print("verify, with every table rebuilt: {:.2f} s\n", since(begin));
  begin = SteadyClock::now();
  const auto scrubbed = scrub_store(folder / "data");
  if (!scrubbed || !scrubbed->holds) return 3;
  fmt::print("scrub: {:.0f} MB stored in {:.2f} s\n",
             static_cast<double>(scrubbed->read_bytes) / 1e6, since(begin));
  std::filesystem::remove_all(folder);
  return 0;
}
