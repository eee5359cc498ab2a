#include "format/hl7_aecg/hl7_aecg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "domain/signal/sample_table.hpp"
#include "format/lead_names/lead_names.hpp"
#include "format/number_text/number_text.hpp"
#include "format/xml/xml.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t file_bytes_max = 32U << 20U;
constexpr std::size_t samples_max = 20'000'000;
constexpr double span_seconds_max = 14 * 86'400.0;

std::unexpected<Error> wrong(std::string what, const XmlElement& at) {
  return fail(ErrorCode::Corrupt, std::move(what), fmt::format("line {}", at.line_number),
              "export the recording again from the system that made it");
}

struct Moment {
  double seconds = 0;  // since 1970, or from the recording's begin
  CivilTime civil{};
};

// "20021122091000.25", cut anywhere after the year.
std::optional<Moment> moment_of(std::string_view text) {
  text = stripped(text);
  if (text.size() < 4) return std::nullopt;
  const auto part = [&](std::size_t at, int otherwise) -> std::optional<int> {
    if (text.size() < at + 2) return otherwise;
    const auto value = integer_in(text.substr(at, 2));
    return value ? std::optional<int>(static_cast<int>(*value)) : std::nullopt;
  };
  const auto year = integer_in(text.substr(0, 4));
  const auto month = part(4, 1);
  const auto day = part(6, 1);
  const auto hour = part(8, 0);
  const auto minute = part(10, 0);
  const auto second = part(12, 0);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  double fraction = 0;
  if (text.size() > 14 && text[14] == '.') {
    const std::size_t end = std::min(text.find_first_of("+-", 14), text.size());
    const auto value = decimal_in("0" + std::string(text.substr(14, end - 14)));
    if (!value) return std::nullopt;
    fraction = *value;
  }
  Moment moment{.civil = {static_cast<int>(*year), *month, *day, *hour, *minute, *second,
                          static_cast<std::int32_t>(fraction * 1e9)}};
  moment.seconds =
      static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86'400 +
      *hour * 3600 + *minute * 60 + *second + fraction;
  return moment;
}

// Of a quantity of time.
std::optional<double> seconds_of_quantity(const XmlElement& element) {
  const auto value = decimal_in(element.value_of("value"));
  const std::string_view unit = element.value_of("unit");
  if (!value) return std::nullopt;
  if (unit == "ms") return *value / 1e3;
  if (unit == "us") return *value / 1e6;
  return *value;
}

struct Clock {
  bool is_relative = false;
  double start_s = 0;
  Rate rate{};
  std::optional<CivilTime> civil{};
};

struct Sequence {
  Channel channel{};
  std::vector<std::int32_t> samples{};
};
struct SequenceSet {
  Clock clock{};
  std::vector<Sequence> sequences{};
};

Result<Clock> clock_of(const XmlElement& value, bool is_relative) {
  Clock clock{.is_relative = is_relative};
  const XmlElement* head = value.child("head");
  const XmlElement* increment = value.child("increment");
  if (head == nullptr || increment == nullptr)
    return wrong("a time sequence has no begin or step", value);
  // The step is taken exactly: 0.002 s is 500 Hz.
  auto step = Rate::parse(stripped(increment->value_of("value")));
  const std::string_view unit = increment->value_of("unit");
  if (step && unit == "ms") step = Rate::of(step->numerator(), step->denominator() * 1000);
  if (step && unit == "us") step = Rate::of(step->numerator(), step->denominator() * 1'000'000);
  if (!step) return wrong("the step of a time sequence is no number above 0", *increment);
  clock.rate = CSL_TRY(Rate::of(step->denominator(), step->numerator()));
  if (is_relative) {
    const auto start = seconds_of_quantity(*head);
    clock.start_s = start.value_or(0.0);
    return clock;
  }
  const auto moment = moment_of(head->value_of("value"));
  if (!moment) return wrong("the begin of a time sequence is no time", *head);
  clock.start_s = moment->seconds;
  clock.civil = moment->civil;
  return clock;
}

// "uV", and what some writers spell otherwise.
std::string unit_of(std::string_view unit) {
  return unit == "\xC2\xB5V" || unit == "\xCE\xBCV" ? "uV" : std::string(unit);
}

Result<Sequence> sequence_of(const XmlElement& element, const XmlElement& value) {
  const XmlElement* code = element.child("code");
  Sequence sequence;
  Channel& channel = sequence.channel;
  channel.name = lead_name(code == nullptr ? "" : code->value_of("code"));
  const XmlElement* scale = value.child("scale");
  const XmlElement* origin = value.child("origin");
  const auto step =
      scale == nullptr ? std::optional<double>(1) : decimal_in(scale->value_of("value"));
  const auto zero =
      origin == nullptr ? std::optional<double>(0) : decimal_in(origin->value_of("value"));
  if (!step || *step == 0 || !std::isfinite(1 / *step)) {
    return wrong("the scale of a lead is 0 or no number", scale == nullptr ? value : *scale);
  }
  if (!zero) return wrong("the origin of a lead is no number", *origin);
  channel.unit = unit_of(scale == nullptr ? "" : scale->value_of("unit"));
  channel.calibration = scale == nullptr ? Calibration::Assumed : Calibration::Stated;
  channel.adu_per_unit = 1 / *step;
  channel.baseline_adu = -*zero / *step;
  const XmlElement* digits = value.child("digits");
  if (digits == nullptr) return wrong("a lead has no digits", value);
  const std::string& text = digits->text;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    if (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') {
      ++at;
      continue;
    }
    std::int32_t sample = 0;
    const auto [next, problem] = std::from_chars(at, end, sample);
    const bool ends =
        next == end || *next == ' ' || *next == '\n' || *next == '\r' || *next == '\t';
    if (problem != std::errc{} || !ends) {
      return fail(
          ErrorCode::Corrupt, "a sample is no whole number",
          fmt::format("line {}, sample {}", digits->line_number, sequence.samples.size() + 1),
          "export the recording again from the system that made it");
    }
    sequence.samples.push_back(sample);
    at = next;
  }
  const auto [low, high] = std::ranges::minmax_element(sequence.samples);
  if (low != sequence.samples.end())
    set_range(channel, std::min(*low, -32768), std::max(*high, 32767));
  return sequence;
}

Result<SequenceSet> read_set(const XmlElement& set) {
  SequenceSet read;
  bool has_clock = false;
  for (const XmlElement& component : set.children) {
    const XmlElement* sequence = component.child("sequence");
    if (sequence == nullptr) continue;
    const XmlElement* code = sequence->child("code");
    const XmlElement* value = sequence->child("value");
    if (code == nullptr || value == nullptr)
      return wrong("a sequence has no code or value", *sequence);
    const std::string_view name = code->value_of("code");
    if (name.starts_with("TIME_")) {
      read.clock = CSL_TRY(clock_of(*value, name == "TIME_RELATIVE"));
      has_clock = true;
    } else {
      read.sequences.push_back(CSL_TRY(sequence_of(*sequence, *value)));
    }
  }
  if (!read.sequences.empty() && !has_clock)
    return wrong("a set of leads has no time sequence", set);
  return read;
}

// The code of a control variable's part that begins like this: the cutoff of a filter.
std::optional<double> control_value(const XmlElement& variable, std::string_view code) {
  for (const XmlElement& child : variable.children) {
    const XmlElement* name = child.name == "controlVariable" ? child.child("code") : nullptr;
    if (name != nullptr && name->value_of("code") == code && child.child("value") != nullptr) {
      return decimal_in(child.child("value")->value_of("value"));
    }
    if (const auto found = control_value(child, code)) return found;
  }
  return std::nullopt;
}

std::string filter_of(const XmlElement& series) {
  std::string text;
  for (const XmlElement& outer : series.children) {
    const XmlElement* variable =
        outer.name == "controlVariable" ? outer.child("controlVariable") : nullptr;
    const XmlElement* code = variable == nullptr ? nullptr : variable->child("code");
    if (code == nullptr) continue;
    const std::string_view name = code->value_of("code");
    const bool is_notch = name.ends_with("FILTER_NOTCH");
    const std::string_view shown = is_notch                             ? "N"
                                   : name.ends_with("FILTER_LOW_PASS")  ? "LP"
                                   : name.ends_with("FILTER_HIGH_PASS") ? "HP"
                                                                        : "";
    const auto hz = control_value(*variable, is_notch ? "MDC_ECG_CTL_VBL_ATTR_FILTER_NOTCH_FREQ"
                                                      : "MDC_ECG_CTL_VBL_ATTR_FILTER_CUTOFF_FREQ");
    if (!shown.empty() && hz)
      text += fmt::format("{}{}:{:g}Hz", text.empty() ? "" : " ", shown, *hz);
  }
  return text;
}

struct CodedEvent {
  std::string_view code;  // behind MDC_ECG_
  MitCode mit;
  std::string_view text;
};
constexpr std::array coded_events{
    CodedEvent{"BEAT_NORMAL", MitCode::Normal, ""},
    CodedEvent{"BEAT_V_P_C", MitCode::VentricularPremature, ""},
    CodedEvent{"BEAT_V_P_C_FUSION", MitCode::FusionOfVentricularAndNormal, ""},
    CodedEvent{"BEAT_S_P_C", MitCode::SupraventricularPremature, ""},
    CodedEvent{"BEAT_ATR_P_C", MitCode::AtrialPremature, ""},
    CodedEvent{"BEAT_LBBB_COMP", MitCode::LeftBundleBranchBlock, ""},
    CodedEvent{"BEAT_RBBB_COMP", MitCode::RightBundleBranchBlock, ""},
    CodedEvent{"BEAT_PACED", MitCode::Paced, ""},
    CodedEvent{"BEAT_UNKNOWN", MitCode::Unclassifiable, ""},
    CodedEvent{"WAVC_PWAVE", MitCode::PWavePeak, "P"},
    CodedEvent{"WAVC_QRSWAVE", MitCode::None, "QRS"},
    CodedEvent{"WAVC_TWAVE", MitCode::TWavePeak, "T"},
    CodedEvent{"WAVC_UWAVE", MitCode::UWavePeak, "U"},
    CodedEvent{"RHY_SINUS_RHY", MitCode::RhythmChange, "(N"},
    CodedEvent{"RHY_SINUS_BRADY", MitCode::RhythmChange, "(SBR"},
    CodedEvent{"RHY_ATR_FIB", MitCode::RhythmChange, "(AFIB"},
    CodedEvent{"RHY_ATR_FLUT", MitCode::RhythmChange, "(AFL"}};

class AnnotationReader {
 public:
  AnnotationReader(const RecordHeader& record, double start_s)
      : record_(record), start_s_(start_s) {}

  void read(const XmlElement& element) {
    for (const XmlElement& child : element.children) {
      // A derived series has a clock of its own.
      if (child.name == "derivation") continue;
      if (child.name == "annotation") take(child);
      read(child);
    }
  }
  std::vector<SignalEvent> take_events() {
    std::ranges::stable_sort(events_, {}, &SignalEvent::at);
    return std::move(events_);
  }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

 private:
  std::optional<Tick> tick_of(const XmlElement* element, bool is_relative) const {
    if (element == nullptr) return std::nullopt;
    std::optional<double> seconds;
    if (is_relative) {
      seconds = seconds_of_quantity(*element);
    } else if (const auto moment = moment_of(element->value_of("value"))) {
      seconds = moment->seconds - start_s_;
    }
    if (!seconds || std::abs(*seconds) > span_seconds_max) return std::nullopt;
    return Tick{std::llround(*seconds * record_.tick_rate.hz())};
  }

  void take(const XmlElement& annotation) {
    const XmlElement* code = annotation.child("code");
    const XmlElement* value = annotation.child("value");
    SignalEvent event;
    std::string_view name = code == nullptr ? "" : code->value_of("code");
    if (value != nullptr && !value->value_of("code").empty()) name = value->value_of("code");
    if (name.starts_with("MDC_ECG_")) name.remove_prefix(8);
    const auto known = std::ranges::find(coded_events, name, &CodedEvent::code);
    if (known != coded_events.end()) {
      event.code = known->mit;
      event.text = std::string(known->text);
    } else {
      event.text = std::string(name);
    }
    bool has_place = false;
    const XmlElement* region = annotation.at({"support", "supportingROI"});
    if (region != nullptr) {
      for (const XmlElement& component : region->children) {
        if (const XmlElement* boundary = component.child("boundary")) {
          has_place = take_boundary(*boundary, event) || has_place;
        }
      }
    }
    if (has_place) {
      events_.push_back(std::move(event));
    } else if (value != nullptr && value->value_of("code").empty()) {
      ++left_out_;
    }
  }

  // Whether it says when.
  bool take_boundary(const XmlElement& boundary, SignalEvent& event) {
    const XmlElement* code = boundary.child("code");
    const std::string_view name = code == nullptr ? "" : code->value_of("code");
    if (name != "TIME_ABSOLUTE" && name != "TIME_RELATIVE") {
      const auto lead = std::ranges::find(record_.channels, lead_name(name), &Channel::name);
      if (lead != record_.channels.end()) {
        event.channels.push_back(static_cast<std::int32_t>(lead - record_.channels.begin()));
      }
      return false;
    }
    const XmlElement* value = boundary.child("value");
    if (value == nullptr) return false;
    const bool is_relative = name == "TIME_RELATIVE";
    auto low = tick_of(value->child("low"), is_relative);
    const auto high = tick_of(value->child("high"), is_relative);
    const auto center = tick_of(value->child("center"), is_relative);
    if (!low) low = center ? center : tick_of(value, is_relative);
    if (!low) low = high;
    if (!low) return false;
    event.at = *low;
    if (high && *high > *low) event.duration_ticks = high->value - low->value;
    return true;
  }

  const RecordHeader& record_;
  double start_s_;
  std::vector<SignalEvent> events_;
  std::size_t left_out_ = 0;
};

RecordIdentity identity_of(const XmlElement& root) {
  RecordIdentity who;
  const XmlElement* subject = root.at({"componentOf", "timepointEvent", "componentOf",
                                       "subjectAssignment", "subject", "trialSubject"});
  if (subject == nullptr) return who;
  if (const XmlElement* id = subject->child("id"))
    who.patient_id = std::string(id->value_of("extension"));
  const XmlElement* person = subject->child("subjectDemographicPerson");
  if (person == nullptr) return who;
  if (const XmlElement* name = person->child("name")) {
    who.patient_name = std::string(stripped(name->text));
    for (const XmlElement& part : name->children) {
      who.patient_name += (who.patient_name.empty() ? "" : "^") + std::string(stripped(part.text));
    }
  }
  if (const XmlElement* sex = person->child("administrativeGenderCode")) {
    who.sex = std::string(sex->value_of("code"));
  }
  if (const XmlElement* birth = person->child("birthTime")) {
    who.birth_date = iso_date_of(birth->value_of("value").substr(0, 8));
  }
  return who;
}

// All sets on one time line: leads that go on in a later set are one channel.
class Line {
 public:
  Status add(SequenceSet set, const std::string& filter) {
    const double offset_s =
        set.clock.is_relative ? set.clock.start_s : set.clock.start_s - start_s_;
    const double lead_in = std::round(offset_s * set.clock.rate.hz());
    for (Sequence& sequence : set.sequences) {
      const double end = lead_in + static_cast<double>(sequence.samples.size());
      total_ += sequence.samples.size();
      if (lead_in < 0 || offset_s > span_seconds_max || end > static_cast<double>(samples_max) ||
          total_ > samples_max) {
        return fail(ErrorCode::TooLarge, "the series lie too far apart or are too long to be read");
      }
      sequence.channel.rate = set.clock.rate;
      sequence.channel.filter = filter;
      place(std::move(sequence), static_cast<std::size_t>(lead_in));
    }
    return {};
  }
  void set_start(double seconds) { start_s_ = seconds; }
  EcgTable take() { return std::move(table_); }

 private:
  void place(Sequence sequence, std::size_t lead_in) {
    for (std::size_t c = 0; c < table_.channels.size(); ++c) {
      Channel& there = table_.channels[c];
      if (there.name == sequence.channel.name && there.rate == sequence.channel.rate &&
          there.adu_per_unit == sequence.channel.adu_per_unit &&
          there.unit == sequence.channel.unit &&
          there.baseline_adu == sequence.channel.baseline_adu &&
          table_.samples[c].size() <= lead_in) {
        table_.samples[c].resize(lead_in, missing_sample_default);
        table_.samples[c].insert(table_.samples[c].end(), sequence.samples.begin(),
                                 sequence.samples.end());
        return;
      }
    }
    std::vector<std::int32_t> samples(lead_in, missing_sample_default);
    samples.insert(samples.end(), sequence.samples.begin(), sequence.samples.end());
    table_.channels.push_back(std::move(sequence.channel));
    table_.samples.push_back(std::move(samples));
  }

  EcgTable table_;
  double start_s_ = 0;
  std::size_t total_ = 0;
};

Result<Recording> read_document(const XmlElement& root) {
  struct Part {
    SequenceSet set{};
    std::string filter{};
  };
  std::vector<Part> parts;
  RecordHeader header;
  std::size_t derived = 0;
  for (const XmlElement& component : root.children) {
    const XmlElement* series = component.name == "component" ? component.child("series") : nullptr;
    if (series == nullptr) continue;
    for (const XmlElement& child : series->children) {
      if (child.name == "derivation") ++derived;
      const XmlElement* set = child.name == "component" ? child.child("sequenceSet") : nullptr;
      if (set != nullptr) parts.push_back({CSL_TRY(read_set(*set)), filter_of(*series)});
    }
  }
  std::erase_if(parts, [](const Part& part) { return part.set.sequences.empty(); });
  if (parts.empty()) {
    return fail(ErrorCode::Unsupported, "the document holds no series of leads", "AnnotatedECG",
                "export it with its waveforms");
  }
  RecordIdentity who = identity_of(root);
  double start_s = 0;
  bool has_start = false;
  for (const Part& part : parts) {
    if (part.set.clock.is_relative || (has_start && part.set.clock.start_s >= start_s)) continue;
    start_s = part.set.clock.start_s;
    who.base_time = part.set.clock.civil;
    has_start = true;
  }
  Line line;
  line.set_start(start_s);
  for (Part& part : parts) CSL_TRY(line.add(std::move(part.set), part.filter));
  EcgTable table = line.take();
  if (add_derived_leads(table) > 0) {
    header.notes.push_back({.what = "leads that follow from I and II are computed"});
  }
  if (derived > 0) {
    header.notes.push_back(
        {.what = fmt::format("{} derived series (average beats) stay in the file", derived)});
  }
  header.channels = std::move(table.channels);
  header.identity = Protected<RecordIdentity>(std::move(who));
  // Events are placed by the time line, which needs the counts.
  for (std::size_t c = 0; c < table.samples.size(); ++c) {
    header.channels[c].sample_count = std::ssize(table.samples[c]);
  }
  CSL_TRY(set_time_line(header));
  AnnotationReader annotations(header, start_s);
  annotations.read(root);
  if (annotations.left_out() > 0) {
    header.notes.push_back(
        {.what = fmt::format("{} measurements without a place in time stay in the "
                             "file",
                             annotations.left_out())});
  }
  Recording recording{.samples =
                          CSL_TRY(sample_table(std::move(header), std::move(table.samples)))};
  recording.events = annotations.take_events();
  return recording;
}

}  // namespace

Result<Recording> open_aecg(std::shared_ptr<const ByteSource> file) {
  const Bytes bytes = CSL_TRY(read_all(*file, file_bytes_max));
  const XmlElement root = CSL_TRY(read_xml(text_of(bytes)));
  if (root.name != "AnnotatedECG") {
    return fail(ErrorCode::Unsupported, "this is no annotated ECG of HL7",
                fmt::format("line {}", root.line_number));
  }
  return read_document(root);
}

}  // namespace consilium
