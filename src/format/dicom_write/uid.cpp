#include "format/dicom_write/uid.hpp"

#include <algorithm>

#include "base/sha256.hpp"

namespace consilium {

std::string uid_from_name(std::string_view name) {
  const Sha256Digest digest = sha256(bytes_of(name));
  __extension__ unsigned __int128 number = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    unsigned octet = std::to_integer<unsigned>(digest[i]);
    if (i == 6) octet = (octet & 0x0FU) | 0x80U;  // version 8
    if (i == 8) octet = (octet & 0x3FU) | 0x80U;  // variant
    number = (number << 8U) | octet;
  }
  std::string digits;
  for (; number != 0; number /= 10)
    digits.push_back(static_cast<char>('0' + static_cast<int>(number % 10)));
  std::ranges::reverse(digits);
  return "2.25." + digits;
}

std::string_view implementation_class_uid() {
  static const std::string uid = uid_from_name("consilium dicom writer");
  return uid;
}
std::string_view implementation_version_name() { return "CONSILIUM_01"; }

}  // namespace consilium
