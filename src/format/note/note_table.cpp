#include "format/note/note_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "base/canonical_json.hpp"
#include "base/utf8.hpp"
#include "domain/text/note_kind.hpp"
#include "format/note/csv_fields.hpp"
#include "format/note/note_text.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

constexpr std::size_t text_size_max = std::size_t{16} << 20U;
constexpr std::size_t line_size_max = std::size_t{64} << 20U;
constexpr std::size_t member_size_max = 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

// One row's values, before they are known to make a note.
struct RowValues {
  std::optional<std::string> text;
  std::string id;
  std::string patient;
  std::string date;
  std::string kind;
};

// Numbers serve as ids in many exports; anything else that is no text is refused.
Result<std::string> short_text(const json::value& value, std::string_view member) {
  if (value.is_null()) return std::string{};
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_uint64()) return std::to_string(value.get_uint64());
  return fail(ErrorCode::InvalidInput, fmt::format("the member '{}' is not text", member));
}

Result<RowValues> read_json_row(std::string_view line, const NoteColumns& columns) {
  const json::value value = CSL_TRY(parse_json(line, 32));
  const json::object* object = value.if_object();
  if (object == nullptr) return fail(ErrorCode::InvalidInput, "the line is not a JSON object");
  RowValues values;
  for (const auto& member : *object) {
    if (same_name(member.key(), columns.text)) {
      const json::string* text = member.value().if_string();
      if (text == nullptr) {
        return fail(ErrorCode::InvalidInput,
                    fmt::format("the member '{}' is not text", columns.text));
      }
      values.text = std::string(*text);
    } else if (same_name(member.key(), columns.id)) {
      values.id = CSL_TRY(short_text(member.value(), columns.id));
    } else if (same_name(member.key(), columns.patient)) {
      values.patient = CSL_TRY(short_text(member.value(), columns.patient));
    } else if (same_name(member.key(), columns.date)) {
      values.date = CSL_TRY(short_text(member.value(), columns.date));
    } else if (same_name(member.key(), columns.kind)) {
      // Files use "kind" for many things; a value that is no code is nobody's error.
      if (const json::string* kind = member.value().if_string()) values.kind = std::string(*kind);
    }
  }
  return values;
}

Result<Note> make_note(RowValues values, const NoteColumns& columns) {
  if (!values.text) {
    return fail(ErrorCode::InvalidInput, fmt::format("the row has no '{}'", columns.text), {},
                "name the member or column that holds the text");
  }
  if (values.text->empty()) return fail(ErrorCode::InvalidInput, "the row's text is empty");
  if (values.text->size() > text_size_max) {
    return fail(ErrorCode::TooLarge, "the row's text is larger than 16 MiB");
  }
  for (const std::string* member : {&values.id, &values.patient, &values.date}) {
    if (member->size() > member_size_max) {
      return fail(ErrorCode::TooLarge, "an id, patient or date is longer than 1,024 bytes");
    }
  }
  Note note;
  note.text = Protected(CSL_TRY(CanonicalText::from_utf8(std::move(*values.text))));
  note.identifier = Protected(std::move(values.id));
  NotePatient patient;
  patient.identifier = std::move(values.patient);
  note.patient = Protected(std::move(patient));
  note.date = Protected(std::move(values.date));
  if (is_loinc_code(values.kind)) note.kind_code = std::move(values.kind);
  return note;
}

}  // namespace

struct NoteTableReader::State {
  State(NoteTableFormat table_format, NoteTableOptions table_options, NoteSink table_sink)
      : format(table_format), options(std::move(table_options)), sink(std::move(table_sink)) {}

  void report(std::uint64_t line, Error error) {
    error.where = error.where.empty() ? fmt::format("line {}", line)
                                      : fmt::format("line {}, {}", line, error.where);
    sink.error({line, std::move(error)});
  }

  void deliver(std::uint64_t line, Result<RowValues> values) {
    ++row_number;
    if (!values) return report(line, values.error());
    auto note = make_note(std::move(*values), options.columns);
    if (!note) return report(line, note.error());
    sink.record({row_number, line, std::move(*note), {}});
  }

  // JSON lines.
  void feed_lines(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, end);
      if (pending.size() + piece.size() > line_size_max) {
        too_long = true;
        pending.clear();
      } else if (!too_long) {
        pending += piece;
      }
      if (end == std::string_view::npos) return;
      end_line();
      bytes.remove_prefix(end + 1);
    }
  }
  void end_line() {
    ++line_number;
    std::string line = std::exchange(pending, {});
    if (std::exchange(too_long, false)) {
      ++row_number;
      return report(line_number, {ErrorCode::TooLarge, "the line is larger than 64 MiB", {}, {}});
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos) return;
    deliver(line_number, read_json_row(line, options.columns));
  }

  // CSV. The header's line is gathered first, for its delimiter.
  void feed_csv(std::string_view bytes) {
    if (rows) return rows->feed(bytes);
    pending += bytes;
    const std::size_t end = pending.find_first_of("\r\n");
    if (end == std::string::npos && pending.size() < line_size_max) return;
    begin_rows(std::string_view(pending).substr(0, end));
  }
  void begin_rows(std::string_view first_line) {
    const char delimiter =
        options.delimiter != '\0' ? options.delimiter : guess_delimiter(first_line);
    rows.emplace(delimiter, text_size_max + 1, [this](CsvRow row) { take_row(std::move(row)); });
    const std::string gathered = std::exchange(pending, {});
    rows->feed(gathered);
  }
  void take_row(CsvRow row) {
    if (!header) {
      header = std::move(row.fields);
      return;
    }
    if (column_of(options.columns.text) == std::nullopt) return;  // said once, by finish
    if (!row.problem.empty()) {
      ++row_number;
      return report(row.line_number, {ErrorCode::Corrupt,
                                      std::move(row.problem),
                                      {},
                                      "check the quotation marks from this line on"});
    }
    if (row.fields.size() != header->size()) {
      ++row_number;
      return report(row.line_number,
                    {ErrorCode::Corrupt,
                     fmt::format("the row has {} fields and the header {}", row.fields.size(),
                                 header->size()),
                     {},
                     "put text that holds the delimiter or line ends in quotation marks"});
    }
    deliver(row.line_number, read_csv_row(row));
  }
  Result<RowValues> read_csv_row(const CsvRow& row) const {
    const auto field = [&](std::string_view name) -> Result<std::string> {
      const auto column = column_of(name);
      if (!column) return std::string{};
      const std::string& bytes = row.fields[*column];
      if (same_name(options.encoding, "UTF-8")) {
        if (is_utf8(bytes)) return bytes;
        return fail(ErrorCode::Corrupt, "the row is not UTF-8", {},
                    "save the file as UTF-8, or name its encoding");
      }
      return decode_text_as(bytes_of(bytes), options.encoding);
    };
    return RowValues{.text = CSL_TRY(field(options.columns.text)),
                     .id = CSL_TRY(field(options.columns.id)),
                     .patient = CSL_TRY(field(options.columns.patient)),
                     .date = CSL_TRY(field(options.columns.date)),
                     .kind = CSL_TRY(field(options.columns.kind))};
  }
  std::optional<std::size_t> column_of(std::string_view name) const {
    for (std::size_t i = 0; i < header->size(); ++i) {
      if (same_name((*header)[i], name)) return i;
    }
    return std::nullopt;
  }

  NoteTableFormat format;
  NoteTableOptions options;
  NoteSink sink;
  std::string pending;
  std::string beginning;  // until it is known whether a byte order mark begins the file
  bool begun = false;
  bool too_long = false;
  std::uint64_t line_number = 0;
  std::uint64_t row_number = 0;
  std::optional<CsvFeed> rows;
  std::optional<std::vector<std::string>> header;
};

NoteTableReader::NoteTableReader(NoteTableFormat format, NoteTableOptions options, NoteSink sink)
    : state_(std::make_unique<State>(format, std::move(options), std::move(sink))) {}
NoteTableReader::~NoteTableReader() = default;
NoteTableReader::NoteTableReader(NoteTableReader&&) noexcept = default;
NoteTableReader& NoteTableReader::operator=(NoteTableReader&&) noexcept = default;

void NoteTableReader::feed(std::string_view bytes) {
  State& state = *state_;
  const auto pass_on = [&](std::string_view piece) {
    state.format == NoteTableFormat::Csv ? state.feed_csv(piece) : state.feed_lines(piece);
  };
  if (state.begun) return pass_on(bytes);
  state.beginning += bytes;
  if (state.beginning.size() < byte_order_mark.size()) return;
  state.begun = true;
  const std::string gathered = std::exchange(state.beginning, {});
  std::string_view rest = gathered;
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  pass_on(rest);
}

Status NoteTableReader::finish() {
  State& state = *state_;
  if (!state.begun) {
    state.begun = true;
    const std::string gathered = std::exchange(state.beginning, {});
    feed(gathered);
  }
  if (state.format == NoteTableFormat::JsonLines) {
    if (!state.pending.empty() || state.too_long) state.end_line();
    return {};
  }
  if (!state.rows) state.begin_rows(state.pending);
  state.rows->finish();
  if (!state.header || !state.column_of(state.options.columns.text)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the file has no column '{}'", state.options.columns.text), "line 1",
                "name the column that holds the text; the first row must be the columns' names");
  }
  return {};
}

}  // namespace consilium
