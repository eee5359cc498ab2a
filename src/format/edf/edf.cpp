#include "format/edf/edf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/checked.hpp"
#include "format/edf/edf_header.hpp"

namespace consilium {
namespace edf {
namespace {

constexpr std::uint64_t block_bytes = 256U << 10U;
// Below this, one channel's part of a record is not worth a read of its own.
constexpr std::uint64_t lone_read_bytes = 4096;
// A file of many tiny records is held by its index of them.
constexpr std::int64_t indexed_records_max = 16 << 20;
// Annotations without signals: no sampling rate gives the ticks.
constexpr std::int64_t annotation_tick_rate_hz = 1'000'000;

// Data records that follow each other without a gap.
struct Run {
  std::int64_t first_record = 0;
  std::int64_t record_count = 0;
  Tick start{};
  std::vector<std::int64_t> first_sample{};  // of each channel
};

// Where samples [first, first + out.size()) of a channel go, counted from a run's begin.
struct Sink {
  std::size_t channel = 0;
  std::int64_t first = 0;
  std::span<std::int32_t> out{};
};

void decode_samples(const std::byte* in, int sample_bytes, std::span<std::int32_t> out) {
  if (sample_bytes == 2) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::int16_t value = 0;
      std::memcpy(&value, in + 2 * i, 2);
      out[i] = value;
    }
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint32_t bits = std::to_integer<std::uint32_t>(in[3 * i]) << 8U |
                               std::to_integer<std::uint32_t>(in[3 * i + 1]) << 16U |
                               std::to_integer<std::uint32_t>(in[3 * i + 2]) << 24U;
    out[i] = static_cast<std::int32_t>(bits) >> 8;
  }
}

class OpenedEdf final : public EdfRecord {
 public:
  explicit OpenedEdf(std::shared_ptr<const ByteSource> file) : file_(std::move(file)) {}

  Status open() {
    const Bytes fixed = CSL_TRY(read_bytes(*file_, 0, fixed_header_bytes, fixed_header_bytes));
    const int signals = CSL_TRY(signal_count_in(fixed));
    const std::uint64_t size = (static_cast<std::uint64_t>(signals) + 1) * 256;
    edf_ = CSL_TRY(parse_header(CSL_TRY(read_bytes(*file_, 0, size, size))));
    record_.notes = std::move(edf_.notes);
    count_records();
    CSL_TRY(make_channels());
    CSL_TRY(read_annotations());
    CSL_TRY(make_runs());
    shift_annotations();
    record_.identity = Protected<RecordIdentity>(std::move(edf_.identity));
    return {};
  }

  const RecordHeader& header() const override { return record_; }
  EdfVariant variant() const override { return edf_.variant; }
  const std::vector<EdfAnnotation>& annotations() const override { return annotations_; }

  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const Sink sink{.channel = channel, .first = first.value, .out = out};
    return read_sinks(std::span(&sink, 1));
  }

  Status read_block(TickSpan span, SignalBlock& out) const override {
    const std::size_t count = record_.channels.size();
    out.span = span;
    out.first.resize(count);
    out.channels.resize(count);
    std::vector<Sink> sinks;
    for (std::size_t c = 0; c < count; ++c) {
      const SampleSpan samples = samples_in(record_.channels[c], span);
      out.first[c] = samples.first;
      out.channels[c].resize(static_cast<std::size_t>(samples.last.value - samples.first.value));
      sinks.push_back({.channel = c, .first = samples.first.value, .out = out.channels[c]});
    }
    return read_sinks(sinks);
  }

 private:
  void note(std::string what, std::string where = {}) {
    record_.notes.push_back({.what = std::move(what), .where = std::move(where)});
  }

  void count_records() {
    if (edf_.record_bytes == 0) return;
    const std::uint64_t bytes = file_->size() - edf_.header_bytes;
    const auto present = static_cast<std::int64_t>(bytes / edf_.record_bytes);
    record_count_ =
        edf_.record_count_stated < 0 ? present : std::min(present, edf_.record_count_stated);
    if (edf_.record_count_stated >= 0 && present != edf_.record_count_stated) {
      note("the file holds another number of data records than it states",
           fmt::format("{} stated, {} present", edf_.record_count_stated, present));
    }
    if (bytes % edf_.record_bytes != 0) {
      note("what follows the last whole data record is left out",
           fmt::format("{} bytes at the end", bytes % edf_.record_bytes));
    }
  }

  Status make_channels() {
    std::vector<Rate> rates;
    for (std::size_t i = 0; i < edf_.signals.size(); ++i) {
      const Signal& signal = edf_.signals[i];
      if (signal.is_annotations || signal.samples_per_record == 0) continue;
      signal_of_.push_back(i);
      record_.channels.push_back(CSL_TRY(channel_of(signal)));
      rates.push_back(record_.channels.back().rate);
    }
    if (rates.empty()) rates.push_back(CSL_TRY(Rate::of(annotation_tick_rate_hz, 1)));
    record_.tick_rate = CSL_TRY(common_tick_rate(rates));
    for (Channel& channel : record_.channels) {
      channel.ticks_per_sample = CSL_TRY(ticks_per_sample(record_.tick_rate, channel.rate));
    }
    if (record_.channels.empty()) return {};
    ticks_per_record_ =
        record_.channels.front().ticks_per_sample * record_.channels.front().samples_per_frame;
    if (!checked_multiply<std::int64_t>(ticks_per_record_, record_count_)) {
      return fail(ErrorCode::Corrupt, "the recording is too long");
    }
    return {};
  }

  Result<Channel> channel_of(const Signal& signal) {
    const bool bdf = edf_.sample_bytes == 3;
    const double lowest = bdf ? -8388608.0 : -32768.0;
    const double highest = bdf ? 8388607.0 : 32767.0;
    Channel channel{.name = signal.label,
                    .unit = signal.unit,
                    .transducer = signal.transducer,
                    .filter = signal.filter,
                    .rate = CSL_TRY(edf_.records_per_second->times(signal.samples_per_record)),
                    .adc_bits = bdf ? 24 : 16,
                    .samples_per_frame = static_cast<int>(signal.samples_per_record)};
    const double digital_min = std::clamp(signal.digital_min.value_or(lowest), lowest, highest);
    const double digital_max = std::clamp(signal.digital_max.value_or(highest), lowest, highest);
    const double physical_min = signal.physical_min.value_or(digital_min);
    const double physical_max = signal.physical_max.value_or(digital_max);
    const std::string where = fmt::format("signal {}", signal_of_.back());
    if (digital_min >= digital_max)
      note("a signal's digital range is empty or turned round", where);
    if (physical_min == physical_max) note("a signal's physical range is empty", where);
    const double gain = (digital_max - digital_min) / (physical_max - physical_min);
    const bool stated =
        signal.physical_min && signal.physical_max && std::isfinite(gain) && gain != 0;
    channel.calibration = stated ? Calibration::Stated : Calibration::Assumed;
    channel.adu_per_unit = stated ? gain : 1.0;
    channel.baseline_adu = stated ? digital_min - physical_min * gain : 0.0;
    channel.digital_min = static_cast<std::int32_t>(digital_min);
    channel.digital_max = static_cast<std::int32_t>(digital_max);
    channel.physical_min = physical_min;
    channel.physical_max = physical_max;
    return channel;
  }

  // All annotations, and the onset of every data record: its first list, without a text.
  Status read_annotations() {
    std::vector<const Signal*> lists;
    for (const Signal& signal : edf_.signals) {
      if (signal.is_annotations && signal.samples_per_record > 0) lists.push_back(&signal);
    }
    if (lists.empty()) return {};
    if (record_count_ > indexed_records_max) {
      return fail(ErrorCode::TooLarge, "the file has too many data records",
                  fmt::format("{}, the limit is {}", record_count_, indexed_records_max));
    }
    onsets_.resize(static_cast<std::size_t>(record_count_));
    Bytes bytes;
    std::int64_t broken = 0;
    for (std::int64_t r = 0; r < record_count_; ++r) {
      for (const Signal* list : lists) {
        bytes.resize(static_cast<std::size_t>(list->samples_per_record) *
                     static_cast<std::size_t>(edf_.sample_bytes));
        if (!file_->read(record_offset(r) + list->offset_in_record, bytes)) {
          ++broken;
          continue;
        }
        std::optional<std::int64_t>* onset =
            list == lists.front() ? &onsets_[static_cast<std::size_t>(r)] : nullptr;
        if (!parse_lists(text_of(bytes), onset)) ++broken;
      }
    }
    if (broken > 0) {
      note("annotation lists are damaged; what could be read of them is kept",
           fmt::format("{} data records", broken));
    }
    return {};
  }

  // Lists are onset [0x15 duration] 0x14 text 0x14 ... 0x00. False when something is left over.
  bool parse_lists(std::string_view text, std::optional<std::int64_t>* record_onset) {
    bool first = true;
    while (true) {
      text.remove_prefix(std::min(text.find_first_not_of('\0'), text.size()));
      if (text.empty()) return true;
      const std::size_t end = std::min(text.find('\0'), text.size());
      std::string_view list = text.substr(0, end);
      text.remove_prefix(end);
      const std::size_t stamp_end = list.find('\x14');
      if (stamp_end == std::string_view::npos) return false;
      const std::string_view stamp = list.substr(0, stamp_end);
      const std::size_t split = std::min(stamp.find('\x15'), stamp.size());
      const auto onset = parse_seconds_ns(stamp.substr(0, split));
      if (!onset) return false;
      std::optional<std::int64_t> duration;
      if (split < stamp.size()) {
        duration = parse_seconds_ns(stamp.substr(split + 1));
        if (!duration || *duration < 0) return false;
      }
      if (first && record_onset != nullptr) *record_onset = *onset;
      first = false;
      list.remove_prefix(stamp_end + 1);
      while (!list.empty()) {
        const std::size_t text_end = std::min(list.find('\x14'), list.size());
        if (text_end > 0) {
          annotations_.push_back({.onset_ns = *onset,
                                  .duration_ns = duration,
                                  .text = to_utf8(list.substr(0, text_end))});
        }
        list.remove_prefix(std::min(text_end + 1, list.size()));
      }
    }
  }

  Status make_runs() {
    first_onset_ns_ = 0;
    if (!onsets_.empty() && onsets_.front()) first_onset_ns_ = *onsets_.front();
    const bool discontinuous =
        edf_.variant == EdfVariant::EdfPlusD || edf_.variant == EdfVariant::BdfPlusD;
    if (record_.channels.empty()) return {};
    if (record_count_ == 0) return {};
    add_run(0, Tick{0});
    std::int64_t late = 0;
    std::int64_t without = 0;
    std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
    for (const Channel& channel : record_.channels) {
      smallest = std::min(smallest, channel.ticks_per_sample);
    }
    for (std::int64_t r = 1; r < record_count_; ++r) {
      const Run& run = runs_.back();
      const std::int64_t expected = run.start.value + (r - run.first_record) * ticks_per_record_;
      const auto onset = onsets_.empty() ? std::nullopt : onsets_[static_cast<std::size_t>(r)];
      std::int64_t since_first = 0;
      if (!onset || __builtin_sub_overflow(*onset, first_onset_ns_, &since_first)) {
        ++without;
        ++runs_.back().record_count;
        continue;
      }
      const auto tick = tick_of_ns(since_first, record_.tick_rate);
      // Onsets are written with a few decimals: less than half a sample is no gap.
      const bool near =
          tick && tick->value >= expected - smallest / 2 && tick->value <= expected + smallest / 2;
      if (near || !discontinuous || !tick || tick->value < expected ||
          tick->value > tick_max() - ticks_per_record_ * (record_count_ - r)) {
        if (!near) ++late;
        ++runs_.back().record_count;
        continue;
      }
      if (runs_.size() * record_.channels.size() > static_cast<std::size_t>(indexed_records_max)) {
        return fail(ErrorCode::TooLarge, "the recording has too many gaps");
      }
      add_run(r, *tick);
    }
    if (late > 0) {
      note("data records do not begin where the one before ended, and were joined all the same",
           fmt::format("{} data records", late));
    }
    if (without > 0 && edf_.variant != EdfVariant::Edf && edf_.variant != EdfVariant::Bdf) {
      note("data records do not state their onset", fmt::format("{} data records", without));
    }
    finish_time_line();
    return {};
  }

  // Keeps sums of ticks far from overflow.
  static std::int64_t tick_max() { return std::numeric_limits<std::int64_t>::max() / 4; }

  void add_run(std::int64_t first_record, Tick start) {
    Run run{.first_record = first_record, .record_count = 1, .start = start};
    bool moved = false;
    for (std::size_t c = 0; c < record_.channels.size(); ++c) {
      const Channel& channel = record_.channels[c];
      std::int64_t sample = (start.value + channel.ticks_per_sample / 2) / channel.ticks_per_sample;
      if (!runs_.empty()) {
        const Run& before = runs_.back();
        sample = std::max(sample,
                          before.first_sample[c] + before.record_count * channel.samples_per_frame);
      }
      moved = moved || sample * channel.ticks_per_sample != start.value;
      run.first_sample.push_back(sample);
    }
    if (moved) ++moved_runs_;
    runs_.push_back(std::move(run));
  }

  void finish_time_line() {
    const Run& last = runs_.back();
    record_.length_ticks = last.start.value + last.record_count * ticks_per_record_;
    for (std::size_t c = 0; c < record_.channels.size(); ++c) {
      record_.channels[c].sample_count =
          last.first_sample[c] + last.record_count * record_.channels[c].samples_per_frame;
    }
    for (std::size_t i = 1; i < runs_.size(); ++i) {
      const Tick end{runs_[i - 1].start.value + runs_[i - 1].record_count * ticks_per_record_};
      if (end < runs_[i].start) record_.gaps.push_back({end, runs_[i].start});
    }
    if (moved_runs_ > 0) {
      note("parts after a gap begin between samples and were moved to the nearest",
           fmt::format("{} parts", moved_runs_));
    }
  }

  void shift_annotations() {
    for (EdfAnnotation& annotation : annotations_) {
      if (__builtin_sub_overflow(annotation.onset_ns, first_onset_ns_, &annotation.onset_ns)) {
        annotation.onset_ns = std::numeric_limits<std::int64_t>::max();
      }
    }
    // EDF+ 2.2.4: the first record's onset is the fraction of a second after the start time.
    if (edf_.identity.base_time && first_onset_ns_ > 0 && first_onset_ns_ < 1'000'000'000) {
      edf_.identity.base_time->nanosecond = static_cast<std::int32_t>(first_onset_ns_);
    }
    if (record_.channels.empty()) {
      for (const EdfAnnotation& annotation : annotations_) {
        const auto tick = tick_of_ns(annotation.onset_ns, record_.tick_rate);
        const auto length = tick_of_ns(annotation.duration_ns.value_or(0), record_.tick_rate);
        if (!tick || !length) continue;
        record_.length_ticks =
            std::max(record_.length_ticks,
                     std::min(tick->value, tick_max()) + std::min(length->value, tick_max()));
      }
    }
  }

  std::uint64_t record_offset(std::int64_t record) const {
    return edf_.header_bytes + static_cast<std::uint64_t>(record) * edf_.record_bytes;
  }

  Status read_sinks(std::span<const Sink> sinks) const {
    std::vector<Sink> parts;
    std::size_t start = runs_.size();
    for (const Sink& sink : sinks) {
      const auto sample_of = [&](const Run& run) { return run.first_sample[sink.channel]; };
      const auto after = std::ranges::upper_bound(runs_, sink.first, {}, sample_of);
      const auto index = static_cast<std::size_t>(after - runs_.begin());
      start = std::min(start, index == 0 ? 0 : index - 1);
    }
    for (std::size_t i = start; i < runs_.size(); ++i) {
      parts.clear();
      bool later = false;
      for (const Sink& sink : sinks) {
        const std::int64_t per_record = record_.channels[sink.channel].samples_per_frame;
        const std::int64_t begin = runs_[i].first_sample[sink.channel];
        const std::int64_t end = begin + runs_[i].record_count * per_record;
        const std::int64_t sink_end = sink.first + static_cast<std::int64_t>(sink.out.size());
        later = later || sink_end > end;
        fill_gap_before(i, sink);
        const std::int64_t first = std::max(begin, sink.first);
        const std::int64_t last = std::min(end, sink_end);
        if (first >= last) continue;
        parts.push_back({.channel = sink.channel,
                         .first = first - begin,
                         .out = sink.out.subspan(static_cast<std::size_t>(first - sink.first),
                                                 static_cast<std::size_t>(last - first))});
      }
      if (!parts.empty()) CSL_TRY(read_run(runs_[i], parts));
      if (!later) break;
    }
    return {};
  }

  void fill_gap_before(std::size_t run, const Sink& sink) const {
    if (run == 0) return;
    const std::int64_t gap_begin =
        runs_[run - 1].first_sample[sink.channel] +
        runs_[run - 1].record_count * record_.channels[sink.channel].samples_per_frame;
    const std::int64_t first = std::max(gap_begin, sink.first);
    const std::int64_t last = std::min(runs_[run].first_sample[sink.channel],
                                       sink.first + static_cast<std::int64_t>(sink.out.size()));
    if (first >= last) return;
    std::ranges::fill(sink.out.subspan(static_cast<std::size_t>(first - sink.first),
                                       static_cast<std::size_t>(last - first)),
                      missing_sample_default);
  }

  Status read_run(const Run& run, std::span<const Sink> parts) const {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    std::int64_t last = 0;
    for (const Sink& part : parts) {
      const std::int64_t per_record = record_.channels[part.channel].samples_per_frame;
      first = std::min(first, part.first / per_record);
      last = std::max(
          last, (part.first + static_cast<std::int64_t>(part.out.size()) - 1) / per_record + 1);
    }
    const Signal& only = edf_.signals[signal_of_[parts.front().channel]];
    const auto only_bytes = static_cast<std::uint64_t>(only.samples_per_record) *
                            static_cast<std::uint64_t>(edf_.sample_bytes);
    const bool lone = parts.size() == 1 && only_bytes >= lone_read_bytes;
    // Read one channel's part of one record, or some whole records.
    const std::uint64_t offset = lone ? only.offset_in_record : 0;
    const std::uint64_t bytes_each = lone ? only_bytes : edf_.record_bytes;
    const std::int64_t step =
        lone ? 1 : static_cast<std::int64_t>(std::max<std::uint64_t>(1, block_bytes / bytes_each));
    Bytes bytes;
    for (std::int64_t r = first; r < last; r += step) {
      const std::int64_t count = std::min(step, last - r);
      bytes.resize(static_cast<std::size_t>(count) * bytes_each);
      CSL_TRY(file_->read(record_offset(run.first_record + r) + offset, bytes));
      for (const Sink& part : parts) {
        const std::uint64_t within =
            lone ? 0 : edf_.signals[signal_of_[part.channel]].offset_in_record;
        for (std::int64_t k = 0; k < count; ++k) {
          decode_record(part, r + k,
                        bytes.data() + static_cast<std::uint64_t>(k) * bytes_each + within);
        }
      }
    }
    return {};
  }

  // What a part takes from one record, whose samples of the channel begin at `in`.
  void decode_record(const Sink& part, std::int64_t record, const std::byte* in) const {
    const std::int64_t per_record = record_.channels[part.channel].samples_per_frame;
    const std::int64_t first = std::max(part.first, record * per_record);
    const std::int64_t last = std::min(part.first + static_cast<std::int64_t>(part.out.size()),
                                       (record + 1) * per_record);
    if (first >= last) return;
    decode_samples(in + (first - record * per_record) * edf_.sample_bytes, edf_.sample_bytes,
                   part.out.subspan(static_cast<std::size_t>(first - part.first),
                                    static_cast<std::size_t>(last - first)));
  }

  std::shared_ptr<const ByteSource> file_;
  Header edf_;
  RecordHeader record_;
  std::vector<std::size_t> signal_of_;  // of each channel, in the file's header
  std::int64_t record_count_ = 0;
  std::int64_t ticks_per_record_ = 0;
  std::vector<std::optional<std::int64_t>> onsets_;  // ns, of each data record
  std::int64_t first_onset_ns_ = 0;
  std::vector<Run> runs_;
  std::int64_t moved_runs_ = 0;
  std::vector<EdfAnnotation> annotations_;
};

}  // namespace
}  // namespace edf

std::string_view name_of(EdfVariant variant) {
  switch (variant) {
    case EdfVariant::Edf:
      return "EDF";
    case EdfVariant::EdfPlusC:
      return "EDF+C";
    case EdfVariant::EdfPlusD:
      return "EDF+D";
    case EdfVariant::Bdf:
      return "BDF";
    case EdfVariant::BdfPlusC:
      return "BDF+C";
    case EdfVariant::BdfPlusD:
      return "BDF+D";
  }
  return "";
}

Result<std::unique_ptr<EdfRecord>> open_edf(std::shared_ptr<const ByteSource> file,
                                            EdfReading reading) {
  auto record = std::make_unique<edf::OpenedEdf>(std::move(file));
  CSL_TRY(record->open());
  if (reading == EdfReading::Strict && !record->header().notes.empty()) {
    const ReadNote& note = record->header().notes.front();
    return fail(ErrorCode::Corrupt, note.what, note.where, "read it with tolerance");
  }
  return record;
}

std::vector<SignalEvent> events_of(const EdfRecord& record) {
  std::vector<SignalEvent> events;
  const TickRate rate = record.header().tick_rate;
  for (const EdfAnnotation& annotation : record.annotations()) {
    const auto tick = tick_of_ns(annotation.onset_ns, rate);
    const auto duration = tick_of_ns(annotation.duration_ns.value_or(0), rate);
    if (!tick || !duration) continue;
    events.push_back({.at = *tick, .duration_ticks = duration->value, .text = annotation.text});
  }
  return events;
}

}  // namespace consilium
