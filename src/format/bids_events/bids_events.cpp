#include "format/bids_events/bids_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "format/number_text/number_text.hpp"

namespace consilium {
namespace json = boost::json;

namespace {

constexpr std::uint64_t size_max = 256U << 20U;
constexpr std::string_view none = "n/a";

std::string type_of(const SignalEvent& event) {
  return event.text.empty() ? std::string(mnemonic(event.code)) : event.text;
}

// A cell holds no tab and no line end.
std::string cell(std::string_view text) {
  std::string out(stripped(text));
  std::ranges::replace_if(out, [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return out.empty() ? std::string(none) : out;
}

std::string seconds_text(Tick tick, TickRate rate) {
  const std::int64_t ns = ns_of_tick(tick, rate).value_or(0);
  const std::uint64_t size =
      ns < 0 ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  std::string text =
      fmt::format("{}{}.{:09}", ns < 0 ? "-" : "", size / 1'000'000'000, size % 1'000'000'000);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string row_of(const SignalEvent& event, const RecordHeader& record) {
  std::size_t clock = 0;
  for (std::size_t c = 0; c < record.channels.size(); ++c) {
    if (record.channels[c].ticks_per_sample < record.channels[clock].ticks_per_sample) clock = c;
  }
  std::string names;
  for (const std::int32_t c : event.channels) {
    if (c < 0 || static_cast<std::size_t>(c) >= record.channels.size()) continue;
    if (names.empty()) clock = static_cast<std::size_t>(c);
    names += (names.empty() ? "" : ",") + record.channels[static_cast<std::size_t>(c)].name;
  }
  const std::int64_t step = record.channels.empty() ? 1 : record.channels[clock].ticks_per_sample;
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", seconds_text(event.at, record.tick_rate),
                     seconds_text({event.duration_ticks}, record.tick_rate), cell(type_of(event)),
                     event.at.value / step, cell(names),
                     event.code == MitCode::None ? none : mnemonic(event.code));
}

std::vector<std::string_view> cells_of(std::string_view row) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t tab = row.find('\t');
    cells.push_back(stripped(row.substr(0, tab)));
    if (tab == std::string_view::npos) return cells;
    row.remove_prefix(tab + 1);
  }
}

std::unexpected<Error> wrong(std::string what, std::size_t row) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("row {}", row),
              "correct the row and give the file again");
}

class Columns {
 public:
  explicit Columns(std::string_view header) : names_(cells_of(header)) {}
  [[nodiscard]] std::size_t count() const { return names_.size(); }
  [[nodiscard]] bool has(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
  }
  // Empty where there is no such column or the cell says n/a.
  [[nodiscard]] std::string_view of(const std::vector<std::string_view>& cells,
                                    std::string_view name) const {
    const auto at = std::ranges::find(names_, name);
    if (at == names_.end()) return {};
    const std::string_view text = cells[static_cast<std::size_t>(at - names_.begin())];
    return text == none ? std::string_view() : text;
  }

 private:
  std::vector<std::string_view> names_;
};

}  // namespace

std::string write_bids_events(const RecordHeader& record, const std::vector<SignalEvent>& events) {
  std::string out = "onset\tduration\ttrial_type\tsample\tchannel\tmit_code\n";
  for (const SignalEvent& event : events) out += row_of(event, record);
  return out;
}

std::string describe_bids_events(const std::vector<SignalEvent>& events) {
  std::map<std::string, std::string> levels;
  for (const SignalEvent& event : events) {
    const std::string_view said =
        event.text.empty() ? meaning(event.code) : std::string_view(event.text);
    levels.emplace(cell(type_of(event)), said.empty() ? type_of(event) : std::string(said));
  }
  json::object types;
  for (const auto& [type, said] : levels) types[type] = said;
  const json::object description{
      {"onset", {{"Description", "Begin, from the first sample"}, {"Units", "s"}}},
      {"duration", {{"Description", "0 for a point in time"}, {"Units", "s"}}},
      {"trial_type", {{"Description", "Label"}, {"Levels", std::move(types)}}},
      {"sample",
       {{"Description", "Sample of the first channel named, else of the fastest, from 0"}}},
      {"channel", {{"Description", "Channels that the label is of; n/a: all"}}},
      {"mit_code", {{"Description", "Sign of the annotation code of WFDB"}}}};
  return json::serialize(description) + "\n";
}

Result<std::vector<SignalEvent>> read_bids_events(ByteView bytes, const RecordHeader& record) {
  if (bytes.size() > size_max) return fail(ErrorCode::TooLarge, "the table is too large");
  std::string_view text = text_of(bytes);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto take = [&] {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return row.ends_with('\r') ? row.substr(0, row.size() - 1) : row;
  };
  const Columns columns(take());
  if (!columns.has("onset")) return wrong("the column onset is missing", 1);
  std::vector<SignalEvent> events;
  constexpr double seconds_max = 1e7;
  for (std::size_t row = 2; !text.empty(); ++row) {
    const std::string_view line = take();
    if (line.empty()) continue;
    const std::vector<std::string_view> cells = cells_of(line);
    if (cells.size() != columns.count()) return wrong("the row has too few or too many cells", row);
    const auto ticks = [&](std::string_view name) -> std::optional<std::int64_t> {
      const std::string_view said = columns.of(cells, name);
      const auto seconds = said.empty() ? std::optional<double>(0) : decimal_in(said);
      if (!seconds || std::abs(*seconds) > seconds_max) return std::nullopt;
      return std::llround(*seconds * record.tick_rate.hz());
    };
    const auto onset = ticks("onset");
    const auto duration = ticks("duration");
    if (!onset || !duration || *duration < 0) return wrong("a time is no number of seconds", row);
    SignalEvent event{.at = Tick{*onset}, .duration_ticks = *duration};
    event.text = utf8_of(columns.of(cells, "trial_type"));
    if (const auto code = mit_code_of(columns.of(cells, "mit_code"))) {
      event.code = *code;
      if (event.text == mnemonic(*code)) event.text.clear();
    }
    for (std::string_view rest = columns.of(cells, "channel"); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const auto at =
          std::ranges::find(record.channels, stripped(rest.substr(0, comma)), &Channel::name);
      if (at != record.channels.end()) {
        event.channels.push_back(static_cast<std::int32_t>(at - record.channels.begin()));
      }
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace consilium
