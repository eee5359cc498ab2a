// Comma-separated values (RFC 4180) out of bytes that come in pieces: quoted fields may hold the
// delimiter, quotation marks (doubled) and line ends, which are kept as they are. Rows end at LF,
// CR LF or CR. A quotation mark inside an unquoted field is a character like any other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

struct CsvRow {
  std::uint64_t line_number = 1;  // of its first character; 1-based
  std::vector<std::string> fields;
  std::string problem;  // empty when the row is sound
};

class CsvFeed {
 public:
  // `use` gets each row as it ends; an empty line is no row. Fields over `field_size_max` are cut
  // and the row marked.
  CsvFeed(char delimiter, std::size_t field_size_max, std::function<void(CsvRow)> use);
  void feed(std::string_view bytes);
  void finish();

 private:
  enum class State { FieldStart, Plain, Quoted, QuoteInQuoted, AfterQuoted };
  void take(char c);
  void append(char c);
  void end_field();
  void end_row();

  char delimiter_;
  std::size_t field_size_max_;
  std::function<void(CsvRow)> use_;
  State state_ = State::FieldStart;
  CsvRow row_;
  std::string field_;
  std::uint64_t line_number_ = 1;
  bool after_cr_ = false;
};

// What the first line of a file separates its names with: the one of comma, semicolon and tab that
// occurs most often outside quotation marks; comma when none does.
[[nodiscard]] char guess_delimiter(std::string_view first_line);

// A field as it is written: quoted where RFC 4180 (2.6 and 2.7) wants it, and where white space
// stands at its ends, which some readers strip.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace consilium
