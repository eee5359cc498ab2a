// How a chunk of an object is packed before it is sealed: as it is, by zstd, or, where it holds
// samples of two bytes of which one hardly changes (CT, MR, recordings), split into all first and
// all second bytes and then by zstd, which packs CT pixels better and in half the time.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace consilium::storage {

constexpr std::size_t chunk_bytes = 64U << 10U;

// The numbers are those of the associated data, and bits 31 and 30 of the chunk table.
enum class ChunkForm : std::uint8_t { Raw = 0, Packed = 1, SplitPacked = 2 };

// Packs chunks one after the other; each leaves nothing behind that the next one needs.
class ChunkPacker {
 public:
  ChunkPacker();
  ~ChunkPacker();
  ChunkPacker(const ChunkPacker&) = delete;
  ChunkPacker& operator=(const ChunkPacker&) = delete;

  struct Packed {
    ChunkForm form = ChunkForm::Raw;
    ByteView bytes;  // good until the next call, or as long as `plain`
  };
  // Raw unless packing saves a sixteenth of a whole chunk: reading raw is faster. Cost: some
  // 500 MB/s a core, of samples 900.
  [[nodiscard]] Packed pack(ByteView plain);

 private:
  Bytes split_;
  Bytes packed_;
};

// Fills `out`; false when `packed` is not that much content in this form.
[[nodiscard]] bool unpack_chunk(ChunkForm form, ByteView packed, std::span<std::byte> out);

}  // namespace consilium::storage
