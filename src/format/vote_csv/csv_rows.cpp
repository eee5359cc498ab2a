#include "format/vote_csv/csv_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/utf8.hpp"
#include "format/note/csv_fields.hpp"
#include "format/vote_csv/name_table.hpp"

namespace consilium {
namespace {

constexpr std::size_t buffer_bytes = 1U << 20U;

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_ascii(std::string_view text) {
  std::uint64_t any = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    any |= word;
  }
  for (; i < text.size(); ++i) any |= static_cast<unsigned char>(text[i]);
  return (any & 0x8080808080808080ULL) == 0;
}

// Where the row ends that begins at `text`: the first line end outside quotes.
std::size_t quoted_row_end(std::string_view text) {
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') inside = !inside;
    if (text[i] == '\n' && !inside) return i;
  }
  return std::string_view::npos;
}

}  // namespace

bool parse_number(std::string_view text, double& value) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  return problem == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

void append_csv_field(std::string& out, std::string_view field) { out += csv_field(field); }

Result<CsvRows> CsvRows::open(const ByteSource& source) {
  CsvRows rows(source);
  rows.buffer_.resize(buffer_bytes);
  CSL_TRY(rows.refill());
  const std::string_view start(rows.buffer_.data(), rows.end_);
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    return fail(ErrorCode::Unsupported, "the file is UTF-16", {}, "save it as CSV in UTF-8");
  }
  if (start.starts_with("\xEF\xBB\xBF")) rows.begin_ = 3;
  if (!CSL_TRY(rows.read_row())) {
    return fail(ErrorCode::Corrupt, "the file is empty", {}, "its first row must name the columns");
  }
  rows.heading_.assign(rows.fields_.begin(), rows.fields_.end());
  return rows;
}

bool CsvRows::has(std::string_view name) const { return std::ranges::count(heading_, name) > 0; }

Result<std::size_t> CsvRows::column(std::string_view name) const {
  const auto count = std::ranges::count(heading_, name);
  if (count > 1) {
    return fail(ErrorCode::InvalidInput, fmt::format("the heading has two columns '{}'", name),
                "row 1", "rename one of them");
  }
  if (count == 0) {
    return fail(ErrorCode::InvalidInput, fmt::format("the heading has no column '{}'", name),
                "row 1", fmt::format("its columns are: {}", fmt::join(heading_, ", ")));
  }
  return static_cast<std::size_t>(std::ranges::find(heading_, name) - heading_.begin());
}

Result<bool> CsvRows::next() {
  if (!CSL_TRY(read_row())) return false;
  if (fields_.size() != heading_.size()) {
    return fail(
        ErrorCode::Corrupt,
        fmt::format("the row has {} fields, the heading {}", fields_.size(), heading_.size()),
        where(), "put fields that hold commas in double quotes");
  }
  return true;
}

std::string CsvRows::where() const { return fmt::format("row {}", row_number_); }

std::uint64_t CsvRows::expected_rows() const {
  const std::uint64_t consumed = read_bytes_ - (end_ - begin_);
  if (consumed == 0) return 0;
  return static_cast<std::uint64_t>(static_cast<double>(source_->size()) /
                                    static_cast<double>(consumed) *
                                    static_cast<double>(row_number_));
}

Result<std::string_view> CsvRows::text(std::size_t place, std::string_view column) const {
  const std::string_view field = fields_[place];
  if (field.empty() || (field.front() <= ' ' && without_blanks(field).empty())) {
    return fail(ErrorCode::InvalidInput, fmt::format("the {} is missing", column), where(),
                "fill it in, or leave the row out: who did not vote has no row");
  }
  if (field.size() > name_bytes_max) {
    return fail(ErrorCode::Corrupt,
                fmt::format("the {} is longer than {} bytes", column, name_bytes_max), where());
  }
  if (!is_ascii(field) && !is_utf8(field)) {
    return fail(ErrorCode::Corrupt, fmt::format("the {} is not UTF-8", column), where(),
                "save the file as UTF-8");
  }
  return field;
}

Result<double> CsvRows::number(std::size_t place, std::string_view column) const {
  const std::string_view field = without_blanks(CSL_TRY(text(place, column)));
  double value = 0;
  if (!parse_number(field, value)) {
    return fail(ErrorCode::InvalidInput, fmt::format("the {} is not a finite number", column),
                where(), "write decimal numbers with a point; leave missing ones out");
  }
  return value;
}

Status CsvRows::refill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const std::uint64_t left = source_->size() - read_bytes_;
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer_.size() - end_));
  CSL_TRY(
      source_->read(read_bytes_, std::as_writable_bytes(std::span(buffer_).subspan(end_, room))));
  read_bytes_ += room;
  end_ += room;
  return {};
}

// The next row's letters without its line end; data() is null at the end of the file.
Result<std::string_view> CsvRows::take_line() {
  for (;;) {
    const std::string_view there(buffer_.data() + begin_, end_ - begin_);
    std::size_t size = there.find('\n');
    if (there.substr(0, size).find('"') != std::string_view::npos) size = quoted_row_end(there);
    const bool at_end = read_bytes_ == source_->size();
    if (size != std::string_view::npos || (at_end && !there.empty())) {
      const std::string_view line = there.substr(0, size);
      begin_ += line.size() + (size == std::string_view::npos ? 0 : 1);
      ++row_number_;
      return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
    }
    if (at_end) return std::string_view();
    if (there.size() == buffer_.size()) {
      return fail(ErrorCode::TooLarge, "the row is longer than 1 MiB, or its quotes do not close",
                  fmt::format("row {}", row_number_ + 1));
    }
    CSL_TRY(refill());
  }
}

Result<bool> CsvRows::read_row() {
  std::string_view line;
  do {
    line = CSL_TRY(take_line());
    if (line.data() == nullptr) return false;
  } while (line.empty());
  if (line.find('"') == std::string_view::npos) {
    CSL_TRY(split(line));
  } else {
    CSL_TRY(split_quoted(buffer_.data() + (line.data() - buffer_.data()), line.size()));
  }
  return true;
}

Status CsvRows::split(std::string_view line) {
  fields_.clear();
  std::size_t begin = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != ',') continue;
    fields_.push_back(line.substr(begin, i - begin));
    begin = i + 1;
  }
  fields_.push_back(line.substr(begin));
  return {};
}

// Doubled quotes become single ones where they stand: the buffer is ours and the row is used up.
Status CsvRows::split_quoted(char* line, std::size_t size) {
  fields_.clear();
  std::size_t at = 0;
  const auto misplaced = [&] {
    return fail(ErrorCode::Corrupt, "a quote stands inside a field, or is not closed", where(),
                "put the whole field in quotes and double those inside");
  };
  for (;;) {
    if (at < size && line[at] == '"') {
      std::size_t out = ++at;
      const std::size_t begin = out;
      for (;; ++at) {
        if (at == size) return misplaced();
        if (line[at] == '"') {
          if (at + 1 == size || line[at + 1] != '"') break;
          ++at;
        }
        line[out++] = line[at];
      }
      fields_.emplace_back(line + begin, out - begin);
      ++at;
    } else {
      const std::size_t begin = at;
      while (at < size && line[at] != ',') {
        if (line[at++] == '"') return misplaced();
      }
      fields_.emplace_back(line + begin, at - begin);
    }
    if (at == size) return {};
    if (line[at++] != ',') return misplaced();
  }
}

}  // namespace consilium
