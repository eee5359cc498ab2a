#include "format/sample_csv/sample_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "domain/signal/sample_table.hpp"
#include "format/number_text/number_text.hpp"

namespace consilium {
namespace {

constexpr std::size_t piece_bytes = 256U << 10U;
constexpr std::size_t row_bytes_max = 1U << 20U;
constexpr std::int64_t rows_per_mark = 1024;
constexpr std::size_t steps_kept = 4096;  // from which the usual step of time is taken
constexpr std::size_t column_count_max = 4096;
constexpr int decimals_max = 9;

std::unexpected<Error> wrong(std::string what, std::int64_t line) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("line {}", line),
              "correct the line and give the file again");
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string_view unquoted(std::string_view cell) {
  cell = stripped(cell);
  if (cell.size() >= 2 && (cell.front() == '"' || cell.front() == '\'') &&
      cell.back() == cell.front()) {
    cell = stripped(cell.substr(1, cell.size() - 2));
  }
  return cell;
}

bool is_missing(std::string_view cell) {
  return cell.empty() || cell == "-" || lower(cell) == "nan" || lower(cell) == "n/a";
}

// Lines from `offset` on, to `take`, until it says false. Gives where the last one ended.
Status each_line(const ByteSource& file, std::uint64_t offset,
                 const std::function<Result<bool>(std::string_view, std::uint64_t)>& take) {
  Bytes piece;
  std::string rest;
  std::uint64_t line_begin = offset;
  while (offset < file.size()) {
    piece.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, file.size() - offset)));
    CSL_TRY(file.read(offset, piece));
    offset += piece.size();
    std::string_view text = text_of(piece);
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      const std::size_t length = rest.size() + end + 1;
      bool goes_on = false;
      if (rest.empty()) {
        goes_on = CSL_TRY(take(text.substr(0, end), line_begin));
      } else {
        rest.append(text.substr(0, end));
        goes_on = CSL_TRY(take(rest, line_begin));
        rest.clear();
      }
      if (!goes_on) return {};
      line_begin += length;
      text.remove_prefix(end + 1);
    }
    rest.append(text);
    if (rest.size() > row_bytes_max) {
      return fail(ErrorCode::TooLarge, "a row is over 1 MiB", fmt::format("byte {}", line_begin));
    }
  }
  if (!rest.empty()) CSL_TRY(take(rest, line_begin));
  return {};
}

struct Column {
  std::string name{};
  std::string unit{};
  int decimals = 0;
  double largest = 0;
};

struct Layout {
  char separator = ',';
  std::vector<Column> columns{};
  std::optional<std::size_t> time_column{};
  double seconds_per_unit = 1;
  std::vector<std::size_t> channels{};  // columns that are channels
};

// Where rows lie: the first of each mark's, and where samples are left out between two rows.
struct Mark {
  std::int64_t row = 0;
  std::uint64_t offset = 0;
};
struct Jump {
  std::int64_t row = 0;
  std::int64_t sample = 0;  // of that row
};

void split(std::string_view line, char separator, std::vector<std::string_view>& cells) {
  cells.clear();
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (separator == ' ') {
    for (line = stripped(line); !line.empty(); line = stripped(line)) {
      const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
      cells.push_back(unquoted(line.substr(0, end)));
      line.remove_prefix(end);
    }
    return;
  }
  while (true) {
    const std::size_t end = line.find(separator);
    cells.push_back(unquoted(line.substr(0, end)));
    if (end == std::string_view::npos) return;
    line.remove_prefix(end + 1);
  }
}

std::optional<double> number_of(std::string_view cell, char separator) {
  if (separator == ',' || cell.find(',') == std::string_view::npos) return decimal_in(cell);
  std::string point(cell);
  std::ranges::replace(point, ',', '.');
  return decimal_in(point);
}

// "12.5", or "09:10:11.5" and "1:02.25".
std::optional<double> seconds_of_cell(std::string_view cell, const Layout& layout) {
  if (cell.find(':') == std::string_view::npos) {
    const auto value = number_of(cell, layout.separator);
    return value ? std::optional(*value * layout.seconds_per_unit) : std::nullopt;
  }
  double seconds = 0;
  for (std::string_view rest = cell; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const auto part = decimal_in(rest.substr(0, end));
    if (!part || *part < 0) return std::nullopt;
    seconds = seconds * 60 + *part;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return seconds;
}

int decimals_of(std::string_view cell, char separator) {
  const std::size_t point = cell.find_first_of(separator == ',' ? "." : ".,");
  const std::size_t exponent = std::min(cell.find_first_of("eE"), cell.size());
  int decimals = point < exponent ? static_cast<int>(exponent - point - 1) : 0;
  if (exponent < cell.size()) {
    decimals -= static_cast<int>(integer_in(cell.substr(exponent + 1)).value_or(0));
  }
  return std::clamp(decimals, 0, decimals_max + 1);
}

class TableReader {
 public:
  explicit TableReader(const ByteSource& file) : file_(file) {}

  Status read() {
    CSL_TRY(
        each_line(file_, 0, [this](std::string_view line, std::uint64_t offset) -> Result<bool> {
          ++line_;
          CSL_TRY(take_line(line, offset));
          return true;
        }));
    if (row_count == 0) return wrong("the table has no rows of numbers", line_);
    CSL_TRY(find_rate());
    return place_rows();
  }

  Layout layout{};
  std::optional<Rate> rate{};
  std::vector<Mark> marks{};
  std::vector<Jump> jumps{};
  std::int64_t row_count = 0;
  std::int64_t sample_count = 0;
  std::size_t missing = 0;
  std::uint64_t first_row_offset = 0;

 private:
  Status take_line(std::string_view line, std::uint64_t offset) {
    if (line_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (stripped(line).empty()) {
      if (row_count > 0) blank_line_ = line_;
      return {};
    }
    if (blank_line_ != 0) return wrong("a blank line stands between rows", blank_line_);
    if (line.starts_with('#')) {
      if (row_count > 0) return wrong("a comment stands between rows", line_);
      return take_comment(line);
    }
    if (layout.columns.empty()) choose_separator(line);
    split(line, layout.separator, cells_);
    if (row_count == 0 && !is_numbers()) return take_names();
    if (layout.columns.empty()) name_columns(false);
    if (cells_.size() != layout.columns.size()) {
      return wrong("the row has too few or too many cells", line_);
    }
    if (row_count % rows_per_mark == 0) marks.push_back({row_count, offset});
    ++row_count;
    return take_row();
  }

  Status take_comment(std::string_view line) {
    const std::size_t mark = line.find_first_of(":=");
    if (mark == std::string_view::npos) return {};
    const std::string key = lower(stripped(line.substr(1, mark - 1)));
    constexpr std::array<std::string_view, 6> keys{
        "sampling_rate_hz",   "rate_hz",           "fs", "sampling_rate",
        "sampling_frequency", "sampling frequency"};
    if (std::ranges::find(keys, key) == keys.end()) return {};
    const auto stated = Rate::parse(stripped(line.substr(mark + 1)));
    if (!stated) return wrong("the sampling rate is no number above 0", line_);
    rate = *stated;
    return {};
  }

  void choose_separator(std::string_view line) {
    for (const char separator : {'\t', ';', ','}) {
      if (line.find(separator) == std::string_view::npos) continue;
      layout.separator = separator;
      return;
    }
    layout.separator = ' ';
  }

  bool is_numbers() const {
    bool has_number = false;
    for (const std::string_view cell : cells_) {
      if (is_missing(cell)) continue;
      const bool is_clock = std::isdigit(static_cast<unsigned char>(cell.front())) != 0 &&
                            seconds_of_cell(cell, layout).has_value();
      if (!is_clock && !number_of(cell, layout.separator)) return false;
      has_number = true;
    }
    return has_number;
  }

  Status take_names() {
    if (cells_.size() > column_count_max) return wrong("there are too many columns", line_);
    if (layout.columns.empty()) {
      name_columns(true);
      return {};
    }
    if (has_units_ || cells_.size() != layout.columns.size())
      return wrong("a cell is no number", line_);
    has_units_ = true;
    for (std::size_t c = 0; c < cells_.size(); ++c) layout.columns[c].unit = utf8_of(cells_[c]);
    return {};
  }

  void name_columns(bool are_named) {
    for (std::size_t c = 0; c < cells_.size(); ++c) {
      Column column{.name = fmt::format("channel {}", c + 1)};
      if (are_named && !cells_[c].empty()) column.name = utf8_of(cells_[c]);
      const std::size_t bracket = column.name.find_last_of("[(");
      if (are_named && bracket != std::string::npos && bracket > 0 &&
          (column.name.ends_with(']') || column.name.ends_with(')'))) {
        column.unit = column.name.substr(bracket + 1, column.name.size() - bracket - 2);
        column.name = std::string(stripped(column.name.substr(0, bracket)));
      }
      const std::string name = lower(column.name);
      const bool is_time = name == "time" || name == "t" || name == "seconds" || name == "time_s" ||
                           name == "time_ms" || name == "elapsed time" || name == "timestamp";
      const bool is_index =
          name == "sample" || name == "index" || name == "#" || name == "sample #";
      if (are_named && is_time && !layout.time_column) {
        layout.time_column = c;
        if (name == "time_ms" || column.unit == "ms") layout.seconds_per_unit = 1e-3;
      } else if (!are_named || !is_index) {
        layout.channels.push_back(c);
      }
      layout.columns.push_back(std::move(column));
    }
  }

  Status take_row() {
    if (layout.time_column) {
      const auto at = seconds_of_cell(cells_[*layout.time_column], layout);
      if (!at) return wrong("the time is no number", line_);
      if (row_count > 1) {
        const double step = *at - before_s_;
        if (step <= 0) return wrong("time does not go on", line_);
        if (steps_.size() < steps_kept) steps_.push_back(step);
      }
      before_s_ = *at;
    }
    for (const std::size_t c : layout.channels) {
      const std::string_view cell = cells_[c];
      if (is_missing(cell)) {
        ++missing;
        continue;
      }
      const auto value = number_of(cell, layout.separator);
      if (!value) return wrong(fmt::format("cell {} is no number", c + 1), line_);
      Column& column = layout.columns[c];
      column.largest = std::max(column.largest, std::abs(*value));
      column.decimals = std::max(column.decimals, decimals_of(cell, layout.separator));
    }
    return {};
  }

  // The usual step, as a round rate where it is near one.
  Status find_rate() {
    if (rate) return {};
    if (steps_.empty()) {
      return fail(ErrorCode::Unsupported, "nothing says how many samples a second has", "line 1",
                  "put \"# sampling_rate_hz: 360\" into the first line, or a column time_s");
    }
    std::vector<double> sorted = steps_;
    std::ranges::nth_element(sorted, sorted.begin() + std::ssize(sorted) / 2);
    const double median = sorted[sorted.size() / 2];
    // Times are rounded when written: the mean of the steps without gaps is better than any of
    // them.
    double sum = 0;
    std::int64_t count = 0;
    for (const double step : steps_) {
      if (step > 1.5 * median) continue;
      sum += step;
      ++count;
    }
    const double hz = static_cast<double>(count) / sum;
    if (!(hz > 1e-6 && hz < 1e9)) return wrong("the times give no sampling rate", line_);
    const double whole = std::round(hz);
    const bool is_whole = whole >= 1 && std::abs(hz - whole) < 2e-3 * hz;
    rate = is_whole ? CSL_TRY(Rate::of(static_cast<std::int64_t>(whole), 1))
                    : CSL_TRY(Rate::parse(fmt::format("{:.6f}", hz)));
    return {};
  }

  // With the rate known: which sample each row is.
  Status place_rows() {
    sample_count = row_count;
    if (!layout.time_column) return {};
    std::int64_t row = 0;
    std::int64_t sample = -1;
    double first_s = 0;
    double last_s = 0;
    const double step_s = 1 / rate->hz();
    constexpr std::int64_t samples_max = std::int64_t{1} << 40U;
    CSL_TRY(each_line(
        file_, marks.front().offset, [&](std::string_view line, std::uint64_t) -> Result<bool> {
          if (stripped(line).empty()) return true;
          split(line, layout.separator, cells_);
          const double at = seconds_of_cell(cells_[*layout.time_column], layout).value_or(0);
          if (row == 0) first_s = last_s = at;
          if (at - last_s > 1.5 * step_s) {
            const double place = std::round((at - first_s) / step_s);
            if (!(place < static_cast<double>(samples_max))) {
              return wrong("a time is out of range", row + 1);
            }
            sample = std::max(sample + 1, static_cast<std::int64_t>(place));
            if (sample != (jumps.empty() ? row : jumps.back().sample + row - jumps.back().row)) {
              jumps.push_back({row, sample});
            }
          } else {
            ++sample;
          }
          last_s = at;
          ++row;
          return true;
        }));
    sample_count = sample + 1;
    return {};
  }

  const ByteSource& file_;
  std::int64_t line_ = 0;
  std::int64_t blank_line_ = 0;
  bool has_units_ = false;
  double before_s_ = 0;
  std::vector<double> steps_;
  std::vector<std::string_view> cells_;
};

class TableSource final : public SampleSource {
 public:
  TableSource(RecordHeader header, std::shared_ptr<const ByteSource> file, Layout layout,
              std::vector<Mark> marks, std::vector<Jump> jumps)
      : header_(std::move(header)),
        file_(std::move(file)),
        layout_(std::move(layout)),
        marks_(std::move(marks)),
        jumps_(std::move(jumps)) {}
  const RecordHeader& header() const override { return header_; }

  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const std::span<std::int32_t> outs[] = {out};
    return fill(first.value, std::ssize(out), channel, outs);
  }

  Status read_block(TickSpan span, SignalBlock& out) const override {
    const SampleSpan samples = samples_in(header_.channels.front(), span);
    const auto count = static_cast<std::size_t>(samples.last.value - samples.first.value);
    out.span = span;
    out.first.assign(header_.channels.size(), samples.first);
    out.channels.resize(header_.channels.size());
    std::vector<std::span<std::int32_t>> outs;
    for (std::vector<std::int32_t>& channel : out.channels) {
      channel.resize(count);
      outs.emplace_back(channel);
    }
    return fill(samples.first.value, static_cast<std::int64_t>(count), 0, outs);
  }

 private:
  // Samples [first, first + count) of the channels from `channel` on, one for each of `outs`.
  Status fill(std::int64_t first, std::int64_t count, std::size_t channel,
              std::span<const std::span<std::int32_t>> outs) const {
    for (const auto& out : outs) std::ranges::fill(out, missing_sample_default);
    if (count == 0) return {};
    // The first row at or after the sample.
    const auto jump = std::ranges::upper_bound(jumps_, first, {}, &Jump::sample);
    const Jump base = jump == jumps_.begin() ? Jump{} : *std::prev(jump);
    std::int64_t row = base.row + first - base.sample;
    if (jump != jumps_.end()) row = std::min(row, jump->row);
    const auto mark = std::prev(std::ranges::upper_bound(marks_, row, {}, &Mark::row));
    std::int64_t at_row = mark->row;
    std::vector<std::string_view> cells;
    return each_line(
        *file_, mark->offset, [&](std::string_view line, std::uint64_t) -> Result<bool> {
          const std::int64_t this_row = at_row++;
          if (this_row < row) return true;
          const auto after = std::ranges::upper_bound(jumps_, this_row, {}, &Jump::row);
          const Jump from = after == jumps_.begin() ? Jump{} : *std::prev(after);
          const std::int64_t sample = from.sample + this_row - from.row;
          if (sample >= first + count) return false;
          split(line, layout_.separator, cells);
          if (cells.size() != layout_.columns.size()) return !stripped(line).empty();
          for (std::size_t k = 0; k < outs.size(); ++k) {
            const Channel& info = header_.channels[channel + k];
            const std::string_view cell = cells[layout_.channels[channel + k]];
            const auto value = is_missing(cell) ? std::nullopt : number_of(cell, layout_.separator);
            if (value && sample >= first) {
              outs[k][static_cast<std::size_t>(sample - first)] =
                  static_cast<std::int32_t>(std::llround(*value * info.adu_per_unit));
            }
          }
          return true;
        });
  }

  RecordHeader header_;
  std::shared_ptr<const ByteSource> file_;
  Layout layout_;
  std::vector<Mark> marks_;
  std::vector<Jump> jumps_;
};

}  // namespace

Result<Recording> open_sample_csv(std::shared_ptr<const ByteSource> file) {
  TableReader table(*file);
  CSL_TRY(table.read());
  RecordHeader header;
  std::size_t rounded = 0;
  for (const std::size_t c : table.layout.channels) {
    const Column& column = table.layout.columns[c];
    constexpr double most = 2147483646.0;
    int decimals = std::min(column.decimals, decimals_max);
    while (decimals > 0 && column.largest * std::pow(10.0, decimals) > most) --decimals;
    if (column.largest * std::pow(10.0, decimals) > most) {
      return fail(ErrorCode::Unsupported, "a column holds numbers past 31 bits",
                  fmt::format("column {}", c + 1), "give it in a larger unit");
    }
    if (decimals < column.decimals) ++rounded;
    Channel channel{.name = column.name,
                    .unit = column.unit,
                    .rate = *table.rate,
                    .sample_count = table.sample_count,
                    .adu_per_unit = std::pow(10.0, decimals)};
    const auto range = static_cast<std::int32_t>(
        std::max(32767.0, std::ceil(column.largest * channel.adu_per_unit)));
    set_range(channel, -range, range);
    header.channels.push_back(std::move(channel));
  }
  if (header.channels.empty()) {
    return fail(ErrorCode::Corrupt, "the table has no column of samples", "line 1");
  }
  if (rounded > 0) {
    header.notes.push_back({.what = fmt::format("the numbers of {} columns are rounded", rounded)});
  }
  if (table.missing > 0) {
    header.notes.push_back({.what = fmt::format("{} cells are empty or NaN", table.missing)});
  }
  CSL_TRY(set_time_line(header));
  const std::int64_t step = header.channels.front().ticks_per_sample;
  std::int64_t row = 0;
  std::int64_t sample = 0;
  for (const Jump& jump : table.jumps) {
    header.gaps.push_back({Tick{(sample + jump.row - row) * step}, Tick{jump.sample * step}});
    row = jump.row;
    sample = jump.sample;
  }
  return Recording{.samples = std::make_unique<TableSource>(
                       std::move(header), std::move(file), std::move(table.layout),
                       std::move(table.marks), std::move(table.jumps))};
}

}  // namespace consilium
