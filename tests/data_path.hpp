// Where the real test files are: CONSILIUM_DATA, else ../shared/data beside the source tree.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>

#include "tests/source_dir.hpp"

namespace consilium::test {

inline std::optional<std::filesystem::path> data_path(std::string_view relative) {
  const char* folder = std::getenv("CONSILIUM_DATA");
  const std::filesystem::path root =
      folder != nullptr ? std::filesystem::path(folder) : source_dir() / ".." / "shared" / "data";
  std::filesystem::path path = root / relative;
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) return std::nullopt;
  return path;
}

}  // namespace consilium::test
