// Media types of our own.
#pragma once

#include <string_view>

namespace consilium::http {

// A stretch of a recording (service/item/window_form.hpp), laid out to be packed.
inline constexpr std::string_view signal_window_type = "application/vnd.consilium.signal-window";

}  // namespace consilium::http
