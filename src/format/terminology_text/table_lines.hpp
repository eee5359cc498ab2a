// The text files that terminologies are published in, read line by line from a source of any size:
// one line is in memory at a time. For errors each line knows its number.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium {

// A file of a release; `name` is the publisher's ("MRCONSO.RRF"), for errors. The bytes outlive it.
struct TerminologyFile {
  std::string name;
  const ByteSource* bytes = nullptr;
};

inline constexpr std::size_t terminology_line_bytes_max = 1U << 20U;

class LineReader {
 public:
  explicit LineReader(const TerminologyFile& file) : file_(file) {}

  // The next line without its LF or CR LF (and without a BOM), valid until the next call; null at
  // the end. Errors: TooLarge over a line's limit; Corrupt when it is not UTF-8 or holds a NUL;
  // those of the source.
  [[nodiscard]] Result<const std::string_view*> next();
  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
  [[nodiscard]] std::string where() const;  // "MRCONSO.RRF, line 12"
  // An error at this line.
  [[nodiscard]] std::unexpected<Error> refuse(std::string what, std::string remedy = {}) const;
  // `error` with this line as its place.
  [[nodiscard]] Error placed(Error error) const;

 private:
  [[nodiscard]] Status fill();

  TerminologyFile file_;
  std::string buffer_;
  std::size_t begin_ = 0;  // of what is not given out yet
  std::uint64_t offset_ = 0;
  std::uint64_t line_number_ = 0;
  std::string_view line_;
};

// Cuts at a delimiter that nothing can quote (RF2, RRF). Keeps the memory of `fields`.
void split_fields(std::string_view line, char delimiter, std::vector<std::string_view>& fields);

// A table of comma-separated values (RFC 4180): quoted fields may hold commas, doubled quotes and
// line ends. `row` is called with each row's fields, the header first; its error is placed.
// Errors: Corrupt on a quote that stands or stops in the wrong place, TooLarge over 1 MiB a row or
// 1,024 fields.
[[nodiscard]] Status read_csv(
    const TerminologyFile& file,
    const std::function<Status(const LineReader&, std::span<const std::string>)>& row);

}  // namespace consilium
