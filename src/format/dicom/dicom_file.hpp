// DICOM Part 10 files (PS3.10 7, PS3.5 7 and A.4): bytes to a dataset, and where its pixels lie.
//
// What is read: with or without preamble, prefix and file meta; implicit and explicit VR, little
// and big endian, deflated; undefined lengths, nested and private sequences, UN sequences,
// encapsulated pixel data with a basic or extended offset table or none. Slips of real devices that
// leave no doubt about the meaning are mended and said in `notes`; a file that ends inside an
// element other than its pixel data is refused, because what is missing cannot be known.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/dicom_dataset.hpp"
#include "format/dicom/transfer_syntax.hpp"

namespace consilium {

enum class PixelDataKind : std::uint8_t { None, Integer, Float, Double };

// One fragment of encapsulated pixel data, in `DicomFile::bytes`.
struct PixelFragment {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool is_cut = false;  // the file ends before it does
};

// Where the pixels are; they are never copied by the reader. Offsets count in `DicomFile::bytes`.
struct PixelDataPlace {
  PixelDataKind kind = PixelDataKind::None;
  Vr vr = Vr::Ow;
  bool is_encapsulated = false;
  std::uint64_t offset = 0;            // native: the first byte of the value
  std::uint64_t length = 0;            // native: its length, at most what the file holds
  std::uint64_t declared_length = 0;   // native: the length that the file declares
  std::uint64_t fragments_offset = 0;  // encapsulated: the item after the offset table
  std::vector<PixelFragment> fragments;
  std::vector<std::uint64_t> frame_offsets;  // of the basic or extended offset table, from there
};

struct ReadOptions {
  // Leaves out what follows the pixel data, and its fragments are not listed.
  bool stops_at_pixel_data = false;
  std::uint32_t depth_max = 32;  // of sequences in sequences
  std::uint32_t element_count_max = 8'000'000;
  std::uint64_t inflated_size_bytes_max = std::uint64_t{4} << 30U;  // also 100 times the file
};

struct DicomFile {
  // What all offsets and values view: the bytes given, or what they inflate to.
  ByteView bytes;
  std::shared_ptr<const Bytes> inflated;  // of a deflated file
  const TransferSyntax* syntax = &explicit_little_endian();
  std::uint64_t dataset_offset = 0;  // in the bytes given to `read_dicom`: what follows the meta
  std::string transfer_syntax_uid;   // as the file says, or as found where it does not say
  DicomDataset meta;                 // group 0002
  DicomDataset dataset;              // all but the pixel data of the top level
  PixelDataPlace pixel_data;
  std::vector<std::string> notes;  // what was tolerated; no patient values
};

// Values view `bytes`, which must outlive the file. Errors: Corrupt, with the byte; Unsupported
// when the bytes are no DICOM at all; TooLarge past a limit of `options`. Cost: about 50 ns an
// element (values are not copied or decoded); a deflated file is inflated.
[[nodiscard]] Result<DicomFile> read_dicom(ByteView bytes, const ReadOptions& options = {});

// Whether the bytes look like DICOM: the prefix at byte 128, or a plausible first element. For
// telling formats apart. Cost: O(1).
[[nodiscard]] bool looks_like_dicom(ByteView bytes);

}  // namespace consilium
