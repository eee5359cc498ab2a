// NRRD volumes (G. Kindlmann, "Definition of NRRD File Format", teem.sourceforge.net): attached
// (.nrrd) and detached (.nhdr) headers, encodings raw, gzip and text, and the segments that 3D
// Slicer writes into a segmentation's header (.seg.nrrd: Segment0_Name and so on).
//
// Space "left-posterior-superior" is ours; RAS and LAS are turned here and nowhere else. A file
// without a space is taken as LPS with its spacings along the axes (`has_space` is then false).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/label/coded_concept.hpp"
#include "format/volume/scalar_volume.hpp"

namespace consilium {

struct NrrdSegment {
  std::string id = {};    // "Segment_1"; written as "Segment_N" when empty
  std::string name = {};  // "nodule 1"
  std::uint16_t label_value = 1;
  std::uint32_t layer = 0;  // which volume of a list
  std::optional<std::array<std::uint8_t, 3>> colour = std::nullopt;
  // Of the tag TerminologyEntry.
  std::optional<CodedConcept> category = std::nullopt;
  std::optional<CodedConcept> type = std::nullopt;
  friend bool operator==(const NrrdSegment&, const NrrdSegment&) = default;
};

struct NrrdVolume {
  ScalarVolume volume;
  bool has_space = true;
  std::vector<NrrdSegment> segments{};  // all of the file, also in each volume of a list
};

enum class NrrdPacking { Raw, Gzip };

// Opens the data file that a detached header names; never one with a path in its name.
using NrrdDataOpener = std::function<Result<Bytes>(std::string_view name)>;

struct NrrdReadOptions {
  NrrdDataOpener opener = nullptr;
  std::uint64_t size_max = 1ULL << 32U;  // of the samples
};

[[nodiscard]] bool looks_like_nrrd(ByteView file);

// Errors: Corrupt; Unsupported (several volumes in a list, vectors or colours, other dimensions
// than two and three in space, encodings bzip2 and hex, block samples, 64-bit integers); NotFound
// when a detached header's data cannot be opened; TooLarge past `size_max`.
[[nodiscard]] Result<NrrdVolume> read_nrrd(ByteView file, const NrrdReadOptions& options = {});
// The same, and a list (an axis without a place in space: Slicer's layers of segments that overlap,
// a series in time) split into its volumes.
[[nodiscard]] Result<std::vector<NrrdVolume>> read_nrrd_list(ByteView file,
                                                             const NrrdReadOptions& options = {});

// One file. Errors: as check_volume. Cost: O(bytes); gzip at about 60 MB/s.
[[nodiscard]] Result<Bytes> write_nrrd(const NrrdVolume& volume, NrrdPacking packing);
struct DetachedNrrd {
  Bytes header;  // .nhdr
  Bytes data;    // .raw or .raw.gz
};
[[nodiscard]] Result<DetachedNrrd> write_detached_nrrd(const NrrdVolume& volume,
                                                       NrrdPacking packing,
                                                       std::string_view data_file_name);

}  // namespace consilium
