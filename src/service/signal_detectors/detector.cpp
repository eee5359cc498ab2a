#include "service/signal_detectors/detector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/ecg_leads/ecg_leads.hpp"
#include "analysis/ecg_rhythm/ecg_rhythm.hpp"
#include "domain/signal/event.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t judged_leads = 4;  // each is read once more

// The first label of the protocol with that code, and that text where one is given.
const LabelSpec* label_of_code(const Protocol& protocol, MitCode code, std::string_view text = {}) {
  for (const LabelSpec& label : protocol.labels) {
    if (!label.exported.wfdb) continue;
    const bool is_code = label.exported.wfdb->code == static_cast<int>(code);
    if (is_code && (text.empty() || label.exported.wfdb->aux == text)) return &label;
  }
  return nullptr;
}

// Those that follow from the times of beats alone; runs and bigeminy need to know which beats are
// ventricular, which the detector of beats does not tell.
constexpr std::array found_rhythms{Rhythm::AtrialFibrillation, Rhythm::Bradycardia,
                                   Rhythm::Tachycardia};

SaidLabel said(SignalDetector detector, const LabelSpec& label, std::string key,
               std::variant<SampleTarget, IntervalTarget> target, std::string evidence) {
  return {.key = std::move(key),
          .name = label.id,
          .codes = {},
          .tool = tool_of(detector),
          .place = SaidOnSignal{std::move(target)},
          .measurements = {},
          .answers = {},
          .evidence = std::move(evidence)};
}

struct FoundBeats {
  std::vector<std::int64_t> samples;
  std::int64_t ticks_per_sample = 1;
  std::size_t lead_count = 1;
  [[nodiscard]] std::int64_t tick(std::size_t beat) const {
    return samples[beat] * ticks_per_sample;
  }
};

void say_beats(const FoundBeats& beats, const Protocol& protocol, LabelSet& set) {
  const LabelSpec* label = label_of_code(protocol, MitCode::Normal);
  const std::string evidence = fmt::format(
      "{}a QRS complex in {}; of which kind is not told", evidence_start(SignalDetector::Beats),
      beats.lead_count == 1 ? std::string("one lead")
                            : fmt::format("{} leads together", beats.lead_count));
  set.labels.reserve(beats.samples.size());
  for (std::size_t b = 0; b < beats.samples.size(); ++b) {
    set.labels.push_back(said(SignalDetector::Beats, *label, fmt::format("{}", beats.tick(b)),
                              SampleTarget{.tick = beats.tick(b), .channel = std::nullopt},
                              evidence));
  }
}

Status say_rhythm(const FoundBeats& beats, const RecordHeader& header, const Protocol& protocol,
                  LabelSet& set) {
  std::vector<RhythmBeat> times;
  for (std::size_t b = 0; b < beats.samples.size(); ++b) {
    times.push_back(
        {.at_s = seconds_of({beats.tick(b)}, header.tick_rate), .is_ventricular = false});
  }
  const RhythmFindings found = CSL_TRY(rhythm_of(times));
  for (const RhythmSpan& span : found.spans) {
    const std::string_view sign = rhythm_sign(span.rhythm);
    if (std::ranges::find(found_rhythms, span.rhythm) == found_rhythms.end()) continue;
    const LabelSpec* label = label_of_code(protocol, MitCode::RhythmChange, sign);
    if (label == nullptr || beats.samples.empty()) continue;
    const std::size_t end = std::min(span.last, beats.samples.size() - 1);
    if (end <= span.first) continue;
    set.labels.push_back(
        said(SignalDetector::Rhythm, *label, fmt::format("{} {}", sign, beats.tick(span.first)),
             IntervalTarget{
                 .begin_tick = beats.tick(span.first), .end_tick = beats.tick(end), .channels = {}},
             fmt::format("{}by the intervals of {} beats", evidence_start(SignalDetector::Rhythm),
                         span.last - span.first)));
  }
  return {};
}

// Of the choices of a label's attribute, the one with this MDC code of signal quality.
std::vector<SaidAnswer> grade(const Protocol& protocol, const LabelSpec& label, bool is_silent) {
  const std::string code = is_silent ? "10:11248" : "10:11216";  // no signal; moderate noise
  for (const LabelAttribute& own : label.attributes) {
    const AttributeSpec* attribute = protocol.attribute(own.id);
    if (attribute == nullptr) continue;
    for (const Choice& choice : attribute->answer.choices) {
      if (!choice.coded || choice.coded->code != code) continue;
      return {{.name = {.system = {}, .code = own.id, .version = {}, .display = own.id},
               .value = *choice.coded}};
    }
  }
  return {};
}

void say_quality(const std::vector<LeadWindow>& windows, const EcgLeads& leads,
                 const Protocol& protocol, LabelSet& set) {
  const LabelSpec* label = label_of_code(protocol, MitCode::SignalQualityChange);
  const std::int64_t ticks = leads.channel().ticks_per_sample;
  const std::string evidence =
      evidence_start(SignalDetector::Quality) +
      "flat, clipped, without samples, or with other beats than all leads together show";
  for (std::size_t l = 0; !windows.empty() && l < windows.front().is_poor.size(); ++l) {
    const std::string& lead = leads.samples->header().channels[leads.channels[l]].name;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      if (!windows[w].is_poor[l]) continue;
      const bool is_silent = windows[w].is_silent[l];
      std::size_t last = w;  // a stretch of one kind is one interval
      while (last + 1 < windows.size() && windows[last + 1].is_poor[l] &&
             windows[last + 1].is_silent[l] == is_silent) {
        ++last;
      }
      SaidLabel& one = set.labels.emplace_back(
          said(SignalDetector::Quality, *label,
               fmt::format("{} {}", leads.channels[l], windows[w].first * ticks),
               IntervalTarget{.begin_tick = windows[w].first * ticks,
                              .end_tick = windows[last].last * ticks,
                              .channels = {lead}},
               evidence));
      one.answers = grade(protocol, *label, is_silent);
      w = last;
    }
  }
}

}  // namespace

std::string_view name_of(SignalDetector detector) {
  switch (detector) {
    case SignalDetector::Beats:
      return "beats";
    case SignalDetector::Rhythm:
      return "rhythm";
    case SignalDetector::Quality:
      return "quality";
  }
  return {};
}

std::optional<SignalDetector> signal_detector_named(std::string_view name) {
  for (const SignalDetector detector : all_signal_detectors) {
    if (name_of(detector) == name) return detector;
  }
  return std::nullopt;
}

ToolName tool_of(SignalDetector detector) {
  return {.kind = RaterKind::Model, .name = fmt::format("ECG {} detector", name_of(detector))};
}

std::string_view version_of(SignalDetector) { return "1"; }

std::string evidence_start(SignalDetector detector) {
  return fmt::format("version {}: ", version_of(detector));
}

std::vector<std::string> labels_of(SignalDetector detector, const Protocol& protocol) {
  std::vector<std::string> ids;
  const auto add = [&](const LabelSpec* label) {
    if (label != nullptr) ids.push_back(label->id);
  };
  switch (detector) {
    case SignalDetector::Beats:
      add(label_of_code(protocol, MitCode::Normal));
      break;
    case SignalDetector::Quality:
      add(label_of_code(protocol, MitCode::SignalQualityChange));
      break;
    case SignalDetector::Rhythm:
      for (const Rhythm rhythm : found_rhythms) {
        add(label_of_code(protocol, MitCode::RhythmChange, rhythm_sign(rhythm)));
      }
      break;
  }
  return ids;
}

bool holds_ecg(const RecordHeader& header) {
  const std::vector<std::size_t> leads = voltage_channels(header);
  return !leads.empty() && check_qrs_rate(header.channels[leads.front()].rate.hz()).has_value();
}

Result<std::vector<LabelSet>> detected(const std::vector<SignalDetector>& detectors,
                                       const Protocol& protocol, const ItemId& item,
                                       const SampleSource& samples) {
  const EcgLeads leads{.samples = &samples, .channels = voltage_channels(samples.header())};
  FoundBeats beats{.samples = {},
                   .ticks_per_sample = leads.channel().ticks_per_sample,
                   .lead_count = leads.channels.size()};
  for (const QrsComplex& beat : CSL_TRY(find_beats(leads))) {
    beats.samples.push_back(beat.sample_index);
  }
  std::vector<LabelSet> sets;
  for (const SignalDetector detector : detectors) {
    LabelSet& set =
        sets.emplace_back(LabelSet{.item = item, .source = evidence_start(detector), .labels = {}});
    if (labels_of(detector, protocol).empty()) continue;
    switch (detector) {
      case SignalDetector::Beats:
        say_beats(beats, protocol, set);
        break;
      case SignalDetector::Rhythm:
        CSL_TRY(say_rhythm(beats, samples.header(), protocol, set));
        break;
      case SignalDetector::Quality:
        say_quality(CSL_TRY(judge_leads(leads, judged_leads, beats.samples)), leads, protocol, set);
        break;
    }
  }
  return sets;
}

}  // namespace consilium::service
