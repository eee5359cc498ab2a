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

double inverse_curve(double f) {
  constexpr double delta = 6.0 / 29.0;
  return f > delta ? f * f * f : 3 * delta * delta * (f - 4.0 / 29.0);
}

std::uint8_t srgb_byte(double linear) {
  const double clamped = std::clamp(linear, 0.0, 1.0);
  const double v =
      clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * std::pow(clamped, 1 / 2.4) - 0.055;
  return static_cast<std::uint8_t>(std::lround(v * 255.0));
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

RgbColour rgb_of_dicom_cielab(const std::array<std::uint16_t, 3>& lab) {
  const double fy = (lab[0] / 65535.0 * 100 + 16) / 116;
  const double x = inverse_curve(fy + (lab[1] / 65535.0 * 255 - 128) / 500) * 0.96422;
  const double y = inverse_curve(fy);
  const double z = inverse_curve(fy - (lab[2] / 65535.0 * 255 - 128) / 200) * 0.82521;
  // The inverse of the matrix above.
  return {.red = srgb_byte(3.1338561 * x - 1.6168667 * y - 0.4906146 * z),
          .green = srgb_byte(-0.9787684 * x + 1.9161415 * y + 0.0334540 * z),
          .blue = srgb_byte(0.0719453 * x - 0.2289914 * y + 1.4052427 * z)};
}

}  // namespace consilium
