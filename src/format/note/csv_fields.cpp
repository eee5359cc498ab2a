#include "format/note/csv_fields.hpp"

#include <array>
#include <utility>

namespace consilium {
namespace {
constexpr std::size_t field_count_max = 4096;
}

CsvFeed::CsvFeed(char delimiter, std::size_t field_size_max, std::function<void(CsvRow)> use)
    : delimiter_(delimiter), field_size_max_(field_size_max), use_(std::move(use)) {}

void CsvFeed::feed(std::string_view bytes) {
  for (const char c : bytes) take(c);
}

void CsvFeed::append(char c) {
  if (field_.size() < field_size_max_) {
    field_.push_back(c);
  } else if (row_.problem.empty()) {
    row_.problem = "a field is larger than the limit";
  }
}

void CsvFeed::take(char c) {
  const bool second_of_pair = after_cr_ && c == '\n';
  after_cr_ = c == '\r';
  if ((c == '\n' && !second_of_pair) || c == '\r') ++line_number_;
  if (state_ == State::Quoted) {
    if (c == '"') {
      state_ = State::QuoteInQuoted;
    } else {
      append(c);
    }
    return;
  }
  if (state_ == State::QuoteInQuoted) {
    if (c == '"') {
      append('"');
      state_ = State::Quoted;
      return;
    }
    state_ = State::AfterQuoted;
  }
  if (c == '\n' || c == '\r') {
    if (!second_of_pair) end_row();
    if (second_of_pair) row_.line_number = line_number_;
    return;
  }
  if (c == delimiter_) return end_field();
  if (state_ == State::FieldStart && c == '"') {
    state_ = State::Quoted;
    return;
  }
  if (state_ == State::AfterQuoted) {
    if (row_.problem.empty()) row_.problem = "text follows a closing quotation mark";
    return;
  }
  state_ = State::Plain;
  append(c);
}

void CsvFeed::end_field() {
  if (row_.fields.size() < field_count_max) {
    row_.fields.push_back(std::move(field_));
  } else if (row_.problem.empty()) {
    row_.problem = "the row has more than 4,096 fields";
  }
  field_.clear();
  state_ = State::FieldStart;
}

void CsvFeed::end_row() {
  const bool blank = row_.fields.empty() && field_.empty() && state_ == State::FieldStart;
  if (!blank) {
    end_field();
    use_(std::move(row_));
  }
  row_ = {};
  row_.line_number = line_number_;
  state_ = State::FieldStart;
}

void CsvFeed::finish() {
  if (state_ == State::Quoted && row_.problem.empty()) {
    row_.problem = "a quotation mark is never closed";
  }
  end_row();
}

char guess_delimiter(std::string_view first_line) {
  std::array<std::pair<char, int>, 3> counts = {{{',', 0}, {';', 0}, {'\t', 0}}};
  bool quoted = false;
  for (const char c : first_line) {
    if (c == '"') quoted = !quoted;
    for (auto& [delimiter, count] : counts) count += !quoted && c == delimiter ? 1 : 0;
  }
  auto best = counts.front();
  for (const auto& one : counts) {
    if (one.second > best.second) best = one;
  }
  return best.first;
}

std::string csv_field(std::string_view text) {
  const bool plain = text.find_first_of("\",\r\n") == std::string_view::npos &&
                     (text.empty() || (text.front() != ' ' && text.back() != ' '));
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace consilium
