// The files that the build puts into the program: schemas/*.json and policy.csv.
#pragma once

#include <span>
#include <string_view>

namespace consilium::api {

[[nodiscard]] std::span<const std::string_view> embedded_schema_files();
[[nodiscard]] std::string_view embedded_policy_csv();

}  // namespace consilium::api
