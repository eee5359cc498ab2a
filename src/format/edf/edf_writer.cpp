#include "format/edf/edf_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t record_bytes_wanted = 61'440;  // EDF's recommendation
constexpr std::size_t record_bytes_max = 10U << 20U;
constexpr std::size_t list_bytes_min = 64;
constexpr std::int64_t ns_per_second = 1'000'000'000;

// What EDF and BDF differ in.
struct FormFacts {
  std::string_view version;
  std::string_view reserved;
  std::string_view list_label;
  std::size_t sample_bytes;
  std::int32_t low;  // fills gaps: neither form has a code for "missing"
  std::int32_t high;
};
constexpr FormFacts edf_facts{"0", "EDF+C", "EDF Annotations", 2, -32768, 32767};
constexpr FormFacts bdf_facts{
    "\xFF"
    "BIOSEMI",
    "BDF+C",
    "BDF Annotations",
    3,
    -8388608,
    8388607};
const FormFacts& facts_of(EdfForm form) { return form == EdfForm::Bdf ? bdf_facts : edf_facts; }

std::string field(std::string_view text, std::size_t size) {
  std::string out(text.substr(0, size));
  out.resize(size, ' ');
  return out;
}

// A number in at most 8 characters, as near as they allow.
std::string number_text(double value) {
  for (int digits = 8; digits > 0; --digits) {
    std::string text = fmt::format("{:.{}g}", value, digits);
    if (text.size() <= 8 && text.find('e') == std::string::npos) return text;
    text = fmt::format("{:.{}f}", value, digits - 1);
    if (text.size() <= 8) return text;
  }
  return fmt::format("{:.0f}", value);
}

std::string seconds_text(std::int64_t ns) {
  std::string text = fmt::format("{}", ns / ns_per_second);
  const std::int64_t rest = std::abs(ns % ns_per_second);
  if (ns < 0 && ns > -ns_per_second) text = "-0";
  if (rest == 0) return text;
  text += fmt::format(".{:09}", rest);
  text.resize(text.find_last_not_of('0') + 1);
  return text;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 32 && c < 127; });
}

struct List {
  std::int64_t onset_ns = 0;
  std::string bytes{};
};

// One annotation list for each event, in the order of time.
Result<std::vector<List>> lists_of(const std::vector<SignalEvent>& events, TickRate rate) {
  std::vector<List> lists;
  lists.reserve(events.size());
  for (const SignalEvent& event : events) {
    const auto onset = ns_of_tick(event.at, rate);
    const auto duration = ns_of_tick(Tick{event.duration_ticks}, rate);
    if (!onset || !duration || *duration < 0) {
      return fail(ErrorCode::InvalidInput, "an event's time is out of range",
                  fmt::format("event {}", &event - events.data()));
    }
    std::string text = event.text.empty() ? std::string(mnemonic(event.code)) : event.text;
    if (!is_utf8(text)) {
      return fail(ErrorCode::InvalidInput, "an event's text is not UTF-8",
                  fmt::format("event {}", &event - events.data()));
    }
    // The marks that end a text, a list and an onset cannot stand in a text.
    std::ranges::replace_if(
        text, [](char c) { return c == '\0' || c == '\x14' || c == '\x15'; }, ' ');
    std::string stamp = fmt::format("{}{}", *onset < 0 ? "" : "+", seconds_text(*onset));
    if (*duration > 0) stamp += fmt::format("\x15{}", seconds_text(*duration));
    lists.push_back(
        {.onset_ns = *onset, .bytes = fmt::format("{}\x14{}\x14{}", stamp, text, '\0')});
  }
  std::ranges::stable_sort(lists, {}, &List::onset_ns);
  return lists;
}

std::string record_stamp(std::int64_t ns) {
  return fmt::format("+{}\x14\x14{}", seconds_text(ns), '\0');
}

// The annotation signal's bytes for every data record.
class ListPlan {
 public:
  // Each list goes into the record of its onset, or a later one when that is full.
  static ListPlan make(std::vector<List> lists, std::int64_t record_count, std::int64_t record_ns,
                       std::size_t sample_bytes) {
    ListPlan plan;
    plan.lists_ = std::move(lists);
    plan.record_ns_ = record_ns;
    std::size_t longest = 0;
    std::size_t total = 0;
    for (const List& list : plan.lists_) {
      longest = std::max(longest, list.bytes.size());
      total += list.bytes.size();
    }
    const std::size_t stamp = record_stamp((record_count - 1) * record_ns).size() + 10;
    const auto records = static_cast<std::size_t>(record_count);
    plan.size_ = std::max({list_bytes_min, longest + stamp, total / records + stamp});
    // A whole number of samples.
    plan.size_ = (plan.size_ + sample_bytes - 1) / sample_bytes * sample_bytes;
    while (!plan.place(record_count)) plan.size_ *= 2;
    return plan;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  void append(std::int64_t record, Bytes& out) const {
    const std::size_t begin = out.size();
    put(record_stamp(record * record_ns_), out);
    const auto r = static_cast<std::size_t>(record);
    for (std::size_t i = first_[r]; i < first_[r + 1]; ++i) put(lists_[i].bytes, out);
    out.resize(begin + size_, std::byte{0});
  }

 private:
  static void put(std::string_view text, Bytes& out) {
    const ByteView bytes = bytes_of(text);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  // Whether all lists find a place at this size.
  bool place(std::int64_t record_count) {
    first_.assign(static_cast<std::size_t>(record_count) + 1, 0);
    std::size_t next = 0;
    for (std::int64_t r = 0; r < record_count; ++r) {
      first_[static_cast<std::size_t>(r)] = next;
      std::size_t used = record_stamp(r * record_ns_).size();
      const bool last = r + 1 == record_count;
      while (next < lists_.size() && used + lists_[next].bytes.size() <= size_ &&
             (last || record_ns_ == 0 || lists_[next].onset_ns < (r + 1) * record_ns_)) {
        used += lists_[next++].bytes.size();
      }
    }
    first_.back() = next;
    return next == lists_.size();
  }

  std::vector<List> lists_;
  std::vector<std::size_t> first_;  // of each record; one more for the end
  std::size_t size_ = 0;
  std::int64_t record_ns_ = 0;
};

struct SignalFields {
  std::string label{};
  std::string transducer{};
  std::string unit{};
  std::string physical_min{};
  std::string physical_max{};
  std::string filter{};
  std::int64_t samples = 0;
};

struct HeaderFields {
  std::int64_t record_count = 0;
  std::string record_seconds{};
  std::vector<SignalFields> signals{};
};

Result<std::string> header_text(const EdfWriting& writing, const HeaderFields& fields) {
  if (!is_ascii(writing.patient) || !is_ascii(writing.recording) || writing.patient.size() > 80 ||
      writing.recording.size() > 80) {
    return fail(ErrorCode::InvalidInput, "a field of the EDF header is not 80 ASCII characters");
  }
  std::string date = "01.01.85";  // EDF+ 2.1.3.3 with the date in the recording field unknown
  std::string clock = "00.00.00";
  if (writing.start) {
    const CivilTime& t = *writing.start;
    if (t.year != 0) date = fmt::format("{:02}.{:02}.{:02}", t.day, t.month, t.year % 100);
    clock = fmt::format("{:02}.{:02}.{:02}", t.hour, t.minute, t.second);
  }
  const std::size_t count = fields.signals.size();
  const FormFacts& form = facts_of(writing.form);
  std::string text = field(form.version, 8) + field(writing.patient, 80) +
                     field(writing.recording, 80) + date + clock +
                     field(fmt::format("{}", (count + 1) * 256), 8) + field(form.reserved, 44) +
                     field(fmt::format("{}", fields.record_count), 8) +
                     field(fields.record_seconds, 8) + field(fmt::format("{}", count), 4);
  const auto each = [&](std::size_t size, auto&& get) {
    for (const SignalFields& signal : fields.signals) text += field(get(signal), size);
  };
  each(16, [](const SignalFields& s) { return s.label; });
  each(80, [](const SignalFields& s) { return s.transducer; });
  each(8, [](const SignalFields& s) { return s.unit; });
  each(8, [](const SignalFields& s) { return s.physical_min; });
  each(8, [](const SignalFields& s) { return s.physical_max; });
  each(8, [&](const SignalFields&) { return fmt::format("{}", form.low); });
  each(8, [&](const SignalFields&) { return fmt::format("{}", form.high); });
  each(80, [](const SignalFields& s) { return s.filter; });
  each(8, [](const SignalFields& s) { return fmt::format("{}", s.samples); });
  each(32, [](const SignalFields&) { return std::string(); });
  return text;
}

SignalFields annotation_fields(const FormFacts& form, std::size_t bytes) {
  return {.label = std::string(form.list_label),
          .physical_min = "-1",
          .physical_max = "1",
          .samples = static_cast<std::int64_t>(bytes / form.sample_bytes)};
}

// EDF is ASCII: what is not becomes a question mark.
std::string ascii(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return c < 32 || c == 127; }, '?');
  return out;
}

struct RecordPlan {
  std::string seconds{};
  std::int64_t ticks = 0;
  std::int64_t ns = 0;
};

// A data record that holds a whole number of samples of every channel and whose length in seconds
// is a decimal number of at most 8 characters.
Result<RecordPlan> plan_record(const RecordHeader& record, std::size_t sample_bytes) {
  std::int64_t common = 1;  // in ticks
  double bytes_per_tick = 0;
  for (const Channel& channel : record.channels) {
    const std::int64_t step = channel.ticks_per_sample / std::gcd(common, channel.ticks_per_sample);
    if (__builtin_mul_overflow(common, step, &common)) {
      return fail(ErrorCode::Unsupported, "the channels have no common data record");
    }
    bytes_per_tick +=
        static_cast<double>(sample_bytes) / static_cast<double>(channel.ticks_per_sample);
  }
  const TickRate rate = record.tick_rate;
  constexpr std::int64_t seconds_max = 86'400;
  std::optional<RecordPlan> large;  // the smallest that is larger than wanted
  // One second (or as many as the rate's denominator) first, then parts of it.
  for (const std::int64_t part :
       {1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000}) {
    if (rate.numerator() % part != 0 || rate.denominator() > seconds_max) continue;
    RecordPlan plan{.ticks = rate.numerator() / part,
                    .ns = rate.denominator() * (ns_per_second / part)};
    // Slow channels need a longer record to have a sample in it.
    const std::int64_t times = common / std::gcd(common, plan.ticks);
    if (times > seconds_max || plan.ns > seconds_max * ns_per_second / times) continue;
    plan.ticks *= times;
    plan.ns *= times;
    plan.seconds = seconds_text(plan.ns);
    if (plan.seconds.size() > 8) continue;
    const double bytes = bytes_per_tick * static_cast<double>(plan.ticks);
    if (bytes <= static_cast<double>(record_bytes_wanted)) return plan;
    if (bytes <= static_cast<double>(record_bytes_max) && (!large || plan.ns < large->ns)) {
      large = plan;
    }
  }
  if (large) return *large;
  return fail(ErrorCode::Unsupported, "the channels have no common data record", {},
              "write the record as WFDB instead");
}

class SignalWriter {
 public:
  SignalWriter(const SampleSource& source, const FormFacts& form, const ByteSink& sink)
      : source_(source), form_(form), sink_(sink) {}

  Result<EdfWritten> write(const std::vector<SignalEvent>& events, const EdfWriting& writing) {
    const RecordHeader& record = source_.header();
    if (record.channels.empty()) {
      return fail(ErrorCode::InvalidInput, "the record has no channels");
    }
    const RecordPlan plan = CSL_TRY(plan_record(record, form_.sample_bytes));
    // A record must hold something: an empty recording becomes one of fillers.
    written_.record_count =
        std::max<std::int64_t>(1, (record.length_ticks + plan.ticks - 1) / plan.ticks);
    const ListPlan lists = ListPlan::make(CSL_TRY(lists_of(events, record.tick_rate)),
                                          written_.record_count, plan.ns, form_.sample_bytes);
    HeaderFields fields{.record_count = written_.record_count, .record_seconds = plan.seconds};
    for (const Channel& channel : record.channels) {
      fields.signals.push_back(
          {.label = ascii(channel.name),
           .transducer = ascii(channel.transducer),
           .unit = ascii(channel.unit),
           .physical_min = number_text((form_.low - channel.baseline_adu) / channel.adu_per_unit),
           .physical_max = number_text((form_.high - channel.baseline_adu) / channel.adu_per_unit),
           .filter = ascii(channel.filter),
           .samples = plan.ticks / channel.ticks_per_sample});
    }
    fields.signals.push_back(annotation_fields(form_, lists.size()));
    CSL_TRY(sink_(bytes_of(CSL_TRY(header_text(writing, fields)))));
    SignalBlock block;
    Bytes bytes;
    for (std::int64_t r = 0; r < written_.record_count; ++r) {
      CSL_TRY(source_.read_block({Tick{r * plan.ticks}, Tick{(r + 1) * plan.ticks}}, block));
      bytes.clear();
      for (std::size_t c = 0; c < record.channels.size(); ++c) {
        CSL_TRY(append(record.channels[c], block.channels[c], fields.signals[c].samples, bytes));
      }
      lists.append(r, bytes);
      CSL_TRY(sink_(bytes));
    }
    return written_;
  }

 private:
  Status append(const Channel& channel, std::span<const std::int32_t> samples, std::int64_t count,
                Bytes& out) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      std::int32_t sample = at < samples.size() ? samples[at] : channel.missing;
      if (sample == channel.missing) {
        sample = form_.low;
        ++written_.filled_samples;
      } else if (sample < form_.low || sample > form_.high) {
        return fail(
            ErrorCode::InvalidInput,
            fmt::format("a sample does not fit the {} bits of the form", 8 * form_.sample_bytes),
            {},
            form_.sample_bytes == 2 ? "write the record as BDF+ or WFDB instead"
                                    : "write the record as WFDB instead");
      }
      const auto bits = static_cast<std::uint32_t>(sample);
      for (std::size_t byte = 0; byte < form_.sample_bytes; ++byte) {
        out.push_back(static_cast<std::byte>(bits >> (8U * byte) & 0xFFU));
      }
    }
    return {};
  }

  const SampleSource& source_;
  const FormFacts& form_;
  const ByteSink& sink_;
  EdfWritten written_;
};

}  // namespace

Result<EdfWritten> write_edf(const SampleSource& source, const std::vector<SignalEvent>& events,
                             const EdfWriting& writing, const ByteSink& sink) {
  return SignalWriter(source, facts_of(writing.form), sink).write(events, writing);
}

Result<EdfWritten> write_edf_annotations(const std::vector<SignalEvent>& events, TickRate tick_rate,
                                         const EdfWriting& writing, const ByteSink& sink) {
  // EDF+ 2.2.5: the records of a file of annotations alone take 0 s.
  std::vector<List> lists = CSL_TRY(lists_of(events, tick_rate));
  std::size_t total = 0;
  for (const List& list : lists) total += list.bytes.size();
  const auto record_count =
      static_cast<std::int64_t>(std::max<std::size_t>(1, total / (record_bytes_wanted / 2) + 1));
  const FormFacts& form = facts_of(writing.form);
  const ListPlan plan = ListPlan::make(std::move(lists), record_count, 0, form.sample_bytes);
  const HeaderFields fields{.record_count = record_count,
                            .record_seconds = "0",
                            .signals = {annotation_fields(form, plan.size())}};
  CSL_TRY(sink(bytes_of(CSL_TRY(header_text(writing, fields)))));
  Bytes bytes;
  for (std::int64_t r = 0; r < record_count; ++r) {
    bytes.clear();
    plan.append(r, bytes);
    CSL_TRY(sink(bytes));
  }
  return EdfWritten{.record_count = record_count};
}

}  // namespace consilium
