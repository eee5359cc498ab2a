// A plain scan of a DICOM file for the leak checker: every element with its bytes and its place. It
// understands as much as it needs, and says when it does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace consilium {

struct ScannedElement {
  std::uint32_t tag = 0;
  std::string place;  // "(0008,1140)[0].(0008,1155)"
  std::string vr;     // "" in implicit files
  ByteView value;     // empty for sequences
  std::size_t depth = 0;
};

struct DicomScan {
  bool is_dicom = false;
  bool is_whole = false;  // read to the last byte without doubt
  Bytes inflated;         // of a deflated file; values then view it
  ByteView preamble;
  std::vector<ScannedElement> elements;
  std::size_t pixel_begin = 0;  // of the value, in the file; 0 when there is none
  std::size_t pixel_end = 0;

  // Of the top level, without padding.
  [[nodiscard]] std::string_view text(std::uint32_t tag) const;
};

[[nodiscard]] DicomScan scan_dicom(ByteView file);
[[nodiscard]] std::string_view stripped(ByteView value);

}  // namespace consilium
