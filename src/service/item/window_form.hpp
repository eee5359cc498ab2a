// A stretch of a recording as the browser reads it: whole numbers as they are stored, so that
// nothing is rounded, laid out so that gzip finds little left in them.
//
//   "CSW2", u32 kind (0 samples, 1 minimum and maximum a column), u32 channels, u32 columns (the
//   most of any channel), i64 first tick, i64 one past the last tick; for each channel 32 bytes:
//   u32 index, u32 count, u32 bytes of a word (2 or 4), u32 0, f64 offset, f64 scale; then each
//   channel's words. All little endian.
//
// A value in the channel's unit is offset + scale x word; the least word (-2^15 or -2^31) says that
// nothing was measured. Of samples the words' differences are kept (the first from 0), of columns
// those of the minima and then how far each maximum lies above its minimum; differences wrap. Of a
// list all lowest bytes come first, then the next ones.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/pyramid/pyramid.hpp"
#include "base/bytes.hpp"
#include "domain/signal/record.hpp"

namespace consilium::service {

class WindowWriter {
 public:
  enum class Kind : std::uint32_t { Samples = 0, Columns = 1 };
  WindowWriter(Kind kind, TickSpan span) : kind_(kind), span_(span) {}

  // As stored; `channel.missing` where nothing was measured.
  void add_samples(std::size_t index, const Channel& channel,
                   std::span<const std::int32_t> samples);
  void add_columns(std::size_t index, const Channel& channel, std::span<const MinMax> columns);
  [[nodiscard]] Bytes finish() const;

 private:
  Kind kind_;
  TickSpan span_;
  std::uint32_t channels_ = 0;
  std::uint32_t columns_ = 0;
  Bytes table_;
  Bytes payload_;
};

}  // namespace consilium::service
