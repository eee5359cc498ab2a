// One event as the log keeps it: canonical JSON (RFC 8785), and back into the parameters of SQL.
//
//   {"at":"2026-03-11T09:58:01.250Z","fields":{...},"item":ID,"origin":TEXT,"patient":ID,
//    "person":TEXT,"project":ID,"sequence":42,"sign_in":TEXT,"type":"annotation.revised"}
//
// Members that are empty are left out. In `fields`: null, true, numbers and text stand as they are;
// Bytes are {"$bytes":BASE64}; PatientText is {"$sealed":BASE64} of the sealed bytes; JSON objects
// and arrays stand as they are unless they could be taken for one of these: they, and any other
// JSON, are {"$json":VALUE}.
//
// What SQL is given when an event is appended comes from `read_event` of its own text. So the
// tables follow from the log by construction: `verify` does the same, later.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "storage/store.hpp"

namespace consilium::storage {

// Seals one text with the event's patient's key.
using Sealer = std::function<Result<Bytes>(const PatientId& patient, std::string_view plain)>;

// Errors: InvalidInput (a number past 2^53 or not finite, text that is not UTF-8, bad JSON, a
// patient's text in an event without a patient); those of `sealer`.
[[nodiscard]] Result<std::string> write_event(const EventDraft& draft, const Actor& actor,
                                              Timestamp at, std::int64_t sequence,
                                              const Sealer& sealer);

struct LoggedEvent {
  std::string type;
  Fields envelope;  // sequence, at, type, person, sign_in, origin, project_id, item_id, patient_id
  Fields fields;    // as SQL is to have them
};
// Errors: Corrupt when it is not text that `write_event` makes.
[[nodiscard]] Result<LoggedEvent> read_event(std::string_view body);

}  // namespace consilium::storage
