#include "transport/cli_detect/body_signals.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "analysis/body_events/body_events.hpp"

namespace consilium::cli {
namespace {

constexpr double piece_s = 300;
// Beside each piece, so that filters and means see what lies around it.
constexpr double margin_s = 30;

struct Kind {
  std::string_view what;
  std::array<std::string_view, 6> names;  // in upper case, anywhere in a channel's
  std::string_view unit;
};
constexpr Kind kinds[] = {
    {"pulses", {"PLETH", "PPG", "ABP", "ART", "BVP", "SPO2"}, "mmHg"},
    {"breaths", {"RESP", "RSP", "BELT", "THOR", "ABDO", "AIRFLOW"}, "Ohm"},
    {"bursts", {"EMG", "EMG", "EMG", "EMG", "EMG", "EMG"}, ""},
};

const Kind* kind_of(const std::string& what) {
  const auto found = std::ranges::find(kinds, what, &Kind::what);
  return found == std::end(kinds) ? nullptr : found;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// Begin and end of an event, in samples; a moment has one of both.
struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Result<std::vector<Found>> find_events(std::span<const float> samples, double rate_hz,
                                       const std::string& what) {
  std::vector<Found> found;
  if (what == "bursts") {
    for (const MuscleBurst& burst : CSL_TRY(find_bursts(samples, rate_hz))) {
      found.push_back({.begin = burst.onset, .end = burst.end});
    }
    return found;
  }
  const auto moments =
      CSL_TRY(what == "pulses" ? find_pulses(samples, rate_hz) : find_breaths(samples, rate_hz));
  for (const std::size_t at : moments) found.push_back({.begin = at, .end = at});
  return found;
}

void append_events(const EcgRecord& record, const std::string& what, std::int64_t begin,
                   std::int64_t end, FoundBodyEvents& found) {
  const std::int64_t ticks = record.channel().ticks_per_sample;
  const auto mark = [&](std::int64_t sample, MitCode code, std::string text) {
    found.events.push_back({.at = Tick{sample * ticks},
                            .code = code,
                            .chan = static_cast<int>(record.leads.front()),
                            .text = std::move(text)});
  };
  ++found.count;
  if (what == "pulses") {
    mark(begin, MitCode::Normal, "");
  } else if (what == "breaths") {
    mark(begin, MitCode::Note, "INSP");
  } else {
    mark(begin, MitCode::WaveformOnset, "");
    mark(end, MitCode::WaveformEnd, "");
  }
}

}  // namespace

bool is_body_signal(const std::string& what) { return kind_of(what) != nullptr; }

Result<std::size_t> channel_for(const std::filesystem::path& path, const std::string& what) {
  const Kind& kind = *kind_of(what);
  const EcgRecord record = CSL_TRY(open_ecg(path, std::nullopt));
  const auto& channels = record.header().channels;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const std::string name = upper(channels[c].name);
    const bool is_named = std::ranges::any_of(
        kind.names, [&](std::string_view part) { return name.find(part) != std::string::npos; });
    if (is_named || (!kind.unit.empty() && channels[c].unit == kind.unit)) return c;
  }
  return fail(ErrorCode::InvalidInput, "no channel's name says that it holds " + what, "RECORD",
              "name the channel with --channel");
}

Result<FoundBodyEvents> body_events_in(const EcgRecord& record, const std::string& what) {
  const double rate_hz = record.channel().rate.hz();
  const auto piece = static_cast<std::int64_t>(std::ceil(piece_s * rate_hz));
  const auto margin = static_cast<std::int64_t>(std::ceil(margin_s * rate_hz));
  const std::int64_t count = record.channel().sample_count;
  FoundBodyEvents found;
  for (std::int64_t begin = 0; begin < count; begin += piece) {
    const std::int64_t end = std::min(begin + piece, count);
    const std::int64_t first = std::max<std::int64_t>(0, begin - margin);
    const auto samples = CSL_TRY(
        record.ecg().read_lead(record.leads.front(), first, std::min(end + margin, count) - first));
    for (const Found& one : CSL_TRY(find_events(samples, rate_hz, what))) {
      const std::int64_t at = first + static_cast<std::int64_t>(one.begin);
      // What begins in the margins is the neighbours'.
      if (at < begin || at >= end) continue;
      append_events(record, what, at, first + static_cast<std::int64_t>(one.end), found);
    }
  }
  return found;
}

}  // namespace consilium::cli
