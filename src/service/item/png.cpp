#include "service/item/png.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "base/check.hpp"

namespace consilium::service {
namespace {

void put_u32(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::byte>((value >> static_cast<unsigned>(shift)) & 0xFFU));
  }
}

void put_chunk(Bytes& out, std::string_view type, ByteView data) {
  put_u32(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  const ByteView name = bytes_of(type);
  out.insert(out.end(), name.begin(), name.end());
  out.insert(out.end(), data.begin(), data.end());
  put_u32(out, libdeflate_crc32(0, out.data() + begin, out.size() - begin));
}

Bytes deflate(ByteView plain) {
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> compressor(
      libdeflate_alloc_compressor(6), &libdeflate_free_compressor);
  CSL_CHECK(compressor != nullptr);
  Bytes packed(libdeflate_zlib_compress_bound(compressor.get(), plain.size()));
  const std::size_t size = libdeflate_zlib_compress(compressor.get(), plain.data(), plain.size(),
                                                    packed.data(), packed.size());
  CSL_CHECK(size != 0);
  packed.resize(size);
  return packed;
}

}  // namespace

Bytes write_png(std::uint32_t columns, std::uint32_t rows, std::uint32_t channels, ByteView samples,
                std::uint32_t bits) {
  CSL_CHECK((channels == 1 || channels == 3) && (bits == 8 || bits == 16));
  const std::size_t row_bytes = std::size_t{columns} * channels * (bits / 8);
  CSL_CHECK(samples.size() == row_bytes * rows);
  constexpr std::array<unsigned char, 8> signature{0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  Bytes out;
  for (const unsigned char c : signature) out.push_back(static_cast<std::byte>(c));
  Bytes header;
  put_u32(header, columns);
  put_u32(header, rows);
  header.push_back(static_cast<std::byte>(bits));                 // a sample
  header.push_back(channels == 1 ? std::byte{0} : std::byte{2});  // grey or RGB
  header.insert(header.end(), 3, std::byte{0});
  put_chunk(out, "IHDR", header);
  Bytes filtered;
  filtered.reserve((row_bytes + 1) * rows);
  for (std::size_t row = 0; row < rows; ++row) {
    filtered.push_back(std::byte{0});  // no filter
    const ByteView line = samples.subspan(row * row_bytes, row_bytes);
    filtered.insert(filtered.end(), line.begin(), line.end());
    if (bits == 8) continue;
    for (auto at = filtered.end() - static_cast<std::ptrdiff_t>(row_bytes); at != filtered.end();
         at += 2) {
      std::iter_swap(at, at + 1);  // PNG is big endian
    }
  }
  put_chunk(out, "IDAT", deflate(filtered));
  put_chunk(out, "IEND", {});
  return out;
}

}  // namespace consilium::service
