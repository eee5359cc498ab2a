#include "format/dicom_deid/deid_key.hpp"

#include "base/sha256.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

std::uint64_t number_of(const Bytes& bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    number = (number << 8U) | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return number;
}

}  // namespace

Bytes DeidKey::derived(std::string_view kind, std::string_view value) const {
  std::string name(kind);
  name += '\n';
  name += value;
  const Sha256Digest digest = hmac_sha256(secret_, bytes_of(name));
  return {digest.begin(), digest.end()};
}

std::string DeidKey::uid(std::string_view original) const {
  return uid_from_name(to_hex(derived("uid", original)));
}

std::string DeidKey::token(std::string_view kind, std::string_view value, std::size_t size) const {
  constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::uint64_t number = number_of(derived(kind, value));
  std::string text;
  for (std::size_t i = 0; i < size; ++i, number >>= 5U) text += letters[number & 31U];
  return text;
}

std::string DeidKey::patient(std::string_view identity) const {
  constexpr std::size_t size = 12;
  return "P-" + token("patient", identity, size);
}

std::int64_t DeidKey::shift_days(std::string_view identity) const {
  constexpr std::uint64_t nearest = 30;
  constexpr std::uint64_t farthest = 3650;
  const std::uint64_t days = nearest + number_of(derived("shift", identity)) % (farthest - nearest);
  return -static_cast<std::int64_t>(days);
}

Bytes DeidKey::signing_seed() const { return derived("report", "ed25519"); }

}  // namespace consilium
