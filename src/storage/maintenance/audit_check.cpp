#include "storage/maintenance/audit_check.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <ostream>
#include <thread>
#include <utility>
#include <vector>

#include "storage/files/disk.hpp"
#include "storage/keys/key_files.hpp"
#include "storage/log/event_text.hpp"
#include "storage/log/merkle.hpp"
#include "storage/maintenance/open_read_only.hpp"

namespace consilium::storage {
namespace {

namespace fs = std::filesystem;
using sqlite::Connection;

struct SignedHead {
  LogHead head;
  Bytes signature;
};

bool take_digest(const Row& row, std::string_view column, Sha256Digest& digest) {
  const Bytes bytes = row.bytes(column);
  if (bytes.size() != digest.size()) return false;
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return true;
}

// The columns beside the body are copies from it: a changed one would mislead whoever filters by
// it.
bool copies_agree(const Row& row, const Fields& envelope) {
  for (const char* name :
       {"sequence", "at", "type", "person", "project_id", "item_id", "patient_id"}) {
    const FieldValue* written = envelope.find(name);
    const auto column = std::ranges::find(row.columns(), name) - row.columns().begin();
    const FieldValue& kept = row.values()[static_cast<std::size_t>(column)];
    if (written == nullptr ? !std::holds_alternative<std::monostate>(kept) : *written != kept) {
      return false;
    }
  }
  return true;
}

// Checks signatures on all cores: they cost ten times what the hashes do.
std::optional<std::size_t> first_bad_signature(const std::vector<SignedHead>& heads,
                                               const PublicKey& key) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> bad{heads.size()};
  const auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < heads.size(); i = next.fetch_add(1)) {
      if (signature_holds(heads[i].head, heads[i].signature, key)) continue;
      std::size_t known = bad.load();
      while (i < known && !bad.compare_exchange_weak(known, i)) {
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    const unsigned cores = std::clamp(std::thread::hardware_concurrency(), 1U, 8U);
    for (unsigned i = 1; i < cores && heads.size() > 16; ++i) threads.emplace_back(work);
    work();
  }
  return bad < heads.size() ? std::optional<std::size_t>(bad.load()) : std::nullopt;
}

class Checker {
 public:
  Checker(const Connection& connection, std::optional<PublicKey> key,
          const std::optional<LogHead>& witness)
      : connection_(connection), key_(key), witness_(witness) {}

  Result<AuditReport> run() {
    CSL_TRY(read_heads());
    const Status walked = connection_.for_each(
        "SELECT sequence, at, type, person, project_id, item_id, patient_id, body, hash, leaf "
        "FROM events ORDER BY sequence",
        {}, [&](const Row& row) -> Status { return check_event(row); });
    if (!walked && report_.problem.empty()) return std::unexpected(walked.error());
    if (walked) CSL_TRY(check_end());
    report_.holds = report_.problem.empty();
    return std::move(report_);
  }

 private:
  // Ends the walk; the report is the answer, not an error.
  Status problem(std::string what) {
    report_.problem = std::move(what);
    return fail(ErrorCode::Corrupt, report_.problem);
  }

  Status read_heads() {
    CSL_TRY(connection_.for_each(
        "SELECT tree_size, at, root, last_hash, signature FROM heads ORDER BY tree_size", {},
        [&](const Row& row) -> Status {
          SignedHead head{
              .head = {.tree_size = static_cast<std::uint64_t>(row.integer("tree_size")),
                       .at = Timestamp{row.integer("at")}},
              .signature = row.bytes("signature")};
          if (!take_digest(row, "root", head.head.root) ||
              !take_digest(row, "last_hash", head.head.last_hash)) {
            head.signature.clear();  // no signature holds then
          }
          heads_.push_back(std::move(head));
          return {};
        }));
    report_.head_count = static_cast<std::int64_t>(heads_.size());
    return {};
  }

  Status check_event(const Row& row) {
    const std::int64_t sequence = ++report_.event_count;
    const std::string name = "event " + std::to_string(sequence);
    if (row.integer("sequence") != sequence) return problem(name + ": it is missing");
    const std::string body = row.text("body");
    const Result<LoggedEvent> event = read_event(body);
    if (!event) return problem(name + ": its text is not what the log writes");
    if (!copies_agree(row, event->envelope)) {
      return problem(name + ": a column beside its text was changed");
    }
    last_hash_ = chain_hash(last_hash_, body);
    const Sha256Digest leaf = merkle_leaf(bytes_of(body));
    Sha256Digest kept{};
    if (!take_digest(row, "hash", kept) || kept != last_hash_) {
      return problem(name + ": the chain is broken");
    }
    if (!take_digest(row, "leaf", kept) || kept != leaf) {
      return problem(name + ": its leaf is not its text's");
    }
    tree_.append(leaf);
    if (sequence == 1) CSL_TRY(check_first(*event));
    CSL_TRY(check_heads_here());
    return check_witness_here();
  }

  Status check_first(const LoggedEvent& event) {
    const FieldValue* named = event.fields.find("log_public_key");
    const auto* hex = named == nullptr ? nullptr : std::get_if<std::string>(named);
    if (event.type != "store.created" || hex == nullptr || hex->size() != 64) {
      return problem("event 1: it does not name the log's key");
    }
    if (key_) {
      return to_hex(*key_) == *hex ? Status{}
                                   : problem("event 1: it names another key than the store's");
    }
    PublicKey key{};
    for (std::size_t i = 0; i < key.size(); ++i) {
      key[i] = static_cast<std::byte>(std::stoi(hex->substr(2 * i, 2), nullptr, 16));
    }
    key_ = key;
    return {};
  }

  Status check_heads_here() {
    if (next_head_ >= heads_.size() || heads_[next_head_].head.tree_size != tree_.size()) return {};
    const LogHead& head = heads_[next_head_++].head;
    if (head.root != tree_.root() || head.last_hash != last_hash_) {
      return problem("head " + std::to_string(head.tree_size) + ": it is not the log's");
    }
    return {};
  }

  Status check_witness_here() {
    if (!witness_ || witness_->tree_size != tree_.size()) return {};
    if (witness_->root != tree_.root()) {
      return problem("the log does not lead through the head kept elsewhere");
    }
    return {};
  }

  Status check_end() {
    static_cast<void>(end_problem());
    return {};
  }

  Status end_problem() {
    if (next_head_ != heads_.size()) return problem("a head speaks of more events than there are");
    if (tree_.size() > 0 && (heads_.empty() || heads_.back().head.tree_size != tree_.size())) {
      return problem("the newest events are under no head");
    }
    if (witness_ && witness_->tree_size > tree_.size()) {
      return problem("the log is shorter than the head kept elsewhere");
    }
    if (const auto bad = heads_.empty() ? std::nullopt : first_bad_signature(heads_, *key_)) {
      return problem("head " + std::to_string(heads_[*bad].head.tree_size) +
                     ": its signature does not hold");
    }
    const Rows tail =
        CSL_TRY(connection_.query_sql("SELECT tree_size, last_hash, peaks FROM log_tail"));
    const bool fits = tail.size() == 1 &&
                      tail.front().integer("tree_size") == report_.event_count &&
                      std::ranges::equal(tail.front().bytes("last_hash"), last_hash_) &&
                      tail.front().bytes("peaks") == tree_.peaks();
    if (!fits && tree_.size() > 0) return problem("the log's tail is not its own");
    if (!heads_.empty()) {
      report_.newest_head = heads_.back().head;
      report_.newest_signature = heads_.back().signature;
    }
    return {};
  }

  const Connection& connection_;
  std::optional<PublicKey> key_;
  const std::optional<LogHead>& witness_;
  AuditReport report_;
  std::vector<SignedHead> heads_;
  std::size_t next_head_ = 0;
  Sha256Digest last_hash_{};
  MerkleFrontier tree_;
};

}  // namespace

Result<AuditReport> audit_verify(const fs::path& folder, const std::optional<LogHead>& witness) {
  std::optional<PublicKey> key;
  const std::unique_ptr<Disk> disk = real_disk();
  if (const Result<StoreKeys> keys = load_keys(*disk, folder / "keys")) {
    key = HeadSigner(keys->log_signing).public_key();
  }
  const std::unique_ptr<Connection> connection = CSL_TRY(open_read_only(folder / "catalog.db"));
  return Checker(*connection, key, witness).run();
}

Result<std::int64_t> audit_export(const fs::path& folder, std::ostream& out) {
  const std::unique_ptr<Connection> connection = CSL_TRY(open_read_only(folder / "catalog.db"));
  std::int64_t count = 0;
  CSL_TRY(connection->for_each(
      "SELECT body, hash FROM events ORDER BY sequence", {}, [&](const Row& row) -> Status {
        const std::string body = row.text("body");
        if (count++ == 0) {
          const LoggedEvent first = CSL_TRY(read_event(body));
          const FieldValue* key = first.fields.find("log_public_key");
          const auto* hex = key == nullptr ? nullptr : std::get_if<std::string>(key);
          out << R"({"format":"consilium audit 1","log_public_key":")"
              << (hex == nullptr ? std::string() : *hex) << "\"}\n";
        }
        out << R"({"event":)" << body << R"(,"hash":")" << to_hex(row.bytes("hash")) << "\"}\n";
        return {};
      }));
  CSL_TRY(connection->for_each(
      "SELECT tree_size, at, root, last_hash, signature FROM heads ORDER BY tree_size", {},
      [&](const Row& row) -> Status {
        LogHead head{.tree_size = static_cast<std::uint64_t>(row.integer("tree_size")),
                     .at = Timestamp{row.integer("at")}};
        if (!take_digest(row, "root", head.root) ||
            !take_digest(row, "last_hash", head.last_hash)) {
          return fail(ErrorCode::Corrupt, "a head has the wrong form");
        }
        out << R"({"head":)" << head_text(head) << R"(,"signature":")"
            << to_hex(row.bytes("signature")) << "\"}\n";
        return {};
      }));
  out.flush();
  if (!out) return fail(ErrorCode::NoSpace, "the export cannot be written");
  return count;
}

}  // namespace consilium::storage
