#include "format/dicom_seg/cielab.hpp"

#include <algorithm>
#include <cmath>

namespace consilium {
namespace {

double linear_light(std::uint8_t value) {
  const double v = value / 255.0;
  return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
}

double lab_curve(double t) {
  constexpr double delta = 6.0 / 29.0;
  return t > delta * delta * delta ? std::cbrt(t) : t / (3 * delta * delta) + 4.0 / 29.0;
}

std::uint16_t scaled(double value, double low, double range) {
  const double share = std::clamp((value - low) / range, 0.0, 1.0);
  return static_cast<std::uint16_t>(std::lround(share * 65535.0));
}

}  // namespace

std::array<std::uint16_t, 3> dicom_cielab(const RgbColour& colour) {
  const double r = linear_light(colour.red);
  const double g = linear_light(colour.green);
  const double b = linear_light(colour.blue);
  // sRGB to XYZ and Bradford's adaptation to D50 in one matrix.
  const double x = 0.4360747 * r + 0.3850649 * g + 0.1430804 * b;
  const double y = 0.2225045 * r + 0.7168786 * g + 0.0606169 * b;
  const double z = 0.0139322 * r + 0.0971045 * g + 0.7141733 * b;
  const double fx = lab_curve(x / 0.96422);
  const double fy = lab_curve(y);
  const double fz = lab_curve(z / 0.82521);
  return {scaled(116 * fy - 16, 0, 100), scaled(500 * (fx - fy), -128, 255),
          scaled(200 * (fy - fz), -128, 255)};
}

}  // namespace consilium
