#include "format/wfdb/wfdb_stored_signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace consilium::wfdb {
namespace {

constexpr std::int64_t block_samples = 32'768;  // 128 KiB decoded: stays in the second-level cache
constexpr std::int64_t checkpoint_frames = 4'096;

// What one sink takes from frames [first, first + count) that are decoded at `samples`.
void scatter(const Member& member, const Sink& sink, std::int64_t first, std::int64_t count,
             std::int64_t samples_in_frame, const std::int32_t* samples) {
  const std::int64_t per_frame = member.samples_per_frame;
  // In stored samples of this member.
  const std::int64_t stored_first = sink.first + member.skew_frames * per_frame;
  const std::int64_t begin = std::max(stored_first, first * per_frame);
  const std::int64_t end = std::min(stored_first + static_cast<std::int64_t>(sink.out.size()),
                                    (first + count) * per_frame);
  if (begin >= end) return;
  std::int32_t* out = sink.out.data() + (begin - stored_first);
  if (per_frame == 1) {
    const std::int32_t* in = samples + (begin - first) * samples_in_frame + member.offset_in_frame;
    const std::int64_t length = end - begin;
    if (samples_in_frame == 2) {  // two leads, the commonest: a stride known when compiled
      for (std::int64_t i = 0; i < length; ++i) out[i] = in[2 * i];
    } else {
      for (std::int64_t i = 0; i < length; ++i) out[i] = in[i * samples_in_frame];
    }
    return;
  }
  for (std::int64_t at = begin; at < end; ++at) {
    *out++ = samples[(at / per_frame - first) * samples_in_frame + member.offset_in_frame +
                     at % per_frame];
  }
}

}  // namespace

Result<std::unique_ptr<StoredSignals>> StoredSignals::open(std::shared_ptr<const ByteSource> source,
                                                           std::span<const WfdbSignalLine> lines,
                                                           std::size_t first_channel) {
  std::unique_ptr<StoredSignals> signals(new StoredSignals);
  signals->source_ = std::move(source);
  signals->format_ = signals->source_ ? lines.front().format : WfdbFormat::Null;
  signals->byte_offset_ = lines.front().byte_offset;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const WfdbSignalLine& line = lines[i];
    if (signals->source_ && line.format != lines.front().format) {
      return fail(ErrorCode::Corrupt, "signals of one file state different formats",
                  fmt::format("signal {}", first_channel + i));
    }
    if (is_flac(line.format) && line.samples_per_frame != lines.front().samples_per_frame) {
      return fail(ErrorCode::Corrupt, "signals of one FLAC file state different rates",
                  fmt::format("signal {}", first_channel + i));
    }
    signals->members_.push_back({.channel = first_channel + i,
                                 .offset_in_frame = static_cast<int>(signals->samples_in_frame_),
                                 .samples_per_frame = line.samples_per_frame,
                                 .skew_frames = line.skew_frames,
                                 .missing = missing_sample(signals->format_),
                                 .initial_value = line.initial_value});
    signals->samples_in_frame_ += line.samples_per_frame;
  }
  if (signals->samples_in_frame_ > wfdb_samples_per_frame_max * 16) {
    return fail(ErrorCode::TooLarge, "a frame of the signal file holds too many samples");
  }
  CSL_TRY(signals->count_frames());
  if (signals->format_ == WfdbFormat::F8) CSL_TRY(signals->index_differences());
  return signals;
}

Status StoredSignals::count_frames() {
  if (format_ == WfdbFormat::Null) return {};
  if (is_flac(format_)) {
    flac_ = CSL_TRY(FlacStream::open(source_));
    if (flac_->info().channel_count != static_cast<int>(members_.size()) ||
        flac_->info().sample_bits > sample_bits(format_)) {
      return fail(ErrorCode::Corrupt, "the FLAC signal file is not what its header says",
                  fmt::format("{} channels of {} bits in the file, {} of at most {} in the header",
                              flac_->info().channel_count, flac_->info().sample_bits,
                              members_.size(), sample_bits(format_)));
    }
    const std::int64_t samples = CSL_TRY(flac_->count_samples());
    const auto skipped = static_cast<std::int64_t>(
        std::min<std::uint64_t>(byte_offset_, static_cast<std::uint64_t>(samples)));
    frame_count_ = (samples - skipped) / members_.front().samples_per_frame;
    return {};
  }
  const std::uint64_t bytes = source_->size() - std::min(source_->size(), byte_offset_);
  frame_count_ = static_cast<std::int64_t>(samples_in_bytes(format_, bytes) /
                                           static_cast<std::uint64_t>(samples_in_frame_));
  return {};
}

std::int64_t StoredSignals::frames_per_block() const {
  return std::max<std::int64_t>(1, block_samples / samples_in_frame_);
}

Status StoredSignals::read(std::span<const Sink> sinks) const {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = 0;
  for (const Sink& sink : sinks) {
    const Member& member = members_[sink.member];
    const std::int64_t per_frame = member.samples_per_frame;
    const std::int64_t stored_first = sink.first + member.skew_frames * per_frame;
    const std::int64_t stored_last = stored_first + static_cast<std::int64_t>(sink.out.size());
    const std::int64_t there = frame_count_ * per_frame;
    if (stored_last > there) {
      const std::int64_t kept = std::clamp<std::int64_t>(
          there - stored_first, 0, static_cast<std::int64_t>(sink.out.size()));
      std::ranges::fill(sink.out.subspan(static_cast<std::size_t>(kept)), member.missing);
    }
    if (sink.out.empty() || stored_first >= there) continue;
    first = std::min(first, stored_first / per_frame);
    last = std::max(last, std::min(frame_count_, (stored_last - 1) / per_frame + 1));
  }
  if (first >= last) return {};
  Bytes bytes;
  const std::int64_t block = std::min(frames_per_block(), last - first);
  std::vector<std::int32_t> samples(static_cast<std::size_t>(block * samples_in_frame_));
  for (std::int64_t at = first; at < last; at += block) {
    const std::int64_t count = std::min(block, last - at);
    const std::span<std::int32_t> decoded(samples.data(),
                                          static_cast<std::size_t>(count * samples_in_frame_));
    CSL_TRY(decode(at, count, bytes, decoded));
    for (const Sink& sink : sinks) {
      scatter(members_[sink.member], sink, at, count, samples_in_frame_, samples.data());
    }
  }
  return {};
}

Result<std::vector<std::int32_t>> StoredSignals::checksums(std::int64_t frames) const {
  std::vector<std::uint32_t> sums(members_.size(), 0);
  const std::int64_t last = std::min(frames, frame_count_);
  Bytes bytes;
  std::vector<std::int32_t> samples(
      static_cast<std::size_t>(frames_per_block() * samples_in_frame_));
  for (std::int64_t at = 0; at < last; at += frames_per_block()) {
    const std::int64_t count = std::min(frames_per_block(), last - at);
    CSL_TRY(decode(at, count, bytes,
                   std::span(samples).first(static_cast<std::size_t>(count * samples_in_frame_))));
    const std::int32_t* frame = samples.data();
    for (std::int64_t i = 0; i < count; ++i, frame += samples_in_frame_) {
      for (std::size_t m = 0; m < members_.size(); ++m) {
        for (int k = 0; k < members_[m].samples_per_frame; ++k) {
          sums[m] += static_cast<std::uint32_t>(frame[members_[m].offset_in_frame + k]);
        }
      }
    }
  }
  std::vector<std::int32_t> result;
  for (const std::uint32_t sum : sums) result.push_back(static_cast<std::int32_t>(sum & 0xFFFFU));
  return result;
}

Status StoredSignals::decode(std::int64_t first, std::int64_t count, Bytes& bytes,
                             std::span<std::int32_t> out) const {
  if (flac_) return decode_flac(first, count, out);
  if (format_ == WfdbFormat::F8) return add_up_differences(first, count, bytes, out);
  return decode_packed(first, count, bytes, out);
}

Status StoredSignals::decode_packed(std::int64_t first, std::int64_t count, Bytes& bytes,
                                    std::span<std::int32_t> out) const {
  const WfdbPacking packing = packing_of(format_);
  const std::int64_t sample = first * samples_in_frame_;
  const std::int64_t phase = sample % packing.samples;
  const auto offset = byte_offset_ + static_cast<std::uint64_t>(sample / packing.samples) *
                                         static_cast<std::uint64_t>(packing.bytes);
  const auto total = static_cast<std::size_t>(phase + count * samples_in_frame_);
  bytes.resize(bytes_of_samples(format_, total));
  CSL_TRY(source_->read(offset, bytes));
  if (phase == 0) {
    decode_wfdb(format_, bytes, out);
    return {};
  }
  std::vector<std::int32_t> whole(total);  // begins inside a group: seldom, and at most once a read
  decode_wfdb(format_, bytes, whole);
  std::ranges::copy(whole.begin() + phase, whole.end(), out.begin());
  return {};
}

Status StoredSignals::decode_flac(std::int64_t first, std::int64_t count,
                                  std::span<std::int32_t> out) const {
  const std::int64_t per_frame = members_.front().samples_per_frame;
  const auto channels = static_cast<std::int64_t>(members_.size());
  const auto at = static_cast<std::int64_t>(byte_offset_) + first * per_frame;
  if (per_frame == 1) return flac_->read(at, out);
  std::vector<std::int32_t> interleaved(out.size());
  CSL_TRY(flac_->read(at, interleaved));
  // From sample by sample to signal by signal within a frame.
  for (std::int64_t frame = 0; frame < count; ++frame) {
    const std::int32_t* in = interleaved.data() + frame * samples_in_frame_;
    std::int32_t* to = out.data() + frame * samples_in_frame_;
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t k = 0; k < per_frame; ++k) *to++ = in[k * channels + c];
    }
  }
  return {};
}

Status StoredSignals::index_differences() {
  std::vector<std::uint32_t> values;
  for (const Member& member : members_) {
    values.push_back(static_cast<std::uint32_t>(member.initial_value));
  }
  Bytes bytes;
  std::vector<std::int32_t> differences;
  for (std::int64_t at = 0; at < frame_count_; at += checkpoint_frames) {
    for (const std::uint32_t value : values) {
      checkpoints_.push_back(static_cast<std::int32_t>(value));
    }
    const std::int64_t count = std::min(checkpoint_frames, frame_count_ - at);
    differences.resize(static_cast<std::size_t>(count * samples_in_frame_));
    CSL_TRY(decode_packed(at, count, bytes, differences));
    const std::int32_t* frame = differences.data();
    for (std::int64_t i = 0; i < count; ++i, frame += samples_in_frame_) {
      for (std::size_t m = 0; m < members_.size(); ++m) {
        for (int k = 0; k < members_[m].samples_per_frame; ++k) {
          values[m] += static_cast<std::uint32_t>(frame[members_[m].offset_in_frame + k]);
        }
      }
    }
  }
  return {};
}

Status StoredSignals::add_up_differences(std::int64_t first, std::int64_t count, Bytes& bytes,
                                         std::span<std::int32_t> out) const {
  const std::int64_t checkpoint = first / checkpoint_frames;
  const std::int64_t from = checkpoint * checkpoint_frames;
  std::vector<std::int32_t> samples(
      static_cast<std::size_t>((first + count - from) * samples_in_frame_));
  CSL_TRY(decode_packed(from, first + count - from, bytes, samples));
  for (std::size_t m = 0; m < members_.size(); ++m) {
    auto value = static_cast<std::uint32_t>(
        checkpoints_[static_cast<std::size_t>(checkpoint) * members_.size() + m]);
    for (std::int64_t i = 0; i < first + count - from; ++i) {
      std::int32_t* sample = samples.data() + i * samples_in_frame_ + members_[m].offset_in_frame;
      for (int k = 0; k < members_[m].samples_per_frame; ++k) {
        value += static_cast<std::uint32_t>(sample[k]);
        sample[k] = static_cast<std::int32_t>(value);
      }
    }
  }
  std::ranges::copy(samples.begin() + (first - from) * samples_in_frame_, samples.end(),
                    out.begin());
  return {};
}

}  // namespace consilium::wfdb
