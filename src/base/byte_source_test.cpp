#include "base/byte_source.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/joined_source.hpp"

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

TEST_CASE("joined ranges read as one, across their ends and past empty ones") {
  const std::shared_ptr<const ByteSource> letters = memory_source(to_bytes("abcdef"));
  const std::shared_ptr<const ByteSource> digits = memory_source(to_bytes("0123"));
  const auto joined =
      joined_source({{letters, 1, 3}, {digits, 0, 0}, {digits, 2, 2}, {letters, 5, 1}});
  REQUIRE(joined->size() == 6);
  for (std::size_t from = 0; from <= 6; ++from) {
    for (std::size_t count = 0; count <= 6 - from; ++count) {
      Bytes out(count);
      REQUIRE(joined->read(from, out));
      CHECK(text_of(out) == std::string_view("bcd23f").substr(from, count));
    }
  }
  Bytes out(2);
  CHECK_FALSE(joined->read(5, out));
}

}  // namespace
}  // namespace consilium
