// The store's one writer: a thread that takes what waits, runs each write in a savepoint of its
// own, signs one head and commits once for all of them (group commit). See semantics.md, W1 to W6.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "storage/files/write_gate.hpp"
#include "storage/log/signed_head.hpp"
#include "storage/sqlite/transaction.hpp"

namespace consilium::storage::sqlite {

class Writer {
 public:
  using Work = std::function<Status(SqliteTransaction&)>;

  // `connection` has every migration; nothing else writes to its file.
  Writer(std::unique_ptr<Connection> connection, PatientKeys& keys, const HeadSigner& signer,
         const Clock& clock, WriteGate& gate, LogTail tail, int checkpoint_pages);
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer();  // what was queued is done first

  // Waits for the commit.
  [[nodiscard]] Result<Receipt> run(const Actor& actor, Work work);
  // Does not wait.
  [[nodiscard]] Status post(Work work);
  void on_change(std::function<void(const Store::Change&)> listener);
  // Moves the write-ahead log into the database file and empties it, so that nothing of what was
  // replaced is left there: now, or as soon as no reader holds an older snapshot.
  [[nodiscard]] Status empty_write_ahead_log();

 private:
  struct Job {
    Actor actor;
    Work work;
    bool empties_write_ahead_log = false;
    std::promise<Result<Receipt>> done;
  };
  using JobPointer = std::unique_ptr<Job>;

  static constexpr std::size_t queue_max = 1024;
  static constexpr std::size_t batch_max = 256;

  void loop();
  void run_batch(std::vector<JobPointer>& jobs);
  [[nodiscard]] Status run_one(const Job& job, Batch& batch);
  [[nodiscard]] Status close_batch(Batch& batch, std::int64_t first_sequence);
  void fail_all(std::vector<JobPointer>& jobs, const Error& error);
  void checkpoint_when_due();
  void empty_when_possible();
  [[nodiscard]] Result<Receipt> push(JobPointer job);

  std::unique_ptr<Connection> connection_;
  PatientKeys& keys_;
  const HeadSigner& signer_;
  const Clock& clock_;
  WriteGate& gate_;
  LogTail tail_;
  const int checkpoint_pages_;
  int write_ahead_pages_ = 0;
  bool must_empty_ = false;
  Guarded<std::vector<std::function<void(const Store::Change&)>>> listeners_;
  BoundedQueue<JobPointer> queue_{queue_max};
  std::thread thread_;
};

}  // namespace consilium::storage::sqlite
