// The protocols of the sample projects, put into the program by the build from protocols/*.yaml.
#pragma once

#include <string_view>

namespace consilium::cli {

[[nodiscard]] std::string_view chest_ct_protocol_yaml();
[[nodiscard]] std::string_view notes_protocol_yaml();
[[nodiscard]] std::string_view ecg_protocol_yaml();

}  // namespace consilium::cli
