#include "format/wfdb/wfdb_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/checked.hpp"
#include "format/wfdb/wfdb_segments.hpp"
#include "format/wfdb/wfdb_stored_signals.hpp"

namespace consilium {
namespace wfdb {

Result<Channel> channel_of(const WfdbSignalLine& line, const Rate& frame_rate) {
  const WfdbFormat format = line.file_name == "~" ? WfdbFormat::Null : line.format;
  // header(5): where the resolution is missing, 12 bits in amplitude formats, 10 in differences.
  const int bits = line.adc_bits > 0 && line.adc_bits <= 32 ? line.adc_bits
                   : format == WfdbFormat::F8               ? 10
                                                            : 12;
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  const auto clamp = [](std::int64_t value) {
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, INT32_MIN, INT32_MAX));
  };
  Channel channel{.name = line.description,
                  .unit = line.unit,
                  .rate = CSL_TRY(frame_rate.times(line.samples_per_frame)),
                  .adu_per_unit = line.adu_per_unit.value_or(200.0),
                  .baseline_adu = static_cast<double>(line.baseline_adu),
                  .calibration = line.adu_per_unit ? Calibration::Stated : Calibration::Assumed,
                  .adc_bits = line.adc_bits,
                  .digital_min = clamp(line.adc_zero - half),
                  .digital_max = clamp(line.adc_zero + half - 1),
                  .samples_per_frame = line.samples_per_frame,
                  .skew_frames = line.skew_frames,
                  .missing = missing_sample(format)};
  channel.physical_min =
      (static_cast<double>(channel.digital_min) - channel.baseline_adu) / channel.adu_per_unit;
  channel.physical_max =
      (static_cast<double>(channel.digital_max) - channel.baseline_adu) / channel.adu_per_unit;
  return channel;
}

Status set_time_line(RecordHeader& header, const WfdbHeader& from, std::int64_t frame_count) {
  std::vector<Rate> rates;
  for (const Channel& channel : header.channels) rates.push_back(channel.rate);
  if (rates.empty()) rates.push_back(from.frame_rate);
  header.tick_rate = CSL_TRY(common_tick_rate(rates));
  const std::int64_t ticks_per_frame = CSL_TRY(ticks_per_sample(header.tick_rate, from.frame_rate));
  const auto length = checked_multiply<std::int64_t>(frame_count, ticks_per_frame);
  if (!length) return fail(ErrorCode::Corrupt, "the number of samples is out of range");
  header.length_ticks = *length;
  for (Channel& channel : header.channels) {
    channel.ticks_per_sample = CSL_TRY(ticks_per_sample(header.tick_rate, channel.rate));
    channel.sample_count = frame_count * channel.samples_per_frame;
  }
  header.identity = Protected<RecordIdentity>(
      {.base_time = from.base_time, .record_name = from.record_name, .comments = from.comments});
  return {};
}

Status check_file_name(std::string_view name) {
  if (name.empty() || name.front() == '.' || name.find_first_of("/\\") != std::string_view::npos ||
      name == "-") {
    return fail(ErrorCode::Unsupported, "the header names a file that is not beside it", {},
                "put the signal files and the header into one folder and name them without a path");
  }
  return {};
}

namespace {

class SimpleRecord final : public WfdbRecord {
 public:
  static Result<std::unique_ptr<WfdbRecord>> open(WfdbHeader from,
                                                  const ByteSourceResolver& files) {
    auto record = std::make_unique<SimpleRecord>();
    const std::vector<WfdbSignalLine>& lines = from.signals;
    for (std::size_t first = 0; first < lines.size();) {
      std::size_t last = first + 1;
      while (last < lines.size() && lines[last].file_name == lines[first].file_name) ++last;
      CSL_TRY(record->add_file(std::span(lines).subspan(first, last - first), first, files));
      first = last;
    }
    for (const WfdbSignalLine& line : lines) {
      record->header_.channels.push_back(CSL_TRY(channel_of(line, from.frame_rate)));
    }
    CSL_TRY(record->set_length(from));
    record->wfdb_header_ = std::move(from);
    return record;
  }

  const RecordHeader& header() const override { return header_; }
  const WfdbHeader& wfdb_header() const override { return wfdb_header_; }

  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const Place& place = places_[channel];
    const Sink sink{.member = place.member, .first = first.value, .out = out};
    return files_[place.file]->read(std::span(&sink, 1));
  }

  Status read_block(TickSpan span, SignalBlock& out) const override {
    out.span = span;
    out.first.resize(header_.channels.size());
    out.channels.resize(header_.channels.size());
    std::vector<Sink> sinks;
    std::size_t channel = 0;
    for (const auto& file : files_) {
      sinks.clear();
      for (std::size_t m = 0; m < file->members().size(); ++m, ++channel) {
        const SampleSpan samples = samples_in(header_.channels[channel], span);
        out.first[channel] = samples.first;
        out.channels[channel].resize(
            static_cast<std::size_t>(samples.last.value - samples.first.value));
        sinks.push_back({.member = m, .first = samples.first.value, .out = out.channels[channel]});
      }
      CSL_TRY(file->read(sinks));
    }
    return {};
  }

  Result<std::vector<WfdbChecksum>> wrong_checksums() const override {
    std::vector<WfdbChecksum> wrong;
    for (const auto& file : files_) {
      const std::vector<std::int32_t> sums = CSL_TRY(file->checksums(frame_count_));
      for (std::size_t m = 0; m < sums.size(); ++m) {
        const std::size_t channel = file->members()[m].channel;
        const WfdbSignalLine& line = wfdb_header_.signals[channel];
        if (!line.checksum || line.file_name == "~") continue;
        const std::int32_t stated = *line.checksum & 0xFFFF;
        if (stated != sums[m]) {
          wrong.push_back({.channel = channel, .stated = stated, .computed = sums[m]});
        }
      }
    }
    return wrong;
  }

 private:
  struct Place {
    std::size_t file = 0;
    std::size_t member = 0;
  };

  Status add_file(std::span<const WfdbSignalLine> lines, std::size_t first_channel,
                  const ByteSourceResolver& files) {
    const std::string& name = lines.front().file_name;
    std::shared_ptr<const ByteSource> source;
    if (name != "~") {
      CSL_TRY(check_file_name(name));
      if (std::ranges::find(names_, name) != names_.end()) {
        return fail(ErrorCode::Corrupt, "signals of one file do not stand together in the header",
                    fmt::format("signal {}", first_channel));
      }
      names_.push_back(name);
      if (lines.front().format != WfdbFormat::Null) {
        Result<std::shared_ptr<const ByteSource>> file = files(name);
        if (!file && file.error().code == ErrorCode::NotFound) {
          return fail(ErrorCode::NotFound, "a signal file that the header names is not there",
                      fmt::format("signal {}", first_channel),
                      "give the header and all its signal files together");
        }
        source = CSL_TRY(std::move(file));
      }
    }
    for (std::size_t m = 0; m < lines.size(); ++m) {
      places_.push_back({.file = files_.size(), .member = m});
    }
    files_.push_back(CSL_TRY(StoredSignals::open(std::move(source), lines, first_channel)));
    return {};
  }

  Status set_length(const WfdbHeader& from) {
    std::int64_t longest = 0;
    std::int64_t shortest = std::numeric_limits<std::int64_t>::max();
    bool any = false;
    for (const auto& file : files_) {
      if (file->is_null()) continue;
      any = true;
      longest = std::max(longest, file->frame_count());
      shortest = std::min(shortest, file->frame_count());
    }
    frame_count_ = from.frame_count.value_or(longest);
    if (from.frame_count && *from.frame_count > longest && any) {
      // What the files do not hold is cut off, not shown as a flat line.
      frame_count_ = longest;
    }
    if (any && shortest < from.frame_count.value_or(longest)) {
      header_.notes.push_back({.what = "a signal file is shorter than the header says",
                               .where = fmt::format("{} frames stated, {} present",
                                                    from.frame_count.value_or(longest), shortest)});
    }
    return set_time_line(header_, from, frame_count_);
  }

  WfdbHeader wfdb_header_;
  RecordHeader header_;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<StoredSignals>> files_;
  std::vector<Place> places_;  // of each channel
  std::int64_t frame_count_ = 0;
};

}  // namespace
}  // namespace wfdb

Result<std::unique_ptr<WfdbRecord>> open_wfdb(WfdbHeader header, ByteSourceResolver files) {
  if (!header.segments.empty()) {
    return wfdb::open_segments(std::move(header), std::move(files));
  }
  return wfdb::SimpleRecord::open(std::move(header), files);
}

Result<std::unique_ptr<WfdbRecord>> open_wfdb(ByteView header_text, ByteSourceResolver files) {
  return open_wfdb(CSL_TRY(parse_wfdb_header(header_text)), std::move(files));
}

std::vector<std::string> files_named_by(const WfdbHeader& header) {
  std::vector<std::string> names;
  const auto add = [&names](std::string name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  for (const WfdbSignalLine& line : header.signals) {
    if (line.file_name != "~") add(line.file_name);
  }
  for (const WfdbSegmentLine& segment : header.segments) {
    if (segment.record_name != "~") add(segment.record_name + ".hea");
  }
  return names;
}

}  // namespace consilium
