// MetaImage volumes (.mha in one file, .mhd beside its data): the text header of ITK's MetaIO, raw
// or zlib data. As ITK has it space is LPS, and each row of TransformMatrix is the direction of one
// axis of the index.
#pragma once

#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "format/volume/scalar_volume.hpp"

namespace consilium {

// Opens the data file that a header names; never one with a path in its name.
using MetaImageOpener = std::function<Result<Bytes>(std::string_view name)>;

struct MetaImageReadOptions {
  MetaImageOpener opener = nullptr;
  std::uint64_t size_max = 1ULL << 32U;  // of the samples
};

[[nodiscard]] bool looks_like_metaimage(ByteView file);

// Two or three dimensions. Errors: Corrupt; Unsupported (several volumes in a fourth dimension,
// several channels, text data, 64-bit integers); NotFound when the data lie in a file that cannot
// be opened; TooLarge past `size_max`.
[[nodiscard]] Result<ScalarVolume> read_metaimage(ByteView file,
                                                  const MetaImageReadOptions& options = {});

enum class MetaImagePacking { Raw, Zlib };

// One .mha. Errors: as check_volume; InvalidInput when the axes are not at right angles, which a
// direction matrix of MetaImage cannot say. Cost: O(bytes); zlib at about 60 MB/s.
[[nodiscard]] Result<Bytes> write_metaimage(const ScalarVolume& volume, MetaImagePacking packing);
struct DetachedMetaImage {
  Bytes header;  // .mhd
  Bytes data;    // .raw or .zraw
};
[[nodiscard]] Result<DetachedMetaImage> write_detached_metaimage(const ScalarVolume& volume,
                                                                 MetaImagePacking packing,
                                                                 std::string_view data_file_name);

}  // namespace consilium
