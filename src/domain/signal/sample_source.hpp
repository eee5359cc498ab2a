// The samples of one recording, read by ranges. What stands behind (WFDB, EDF, a made signal) is
// not seen; a day of twelve channels is never in memory whole.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/signal/event.hpp"
#include "domain/signal/record.hpp"

namespace consilium {

// Samples of all channels over one stretch of time. channels[c] holds the samples of channel c
// whose ticks lie in `span`: from sample first[c] on.
struct SignalBlock {
  TickSpan span{};
  std::vector<SampleIndex> first{};
  std::vector<std::vector<std::int32_t>> channels{};
};

class SampleSource {
 public:
  SampleSource() = default;
  SampleSource(const SampleSource&) = delete;
  SampleSource& operator=(const SampleSource&) = delete;
  virtual ~SampleSource() = default;

  [[nodiscard]] virtual const RecordHeader& header() const = 0;

  // Fills `out` with the samples of one channel from `first` on, as stored (not in units), skew
  // taken out; gaps hold the channel's `missing`. Safe from several threads at once.
  // Errors: InvalidInput when the channel or the range is not in the record; Corrupt where the file
  // is damaged. Cost: that of the bytes touched, plus at most one block of the format.
  [[nodiscard]] virtual Status read(std::size_t channel, SampleIndex first,
                                    std::span<std::int32_t> out) const = 0;
  // All channels over [span.first, span.last), clipped to the record; `out` keeps its memory from
  // call to call. Formats that interleave channels decode each byte once here, where `read` of
  // every channel would do so once a channel.
  [[nodiscard]] virtual Status read_block(TickSpan span, SignalBlock& out) const;

 protected:
  // The range check of `read`.
  [[nodiscard]] Status check_range(std::size_t channel, SampleIndex first, std::size_t count) const;
};

// The samples of a channel whose ticks lie in `span`: [first, last), within the record.
struct SampleSpan {
  SampleIndex first{};
  SampleIndex last{};
  friend auto operator<=>(const SampleSpan&, const SampleSpan&) = default;
};
[[nodiscard]] SampleSpan samples_in(const Channel& channel, TickSpan span);

// What one import of a recording gives.
struct Recording {
  std::unique_ptr<SampleSource> samples;
  std::vector<SignalEvent> events{};  // annotations that lie in the same file (EDF+)
};

// All samples of one channel; for tests, short records and analysis of a minute.
// Errors: TooLarge past `count_max`; else as SampleSource::read.
[[nodiscard]] Result<std::vector<std::int32_t>> read_channel(const SampleSource& source,
                                                             std::size_t channel,
                                                             std::int64_t count_max = 1 << 26);

}  // namespace consilium
