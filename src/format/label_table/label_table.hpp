// Annotations as a table: one row each, as CSV (RFC 4180, UTF-8, CR LF) and as JSON lines with the
// same names. Classifications, answers, spans and everything else stand in one shape, so that a row
// says by itself what was said, of what, by whom and under which protocol.
//
// Columns: annotation_id, item_id, pseudonym, rater_id, rater, rater_kind, protocol_id,
// protocol_version, label, code_system, code, code_display, question, value, unit, attributes
// (JSON), target_type, target (JSON), text (what a span quotes), comment, created_at, updated_at,
// revision, state, stage ("label" or "adjudicate": the word that settled the item), level (patient,
// item, study, series, instance, frame or finding), reference (what of that level: pseudonym, UID,
// "UID#frame" from 1, "lesion 2"), item_date (shifted), number (of the lesion, kept over time
// points), measurements (JSON, UCUM units). The code is
// that of the answered choice where it has one, else of the label or question. An answer of several
// choices is a JSON list in `value`. Empty CSV fields are what JSON has as null. Cost: O(size of
// the row).
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "domain/label/stored_annotation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

struct LabelRow {
  StoredAnnotation annotation;
  std::string pseudonym;               // of the patient
  std::optional<std::string> surface;  // of a span, where the text may be exported
  std::string stage = "label";         // of the task in which it was said
  std::string reference = {};          // what it is about, in UIDs that may go out
  std::string item_date = {};
};

// The names of the columns, with its line end.
[[nodiscard]] std::string label_table_header();
// Errors: InvalidInput on text or numbers that JSON cannot hold, which read annotations never have.
[[nodiscard]] Result<std::string> label_table_csv_row(const Protocol& protocol,
                                                      const LabelRow& row);
[[nodiscard]] Result<std::string> label_table_json_row(const Protocol& protocol,
                                                       const LabelRow& row);

}  // namespace consilium
