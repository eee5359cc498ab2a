// What stands for a person, an object or a date: all follow from one secret, so the same key gives
// the same pseudonyms, UIDs and offsets in any run, and without it none leads back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace consilium {

class DeidKey {
 public:
  explicit DeidKey(ByteView secret) : secret_(secret.begin(), secret.end()) {}

  [[nodiscard]] std::string uid(std::string_view original) const;  // "2.25...."
  // "P-4F7K2M9QX3TB"; `identity` is whatever is the same in all files of one person.
  [[nodiscard]] std::string patient(std::string_view identity) const;
  // A whole number of days, never 0: between 30 days and ten years back.
  [[nodiscard]] std::int64_t shift_days(std::string_view identity) const;
  // `size` characters of 0-9 and A-Z without I, L, O, U, which stand for `value`; another kind
  // gives others. 60 bits at most.
  [[nodiscard]] std::string token(std::string_view kind, std::string_view value,
                                  std::size_t size) const;
  // Of the key that signs reports: 32 bytes.
  [[nodiscard]] Bytes signing_seed() const;

 private:
  [[nodiscard]] Bytes derived(std::string_view kind, std::string_view value) const;
  Bytes secret_;
};

}  // namespace consilium
