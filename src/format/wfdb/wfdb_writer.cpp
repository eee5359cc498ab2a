#include "format/wfdb/wfdb_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace consilium {
namespace {

constexpr std::int64_t block_samples = 1 << 16;

// The fastest rate that all rates are whole multiples of: the rate of frames.
Result<Rate> common_frame_rate(const std::vector<Channel>& channels) {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
  for (const Channel& channel : channels) {
    // gcd(a/b, c/d) = gcd(a, c) / lcm(b, d) for fractions in lowest terms.
    numerator = std::gcd(numerator, channel.rate.numerator());
    const std::int64_t step =
        channel.rate.denominator() / std::gcd(denominator, channel.rate.denominator());
    if (__builtin_mul_overflow(denominator, step, &denominator)) {
      return fail(ErrorCode::Unsupported, "the channels' rates have no common frame");
    }
  }
  return Rate::of(numerator, denominator);
}

class Packer {
 public:
  Packer(WfdbFormat format, Bytes& out) : format_(format), out_(out) {}

  void put(std::int32_t sample) {
    const auto bits = static_cast<std::uint32_t>(sample);
    if (format_ == WfdbFormat::F16) {
      put_byte(bits);
      put_byte(bits >> 8U);
    } else if (!half_) {
      first_ = bits;
      half_ = true;
    } else {
      put_byte(first_);
      put_byte((first_ >> 8U & 0x0FU) | (bits >> 4U & 0xF0U));
      put_byte(bits);
      half_ = false;
    }
  }
  void finish() {
    if (!half_) return;
    put_byte(first_);
    put_byte(first_ >> 8U & 0x0FU);
    half_ = false;
  }

 private:
  void put_byte(std::uint32_t value) { out_.push_back(static_cast<std::byte>(value & 0xFFU)); }

  WfdbFormat format_;
  Bytes& out_;
  std::uint32_t first_ = 0;
  bool half_ = false;
};

Result<WfdbHeader> plan(const RecordHeader& record, const WfdbWriting& writing) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (writing.record_name.empty() || !std::ranges::all_of(writing.record_name, plain)) {
    return fail(ErrorCode::InvalidInput, "a WFDB record name is letters, digits and underscores");
  }
  if (writing.format != WfdbFormat::F16 && writing.format != WfdbFormat::F212) {
    return fail(ErrorCode::Unsupported, "only the signal formats 16 and 212 are written");
  }
  if (record.channels.empty()) return fail(ErrorCode::InvalidInput, "the record has no channels");
  WfdbHeader header{.record_name = writing.record_name,
                    .frame_rate = CSL_TRY(common_frame_rate(record.channels)),
                    .signal_count = static_cast<int>(record.channels.size()),
                    .comments = writing.comments};
  const std::int64_t ticks = CSL_TRY(ticks_per_sample(record.tick_rate, header.frame_rate));
  // A frame that the record's end cuts is filled with missing samples.
  header.frame_count = record.length_ticks / ticks + (record.length_ticks % ticks != 0 ? 1 : 0);
  for (const Channel& channel : record.channels) {
    const std::int64_t per_frame = ticks / channel.ticks_per_sample;
    if (per_frame > wfdb_samples_per_frame_max) {
      return fail(ErrorCode::Unsupported, "the channels' rates have no common frame");
    }
    header.signals.push_back(
        {.file_name = writing.record_name + ".dat",
         .format = writing.format,
         .samples_per_frame = static_cast<int>(per_frame),
         .adu_per_unit = channel.adu_per_unit,
         .baseline_adu = static_cast<std::int32_t>(std::llround(channel.baseline_adu)),
         .unit = channel.unit.empty() ? "NU" : channel.unit,
         .adc_bits = sample_bits(writing.format),
         .description = channel.name});
    std::ranges::replace(header.signals.back().unit, ' ', '_');
  }
  return header;
}

}  // namespace

Result<WfdbHeader> write_wfdb(const SampleSource& source, const WfdbWriting& writing,
                              const ByteSink& signal_file) {
  const RecordHeader& record = source.header();
  WfdbHeader header = CSL_TRY(plan(record, writing));
  const std::int64_t ticks = CSL_TRY(ticks_per_sample(record.tick_rate, header.frame_rate));
  const std::int32_t missing = missing_sample(writing.format);
  const std::int32_t limit = -missing;
  std::int64_t samples_in_frame = 0;
  for (const WfdbSignalLine& line : header.signals) samples_in_frame += line.samples_per_frame;
  const std::int64_t block = std::max<std::int64_t>(1, block_samples / samples_in_frame);
  std::vector<std::uint32_t> sums(header.signals.size(), 0);
  SignalBlock samples;
  Bytes bytes;
  Packer packer(writing.format, bytes);
  for (std::int64_t at = 0; at < *header.frame_count; at += block) {
    const std::int64_t count = std::min(block, *header.frame_count - at);
    bytes.clear();
    CSL_TRY(source.read_block({Tick{at * ticks}, Tick{(at + count) * ticks}}, samples));
    for (std::int64_t frame = 0; frame < count; ++frame) {
      for (std::size_t c = 0; c < header.signals.size(); ++c) {
        WfdbSignalLine& line = header.signals[c];
        for (std::int64_t k = 0; k < line.samples_per_frame; ++k) {
          const auto i = static_cast<std::size_t>(frame * line.samples_per_frame + k);
          std::int32_t sample =
              i < samples.channels[c].size() ? samples.channels[c][i] : record.channels[c].missing;
          if (sample == record.channels[c].missing) {
            sample = missing;
          } else if (sample <= missing || sample >= limit) {
            return fail(ErrorCode::InvalidInput, "a sample is too large for the signal format",
                        fmt::format("channel {}, frame {}", c, at + frame), "write format 16");
          }
          if (at + frame == 0 && k == 0) line.initial_value = sample;
          sums[c] += static_cast<std::uint32_t>(sample);
          packer.put(sample);
        }
      }
    }
    if (at + count == *header.frame_count) packer.finish();
    CSL_TRY(signal_file(bytes));
  }
  for (std::size_t c = 0; c < sums.size(); ++c) {
    header.signals[c].checksum = static_cast<std::int16_t>(sums[c] & 0xFFFFU);
  }
  return header;
}

}  // namespace consilium
