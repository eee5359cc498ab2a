// Annotations of recordings as CSV (RFC 4180), one row each, for people and scripts.
//
// Columns: record, rater, label, mit_code, onset_s, duration_s, sample, channels, protocol,
// created_at, stage, group. Times are decimal seconds from the first sample, exact to the
// nanosecond; `sample` counts in the first named channel (or the record's fastest); channel names
// are joined by
// ";", in which "\" stands before a ";" or "\" that belongs to a name. Rows of a record and rater
// with the same `group` belong together, as P, QRS and T of one beat do; most rows have none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/signal/event.hpp"

namespace consilium {

struct AnnotationRow {
  std::string record{};  // the recording's pseudonym
  std::string rater{};
  std::string label{};
  MitCode code = MitCode::None;
  std::int64_t onset_ns = 0;
  std::int64_t duration_ns = 0;
  std::int64_t sample = 0;
  std::vector<std::string> channels{};
  std::string protocol{};    // id@version
  std::string created_at{};  // RFC 3339
  std::string stage{};       // "label" | "adjudicate"
  std::string group{};       // "waves 12": the label of the group and its number in the record
  friend bool operator==(const AnnotationRow&, const AnnotationRow&) = default;
};

// Lines end in CR LF, as RFC 4180 has it; UTF-8.
[[nodiscard]] std::string write_annotation_csv(const std::vector<AnnotationRow>& rows);
// Columns are known by their names and may stand in any order; others are left out. Only onset_s
// must be there.
// Errors: Corrupt with the row where a field is no number, a code is unknown or quotes do not
// close; TooLarge past 1 GiB.
[[nodiscard]] Result<std::vector<AnnotationRow>> read_annotation_csv(ByteView bytes);

}  // namespace consilium
