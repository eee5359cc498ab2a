// Sums of headers are mended first, in every block that might be one: else hardly any input would
// be read further than its first.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "format/tar/tar.hpp"

namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::size_t sum_at = 148;
constexpr std::size_t sum_bytes = 8;

void mend_sum(std::string& bytes, std::size_t block) {
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(block + sum_at), sum_bytes, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < block_bytes; ++i) {
    sum += static_cast<unsigned char>(bytes[block + i]);
  }
  for (std::size_t digit = 6; digit-- > 0; sum /= 8) {
    bytes[block + sum_at + digit] = static_cast<char>('0' + sum % 8);
  }
  bytes[block + sum_at + 6] = '\0';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace consilium;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  for (std::size_t block = 0; block + block_bytes <= bytes.size(); block += block_bytes) {
    const bool is_empty =
        bytes.find_first_not_of('\0', block) >= std::min(block + block_bytes, bytes.size());
    if (!is_empty) mend_sum(bytes, block);
  }
  const auto archive = view_source(bytes_of(bytes));
  const auto files = read_tar(*archive);
  if (!files) return 0;
  for (const TarFile& file : *files) {
    const auto part = part_of(*archive, file.offset, file.size);
    static_cast<void>(read_all(*part, size));
  }
  return 0;
}
