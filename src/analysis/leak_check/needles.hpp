// Byte strings sought in one pass, whatever their case.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"

namespace consilium {

struct Needle {
  std::string bytes;  // ASCII letters in lower case
  std::string what;
  std::string form;
  std::size_t unit = 1;  // bytes of a code unit
  bool is_alone = true;  // no letter or digit on either side
};

class Needles {
 public:
  // In all forms; nothing below four bytes. Returns whether it is sought now.
  bool add(std::string_view utf8, const std::string& what, bool is_alone = true);
  // As it stands.
  void add_raw(std::string_view bytes, const std::string& what);
  // The first needle in the bytes, and where; those shorter than `size_min` are passed over.
  [[nodiscard]] const Needle* find(ByteView bytes, std::size_t size_min, std::size_t& at) const;
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  void add_form(std::string bytes, const std::string& what, const char* form, std::size_t unit,
                bool is_alone);
  std::vector<Needle> needles_;
  std::unordered_map<std::string, std::size_t> seen_;
  std::unordered_map<std::uint16_t, std::vector<std::size_t>> by_start_;
  std::bitset<65536> starts_;
  std::size_t count_ = 0;
};

}  // namespace consilium
