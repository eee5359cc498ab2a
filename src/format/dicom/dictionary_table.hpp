// The compiled-in table behind dictionary.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "domain/image/dicom_dataset.hpp"

namespace consilium::detail {

struct DictionaryRow {
  std::uint32_t tag;
  std::uint32_t text_offset;  // into dictionary_text
  Vr vr;
  std::uint8_t flags;  // 1 retired, 2 the VR is one of several
};

// In the order of tags.
extern const DictionaryRow dictionary_rows[];
extern const std::size_t dictionary_row_count;
extern const char dictionary_text[];

}  // namespace consilium::detail
