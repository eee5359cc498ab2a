#pragma once

#include <string_view>

namespace consilium::api {
inline constexpr std::string_view product_version = "0.1.0";
}
