#include "format/tar/tar.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/bytes.hpp"

using namespace consilium;

namespace {

// As POSIX.1-1988 has it, written from the standard's table.
std::string header(const std::string& name, std::size_t size, char type = '0') {
  std::string block(512, '\0');
  block.replace(0, name.size(), name);
  block.replace(100, 7, "0000644");
  block.replace(124, 11, fmt::format("{:011o}", size));
  block.replace(136, 11, "00000000000");
  block.replace(148, 8, "        ");
  block[156] = type;
  block.replace(257, 8, std::string("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return block;
}

std::string padded(std::string text) {
  text.resize((text.size() + 511) / 512 * 512, '\0');
  return text;
}

std::map<std::string, std::string> read(const std::string& archive) {
  const auto source = view_source(bytes_of(archive));
  std::map<std::string, std::string> texts;
  const auto files = read_tar(*source);
  REQUIRE(files);
  for (const TarFile& file : *files) {
    const auto part = part_of(*source, file.offset, file.size);
    const auto bytes = read_all(*part, 1 << 20);
    REQUIRE(bytes);
    texts[file.name] = std::string(text_of(*bytes));
  }
  return texts;
}

}  // namespace

TEST_CASE("files are read where they lie, folders and long names' extensions are passed over") {
  const std::string archive = header("rf2/", 0, '5') + header("rf2/a.txt", 3) + padded("one") +
                              header("././@PaxHeader", 5, 'x') + padded("12 x\n") +
                              header("b", 600) + padded(std::string(600, 'b')) +
                              std::string(1024, '\0');
  CHECK(read(archive) ==
        std::map<std::string, std::string>{{"rf2/a.txt", "one"}, {"b", std::string(600, 'b')}});
  CHECK(read("").empty());
}

TEST_CASE("an archive of the system's tar holds what went in") {
  const auto folder = std::filesystem::temp_directory_path() / "consilium-tar-test";
  std::filesystem::create_directories(folder / "in" / "deeper");
  std::ofstream(folder / "in" / "one.txt") << "first";
  std::ofstream(folder / "in" / "deeper" / "two.txt") << std::string(5000, 'x');
  const std::string command = "tar --format=ustar -C '" + (folder / "in").string() + "' -cf '" +
                              (folder / "made.tar").string() + "' one.txt deeper";
  REQUIRE(std::system(command.c_str()) == 0);
  const auto source = open_file_source(folder / "made.tar");
  REQUIRE(source);
  const auto files = read_tar(**source);
  REQUIRE(files);
  CHECK(files->size() == 2);
  for (const TarFile& file : *files) {
    const auto bytes = read_all(*part_of(**source, file.offset, file.size), 1 << 20);
    REQUIRE(bytes);
    CHECK(std::string(text_of(*bytes)) ==
          (file.name == "one.txt" ? std::string("first") : std::string(5000, 'x')));
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a damaged archive is refused with its byte, wherever it is cut") {
  const std::string archive = header("a", 3) + padded("one") + header("b", 3) + padded("two");
  for (std::size_t i = 0; i < 512; ++i) {
    if (i >= 148 && i < 156) continue;
    std::string flipped = archive;
    flipped[1024 + i] = static_cast<char>(flipped[1024 + i] ^ 1);
    const auto source = view_source(bytes_of(flipped));
    const auto files = read_tar(*source);
    CAPTURE(i);
    REQUIRE_FALSE(files);
    CHECK(files.error().where == "byte 1024");
  }
  const std::string cut = header("a", 3000) + padded("one");
  const auto source = view_source(bytes_of(cut));
  CHECK(read_tar(*source).error().code == ErrorCode::Corrupt);
}
