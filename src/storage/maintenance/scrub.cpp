#include "storage/maintenance/scrub.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "storage/files/container.hpp"
#include "storage/files/disk.hpp"
#include "storage/files/object_store.hpp"
#include "storage/keys/key_files.hpp"
#include "storage/keys/patient_keys.hpp"
#include "storage/maintenance/open_read_only.hpp"
#include "storage/vault/sqlite_vault.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;
using sqlite::Connection;

// Keys from a snapshot of the catalog; not for use by two threads at once.
class SnapshotKeys {
 public:
  SnapshotKeys(const Connection& connection, const PatientKeys& keys)
      : connection_(connection), keys_(keys) {}

  Result<Key> find(const PatientId& patient) const {
    const std::scoped_lock lock(mutex_);
    const Rows rows = CSL_TRY(connection_.query_sql(
        "SELECT wrapped, erased_at FROM patient_keys WHERE patient_id = :patient_id",
        Fields{{"patient_id", to_string(patient)}}));
    if (rows.empty()) return fail(ErrorCode::Corrupt, "its patient has no key");
    if (rows.front().is_null("wrapped"))
      return fail(ErrorCode::NotFound, "this patient was erased");
    return keys_.unwrap(patient, rows.front().bytes("wrapped"));
  }

 private:
  const Connection& connection_;
  const PatientKeys& keys_;
  mutable std::mutex mutex_;
};

Status check_pages(const fs::path& file, const char* name, ScrubReport& report) {
  const std::unique_ptr<Connection> connection = CSL_TRY(open_read_only(file));
  const Result<Rows> rows = connection->query_sql("PRAGMA integrity_check(1)");
  if (!rows || rows->size() != 1 || rows->front().text("integrity_check") != "ok") {
    report.problems.push_back(std::string(name) + " is damaged");
  }
  return {};
}

Status check_keys(const Connection& connection, const PatientKeys& keys) {
  return connection.for_each(
      "SELECT patient_id, wrapped FROM patient_keys WHERE wrapped IS NOT NULL", {},
      [&](const Row& row) -> Status {
        CSL_TRY(keys.unwrap(CSL_TRY(row.id<PatientId>("patient_id")), row.bytes("wrapped")));
        return {};
      });
}

class Scrubber {
 public:
  Scrubber(const Key& store_key, const SnapshotKeys& keys, std::vector<fs::path> files)
      : store_key_(store_key), keys_(keys), files_(std::move(files)) {}

  void run(unsigned threads, ScrubReport& report) {
    {
      std::vector<std::jthread> others;
      for (unsigned i = 1; i < threads; ++i) others.emplace_back([&] { work(report); });
      work(report);
    }
    std::ranges::sort(report.damaged, {}, &ScrubReport::Damage::object);
    report.object_count = static_cast<std::int64_t>(files_.size());
  }

 private:
  void work(ScrubReport& report) {
    for (std::size_t i = next_.fetch_add(1); i < files_.size(); i = next_.fetch_add(1)) {
      const std::string name = files_[i].filename().string();
      std::uint64_t size = 0;
      const Status checked = [&]() -> Status {
        std::unique_ptr<ByteSource> file = CSL_TRY(open_file_source(files_[i]));
        size = file->size();
        return check_container(
            std::move(file), store_key_,
            [&](const PatientId& patient) { return keys_.find(patient); }, name);
      }();
      const std::scoped_lock lock(mutex_);
      report.read_bytes += size;
      if (checked) continue;
      if (checked.error().code == ErrorCode::NotFound) {
        ++report.erased_count;
      } else {
        report.damaged.push_back({.object = name, .what = checked.error().what});
      }
    }
  }

  Key store_key_;
  const SnapshotKeys& keys_;
  std::vector<fs::path> files_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
};

}  // namespace

Result<ScrubReport> scrub_store(const fs::path& folder, unsigned threads) {
  ScrubReport report;
  CSL_TRY(check_pages(folder / "catalog.db", "catalog.db", report));
  CSL_TRY(check_pages(folder / "vault.db", "vault.db", report));
  const std::unique_ptr<Disk> disk = real_disk();
  const StoreKeys keys = CSL_TRY(load_keys(*disk, folder / "keys"));
  if (!check_vault(folder / "vault.db", keys.vault)) {
    report.problems.emplace_back("an identity in the vault is damaged");
  }
  const std::unique_ptr<Random> random = system_random();
  const PatientKeys patient_keys(keys.key_encryption, *random);
  // Listed before the snapshot is taken, so that every listed object's patient has its key in it.
  std::vector<fs::path> files;
  std::error_code problem;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "objects", problem)) {
    if (is_object_name(entry.path().filename().string())) files.push_back(entry.path());
  }
  const std::unique_ptr<Connection> connection = CSL_TRY(open_read_only(folder / "catalog.db"));
  if (!check_keys(*connection, patient_keys)) {
    report.problems.emplace_back("a patient's key is damaged");
  }
  const SnapshotKeys snapshot(*connection, patient_keys);
  Scrubber(keys.store, snapshot, std::move(files)).run(std::max(threads, 1U), report);
  if (!report.damaged.empty()) {
    report.problems.push_back(std::to_string(report.damaged.size()) + " objects are damaged");
  }
  report.holds = report.problems.empty();
  return report;
}

}  // namespace consilium::storage
