// A volume's samples where they lie, x fastest, then y, then z.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

namespace consilium {

using VolumeView = std::variant<std::span<const std::uint8_t>, std::span<const std::int16_t>,
                                std::span<const std::uint16_t>, std::span<const float>>;

}  // namespace consilium
