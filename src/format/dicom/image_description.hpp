// What an image object says of itself: how its pixels are stored, how they read once ready, and
// what is known of each frame. Sources: PS3.3 C.7.6 (image modules), C.8 (modality modules),
// C.7.6.16 (functional groups of multi-frame objects), C.11 (LUTs and windows).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/pixel.hpp"
#include "format/dicom/dicom_file.hpp"

namespace consilium {

enum class StoredPhotometric : std::uint8_t {
  Monochrome1,
  Monochrome2,
  PaletteColor,
  Rgb,
  YbrFull,
  YbrFull422,
  YbrCoded,  // YBR_ICT, YBR_RCT, YBR_PARTIAL_420: only inside a codec, which gives RGB
};

struct StoredPixels {
  std::uint16_t bits_allocated = 8;
  std::uint16_t bits_stored = 8;
  std::uint16_t high_bit = 7;
  bool is_signed = false;
  bool is_planar = false;  // colour by plane
  StoredPhotometric photometric = StoredPhotometric::Monochrome2;
  std::uint16_t samples_per_pixel = 1;
  std::endian byte_order = std::endian::little;
  // 8-bit samples in OW of a big-endian file: each pair of bytes is swapped (PS3.5 annex D).
  bool has_swapped_pairs = false;
  PixelDataKind kind = PixelDataKind::Integer;
};

// Red, green, blue; entries of 8 or 16 bits.
struct Palette {
  std::array<LookupTable, 3> channels;
  bool has_16_bits = false;
};

// Absent where the object does not say.
struct FrameFacts {
  std::optional<PatientPoint> position;              // centre of the first pixel
  std::optional<std::array<double, 6>> orientation;  // along a row, then down a column
  std::optional<std::array<double, 2>> spacing_mm;   // between rows, between columns
  std::optional<double> slice_thickness_mm;
  ModalityTransform modality;
  std::vector<Window> windows;
  std::string laterality;  // "R", "L", "B", "U" or ""
  // Which of several stacks, phases or echoes of one object the frame belongs to: frames with
  // different keys do not make one volume.
  std::string stack_key;
};

enum class BurnedInAnnotation : std::uint8_t { Unknown, No, Yes };

struct ImageDescription {
  std::string sop_class_uid;
  std::string modality;  // "CT"
  StoredPixels stored;
  PixelLayout ready;
  std::uint32_t frame_count = 1;
  // One of each frame, or a single one that holds for all.
  std::vector<FrameFacts> frames;
  std::shared_ptr<const Palette> palette;
  std::optional<PaddingRange> padding;
  std::string frame_of_reference_uid;
  std::optional<double> slice_spacing_mm;  // (0018,0088), which devices fill unreliably
  std::vector<double> frame_times_ms;      // from the first frame; empty when not told
  std::uint32_t ultrasound_region_count = 0;
  BurnedInAnnotation burned_in_annotation = BurnedInAnnotation::Unknown;
  bool is_lossy = false;
  std::vector<std::string> notes;

  [[nodiscard]] const FrameFacts& frame(std::uint32_t index) const {
    return frames.size() == 1 ? frames.front() : frames[index];
  }
};

// Errors: Unsupported when the object is no image (reports, structure sets, segmentations,
// waveforms, documents: each with its reason) or its pixels are of a kind that we do not read;
// Corrupt when what an image must say is missing or contradicts itself; TooLarge past 65,535 rows
// or columns or 1,000,000 frames.
[[nodiscard]] Result<ImageDescription> describe_image(const DicomFile& file);

// Why objects of this SOP class are not viewed, or "" for images.
[[nodiscard]] std::string_view why_not_viewed(std::string_view sop_class_uid);

// Expands segmented palette data (PS3.3 C.7.9.2) to at most `entry_count` entries.
// Errors: Corrupt when a segment is unknown, cut short or refers to another indirect one.
[[nodiscard]] Result<std::vector<std::uint16_t>> expand_segmented_palette(
    std::span<const std::uint16_t> segments, std::size_t entry_count);

}  // namespace consilium
