#include "format/wfdb/wfdb_samples.hpp"

#include <bit>
#include <cstring>
#include <limits>

#include "base/check.hpp"

namespace consilium {
namespace {

static_assert(std::endian::native == std::endian::little, "16-bit samples are copied as they lie");

std::uint32_t byte_at(const std::byte* bytes, std::size_t i) {
  return std::to_integer<std::uint32_t>(bytes[i]);
}

// The low `bits` bits as a two's complement number.
template <unsigned bits>
std::int32_t sign_extend(std::uint32_t value) {
  return static_cast<std::int32_t>(value << (32U - bits)) >> (32U - bits);
}

void decode_16(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::int16_t value = 0;
    std::memcpy(&value, in + 2 * i, 2);
    out[i] = value;
  }
}

void decode_61(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = sign_extend<16>(byte_at(in, 2 * i) << 8U | byte_at(in, 2 * i + 1));
  }
}

void decode_160(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t value = 0;
    std::memcpy(&value, in + 2 * i, 2);
    out[i] = static_cast<std::int32_t>(value) - 32768;
  }
}

void decode_24(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = sign_extend<24>(byte_at(in, 3 * i) | byte_at(in, 3 * i + 1) << 8U |
                             byte_at(in, 3 * i + 2) << 16U);
  }
}

void decode_8(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = sign_extend<8>(byte_at(in, i));
}

void decode_80(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::int32_t>(byte_at(in, i)) - 128;
  }
}

// Of a pair, byte 0 and the low half of byte 1 make the first sample; byte 2 and the high half of
// byte 1 make the second. Taken as one word, whose fourth byte is not used.
void decode_pair_212(std::uint32_t word, std::int32_t* out) {
  out[0] = static_cast<std::int32_t>(word << 20U) >> 20;
  out[1] = static_cast<std::int32_t>((word & 0xF000U) << 16U | (word & 0xFF0000U) << 4U) >> 20;
}

void decode_212(const std::byte* in, std::span<std::int32_t> out) {
  const std::size_t pairs = out.size() / 2;
  // The last pair has no fourth byte behind it.
  for (std::size_t i = 0; i + 1 < pairs; ++i) {
    std::uint32_t word = 0;
    std::memcpy(&word, in + 3 * i, 4);
    decode_pair_212(word, out.data() + 2 * i);
  }
  if (pairs > 0) {
    const std::byte* const last = in + 3 * (pairs - 1);
    decode_pair_212(byte_at(last, 0) | byte_at(last, 1) << 8U | byte_at(last, 2) << 16U,
                    out.data() + 2 * (pairs - 1));
  }
  if (out.size() % 2 != 0) {
    out.back() =
        sign_extend<12>(byte_at(in, 3 * pairs) | (byte_at(in, 3 * pairs + 1) & 0x0FU) << 8U);
  }
}

// Of a group of four bytes taken as two 16-bit words, bits 1-10 of each are the first and second
// sample; bits 11-15 of both are the low and high half of the third.
void decode_310(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::byte* const group = in + i / 3 * 4;
    switch (i % 3) {
      case 0:
        out[i] = sign_extend<10>(byte_at(group, 0) >> 1U | (byte_at(group, 1) & 7U) << 7U);
        break;
      case 1:
        out[i] = sign_extend<10>(byte_at(group, 2) >> 1U | (byte_at(group, 3) & 7U) << 7U);
        break;
      default:
        out[i] = sign_extend<10>(byte_at(group, 1) >> 3U | byte_at(group, 3) >> 3U << 5U);
    }
  }
}

// A group is one 32-bit word: bits 0-9, 10-19 and 20-29 are its samples.
void decode_311(const std::byte* in, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::byte* const group = in + i / 3 * 4;
    switch (i % 3) {
      case 0:
        out[i] = sign_extend<10>(byte_at(group, 0) | (byte_at(group, 1) & 0x03U) << 8U);
        break;
      case 1:
        out[i] = sign_extend<10>(byte_at(group, 1) >> 2U | (byte_at(group, 2) & 0x0FU) << 6U);
        break;
      default:
        out[i] = sign_extend<10>(byte_at(group, 2) >> 4U | (byte_at(group, 3) & 0x3FU) << 4U);
    }
  }
}

}  // namespace

std::optional<WfdbFormat> wfdb_format_of(int number) {
  switch (number) {
    case 0:
    case 8:
    case 16:
    case 24:
    case 32:
    case 61:
    case 80:
    case 160:
    case 212:
    case 310:
    case 311:
    case 508:
    case 516:
    case 524:
      return static_cast<WfdbFormat>(number);
    default:
      return std::nullopt;
  }
}

bool is_flac(WfdbFormat format) {
  return format == WfdbFormat::Flac8 || format == WfdbFormat::Flac16 ||
         format == WfdbFormat::Flac24;
}

int sample_bits(WfdbFormat format) {
  switch (format) {
    case WfdbFormat::F8:
    case WfdbFormat::F80:
    case WfdbFormat::Flac8:
      return 8;
    case WfdbFormat::F310:
    case WfdbFormat::F311:
      return 10;
    case WfdbFormat::F212:
      return 12;
    case WfdbFormat::F24:
    case WfdbFormat::Flac24:
      return 24;
    case WfdbFormat::F32:
      return 32;
    case WfdbFormat::Null:
    case WfdbFormat::F16:
    case WfdbFormat::F61:
    case WfdbFormat::F160:
    case WfdbFormat::Flac16:
      return 16;
  }
  return 16;
}

std::int32_t missing_sample(WfdbFormat format) {
  // Differences have no value of their own for "missing": none of theirs is taken for it.
  if (format == WfdbFormat::F8 || format == WfdbFormat::Null) {
    return std::numeric_limits<std::int32_t>::min();
  }
  return static_cast<std::int32_t>(-(std::int64_t{1} << (sample_bits(format) - 1)));
}

WfdbPacking packing_of(WfdbFormat format) {
  if (format == WfdbFormat::F212) return {.samples = 2, .bytes = 3};
  if (format == WfdbFormat::F310 || format == WfdbFormat::F311) return {.samples = 3, .bytes = 4};
  return {.samples = 1, .bytes = sample_bits(format) / 8};
}

std::uint64_t bytes_of_samples(WfdbFormat format, std::uint64_t count) {
  const WfdbPacking packing = packing_of(format);
  const auto samples = static_cast<std::uint64_t>(packing.samples);
  const std::uint64_t whole = count / samples * static_cast<std::uint64_t>(packing.bytes);
  const std::uint64_t rest = count % samples;
  if (rest == 0) return whole;
  // What follows of a group that is cut: its first sample ends in byte 2, the second of 310 in
  // byte 4 and that of 311 in byte 3.
  if (rest == 1) return whole + 2;
  return whole + (format == WfdbFormat::F310 ? 4U : 3U);
}

std::uint64_t samples_in_bytes(WfdbFormat format, std::uint64_t bytes) {
  const WfdbPacking packing = packing_of(format);
  const auto group_bytes = static_cast<std::uint64_t>(packing.bytes);
  std::uint64_t count = bytes / group_bytes * static_cast<std::uint64_t>(packing.samples);
  if (packing.samples > 1) {
    while (bytes_of_samples(format, count + 1) <= bytes) ++count;
  }
  return count;
}

void decode_wfdb(WfdbFormat format, ByteView bytes, std::span<std::int32_t> out) {
  CSL_CHECK(bytes.size() >= bytes_of_samples(format, out.size()));
  switch (format) {
    case WfdbFormat::F8:
      return decode_8(bytes.data(), out);
    case WfdbFormat::F16:
      return decode_16(bytes.data(), out);
    case WfdbFormat::F24:
      return decode_24(bytes.data(), out);
    case WfdbFormat::F32:
      std::memcpy(out.data(), bytes.data(), out.size() * 4);
      return;
    case WfdbFormat::F61:
      return decode_61(bytes.data(), out);
    case WfdbFormat::F80:
      return decode_80(bytes.data(), out);
    case WfdbFormat::F160:
      return decode_160(bytes.data(), out);
    case WfdbFormat::F212:
      return decode_212(bytes.data(), out);
    case WfdbFormat::F310:
      return decode_310(bytes.data(), out);
    case WfdbFormat::F311:
      return decode_311(bytes.data(), out);
    case WfdbFormat::Null:
    case WfdbFormat::Flac8:
    case WfdbFormat::Flac16:
    case WfdbFormat::Flac24:
      CSL_CHECK(!"this format has no bytes of its own");
  }
}

}  // namespace consilium
