#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <optional>

#include "analysis/beat_classes/beat_class.hpp"
#include "analysis/span_agreement/event_scores.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/compare.hpp"
#include "transport/cli_panel/event_files.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

constexpr auto beat_classes = beat_class_names;

struct Beats {
  std::vector<std::int64_t> time;
  std::vector<std::uint32_t> category;
};
Beats beats_of(const std::vector<TimedMark>& marks) {
  Beats beats;
  for (const TimedMark& mark : marks) {
    if (!is_beat(mark.code)) continue;
    beats.time.push_back(mark.time);
    beats.category.push_back(static_cast<std::uint32_t>(beat_class_of(mark.code)));
  }
  return beats;
}

std::int64_t last_time(const EventPair& pair) {
  std::int64_t last = 0;
  if (!pair.reference.empty()) last = std::max(last, pair.reference.back().time);
  if (!pair.test.empty()) last = std::max(last, pair.test.back().time);
  return last;
}

// EC57 leaves ventricular flutter and fibrillation out; one that does not end lasts to the end.
std::vector<Part> flutter_of(const std::vector<TimedMark>& marks, std::int64_t last) {
  std::vector<Part> parts;
  constexpr std::int64_t none = -1;
  std::int64_t begin = none;
  for (const TimedMark& mark : marks) {
    if (mark.code == MitCode::FlutterStart && begin == none) begin = mark.time;
    if (mark.code == MitCode::FlutterEnd && begin != none) {
      parts.push_back({begin, mark.time + 1});
      begin = none;
    }
  }
  if (begin != none) parts.push_back({begin, last + 1});
  return parts;
}

json::object counts_json(const EventScores& found) {
  return json::object{{"reference", found.matched + found.missed},
                      {"matched", found.matched},
                      {"missed", found.missed},
                      {"extra", found.extra},
                      {"sensitivity", number_json(found.sensitivity())},
                      {"positive_predictivity", number_json(found.positive_predictivity())}};
}

// Row: the reference's class, column: the test's; the last of each: the other has none.
struct BeatTable {
  const EventScores& scores;
  [[nodiscard]] std::uint64_t at(std::size_t row, std::size_t column) const {
    return scores.confusion[row * (beat_classes.size() + 1) + column];
  }
  [[nodiscard]] std::uint64_t row_sum(std::size_t row) const {
    std::uint64_t sum = 0;
    for (std::size_t c = 0; c <= beat_classes.size(); ++c) sum += at(row, c);
    return sum;
  }
  [[nodiscard]] std::uint64_t column_sum(std::size_t column) const {
    std::uint64_t sum = 0;
    for (std::size_t r = 0; r <= beat_classes.size(); ++r) sum += at(r, column);
    return sum;
  }
};

std::optional<double> ratio(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

void answer_beat_classes(const CompareCommand& command, const BeatTable& table, json::object& out,
                         std::string& text) {
  json::array classes;
  json::array confusion;
  for (std::size_t r = 0; r <= beat_classes.size(); ++r) {
    json::array row;
    for (std::size_t c = 0; c <= beat_classes.size(); ++c) row.emplace_back(table.at(r, c));
    confusion.emplace_back(std::move(row));
  }
  for (std::size_t k = 0; k < beat_classes.size(); ++k) {
    if (!is_wanted(command, beat_classes[k])) continue;
    const std::uint64_t there = table.row_sum(k);
    const std::uint64_t said = table.column_sum(k);
    if (there == 0 && said == 0) continue;
    const auto sensitivity = ratio(table.at(k, k), there);
    const auto predictivity = ratio(table.at(k, k), said);
    classes.push_back(json::object{{"class", beat_classes[k]},
                                   {"reference", there},
                                   {"test", said},
                                   {"right", table.at(k, k)},
                                   {"sensitivity", number_json(sensitivity)},
                                   {"positive_predictivity", number_json(predictivity)}});
    fmt::format_to(std::back_inserter(text), "  {}: {} beats, sensitivity {}, +P {}\n",
                   beat_classes[k], there, number_text(sensitivity), number_text(predictivity));
  }
  out["classes"] = std::move(classes);
  out["confusion_order"] = json::array{"N", "S", "V", "F", "Q", "none"};
  out["confusion"] = std::move(confusion);
}

constexpr std::array<std::string_view, 12> wave_marks{"P onset",  "P peak",  "P end",   "QRS onset",
                                                      "QRS peak", "QRS end", "T onset", "T peak",
                                                      "T end",    "U onset", "U peak",  "U end"};

// 0 P, 1 QRS, 2 T, 3 U; nothing for other codes.
std::optional<std::size_t> wave_of(MitCode code) {
  if (code == MitCode::PWavePeak) return 0;
  if (is_beat(code)) return 1;
  if (code == MitCode::TWavePeak) return 2;
  if (code == MitCode::UWavePeak) return 3;
  return std::nullopt;
}

// "(" belongs to the peak after it and ")" to the peak before it.
struct WaveMarks {
  std::array<std::vector<std::int64_t>, 12> time;
  std::uint64_t without_peak = 0;
};
WaveMarks waves_of(const std::vector<TimedMark>& marks) {
  WaveMarks out;
  constexpr std::int64_t none = -1;
  std::int64_t onset = none;
  std::optional<std::size_t> open;
  for (const TimedMark& mark : marks) {
    if (mark.code == MitCode::WaveformOnset) {
      out.without_peak += onset != none ? 1 : 0;
      onset = mark.time;
      open.reset();
    } else if (mark.code == MitCode::WaveformEnd) {
      if (open) out.time[*open * 3 + 2].push_back(mark.time);
      if (!open) ++out.without_peak;
      open.reset();
      onset = none;
    } else if (const auto wave = wave_of(mark.code)) {
      if (onset != none) out.time[*wave * 3].push_back(onset);
      out.time[*wave * 3 + 1].push_back(mark.time);
      onset = none;
      open = wave;
    }
  }
  return out;
}

struct Deviation {
  std::optional<double> mean_ms;
  std::optional<double> standard_deviation_ms;
};
Deviation deviation_of(const EventScores& found, std::span<const std::int64_t> reference,
                       std::span<const std::int64_t> test, double rate_hz) {
  const auto count = static_cast<double>(found.pairs.size());
  if (found.pairs.empty()) return {};
  // Sums of whole ticks: exact, and so independent of their order.
  std::int64_t sum = 0;
  for (const Match& pair : found.pairs) sum += test[pair.second] - reference[pair.first];
  const double mean = static_cast<double>(sum) / count;
  double squares = 0;
  for (const Match& pair : found.pairs) {
    const double off = static_cast<double>(test[pair.second] - reference[pair.first]) - mean;
    squares += off * off;
  }
  Deviation out{.mean_ms = mean * 1000 / rate_hz, .standard_deviation_ms = {}};
  if (count > 1) out.standard_deviation_ms = std::sqrt(squares / (count - 1)) * 1000 / rate_hz;
  return out;
}

// Where the reference speaks: some mark only an excerpt of the record, and marks elsewhere are
// then neither right nor wrong.
Part excerpt_of(const WaveMarks& reference, std::int64_t window) {
  std::optional<Part> all;
  for (const auto& times : reference.time) {
    for (const std::int64_t time : times) {
      if (!all) all = Part{time, time};
      all->begin = std::min(all->begin, time);
      all->end = std::max(all->end, time);
    }
  }
  if (!all) return {};
  return {all->begin - window, all->end + window + 1};
}

}  // namespace

Result<int> compare_beats_command(const CompareCommand& command) {
  const EventPair pair = CSL_TRY(read_event_pair(command));
  const Beats reference = beats_of(pair.reference);
  const Beats test = beats_of(pair.test);
  const std::int64_t last = last_time(pair);
  const auto begin = static_cast<std::int64_t>(command.skip_s * pair.rate_hz);
  EventRule rule;
  rule.window = pair.window;
  rule.pairing = command.pairing == "best" ? EventPairing::Best : EventPairing::OnePass;
  rule.scored = {begin, std::max(begin, last + 1)};
  rule.left_out = flutter_of(pair.reference, last);
  rule.category_count = static_cast<std::uint32_t>(beat_classes.size());
  const EventScores found =
      CSL_TRY(event_scores(reference.time, test.time, reference.category, test.category, rule));
  json::object out{{"kind", "beats"},
                   {"rate_hz", pair.rate_hz},
                   {"window_ms", command.window_ms},
                   {"skipped_s", command.skip_s},
                   {"pairing", command.pairing},
                   {"flutter_episodes_left_out", rule.left_out.size()}};
  for (auto& member : counts_json(found)) out.insert_or_assign(member.key(), member.value());
  std::string text = fmt::format(
      "{} reference beats from {:g} s on: {} found, {} missed, {} extra\n"
      "sensitivity {}, +P {}\n",
      found.matched + found.missed, command.skip_s, found.matched, found.missed, found.extra,
      number_text(found.sensitivity()), number_text(found.positive_predictivity()));
  answer_beat_classes(command, BeatTable{found}, out, text);
  fmt::print("{}", command.json ? json::serialize(out) + "\n" : text);
  return 0;
}

Result<int> compare_waves_command(const CompareCommand& command) {
  const EventPair pair = CSL_TRY(read_event_pair(command));
  const WaveMarks reference = waves_of(pair.reference);
  const WaveMarks test = waves_of(pair.test);
  EventRule rule;
  rule.window = pair.window;
  rule.scored = excerpt_of(reference, pair.window);
  json::array marks;
  std::string text =
      fmt::format("scored from {:.3f} s to {:.3f} s, where the reference has waves\n",
                  static_cast<double>(rule.scored.begin) / pair.rate_hz,
                  static_cast<double>(rule.scored.end) / pair.rate_hz);
  for (std::size_t m = 0; m < wave_marks.size(); ++m) {
    if (!is_wanted(command, wave_marks[m])) continue;
    // What the reference never marks cannot be judged.
    if (reference.time[m].empty()) continue;
    const EventScores found = CSL_TRY(event_scores(reference.time[m], test.time[m], {}, {}, rule));
    const Deviation off = deviation_of(found, reference.time[m], test.time[m], pair.rate_hz);
    json::object one{{"mark", wave_marks[m]}};
    for (auto& member : counts_json(found)) one.insert_or_assign(member.key(), member.value());
    one["mean_error_ms"] = number_json(off.mean_ms);
    one["standard_deviation_ms"] = number_json(off.standard_deviation_ms);
    marks.push_back(std::move(one));
    fmt::format_to(std::back_inserter(text),
                   "{:<10} {} of {}, {} extra: sensitivity {}, +P {}, error {} ms, sd {} ms\n",
                   wave_marks[m], found.matched, found.matched + found.missed, found.extra,
                   number_text(found.sensitivity()), number_text(found.positive_predictivity()),
                   number_text(off.mean_ms, 2), number_text(off.standard_deviation_ms, 2));
  }
  if (marks.empty()) {
    return fail(ErrorCode::InvalidInput, "the reference has no such waves",
                command.reference.string(), "p, t, u, beats, and ( ) around them are compared");
  }
  fmt::print("{}",
             command.json
                 ? json::serialize(json::object{
                       {"kind", "waves"},
                       {"rate_hz", pair.rate_hz},
                       {"window_ms", command.window_ms},
                       {"scored_from_s", static_cast<double>(rule.scored.begin) / pair.rate_hz},
                       {"scored_to_s", static_cast<double>(rule.scored.end) / pair.rate_hz},
                       {"marks_without_peak", test.without_peak},
                       {"marks", std::move(marks)}}) +
                       "\n"
                 : text);
  return 0;
}

}  // namespace consilium::cli
