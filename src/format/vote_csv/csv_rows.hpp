// A CSV file row by row (RFC 4180), from start to end through one buffer, however long the file.
// Lines end in LF or CR LF, the last one with or without; fields may be quoted and then hold
// commas, line ends and doubled quotes. A byte order mark of UTF-8 is dropped, empty lines are left
// out. The first row is the heading; its names may stand in any order.
//
// Rows are counted as a spreadsheet counts them: the heading is row 1. Empty lines count.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium {

class CsvRows {
 public:
  // The source outlives the rows. Errors: Corrupt for a file without a heading; Unsupported for
  // UTF-16; those of `next`.
  [[nodiscard]] static Result<CsvRows> open(const ByteSource& source);

  // The place of a column among the fields. Errors: InvalidInput when there is none of that name,
  // or two; the names that there are stand in the error.
  [[nodiscard]] Result<std::size_t> column(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::span<const std::string> heading() const { return heading_; }  // one at least

  // Moves to the next row; false when there is none left. Errors: Corrupt when a quote stands where
  // none may or is not closed, or when the row has not as many fields as the heading; TooLarge past
  // 1 MiB; those of the source.
  [[nodiscard]] Result<bool> next();
  // Of this row; valid until the next.
  [[nodiscard]] std::string_view field(std::size_t place) const { return fields_[place]; }
  // Errors: InvalidInput when the field is empty or holds only blanks; Corrupt when it is no UTF-8
  // or past name_bytes_max. `column` is the column's name, for the error.
  [[nodiscard]] Result<std::string_view> text(std::size_t place, std::string_view column) const;
  // Errors: InvalidInput when the field is empty, no decimal number, NaN or infinite.
  [[nodiscard]] Result<double> number(std::size_t place, std::string_view column) const;

  [[nodiscard]] std::uint64_t row_number() const { return row_number_; }
  [[nodiscard]] std::string where() const;
  // How many rows the file seems to have, judged by those so far; for reserving room.
  [[nodiscard]] std::uint64_t expected_rows() const;

 private:
  explicit CsvRows(const ByteSource& source) : source_(&source) {}
  [[nodiscard]] Status refill();
  [[nodiscard]] Result<bool> read_row();
  [[nodiscard]] Result<std::string_view> take_line();
  [[nodiscard]] Status split(std::string_view line);
  [[nodiscard]] Status split_quoted(char* line, std::size_t size);

  const ByteSource* source_;
  std::uint64_t read_bytes_ = 0;  // of the source, so far
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t row_number_ = 0;
  std::vector<std::string_view> fields_;
  std::vector<std::string> heading_;
};

// The number that a text is, all of it: "7", "-0.25", "1e-3". Nothing for NaN and infinities.
[[nodiscard]] bool parse_number(std::string_view text, double& value);

// A field as RFC 4180 wants it: in quotes where it has to be.
void append_csv_field(std::string& out, std::string_view field);

}  // namespace consilium
