#include "format/volume/packing.hpp"

#include <libdeflate.h>

#include <memory>

#include "base/byte_reader.hpp"

namespace consilium {
namespace {

using Decompressor =
    std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>;
using Compressor = std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)>;

Result<Decompressor> make_decompressor() {
  Decompressor decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) return fail(ErrorCode::Internal, "no memory to decompress");
  return decompressor;
}

Result<Compressor> make_compressor() {
  constexpr int level = 6;
  Compressor compressor(libdeflate_alloc_compressor(level), &libdeflate_free_compressor);
  if (!compressor) return fail(ErrorCode::Internal, "no memory to compress");
  return compressor;
}

std::unexpected<Error> damaged() {
  return fail(ErrorCode::Corrupt, "the compressed stream is damaged or of another length", {},
              "write the file again");
}

}  // namespace

bool is_gzip(ByteView bytes) {
  return bytes.size() > 18 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

bool can_unpack_to(std::uint64_t packed, std::uint64_t size) {
  return size <= packed * 1032 + 1024;
}

Result<Bytes> gunzip(ByteView packed, std::uint64_t size_max) {
  if (!is_gzip(packed)) return damaged();
  // The last four bytes state the size modulo 2^32.
  ByteReader tail(packed.last(4));
  const std::uint64_t stated = CSL_TRY(tail.u32());
  if (stated > size_max || !can_unpack_to(packed.size(), stated)) {
    return fail(ErrorCode::TooLarge, "the volume is too large when unpacked");
  }
  return gunzip_exactly(packed, stated);
}

Result<Bytes> gunzip_exactly(ByteView packed, std::uint64_t size) {
  if (!can_unpack_to(packed.size(), size)) return damaged();
  const Decompressor decompressor = CSL_TRY(make_decompressor());
  Bytes out(size);
  std::size_t filled = 0;
  while (filled < out.size() || size == 0) {
    std::size_t read = 0;
    std::size_t wrote = 0;
    const libdeflate_result result =
        libdeflate_gzip_decompress_ex(decompressor.get(), packed.data(), packed.size(),
                                      out.data() + filled, out.size() - filled, &read, &wrote);
    if (result != LIBDEFLATE_SUCCESS || read == 0) return damaged();
    filled += wrote;
    packed = packed.subspan(read);
    if (size == 0 || packed.empty()) break;
  }
  if (filled != size) return damaged();
  return out;
}

Result<Bytes> inflate_zlib_exactly(ByteView packed, std::uint64_t size) {
  if (!can_unpack_to(packed.size(), size)) return damaged();
  const Decompressor decompressor = CSL_TRY(make_decompressor());
  Bytes out(size);
  // Without a place for the size the stream must fill the output.
  const libdeflate_result result = libdeflate_zlib_decompress(
      decompressor.get(), packed.data(), packed.size(), out.data(), out.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS) return damaged();
  return out;
}

Result<Bytes> gzip(ByteView bytes) {
  const Compressor compressor = CSL_TRY(make_compressor());
  Bytes out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()));
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  if (out.empty()) return fail(ErrorCode::Internal, "gzip ran out of room");
  return out;
}

Result<Bytes> deflate_zlib(ByteView bytes) {
  const Compressor compressor = CSL_TRY(make_compressor());
  Bytes out(libdeflate_zlib_compress_bound(compressor.get(), bytes.size()));
  out.resize(libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), out.data(),
                                      out.size()));
  if (out.empty()) return fail(ErrorCode::Internal, "zlib ran out of room");
  return out;
}

}  // namespace consilium
