#include "format/terminology_text/table_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t piece_bytes = 1U << 18U;
constexpr std::size_t fields_max = 1024;

}  // namespace

Status LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = buffer_.size();
  const std::uint64_t left = file_.bytes->size() - offset_;
  buffer_.resize(kept + std::min<std::uint64_t>(piece_bytes, left));
  CSL_TRY(file_.bytes->read(offset_, std::as_writable_bytes(std::span(buffer_).subspan(kept))));
  offset_ += buffer_.size() - kept;
  return {};
}

Result<const std::string_view*> LineReader::next() {
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = buffer_.find('\n', begin_ + searched);
    const bool last = end == std::string::npos && offset_ == file_.bytes->size();
    if (end != std::string::npos || (last && begin_ < buffer_.size())) {
      const std::size_t stop = last ? buffer_.size() : end;
      line_ = std::string_view(buffer_).substr(begin_, stop - begin_);
      begin_ = std::min(stop + 1, buffer_.size());
      if (++line_number_ == 1 && line_.starts_with("\xEF\xBB\xBF")) line_.remove_prefix(3);
      if (line_.ends_with('\r')) line_.remove_suffix(1);
      if (line_.size() > terminology_line_bytes_max) break;
      if (!is_utf8(line_) || line_.contains('\0')) {
        return fail(ErrorCode::Corrupt, "the line is not UTF-8 text", where(),
                    "take the file as its publisher gave it, or save it as UTF-8");
      }
      return &line_;
    }
    if (last) return nullptr;
    searched = buffer_.size() - begin_;
    if (searched > terminology_line_bytes_max) {
      ++line_number_;
      break;
    }
    CSL_TRY(fill());
  }
  return fail(ErrorCode::TooLarge,
              fmt::format("the line has over {} bytes", terminology_line_bytes_max), where(),
              "check that this is the right file");
}

std::string LineReader::where() const {
  return fmt::format("{}, line {}", file_.name, line_number_);
}

std::unexpected<Error> LineReader::refuse(std::string what, std::string remedy) const {
  return fail(ErrorCode::Corrupt, std::move(what), where(), std::move(remedy));
}

Error LineReader::placed(Error error) const {
  error.where = error.where.empty() ? where() : where() + ", " + error.where;
  return error;
}

void split_fields(std::string_view line, char delimiter, std::vector<std::string_view>& fields) {
  fields.clear();
  while (true) {
    const std::size_t end = line.find(delimiter);
    fields.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
  }
}

namespace {

// One row's fields out of one or more lines.
class CsvRow {
 public:
  // Returns whether the row is complete. Errors are given without a place.
  Result<bool> take(std::string_view line) {
    std::size_t at = 0;
    while (true) {
      if (!open_) {
        if (fields_.size() >= fields_max) {
          return fail(ErrorCode::TooLarge, fmt::format("the row has over {} fields", fields_max));
        }
        if (at < line.size() && line[at] == '"') {
          open_ = true;
          field_.clear();
          ++at;
        } else {
          const std::size_t end = std::min(line.find(',', at), line.size());
          if (line.substr(at, end - at).contains('"')) {
            return fail(ErrorCode::Corrupt, "a quote stands within a field",
                        fmt::format("column {}", at + 1), "quote the field and double the quote");
          }
          fields_.emplace_back(line.substr(at, end - at));
          if (end == line.size()) return true;
          at = end + 1;
          continue;
        }
      }
      const std::size_t quote = line.find('"', at);
      field_ += line.substr(at, quote == std::string_view::npos ? quote : quote - at);
      if (field_.size() > terminology_line_bytes_max) {
        return fail(ErrorCode::TooLarge, "a quoted field has over 1 MiB", {},
                    "a quote before it is never closed");
      }
      if (quote == std::string_view::npos) {
        field_ += '\n';
        return false;
      }
      at = quote + 1;
      if (at < line.size() && line[at] == '"') {
        field_ += '"';
        ++at;
        continue;
      }
      open_ = false;
      fields_.push_back(std::move(field_));
      field_.clear();
      if (at == line.size()) return true;
      if (line[at] != ',') {
        return fail(ErrorCode::Corrupt, "text stands after a closing quote",
                    fmt::format("column {}", at + 1), "quote the field and double the quote");
      }
      ++at;
    }
  }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] std::span<const std::string> fields() const { return fields_; }
  void clear() { fields_.clear(); }

 private:
  std::vector<std::string> fields_;
  std::string field_;
  bool open_ = false;
};

}  // namespace

Status read_csv(const TerminologyFile& file,
                const std::function<Status(const LineReader&, std::span<const std::string>)>& row) {
  LineReader lines(file);
  CsvRow made;
  while (const std::string_view* line = CSL_TRY(lines.next())) {
    if (line->empty() && !made.open()) continue;
    const Result<bool> complete = made.take(*line);
    if (!complete) return std::unexpected(lines.placed(complete.error()));
    if (!*complete) continue;
    if (const Status done = row(lines, made.fields()); !done) return done;
    made.clear();
  }
  if (made.open()) return lines.refuse("a quote is never closed", "the file may be cut short");
  return {};
}

}  // namespace consilium
