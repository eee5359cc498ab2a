// Is the log what was written? Read from the folder alone, beside a running server or without one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/log/signed_head.hpp"

namespace consilium::storage {

struct AuditReport {
  bool holds = false;
  std::int64_t event_count = 0;
  std::int64_t head_count = 0;
  std::optional<LogHead> newest_head;
  Bytes newest_signature;
  // The first place where it does not hold ("event 1042: the chain is broken"); empty when it does.
  std::string problem;
};

// Recomputes the chain, the leaves and the Merkle roots of all events; compares every signed head
// with the root at its size, checks every signature, and that events, copies of their facts, heads
// and the tail agree. The key is that of keys/log_signing.key when it is there, else the one that
// the first event names. `witness` is a head kept elsewhere: the log must have passed through it,
// which finds a rollback to an older copy and a fork. Errors: NotFound when there is no catalog,
// Unavailable, Corrupt when SQLite cannot read the file. Cost: about 4 us an event, 60 us a head,
// on all cores.
[[nodiscard]] Result<AuditReport> audit_verify(
    const std::filesystem::path& folder, const std::optional<LogHead>& witness = std::nullopt);

// The log as JSON lines, for an outside verifier:
//   {"format":"consilium audit 1","log_public_key":HEX}
//   {"event":{...},"hash":HEX}                              each event, as it is chained
//   {"head":{...},"signature":HEX}                          each signed head
// Returns the number of events. Errors: as above.
[[nodiscard]] Result<std::int64_t> audit_export(const std::filesystem::path& folder,
                                                std::ostream& out);

}  // namespace consilium::storage
