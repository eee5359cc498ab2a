// The ends and the middle of every channel of a recording that was opened: what a fuzzer, or a test
// of damaged files, asks of any reader.
#pragma once

#include <algorithm>
#include <cstdint>

#include "domain/signal/sample_source.hpp"

namespace consilium::test {

// Whether all that was asked for could be read.
inline bool read_some(const SampleSource& source) {
  const RecordHeader& header = source.header();
  bool all = true;
  std::int32_t samples[64];
  for (std::size_t c = 0; c < std::min<std::size_t>(header.channels.size(), 16); ++c) {
    const std::int64_t there = header.channels[c].sample_count;
    for (const std::int64_t first :
         {std::int64_t{0}, there / 2, std::max<std::int64_t>(0, there - 64)}) {
      const auto count = static_cast<std::size_t>(std::min<std::int64_t>(64, there - first));
      all = source.read(c, SampleIndex{first}, std::span(samples).first(count)).has_value() && all;
    }
  }
  std::int64_t total = 0;
  for (const Channel& channel : header.channels)
    total += std::min<std::int64_t>(channel.sample_count, 1 << 30);
  if (total < 1'000'000) {
    SignalBlock block;
    all = source.read_block({Tick{0}, Tick{header.length_ticks}}, block).has_value() && all;
  }
  return all;
}

}  // namespace consilium::test
