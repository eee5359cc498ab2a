#include "storage/sqlite/writer.hpp"

#include <sqlite3.h>

#include <exception>
#include <utility>

namespace consilium::storage::sqlite {
namespace {

int count_pages(void* pages, sqlite3*, const char*, int now) {
  *static_cast<int*>(pages) = now;
  return SQLITE_OK;
}

// Where a batch stood before one write of it.
class BatchMark {
 public:
  explicit BatchMark(const Batch& batch)
      : tail_(batch.tail),
        change_count_(batch.changes.size()),
        key_count_(batch.new_keys.size()),
        erased_count_(batch.erased.size()) {}
  [[nodiscard]] std::int64_t sequence() const { return tail_.sequence; }
  void restore(Batch& batch) const {
    batch.tail = tail_;
    batch.changes.resize(change_count_);
    batch.new_keys.resize(key_count_);
    batch.erased.resize(erased_count_);
  }

 private:
  LogTail tail_;
  std::size_t change_count_;
  std::size_t key_count_;
  std::size_t erased_count_;
};

std::unexpected<Error> closing() {
  return fail(ErrorCode::Unavailable, "the store is closing", {}, "try again after the restart");
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, PatientKeys& keys, const HeadSigner& signer,
               const Clock& clock, WriteGate& gate, LogTail tail, int checkpoint_pages)
    : connection_(std::move(connection)),
      keys_(keys),
      signer_(signer),
      clock_(clock),
      gate_(gate),
      tail_(std::move(tail)),
      checkpoint_pages_(checkpoint_pages) {
  // Our own checkpoints come after the waiting writers were answered, SQLite's before.
  sqlite3_wal_hook(connection_->handle(), &count_pages, &write_ahead_pages_);
  thread_ = std::thread([this] { loop(); });
}

Writer::~Writer() {
  queue_.close();
  thread_.join();
}

Result<Receipt> Writer::run(const Actor& actor, Work work) {
  auto job = std::make_unique<Job>();
  job->actor = actor;
  job->work = std::move(work);
  return push(std::move(job));
}

Result<Receipt> Writer::push(JobPointer job) {
  CSL_TRY(gate_.check());
  std::future<Result<Receipt>> done = job->done.get_future();
  if (!queue_.push(std::move(job))) return closing();
  return done.get();
}

Status Writer::post(Work work) {
  CSL_TRY(gate_.check());
  auto job = std::make_unique<Job>();
  job->actor.person = "system";
  job->work = std::move(work);
  if (!queue_.push(std::move(job))) return closing();
  return {};
}

Status Writer::empty_write_ahead_log() {
  auto job = std::make_unique<Job>();
  job->empties_write_ahead_log = true;
  CSL_TRY(push(std::move(job)));
  return {};
}

void Writer::on_change(std::function<void(const Store::Change&)> listener) {
  listeners_.with([&](auto& listeners) { listeners.push_back(std::move(listener)); });
}

void Writer::loop() {
  std::vector<JobPointer> jobs;
  while (std::optional<JobPointer> first = queue_.pop()) {
    jobs.push_back(std::move(*first));
    while (jobs.size() < batch_max && !jobs.back()->empties_write_ahead_log) {
      std::optional<JobPointer> next = queue_.try_pop();
      if (!next) break;
      jobs.push_back(std::move(*next));
    }
    JobPointer last;
    if (jobs.back()->empties_write_ahead_log) {
      last = std::move(jobs.back());
      jobs.pop_back();
    }
    if (!jobs.empty()) run_batch(jobs);
    jobs.clear();
    if (last) {
      must_empty_ = true;
      empty_when_possible();
      last->done.set_value(Receipt{});
    }
    checkpoint_when_due();
  }
}

Status Writer::run_one(const Job& job, Batch& batch) {
  SqliteTransaction transaction(*connection_, keys_, batch, job.actor, clock_.now());
  try {
    CSL_TRY(job.work(transaction));
    return transaction.fatal() ? Status(std::unexpected(*transaction.fatal())) : Status{};
  } catch (const std::exception&) {
    // Of a foreign library inside `work`: this write fails, the others and the server go on.
    return fail(ErrorCode::Internal, "a write ended in an exception");
  }
}

void Writer::fail_all(std::vector<JobPointer>& jobs, const Error& error) {
  for (JobPointer& job : jobs) {
    if (job) job->done.set_value(std::unexpected(error));
  }
}

// Signs the head and commits. The tree's peaks go with it, so that a start reads no leaf.
Status Writer::close_batch(Batch& batch, std::int64_t first_sequence) {
  if (batch.tail.sequence != first_sequence) {
    const LogTail& tail = batch.tail;
    const LogHead head{.tree_size = tail.tree.size(),
                       .at = clock_.now(),
                       .root = tail.tree.root(),
                       .last_hash = tail.last_hash};
    const Fields fields{{"tree_size", static_cast<std::int64_t>(head.tree_size)},
                        {"at", head.at.ms},
                        {"root", Bytes(head.root.begin(), head.root.end())},
                        {"last_hash", Bytes(head.last_hash.begin(), head.last_hash.end())},
                        {"signature", signer_.sign(head)},
                        {"peaks", tail.tree.peaks()}};
    const Schema& schema = connection_->schema();
    CSL_TRY(connection_->query(schema.query("core.insert_head"), Parameters{&fields}));
    CSL_TRY(connection_->query(schema.query("core.replace_tail"), Parameters{&fields}));
  }
  return connection_->run("COMMIT");
}

void Writer::run_batch(std::vector<JobPointer>& jobs) {
  if (const Status open = gate_.check(); !open) return fail_all(jobs, open.error());
  if (const Status begun = connection_->run("BEGIN IMMEDIATE"); !begun) {
    return fail_all(jobs, begun.error());
  }
  const auto listeners = listeners_.with([](const auto& all) { return all; });
  const Schema& schema = connection_->schema();
  Batch batch{.tail = tail_, .changes = {}, .new_keys = {}, .erased = {}};
  std::vector<Receipt> receipts(jobs.size());
  bool any = false;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const BatchMark before(batch);
    const Status done = [&]() -> Status {
      CSL_TRY(connection_->query(schema.query("core.savepoint_write"), {}));
      CSL_TRY(run_one(*jobs[i], batch));
      CSL_TRY(connection_->query(schema.query("core.release_write"), {}));
      return {};
    }();
    if (done) {
      receipts[i].event_count = batch.tail.sequence - before.sequence();
      any = true;
      continue;
    }
    before.restore(batch);
    const bool intact = connection_->in_transaction() &&
                        connection_->run("ROLLBACK TO write; RELEASE write").has_value();
    if (!intact) {  // SQLite gave the whole transaction up
      static_cast<void>(connection_->run("ROLLBACK"));
      return fail_all(jobs, done.error());
    }
    jobs[i]->done.set_value(std::unexpected(done.error()));
    jobs[i].reset();
  }
  if (!any) {
    static_cast<void>(connection_->run("ROLLBACK"));
    return;
  }
  if (const Status committed = close_batch(batch, tail_.sequence); !committed) {
    // A full disk passes; after any other failure nobody knows what is on the disk.
    if (committed.error().code != ErrorCode::NoSpace) gate_.close();
    if (connection_->in_transaction()) static_cast<void>(connection_->run("ROLLBACK"));
    return fail_all(jobs, committed.error());
  }
  tail_ = std::move(batch.tail);
  for (const auto& [patient, key] : batch.new_keys) keys_.remember(patient, key);
  for (const PatientId& patient : batch.erased) keys_.forget_for_good(patient);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    receipts[i].last_sequence = tail_.sequence;
    if (jobs[i]) jobs[i]->done.set_value(receipts[i]);
  }
  for (const Store::Change& change : batch.changes) {
    for (const auto& listener : listeners) listener(change);
  }
}

// A reader on an older snapshot keeps the log from being emptied; it is then tried again after each
// batch, rather than letting all writers wait for that reader.
void Writer::empty_when_possible() {
  sqlite3_busy_timeout(connection_->handle(), 20);
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                             SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(connection_->handle(), 5000);
  must_empty_ = (code & 0xFF) == SQLITE_BUSY;
  if ((code & 0xFF) == SQLITE_IOERR) gate_.close();
}

void Writer::checkpoint_when_due() {
  if (must_empty_ && !gate_.is_closed()) empty_when_possible();
  if (write_ahead_pages_ < checkpoint_pages_ || gate_.is_closed()) return;
  write_ahead_pages_ = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // A database page that the disk refused could be lost once the log before it is overwritten.
  if ((code & 0xFF) == SQLITE_IOERR) gate_.close();
}

}  // namespace consilium::storage::sqlite
