#include "format/sierra_xml/xli.hpp"

#include <fmt/format.h>

#include <array>

#include "base/byte_reader.hpp"

namespace consilium::sierra {
namespace {

constexpr unsigned code_bits = 10;
constexpr std::uint32_t end_code = (1U << code_bits) - 1;
constexpr std::size_t samples_max = 20'000'000;

std::int32_t wrapped(std::int64_t value) {
  return static_cast<std::int16_t>(static_cast<std::uint64_t>(value) & 0xFFFFU);
}

std::unexpected<Error> wrong(std::string what, std::size_t lead, std::size_t at) {
  return fail(ErrorCode::Corrupt, std::move(what),
              fmt::format("packed lead {}, byte {}", lead + 1, at),
              "export the recording again from the system that made it");
}

// Codes below 256 are bytes, the others strings met before; the table is never emptied.
Result<Bytes> unpack_lzw(ByteView in, std::size_t lead) {
  struct Entry {
    std::uint16_t before = 0;
    std::byte last{};
    std::byte first{};
    std::uint32_t length = 1;
  };
  std::array<Entry, 1U << code_bits> table{};
  for (std::size_t i = 0; i < 256; ++i) {
    table[i].last = table[i].first = static_cast<std::byte>(i);
  }
  std::uint32_t next = 256;
  Bytes out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  bool has_before = false;
  std::uint32_t before = 0;
  for (std::size_t at = 0; at < in.size(); ++at) {
    bits = (bits << 8U | std::to_integer<std::uint32_t>(in[at])) & 0xFFFFFFU;
    count += 8;
    if (count < code_bits) continue;
    count -= code_bits;
    const std::uint32_t code = bits >> count & end_code;
    if (code == end_code) break;
    if (code > next || (code == next && !has_before)) {
      return wrong("a code names a string that is not there", lead, at);
    }
    if (has_before && next < end_code) {
      // The new string is the one before and the first byte of this one, which may be itself.
      Entry& entry = table[next];
      entry.before = static_cast<std::uint16_t>(before);
      entry.first = table[before].first;
      entry.last = code == next ? table[before].first : table[code].first;
      entry.length = table[before].length + 1;
      ++next;
    } else if (code >= next) {
      return wrong("a code names a string that is not there", lead, at);
    }
    const std::size_t begin = out.size();
    if (begin + table[code].length > 2 * samples_max) {
      return fail(ErrorCode::TooLarge, "a packed lead is too long",
                  fmt::format("lead {}", lead + 1));
    }
    out.resize(begin + table[code].length);
    std::uint32_t part = code;
    for (std::size_t i = out.size(); i-- > begin; part = table[part].before)
      out[i] = table[part].last;
    before = code;
    has_before = true;
  }
  return out;
}

std::vector<std::int32_t> add_up(const Bytes& bytes, std::int32_t start) {
  const std::size_t count = bytes.size() / 2;
  std::vector<std::int32_t> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] =
        wrapped(std::to_integer<int>(bytes[i]) << 8 | std::to_integer<int>(bytes[count + i]));
  }
  // Second differences, each one's excess over 64 told with the one after it.
  std::int64_t last = start;
  for (std::size_t i = 2; i < count; ++i) {
    const std::int64_t sample = 2LL * values[i - 1] - values[i - 2] - last;
    last = wrapped(values[i] - 64LL);
    values[i] = wrapped(sample);
  }
  return values;
}

}  // namespace

Result<std::vector<std::vector<std::int32_t>>> unpack_xli(ByteView bytes) {
  std::vector<std::vector<std::int32_t>> leads;
  ByteReader reader(bytes);
  std::size_t total = 0;
  while (reader.left() >= 8) {
    const std::uint32_t size = CSL_TRY(reader.u32());
    CSL_TRY(reader.skip(2));
    const std::int32_t start = CSL_TRY(reader.i16());
    if (size > reader.left())
      return wrong("a packed lead runs past the end", leads.size(), reader.position());
    const Bytes unpacked = CSL_TRY(unpack_lzw(CSL_TRY(reader.take(size)), leads.size()));
    total += unpacked.size() / 2;
    if (total > samples_max) {
      return fail(ErrorCode::TooLarge, "the packed leads are too long",
                  fmt::format("lead {}", leads.size() + 1));
    }
    leads.push_back(add_up(unpacked, start));
  }
  return leads;
}

void restore_limb_leads(std::vector<std::vector<std::int32_t>>& leads) {
  for (std::size_t i = 0; i < leads[0].size(); ++i) {
    const std::int32_t one = leads[0][i];
    const std::int32_t two = leads[1][i];
    leads[2][i] = wrapped(two - one - leads[2][i]);
    const std::int32_t three = leads[2][i];
    leads[3][i] = wrapped(-((one + two) / 2) - leads[3][i]);
    leads[4][i] = wrapped((one - three) / 2 - leads[4][i]);
    leads[5][i] = wrapped((two + three) / 2 - leads[5][i]);
  }
}

}  // namespace consilium::sierra
