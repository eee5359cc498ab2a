#include "format/signal_csv/annotation_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/checked.hpp"

namespace consilium {
namespace {

constexpr std::array<std::string_view, 12> columns{"record",   "rater",      "label",  "mit_code",
                                                   "onset_s",  "duration_s", "sample", "channels",
                                                   "protocol", "created_at", "stage",  "group"};
constexpr std::size_t onset_column = 4;
constexpr std::uint64_t size_max = 1ULL << 30U;
constexpr std::int64_t ns_per_second = 1'000'000'000;

std::string quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
  return out;
}

std::string seconds_text(std::int64_t ns) {
  // In unsigned arithmetic, where the most negative number has a magnitude.
  const std::uint64_t size =
      ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  std::string text = fmt::format("{}{}", ns < 0 ? "-" : "", size / ns_per_second);
  if (size % ns_per_second == 0) return text;
  text += fmt::format(".{:09}", size % ns_per_second);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string fraction(point < text.size() ? text.substr(point + 1) : std::string_view());
  if (whole.empty() && fraction.empty()) return std::nullopt;
  fraction.resize(9, '0');
  const auto digits = [](std::string_view part) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    if (part.empty()) return value;
    const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (problem != std::errc{} || end != part.data() + part.size() || value < 0)
      return std::nullopt;
    return value;
  };
  const auto seconds = digits(whole);
  const auto rest = digits(fraction);
  if (!seconds || !rest) return std::nullopt;
  const auto scaled = checked_multiply(*seconds, ns_per_second);
  const auto sum = scaled ? checked_add(*scaled, *rest) : scaled;
  if (!sum) return std::nullopt;
  return negative ? -*sum : *sum;
}

std::string join_channels(const std::vector<std::string>& channels) {
  std::string out;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    if (i > 0) out += ';';
    for (const char c : channels[i]) {
      if (c == ';' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::vector<std::string> split_channels(std::string_view text) {
  std::vector<std::string> channels;
  if (text.empty()) return channels;
  channels.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      channels.back() += text[++i];
    } else if (text[i] == ';') {
      channels.emplace_back();
    } else {
      channels.back() += text[i];
    }
  }
  return channels;
}

// The fields of the row at the begin of `text`, which loses it. Empty when quotes do not close.
std::optional<std::vector<std::string>> take_row(std::string_view& text) {
  std::vector<std::string> fields(1);
  bool inside_quotes = false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (inside_quotes) {
      if (c != '"') {
        fields.back() += c;
      } else if (text.starts_with('"')) {
        fields.back() += '"';
        text.remove_prefix(1);
      } else {
        inside_quotes = false;
      }
    } else if (c == '"') {
      inside_quotes = true;
    } else if (c == ',') {
      fields.emplace_back();
    } else if (c == '\n') {
      return fields;
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  if (inside_quotes) return std::nullopt;
  return fields;
}

// Puts one field into its place; false when it is not what the column holds.
bool take_field(std::size_t column, const std::string& field, AnnotationRow& row) {
  const auto seconds = [&](std::int64_t& to) {
    const auto value = field.empty() ? std::optional<std::int64_t>(0) : parse_seconds(field);
    if (value) to = *value;
    return value.has_value();
  };
  switch (column) {
    case 0:
      row.record = field;
      return true;
    case 1:
      row.rater = field;
      return true;
    case 2:
      row.label = field;
      return true;
    case 3: {
      if (field.empty()) return true;
      const auto code = mit_code_of(field);
      if (code) row.code = *code;
      return code.has_value();
    }
    case onset_column:
      return !field.empty() && seconds(row.onset_ns);
    case 5:
      return seconds(row.duration_ns) && row.duration_ns >= 0;
    case 6: {
      if (field.empty()) return true;
      const auto [end, problem] =
          std::from_chars(field.data(), field.data() + field.size(), row.sample);
      return problem == std::errc{} && end == field.data() + field.size();
    }
    case 7:
      row.channels = split_channels(field);
      return true;
    case 8:
      row.protocol = field;
      return true;
    case 9:
      row.created_at = field;
      return true;
    case 10:
      row.stage = field;
      return true;
    default:
      row.group = field;
      return true;
  }
}

std::unexpected<Error> wrong(std::string what, std::size_t row) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("row {}", row),
              "correct the row and import the file again");
}

}  // namespace

std::string write_annotation_csv(const std::vector<AnnotationRow>& rows) {
  std::string out = fmt::format("{}\r\n", fmt::join(columns, ","));
  for (const AnnotationRow& row : rows) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", quoted(row.record),
                       quoted(row.rater), quoted(row.label),
                       row.code == MitCode::None ? std::string() : quoted(mnemonic(row.code)),
                       seconds_text(row.onset_ns), seconds_text(row.duration_ns), row.sample,
                       quoted(join_channels(row.channels)), quoted(row.protocol),
                       quoted(row.created_at), quoted(row.stage), quoted(row.group));
  }
  return out;
}

Result<std::vector<AnnotationRow>> read_annotation_csv(ByteView bytes) {
  if (bytes.size() > size_max) return fail(ErrorCode::TooLarge, "the CSV file is too large");
  std::string_view text = text_of(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto names = take_row(text);
  if (!names) return wrong("a quote is not closed", 1);
  if (std::ranges::find(*names, columns[onset_column]) == names->end()) {
    return wrong("the column onset_s is missing", 1);
  }
  std::vector<AnnotationRow> rows;
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto fields = take_row(text);
    if (!fields) return wrong("a quote is not closed", number);
    if (fields->size() == 1 && fields->front().empty()) continue;
    if (fields->size() != names->size())
      return wrong("a row has too few or too many fields", number);
    AnnotationRow row;
    for (std::size_t i = 0; i < fields->size(); ++i) {
      const auto column = std::ranges::find(columns, (*names)[i]);
      if (column == columns.end()) continue;
      if (!take_field(static_cast<std::size_t>(column - columns.begin()), (*fields)[i], row)) {
        return wrong(fmt::format("{} is not what the column holds", *column), number);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace consilium
