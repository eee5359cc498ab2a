// Any bytes as an EDF or BDF file.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "format/edf/edf.hpp"

using namespace consilium;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto record = open_edf(view_source(std::as_bytes(std::span(data, size))));
  if (!record) return 0;
  static_cast<void>(events_of(**record));
  const RecordHeader& header = (*record)->header();
  SignalBlock block;
  std::int64_t samples = 0;
  for (const Channel& channel : header.channels) {
    samples = std::max(samples, channel.sample_count);
  }
  if (samples < 100'000 && header.channels.size() < 64) {
    static_cast<void>((*record)->read_block({Tick{0}, Tick{header.length_ticks}}, block));
  }
  for (std::size_t c = 0; c < std::min<std::size_t>(header.channels.size(), 8); ++c) {
    std::int32_t out[64];
    const std::int64_t there = header.channels[c].sample_count;
    const std::int64_t first = std::max<std::int64_t>(0, there - 64);
    static_cast<void>((*record)->read(
        c, SampleIndex{first}, std::span(out).first(static_cast<std::size_t>(there - first))));
  }
  return 0;
}
