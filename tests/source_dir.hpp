// The source tree that a test belongs to, found at run time, so that objects do not hold its path
// and a compiler cache serves every clone: CONSILIUM_SOURCE, else the first folder above the
// program that has a CMakePresets.json.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace consilium::test {

inline std::filesystem::path source_dir() {
  if (const char* folder = std::getenv("CONSILIUM_SOURCE"); folder != nullptr) return folder;
  std::error_code problem;
  std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", problem);
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    if (std::filesystem::exists(folder / "CMakePresets.json", problem)) return folder;
  }
  return std::filesystem::current_path();
}

}  // namespace consilium::test
