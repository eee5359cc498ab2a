#include "domain/signal/sample_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace consilium {

SampleSpan samples_in(const Channel& channel, TickSpan span) {
  // The first sample on or after a tick.
  const auto at_or_after = [&](Tick tick) {
    if (tick.value <= 0) return std::int64_t{0};
    const std::int64_t index = (tick.value - 1) / channel.ticks_per_sample + 1;
    return std::min(index, channel.sample_count);
  };
  const std::int64_t first = at_or_after(span.first);
  return {SampleIndex{first}, SampleIndex{std::max(first, at_or_after(span.last))}};
}

Status SampleSource::read_block(TickSpan span, SignalBlock& out) const {
  const std::vector<Channel>& channels = header().channels;
  out.span = span;
  out.first.resize(channels.size());
  out.channels.resize(channels.size());
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const SampleSpan samples = samples_in(channels[c], span);
    out.first[c] = samples.first;
    out.channels[c].resize(static_cast<std::size_t>(samples.last.value - samples.first.value));
    CSL_TRY(read(c, samples.first, out.channels[c]));
  }
  return {};
}

Status SampleSource::check_range(std::size_t channel, SampleIndex first, std::size_t count) const {
  const std::vector<Channel>& channels = header().channels;
  if (channel >= channels.size()) {
    return fail(ErrorCode::InvalidInput, "there is no such channel",
                fmt::format("channel {} of {}", channel, channels.size()));
  }
  const std::int64_t there = channels[channel].sample_count;
  if (first.value < 0 || first.value > there ||
      count > static_cast<std::uint64_t>(there - first.value)) {
    return fail(ErrorCode::InvalidInput, "the range is not in the record",
                fmt::format("sample {} and {} on, the channel has {}", first.value, count, there));
  }
  return {};
}

Result<std::vector<std::int32_t>> read_channel(const SampleSource& source, std::size_t channel,
                                               std::int64_t count_max) {
  const std::vector<Channel>& channels = source.header().channels;
  if (channel >= channels.size()) return fail(ErrorCode::InvalidInput, "there is no such channel");
  const std::int64_t count = channels[channel].sample_count;
  if (count > count_max) {
    return fail(ErrorCode::TooLarge, "the channel is too long to be read at once",
                fmt::format("{} samples, the limit is {}", count, count_max));
  }
  std::vector<std::int32_t> samples(static_cast<std::size_t>(count));
  CSL_TRY(source.read(channel, SampleIndex{0}, samples));
  return samples;
}

}  // namespace consilium
