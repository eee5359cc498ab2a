// Many notes in one file: JSON lines (one object a line) and CSV (RFC 4180, with a header row).
// Bytes are fed in pieces of any size, so a file of any length passes through; a bad row is
// reported with its line and never stops the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/result.hpp"
#include "domain/text/note.hpp"

namespace consilium {

enum class NoteTableFormat { JsonLines, Csv };

// Which member or column is what; names are compared without regard to ASCII case. `text` must be
// there; of the others those that a file has are used.
struct NoteColumns {
  std::string text = "text";
  std::string id = "id";
  std::string patient = "patient";
  std::string date = "date";
  std::string kind = "kind";  // a LOINC document code ("18842-5"); anything else is not used
};

struct NoteTableOptions {
  NoteColumns columns;
  char delimiter = '\0';           // of CSV; 0: comma, semicolon or tab, whichever the header has
  std::string encoding = "UTF-8";  // of CSV; an ICU name of an encoding that extends ASCII
};

struct NoteRecord {
  std::uint64_t row_number = 0;   // 1-based, the header and blank lines not counted
  std::uint64_t line_number = 0;  // 1-based, of the row's first character
  Note note;
  std::vector<std::string> remarks;
};

struct NoteRowError {
  std::uint64_t line_number = 0;
  Error error;  // where: "line 12"; never holds what the row says
};

struct NoteSink {
  std::function<void(NoteRecord)> record;
  std::function<void(NoteRowError)> error;
};

// Limits: 16 MiB a text and 64 MiB a line of JSON. Memory: one row.
class NoteTableReader {
 public:
  NoteTableReader(NoteTableFormat format, NoteTableOptions options, NoteSink sink);
  ~NoteTableReader();
  NoteTableReader(NoteTableReader&&) noexcept;
  NoteTableReader& operator=(NoteTableReader&&) noexcept;

  void feed(std::string_view bytes);
  // Once, after the last byte. Errors: InvalidInput when a CSV has no column for the text.
  [[nodiscard]] Status finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace consilium
