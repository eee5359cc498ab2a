#include "storage/files/chunk_form.hpp"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/check.hpp"
#include "storage/keys/seal.hpp"

namespace consilium::storage {
namespace {

constexpr std::size_t worth_bytes = chunk_bytes / 16;
// Of split samples the one half is nearly constant and the other nearly noise: the quicker level
// loses little on them.
constexpr int packed_level = 1;
constexpr int split_level = -1;

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

// One for each thread: making one costs more than a chunk.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeCompressor> context(ZSTD_createCCtx());
  CSL_CHECK(context != nullptr);
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  CSL_CHECK(context != nullptr);
  return context.get();
}

// Whether samples of two bytes are likely: one of the two takes few values and the other many. Told
// by some hundred places, for a wrong guess costs only size.
bool holds_samples(ByteView plain) {
  constexpr std::size_t asked = 512;
  constexpr std::ptrdiff_t many = 48;
  if (plain.size() < 2 * asked || plain.size() % 2 != 0) return false;
  std::array<std::array<bool, 256>, 2> seen{};
  const std::size_t pairs = plain.size() / 2;
  for (std::size_t i = 0; i < asked; ++i) {
    const std::size_t at = i * pairs / asked * 2;
    for (std::size_t half = 0; half < 2; ++half) {
      seen[half][std::to_integer<std::size_t>(plain[at + half])] = true;
    }
  }
  const auto [few, most] = std::minmax({std::count(seen[0].begin(), seen[0].end(), true),
                                        std::count(seen[1].begin(), seen[1].end(), true)});
  return most >= many && 3 * few <= most;
}

// Blocks of a fixed size, which the compiler turns into whole registers.
constexpr std::size_t block = 32;

void split(const std::byte* __restrict from, std::size_t pairs, std::byte* __restrict first,
           std::byte* __restrict second) {
  std::size_t i = 0;
  for (; i + block <= pairs; i += block) {
    for (std::size_t j = 0; j < block; ++j) {
      first[i + j] = from[2 * (i + j)];
      second[i + j] = from[2 * (i + j) + 1];
    }
  }
  for (; i < pairs; ++i) {
    first[i] = from[2 * i];
    second[i] = from[2 * i + 1];
  }
}

void join(const std::byte* __restrict first, const std::byte* __restrict second, std::size_t pairs,
          std::byte* __restrict to) {
  std::size_t i = 0;
  for (; i + block <= pairs; i += block) {
    for (std::size_t j = 0; j < block; ++j) {
      to[2 * (i + j)] = first[i + j];
      to[2 * (i + j) + 1] = second[i + j];
    }
  }
  for (; i < pairs; ++i) {
    to[2 * i] = first[i];
    to[2 * i + 1] = second[i];
  }
}

bool decompress(ByteView packed, std::span<std::byte> out) {
  const std::size_t size =
      ZSTD_decompressDCtx(decompressor(), out.data(), out.size(), packed.data(), packed.size());
  return ZSTD_isError(size) == 0 && size == out.size();
}

}  // namespace

ChunkPacker::ChunkPacker() : packed_(ZSTD_compressBound(chunk_bytes)) {}

ChunkPacker::~ChunkPacker() {
  wipe(split_);
  wipe(packed_);
}

ChunkPacker::Packed ChunkPacker::pack(ByteView plain) {
  CSL_CHECK(plain.size() <= chunk_bytes);
  ByteView from = plain;
  const bool is_split = holds_samples(plain);
  if (is_split) {
    split_.resize(chunk_bytes);
    const std::size_t pairs = plain.size() / 2;
    split(plain.data(), pairs, split_.data(), split_.data() + pairs);
    from = ByteView(split_).first(plain.size());
  }
  const std::size_t size =
      ZSTD_compressCCtx(compressor(), packed_.data(), packed_.size(), from.data(), from.size(),
                        is_split ? split_level : packed_level);
  if (ZSTD_isError(size) != 0 || size + worth_bytes > plain.size()) {
    return {.form = ChunkForm::Raw, .bytes = plain};
  }
  return {.form = is_split ? ChunkForm::SplitPacked : ChunkForm::Packed,
          .bytes = ByteView(packed_).first(size)};
}

bool unpack_chunk(ChunkForm form, ByteView packed, std::span<std::byte> out) {
  switch (form) {
    case ChunkForm::Raw:
      if (packed.size() != out.size()) return false;
      std::copy(packed.begin(), packed.end(), out.begin());
      return true;
    case ChunkForm::Packed:
      return decompress(packed, out);
    case ChunkForm::SplitPacked:
      break;
  }
  if (out.size() > chunk_bytes || out.size() % 2 != 0) return false;
  std::array<std::byte, chunk_bytes> halves;
  const std::span<std::byte> used = std::span(halves).first(out.size());
  const bool is_good = decompress(packed, used);
  if (is_good) join(halves.data(), halves.data() + out.size() / 2, out.size() / 2, out.data());
  wipe(used);
  return is_good;
}

}  // namespace consilium::storage
