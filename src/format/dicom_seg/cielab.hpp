// A colour as DICOM recommends it for display: CIELab under D50, scaled to 16 bits (PS3.3
// C.10.7.1.1: L* 0..100 and a*, b* -128..127 onto 0..65535).
#pragma once

#include <array>
#include <cstdint>

namespace consilium {

struct RgbColour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  friend bool operator==(const RgbColour&, const RgbColour&) = default;
};

// From sRGB (IEC 61966-2-1), its white adapted from D65 to D50 by Bradford's matrix.
[[nodiscard]] std::array<std::uint16_t, 3> dicom_cielab(const RgbColour& colour);
// Back again; colours that sRGB cannot show become the nearest by channel.
[[nodiscard]] RgbColour rgb_of_dicom_cielab(const std::array<std::uint16_t, 3>& lab);

}  // namespace consilium
