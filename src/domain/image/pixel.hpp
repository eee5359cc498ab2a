// What a frame's samples are once they are *ready*: the one form that viewers, engines and writers
// see, whatever the file held. Ready samples are little endian, rows from the top, interleaved
// (RGBRGB...), palette colours and YBR already turned into RGB, unused high bits and overlay bits
// gone (masked or sign-extended to the sample type). Monochrome1 stays as stored: the viewer
// inverts it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace consilium {

enum class SampleType : std::uint8_t { U8, I8, U16, I16, U32, I32, F32, F64 };

[[nodiscard]] constexpr std::size_t size_bytes(SampleType type) {
  switch (type) {
    case SampleType::U8:
    case SampleType::I8:
      return 1;
    case SampleType::U16:
    case SampleType::I16:
      return 2;
    case SampleType::U32:
    case SampleType::I32:
    case SampleType::F32:
      return 4;
    case SampleType::F64:
      return 8;
  }
  return 0;
}

enum class Photometric : std::uint8_t { Monochrome1, Monochrome2, Rgb };

struct PixelLayout {
  std::uint32_t rows = 0;
  std::uint32_t columns = 0;
  std::uint32_t samples_per_pixel = 1;  // 1, or 3 for Rgb
  SampleType sample_type = SampleType::U8;
  Photometric photometric = Photometric::Monochrome2;
  friend bool operator==(const PixelLayout&, const PixelLayout&) = default;
};

[[nodiscard]] constexpr std::uint64_t frame_size_bytes(const PixelLayout& layout) {
  return std::uint64_t{layout.rows} * layout.columns * layout.samples_per_pixel *
         size_bytes(layout.sample_type);
}

// A table from stored values: below `first_mapped` counts as the first entry, past the end as the
// last (PS3.3 C.11.1.1).
struct LookupTable {
  std::int32_t first_mapped = 0;
  std::vector<std::uint16_t> values;
  friend bool operator==(const LookupTable&, const LookupTable&) = default;
};

// Stored value -> value with a meaning: slope x stored + intercept, or `table` where there is one.
// `unit` is UCUM where it is known ("[hnsf'U]" for CT), else "".
struct ModalityTransform {
  double slope = 1;
  double intercept = 0;
  std::string unit;
  std::shared_ptr<const LookupTable> table;
  friend bool operator==(const ModalityTransform&, const ModalityTransform&) = default;
};

enum class WindowFunction : std::uint8_t { Linear, LinearExact, Sigmoid };  // PS3.3 C.11.2.1

struct Window {
  double centre = 0;  // in values after the modality transform
  double width = 1;
  std::string name;
  WindowFunction function = WindowFunction::Linear;
  friend bool operator==(const Window&, const Window&) = default;
};

// Stored values that are no measurement (outside the scanner's circle): both ends included.
struct PaddingRange {
  std::int64_t low = 0;
  std::int64_t high = 0;
  friend bool operator==(const PaddingRange&, const PaddingRange&) = default;
};

}  // namespace consilium
