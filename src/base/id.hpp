// Ids are UUIDv7 (RFC 9562, 5.7), made by whoever makes the thing, so that repeating a write
// changes nothing. A tag keeps one kind of id from standing where another is due.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace consilium {

using IdBytes = std::array<std::byte, 16>;

template <class Tag>
struct Id {
  IdBytes value{};
  friend auto operator<=>(const Id&, const Id&) = default;
};

[[nodiscard]] IdBytes make_id_bytes(Timestamp now, Random& random);
// "0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3b", lower case.
[[nodiscard]] std::string id_text(const IdBytes& value);
// Errors: InvalidInput when it is not 36 characters of that form. Any version is taken.
[[nodiscard]] Result<IdBytes> parse_id_bytes(std::string_view text);

template <class IdType>
[[nodiscard]] IdType make_id(const Clock& clock, Random& random) {
  return IdType{make_id_bytes(clock.now(), random)};
}
template <class Tag>
[[nodiscard]] std::string to_string(const Id<Tag>& id) {
  return id_text(id.value);
}
template <class IdType>
[[nodiscard]] Result<IdType> parse_id(std::string_view text) {
  return IdType{CSL_TRY(parse_id_bytes(text))};
}

}  // namespace consilium

template <class Tag>
struct std::hash<consilium::Id<Tag>> {
  std::size_t operator()(const consilium::Id<Tag>& id) const noexcept {
    std::size_t mixed = 0;
    for (std::size_t i = 8; i < 16; ++i) {  // the random half
      mixed = (mixed << 8U) | std::to_integer<std::size_t>(id.value[i]);
    }
    return mixed;
  }
};
