#include "format/tar/tar.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/check.hpp"

namespace consilium {
namespace {

constexpr std::uint64_t block_bytes = 512;
constexpr std::size_t sum_begin = 148;
constexpr std::size_t sum_end = 156;

using Header = std::array<char, block_bytes>;

std::string_view field(const Header& header, std::size_t begin, std::size_t length) {
  const std::string_view all(header.data() + begin, length);
  return all.substr(0, all.find('\0'));
}

// Octal, with blanks around it. Nothing when it is no number.
std::optional<std::uint64_t> number(const Header& header, std::size_t begin, std::size_t length) {
  std::string_view text = field(header, begin, length);
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return text.empty() ? std::nullopt : std::optional(value);
}

bool has_right_sum(const Header& header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_sum = i >= sum_begin && i < sum_end;
    sum += is_sum ? std::uint64_t{' '} : static_cast<unsigned char>(header[i]);
  }
  return number(header, sum_begin, sum_end - sum_begin) == sum;
}

class PartSource final : public ByteSource {
 public:
  PartSource(const ByteSource& whole, std::uint64_t offset, std::uint64_t size)
      : whole_(whole), offset_(offset), size_(size) {
    CSL_CHECK(offset <= whole.size() && size <= whole.size() - offset);
  }
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Status read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) {
      return fail(ErrorCode::Corrupt, "the file ends early", fmt::format("byte {}", size_));
    }
    return whole_.read(offset_ + offset, out);
  }

 private:
  const ByteSource& whole_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

}  // namespace

Result<std::vector<TarFile>> read_tar(const ByteSource& archive) {
  std::vector<TarFile> files;
  std::uint64_t at = 0;
  while (at + block_bytes <= archive.size()) {
    Header header;
    CSL_TRY(archive.read(at, std::as_writable_bytes(std::span(header))));
    if (header == Header{}) break;
    const std::string where = fmt::format("byte {}", at);
    const auto size = number(header, 124, 12);
    if (!has_right_sum(header) || !size) {
      return fail(ErrorCode::Corrupt, "the archive is damaged", where, "make and send it again");
    }
    at += block_bytes;
    if (*size > archive.size() - at) {
      return fail(ErrorCode::Corrupt, "a file of the archive runs past its end", where,
                  "make and send it again");
    }
    const char type = header[156];
    if (type == '0' || type == '\0') {
      if (files.size() == tar_files_max) {
        return fail(ErrorCode::TooLarge, "the archive has over 10,000 files", where);
      }
      std::string name(field(header, 0, 100));
      const bool is_ustar = field(header, 257, 6).starts_with("ustar");
      if (const std::string_view prefix = field(header, 345, 155); is_ustar && !prefix.empty()) {
        name = std::string(prefix) + "/" + name;
      }
      files.push_back({.name = std::move(name), .offset = at, .size = *size});
    }
    at += (*size + block_bytes - 1) / block_bytes * block_bytes;
  }
  return files;
}

std::unique_ptr<ByteSource> part_of(const ByteSource& whole, std::uint64_t offset,
                                    std::uint64_t size) {
  return std::make_unique<PartSource>(whole, offset, size);
}

}  // namespace consilium
