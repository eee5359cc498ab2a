#include "format/wfdb/wfdb_segments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <mutex>

#include "base/checked.hpp"

namespace consilium::wfdb {
namespace {

constexpr std::uint64_t segment_header_size_max = 1U << 20U;
constexpr std::size_t open_segments_max = 8;

// One segment's place in the record, and which of its channels is which of the record's.
struct Segment {
  std::string record_name{};
  std::int64_t first_frame = 0;
  std::int64_t frame_count = 0;
  std::vector<int> channel_in_segment{};  // per channel of the record; -1: not in this segment
  [[nodiscard]] bool is_gap() const { return record_name == "~"; }
};

class SegmentedRecord final : public WfdbRecord {
 public:
  SegmentedRecord(WfdbHeader from, ByteSourceResolver files)
      : wfdb_header_(std::move(from)), files_(std::move(files)) {}

  Status open() {
    const std::vector<WfdbSegmentLine>& lines = wfdb_header_.segments;
    const bool variable = lines.front().frame_count == 0;
    if (variable) CSL_TRY(take_layout(CSL_TRY(segment_header(lines.front().record_name))));
    std::int64_t first_frame = 0;
    for (const WfdbSegmentLine& line : std::span(lines).subspan(variable ? 1 : 0)) {
      Segment segment{.record_name = line.record_name,
                      .first_frame = first_frame,
                      .frame_count = line.frame_count};
      const auto next = checked_add(first_frame, line.frame_count);
      if (!next) return fail(ErrorCode::Corrupt, "the segments are too long");
      first_frame = *next;
      if (!segment.is_gap()) CSL_TRY(place_channels(segment, variable));
      segments_.push_back(std::move(segment));
    }
    if (header_.channels.empty() && wfdb_header_.signal_count > 0) {
      return fail(ErrorCode::Corrupt, "no segment of the record holds signals");
    }
    if (wfdb_header_.frame_count && *wfdb_header_.frame_count != first_frame) {
      header_.notes.push_back({.what = "the segments do not add up to the record's length",
                               .where = fmt::format("{} frames stated, {} in the segments",
                                                    *wfdb_header_.frame_count, first_frame)});
    }
    for (Channel& channel : header_.channels) channel.missing = missing_sample_default;
    CSL_TRY(set_time_line(header_, wfdb_header_, first_frame));
    const std::int64_t ticks =
        CSL_TRY(ticks_per_sample(header_.tick_rate, wfdb_header_.frame_rate));
    for (const Segment& segment : segments_) {
      if (!segment.is_gap() || segment.frame_count == 0) continue;
      header_.gaps.push_back({Tick{segment.first_frame * ticks},
                              Tick{(segment.first_frame + segment.frame_count) * ticks}});
    }
    return {};
  }

  const RecordHeader& header() const override { return header_; }
  const WfdbHeader& wfdb_header() const override { return wfdb_header_; }

  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    const std::int64_t per_frame = header_.channels[channel].samples_per_frame;
    std::int64_t at = first.value;
    // The last segment that begins at or before the first sample.
    auto segment = std::ranges::upper_bound(segments_, at / per_frame, {}, &Segment::first_frame);
    if (segment != segments_.begin()) --segment;
    while (!out.empty()) {
      const std::int64_t end = (segment->first_frame + segment->frame_count) * per_frame;
      const auto count = static_cast<std::size_t>(
          std::clamp<std::int64_t>(end - at, 0, static_cast<std::int64_t>(out.size())));
      CSL_TRY(
          read_part(*segment, channel, at - segment->first_frame * per_frame, out.first(count)));
      out = out.subspan(count);
      at += static_cast<std::int64_t>(count);
      ++segment;
    }
    return {};
  }

  Result<std::vector<WfdbChecksum>> wrong_checksums() const override {
    std::vector<WfdbChecksum> wrong;
    for (const Segment& segment : segments_) {
      if (segment.is_gap()) continue;
      const std::shared_ptr<const WfdbRecord> part = CSL_TRY(opened(segment));
      for (WfdbChecksum sum : CSL_TRY(part->wrong_checksums())) {
        const auto place =
            std::ranges::find(segment.channel_in_segment, static_cast<int>(sum.channel));
        if (place == segment.channel_in_segment.end()) continue;
        sum.channel = static_cast<std::size_t>(place - segment.channel_in_segment.begin());
        wrong.push_back(sum);
      }
    }
    return wrong;
  }

 private:
  Result<WfdbHeader> segment_header(const std::string& name) const {
    CSL_TRY(check_file_name(name));
    const std::shared_ptr<const ByteSource> file = CSL_TRY(files_(name + ".hea"));
    WfdbHeader header =
        CSL_TRY(parse_wfdb_header(CSL_TRY(read_all(*file, segment_header_size_max))));
    if (!header.segments.empty()) {
      return fail(ErrorCode::Unsupported, "a segment of the record has segments itself");
    }
    if (header.frame_rate != wfdb_header_.frame_rate) {
      return fail(ErrorCode::Unsupported, "a segment has another sampling rate than the record");
    }
    return header;
  }

  Status take_layout(const WfdbHeader& layout) {
    for (const WfdbSignalLine& line : layout.signals) {
      header_.channels.push_back(CSL_TRY(channel_of(line, layout.frame_rate)));
    }
    return {};
  }

  Status place_channels(Segment& segment, bool variable) {
    const WfdbHeader part = CSL_TRY(segment_header(segment.record_name));
    if (!variable && header_.channels.empty()) CSL_TRY(take_layout(part));
    segment.channel_in_segment.assign(header_.channels.size(), -1);
    if (!variable && part.signals.size() != header_.channels.size()) {
      return fail(ErrorCode::Corrupt, "segments of a fixed layout have different signals",
                  fmt::format("segment at frame {}", segment.first_frame));
    }
    for (std::size_t i = 0; i < part.signals.size(); ++i) {
      std::size_t c = i;
      if (variable) {
        const auto same = [&](const Channel& channel) {
          return channel.name == part.signals[i].description;
        };
        c = static_cast<std::size_t>(std::ranges::find_if(header_.channels, same) -
                                     header_.channels.begin());
        if (c == header_.channels.size()) {
          header_.notes.push_back(
              {.what = "a segment has a signal that the layout does not name",
               .where = fmt::format("signal {}, frame {}", i, segment.first_frame)});
          continue;
        }
      }
      segment.channel_in_segment[c] = static_cast<int>(i);
      CSL_TRY(reconcile(header_.channels[c], part.signals[i], segment));
    }
    return {};
  }

  // What the layout leaves open comes from the first segment that states it; what differs later is
  // noted, and brought to the record's scale when read.
  Status reconcile(Channel& channel, const WfdbSignalLine& line, const Segment& segment) {
    if (line.samples_per_frame != channel.samples_per_frame) {
      return fail(ErrorCode::Unsupported, "a segment has other samples per frame than the record",
                  fmt::format("segment at frame {}", segment.first_frame));
    }
    if (channel.calibration == Calibration::Assumed && line.adu_per_unit) {
      const int skew = channel.skew_frames;
      std::string name = std::move(channel.name);
      channel = CSL_TRY(channel_of(line, wfdb_header_.frame_rate));
      channel.name = std::move(name);
      channel.skew_frames = skew;
      return {};
    }
    if (line.adu_per_unit.value_or(200.0) != channel.adu_per_unit ||
        line.baseline_adu != channel.baseline_adu) {
      header_.notes.push_back({.what = "a segment has another gain or baseline than the record",
                               .where = fmt::format("frame {}", segment.first_frame)});
    }
    return {};
  }

  // The segment as a record; the ones used last stay open.
  Result<std::shared_ptr<const WfdbRecord>> opened(const Segment& segment) const {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(open_, &segment, &Open::segment);
    if (found != open_.end()) {
      open_.splice(open_.begin(), open_, found);
      return open_.front().record;
    }
    Result<std::unique_ptr<WfdbRecord>> record =
        open_wfdb(CSL_TRY(segment_header(segment.record_name)), files_);
    if (!record) return std::unexpected(std::move(record).error());
    open_.push_front({&segment, std::move(*record)});
    if (open_.size() > open_segments_max) open_.pop_back();
    return open_.front().record;
  }

  // Samples of a channel from the segment's own sample `first` on.
  Status read_part(const Segment& segment, std::size_t channel, std::int64_t first,
                   std::span<std::int32_t> out) const {
    const int c = segment.is_gap() ? -1 : segment.channel_in_segment[channel];
    if (c < 0 || out.empty()) {
      std::ranges::fill(out, missing_sample_default);
      return {};
    }
    const std::shared_ptr<const WfdbRecord> part = CSL_TRY(opened(segment));
    const auto in_part = static_cast<std::size_t>(c);
    const Channel& from = part->header().channels[in_part];
    // A segment may hold less than the record says.
    const auto there = static_cast<std::size_t>(std::clamp<std::int64_t>(
        from.sample_count - first, 0, static_cast<std::int64_t>(out.size())));
    std::ranges::fill(out.subspan(there), missing_sample_default);
    CSL_TRY(part->read(in_part, SampleIndex{first}, out.first(there)));
    const Channel& to = header_.channels[channel];
    const bool same_scale =
        from.adu_per_unit == to.adu_per_unit && from.baseline_adu == to.baseline_adu;
    for (std::int32_t& sample : out.first(there)) {
      if (sample == from.missing) {
        sample = missing_sample_default;
      } else if (!same_scale) {
        const double value =
            std::round(physical_value(from, sample) * to.adu_per_unit + to.baseline_adu);
        sample = static_cast<std::int32_t>(std::clamp(value, -2147483647.0, 2147483647.0));
      }
    }
    return {};
  }

  struct Open {
    const Segment* segment;
    std::shared_ptr<const WfdbRecord> record;
  };

  WfdbHeader wfdb_header_;
  ByteSourceResolver files_;
  RecordHeader header_;
  std::vector<Segment> segments_;
  mutable std::mutex mutex_;
  mutable std::list<Open> open_;  // under mutex_
};

}  // namespace

Result<std::unique_ptr<WfdbRecord>> open_segments(WfdbHeader header, ByteSourceResolver files) {
  auto record = std::make_unique<SegmentedRecord>(std::move(header), std::move(files));
  CSL_TRY(record->open());
  return record;
}

}  // namespace consilium::wfdb
