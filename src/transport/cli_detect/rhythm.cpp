#include "transport/cli_detect/rhythm.hpp"

#include <algorithm>

#include "analysis/ecg_rhythm/ecg_rhythm.hpp"

namespace consilium::cli {
namespace {

void add_seconds(FoundSpans& found, const std::string& kind, double seconds) {
  const auto place = std::ranges::find(found.seconds, kind, &std::pair<std::string, double>::first);
  if (place == found.seconds.end()) {
    found.seconds.emplace_back(kind, seconds);
  } else {
    place->second += seconds;
  }
}

bool is_ventricular(MitCode code) {
  return code == MitCode::VentricularPremature || code == MitCode::VentricularEscape ||
         code == MitCode::ROnTPremature;
}

}  // namespace

Result<FoundSpans> rhythm_in(const EcgRecord& record, const std::vector<SignalEvent>& events) {
  std::vector<RhythmBeat> beats;
  std::vector<Tick> ticks;
  for (const SignalEvent& event : events) {
    // Two annotators' beats at one time count once.
    if (!is_beat(event.code) || (!ticks.empty() && event.at <= ticks.back())) continue;
    ticks.push_back(event.at);
    beats.push_back({.at_s = seconds_of(event.at, record.header().tick_rate),
                     .is_ventricular = is_ventricular(event.code)});
  }
  const RhythmFindings rhythm = CSL_TRY(rhythm_of(beats));
  FoundSpans found{.events = {}, .seconds = {}, .pauses = rhythm.pauses.size()};
  for (const RhythmSpan& span : rhythm.spans) {
    const std::size_t end = std::min(span.last, beats.size() - 1);
    add_seconds(found, std::string(rhythm_sign(span.rhythm)),
                beats[end].at_s - beats[span.first].at_s);
    found.events.push_back({.at = ticks[span.first],
                            .code = MitCode::RhythmChange,
                            .text = std::string(rhythm_sign(span.rhythm))});
  }
  for (const std::size_t beat : rhythm.pauses) {
    found.events.push_back({.at = ticks[beat], .code = MitCode::Note, .text = "PAUSE"});
  }
  std::ranges::stable_sort(found.events, {}, &SignalEvent::at);
  return found;
}

Result<FoundSpans> quality_in(const EcgRecord& record, const std::vector<std::int64_t>& all_beats) {
  constexpr std::size_t leads_max = 4;
  const double rate_hz = record.channel().rate.hz();
  FoundSpans found;
  for (std::size_t l = 0; l < std::min(record.leads.size(), leads_max); ++l) {
    found.seconds.emplace_back(record.header().channels[record.leads[l]].name, 0);
  }
  int before = 0;
  for (const LeadWindow& window : CSL_TRY(judge_leads(record.ecg(), leads_max, all_beats))) {
    int poor = 0;
    for (std::size_t l = 0; l < window.is_poor.size(); ++l) {
      if (!window.is_poor[l]) continue;
      poor |= 1 << l;
      found.seconds[l].second += static_cast<double>(window.last - window.first) / rate_hz;
    }
    if (poor != before) {
      found.events.push_back({.at = Tick{window.first * record.channel().ticks_per_sample},
                              .code = MitCode::SignalQualityChange,
                              .subtype = poor});
    }
    before = poor;
  }
  return found;
}

}  // namespace consilium::cli
