#include "base/byte_source.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace consilium {
namespace {

void check_ranges(const ByteSource& source) {
  REQUIRE(source.size() == 6);
  std::array<std::byte, 3> part{};
  REQUIRE(source.read(2, part).has_value());
  CHECK(text_of(part) == "cde");
  CHECK(source.read(4, part).error().code == ErrorCode::Corrupt);
  CHECK(source.read(UINT64_MAX, part).error().code == ErrorCode::Corrupt);
  CHECK(source.read(6, std::span<std::byte>{}).has_value());
  CHECK(text_of(*read_all(source, 6)) == "abcdef");
  CHECK(read_all(source, 5).error().code == ErrorCode::TooLarge);
  CHECK(read_bytes(source, 5, 2, 9).error().code == ErrorCode::Corrupt);
}

TEST_CASE("a range of a source is read, and one past its end is an error") {
  check_ranges(*memory_source(to_bytes("abcdef")));
  check_ranges(*view_source(bytes_of("abcdef")));
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / "consilium_byte_source_test";
  std::ofstream(path, std::ios::binary) << "abcdef";
  const auto file = open_file_source(path);
  REQUIRE(file.has_value());
  check_ranges(**file);
  std::filesystem::resize_file(path, 3);
  std::array<std::byte, 4> part{};
  CHECK((*file)->read(0, part).error().code == ErrorCode::Corrupt);
  std::filesystem::remove(path);
  CHECK(open_file_source(path).error().code == ErrorCode::NotFound);
  CHECK(open_file_source("/").error().code == ErrorCode::InvalidInput);
}

}  // namespace
}  // namespace consilium
