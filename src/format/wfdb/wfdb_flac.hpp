// A WFDB signal file in FLAC (formats 508, 516 and 524): one FLAC stream, a channel for each
// signal. Source: signal(5); RFC 9639. Decoded by libFLAC, which is fed through callbacks from our
// ByteSource and writes into buffers of its own making; no size of ours depends on what it reads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium {

struct FlacInfo {
  int channel_count = 0;
  int sample_bits = 0;
  std::int64_t sample_count = 0;  // per channel; 0 when the stream does not say
};

class FlacStream {
 public:
  // Errors: Corrupt when it is no FLAC stream.
  [[nodiscard]] static Result<std::unique_ptr<FlacStream>> open(
      std::shared_ptr<const ByteSource> source);
  virtual ~FlacStream() = default;
  [[nodiscard]] virtual const FlacInfo& info() const = 0;
  // Samples [first, first + out.size() / channels) of all channels, interleaved: out[i x channels +
  // c]. Safe from several threads; one decodes at a time. Reading on where the last call ended is
  // fast, elsewhere the stream is searched.
  // Errors: Corrupt when the stream is damaged or ends before.
  [[nodiscard]] virtual Status read(std::int64_t first, std::span<std::int32_t> out) = 0;
  // The samples there are; decodes the whole stream once when it does not say itself.
  [[nodiscard]] virtual Result<std::int64_t> count_samples() = 0;
};

}  // namespace consilium
