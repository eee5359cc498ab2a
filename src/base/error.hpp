// What went wrong, in one type for the whole product. What can fail on input, disk, network or
// rights returns Result<T> (result.hpp) with this Error; a broken invariant of ours ends the
// process (check.hpp).
//
// An Error says what happened, where, and what to do. It never holds a patient's value or a file's
// name as the user gave it (names hold patients' names): intake names a file by its import number.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

// Few codes, each for another reaction of the caller. `http_status` and `exit_code` are the one
// table from them to the outside.
enum class ErrorCode {
  InvalidInput,        // the caller's value is wrong: 422, exit 1
  Corrupt,             // a file or object breaks its format: 422, exit 1
  Unsupported,         // well formed, but of a kind that we do not read: 415, exit 1
  TooLarge,            // over a stated limit: 413, exit 1
  NotFound,            // not there, or not for this person to know: 404, exit 1
  Conflict,            // the same id or UID with other content: 409, exit 1
  PreconditionFailed,  // If-Match lost the race: 412, exit 1
  Unauthenticated,     // not signed in: 401, exit 1
  Forbidden,           // signed in, known, not allowed: 403, exit 1
  RateLimited,         // too many tries: 429, exit 1
  NoSpace,             // the disk is full: 507, exit 3
  Unavailable,         // try again later: 503, exit 3
  Internal,            // our own failure or the machine's: 500, exit 3
};

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string what;    // "the channel table ends early"
  std::string where;   // "byte 2560 (12 channels declared, 9 present)"; may be empty
  std::string remedy;  // "compare its size with the recorder's, then import it again"; may be empty
  friend bool operator==(const Error&, const Error&) = default;
};

[[nodiscard]] std::string_view name_of(ErrorCode code);  // "invalid_input"
[[nodiscard]] int http_status(ErrorCode code);
[[nodiscard]] int exit_code(ErrorCode code);

// One line for a log: "corrupt: the channel table ends early (byte 2560)".
[[nodiscard]] std::string to_line(const Error& error);

}  // namespace consilium
