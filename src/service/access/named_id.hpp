// Ids that follow from what they name, so that making a thing again makes the same one.
#pragma once

#include <algorithm>

#include "base/id.hpp"
#include "base/sha256.hpp"

namespace consilium::service {

// RFC 9562, 5.8: version 8, made by a rule of one's own.
template <class IdType>
[[nodiscard]] IdType id_of_digest(const Sha256Digest& digest) {
  IdType id;
  std::copy_n(digest.begin(), id.value.size(), id.value.begin());
  id.value[6] = (id.value[6] & std::byte{0x0F}) | std::byte{0x80};
  id.value[8] = (id.value[8] & std::byte{0x3F}) | std::byte{0x80};
  return id;
}

}  // namespace consilium::service
