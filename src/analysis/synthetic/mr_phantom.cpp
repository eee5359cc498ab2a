#include "analysis/synthetic/mr_phantom.hpp"

#include <numbers>

#include "analysis/synthetic/shapes.hpp"
#include "base/check.hpp"
#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

enum class Tissue { Air, Fat, Bone, Fluid, Grey, White, Muscle };

double signal_of(Tissue tissue, MrWeighting weighting) {
  const bool is_t1 = weighting == MrWeighting::T1;
  switch (tissue) {
    case Tissue::Air:
      return 0;
    case Tissue::Fat:
      return is_t1 ? 940 : 620;
    case Tissue::Bone:
      return is_t1 ? 60 : 40;
    case Tissue::Fluid:
      return is_t1 ? 140 : 1000;
    case Tissue::Grey:
      return is_t1 ? 430 : 560;
    case Tissue::White:
      return is_t1 ? 640 : 390;
    case Tissue::Muscle:
      return is_t1 ? 360 : 230;
  }
  return 0;
}

// A smooth wave through space that stands for the folds of the cortex, about -1 to 1.
double folds(const PatientPoint& p) {
  const double a = std::sin(0.31 * p.x_mm + 1.7 * std::sin(0.11 * p.y_mm) + 0.9);
  const double b = std::sin(0.29 * p.y_mm + 1.5 * std::sin(0.13 * p.z_mm) + 0.4);
  const double c = std::sin(0.33 * p.z_mm + 1.6 * std::sin(0.12 * p.x_mm) + 2.1);
  return (a + b + c) / 2.2;
}

PatientPoint from(const PatientPoint& p, double x, double y, double z) {
  return {p.x_mm - x, p.y_mm - y, p.z_mm - z};
}

double ventricles(const PatientPoint& p) {
  double distance = 1e3;
  for (const double side : {-1.0, 1.0}) {
    const double body = tube(p, {side * 9, -32, 14}, {side * 16, 26, 16}, 5.0, 7.0);
    const double horn = tube(p, {side * 16, 26, 16}, {side * 30, 8, -14}, 6.0, 2.5);
    distance = std::min({distance, body, horn});
  }
  const double third = std::max(ellipsoid(from(p, 0, -2, 2), {3, 14, 10}), std::abs(p.x_mm) - 2.5);
  const double fourth = ellipsoid(from(p, 0, 34, -36), {8, 5, 9});
  return std::min({distance, third, fourth});
}

Tissue brain_tissue(const PatientPoint& p, double brain_mm) {
  if (ventricles(p) < 0) return Tissue::Fluid;
  // The falx: fluid between the hemispheres above the corpus callosum.
  if (std::abs(p.x_mm) < 0.8 && p.z_mm > 24.0) return Tissue::Fluid;
  // Furrows run where the folds' wave crosses 0 and reach down from the surface; cortex lines them.
  const double wave = std::abs(folds(p));
  const double depth = -brain_mm;
  if (wave < 0.085 && depth < 15.0) return Tissue::Fluid;
  if (depth < 3.0 || (wave < 0.36 && depth < 18.5)) return Tissue::Grey;
  const double thalamus = ellipsoid(from(p, p.x_mm < 0 ? -13 : 13, 4, 2), {9, 15, 9});
  const double putamen = ellipsoid(from(p, p.x_mm < 0 ? -26 : 26, -8, 2), {5, 16, 10});
  return thalamus < 0 || putamen < 0 ? Tissue::Grey : Tissue::White;
}

Tissue tissue_at(const PatientPoint& p) {
  const double skull = ellipsoid(from(p, 0, 2, 12), {72, 91, 80});
  const double brain = ellipsoid(from(p, 0, 2, 14), {62, 81, 66});
  const double cerebellum = ellipsoid(from(p, 0, 48, -46), {46, 26, 24});
  const double stem = tube(p, {0, 14, -12}, {0, 36, -120}, 13, 7);
  // The tentorium parts the hemispheres from the posterior fossa; the skull's base ends them below.
  const bool is_above_tentorium = p.y_mm < 12.0 || p.z_mm > -24.0 + 0.25 * (p.y_mm - 12.0);
  const double base_z_mm = p.y_mm < -20.0 ? -22.0 : -48.0;
  if (brain < 0 && is_above_tentorium && p.z_mm > base_z_mm) {
    return brain_tissue(p, std::max(brain, base_z_mm - p.z_mm));
  }
  if (cerebellum < 0) {
    const double leaves = std::sin(1.1 * p.z_mm + 0.25 * p.y_mm);
    return leaves > 0.2 || cerebellum > -3 ? Tissue::Grey : Tissue::White;
  }
  if (stem < 0) return Tissue::White;
  if (tube(p, {0, 14, -12}, {0, 36, -120}, 17, 10) < 0) return Tissue::Fluid;
  const double inner = ellipsoid(from(p, 0, 2, 12), {66, 85, 72});
  if (inner < 0 && p.z_mm > base_z_mm - 2.0) return Tissue::Fluid;
  if (cerebellum < 3.0) return Tissue::Fluid;
  if (skull < 0 && p.z_mm > base_z_mm - 8.0) return Tissue::Bone;
  const double side = p.x_mm < 0 ? -31 : 31;
  const double eye = ellipsoid(from(p, side, -78, -18), {12, 12, 12});
  if (eye < 0) return Tissue::Fluid;
  const double sinus = ellipsoid(from(p, 0, -74, -42), {16, 18, 22});
  const double throat = tube(p, {0, -40, -62}, {0, -2, -130}, 9, 9);
  if (sinus < 0 || throat < 0) return Tissue::Air;
  const double head = ellipsoid(from(p, 0, 2, 10), {79, 98, 90});
  const double face = ellipsoid(from(p, 0, -38, -62), {60, 62, 62});
  const double neck = ellipse(p.x_mm, p.y_mm - 22.0, 60, 64);
  const double outline = std::min({head, face, p.z_mm < -40.0 ? neck : 1e3});
  if (outline > 0) return Tissue::Air;
  return outline > -4.5 ? Tissue::Fat : Tissue::Muscle;
}

Vector3 turned(const Vector3& v, double about_z, double about_y) {
  const double x = std::cos(about_z) * v[0] - std::sin(about_z) * v[1];
  const double y = std::sin(about_z) * v[0] + std::cos(about_z) * v[1];
  return {std::cos(about_y) * x + std::sin(about_y) * v[2], y,
          -std::sin(about_y) * x + std::cos(about_y) * v[2]};
}

Vector3 scaled(const Vector3& v, double by) { return {v[0] * by, v[1] * by, v[2] * by}; }

}  // namespace

MrPhantom::MrPhantom(MrPhantomOptions options) : options_(std::move(options)) {
  CSL_CHECK(options_.columns > 0 && options_.rows > 0 && options_.slices > 0);
  SeededRandom random(options_.seed ^ 0x6D72ULL);
  constexpr double degree = std::numbers::pi / 180.0;
  const double about_z = (4.0 + 8.0 * random.uniform()) * degree;
  const double about_y = (3.0 + 6.0 * random.uniform()) * degree;
  const Vector3 along_row = turned({0, 1, 0}, about_z, about_y);     // to the back
  const Vector3 down_column = turned({0, 0, -1}, about_z, about_y);  // to the feet
  const Vector3 across = turned({1, 0, 0}, about_z, about_y);        // to the left
  const auto half = [](std::uint32_t count, double step) { return 0.5 * step * (count - 1); };
  PatientPoint origin{0, 4, -18};
  const double along = half(options_.columns, options_.pixel_mm);
  const double down = half(options_.rows, options_.pixel_mm);
  const double side = half(options_.slices, options_.slice_spacing_mm);
  origin.x_mm -= along * along_row[0] + down * down_column[0] + side * across[0];
  origin.y_mm -= along * along_row[1] + down * down_column[1] + side * across[1];
  origin.z_mm -= along * along_row[2] + down * down_column[2] + side * across[2];
  grid_ = {{options_.columns, options_.rows, options_.slices},
           affine_from_axes(origin, scaled(along_row, options_.pixel_mm),
                            scaled(down_column, options_.pixel_mm),
                            scaled(across, options_.slice_spacing_mm)),
           options_.frame_of_reference_uid};
}

void MrPhantom::render_slice(std::uint32_t slice, std::span<std::int16_t> magnitude) const {
  CSL_CHECK(slice < options_.slices &&
            magnitude.size() == std::size_t{options_.columns} * options_.rows);
  SeededRandom random(options_.seed * 7919 + slice);
  for (std::uint32_t row = 0; row < options_.rows; ++row) {
    for (std::uint32_t column = 0; column < options_.columns; ++column) {
      // Four samples in the plane give soft edges where tissues share a voxel.
      double signal = 0;
      for (const auto& [di, dj] : {std::pair(-0.25, -0.25), std::pair(0.25, -0.25),
                                   std::pair(-0.25, 0.25), std::pair(0.25, 0.25)}) {
        const PatientPoint p = grid_.affine.apply(column + di, row + dj, slice);
        signal += 0.25 * signal_of(tissue_at(p), options_.weighting);
      }
      const PatientPoint p = grid_.affine.apply(column, row, slice);
      const double gain = 1.08 - 0.0016 * p.y_mm * 0.5 + 0.0008 * p.z_mm;
      // Magnitude of a complex signal with noise in both parts (S. O. Rice's distribution).
      const double real = signal * gain + options_.noise * random.normal();
      const double imaginary = options_.noise * random.normal();
      magnitude[std::size_t{row} * options_.columns + column] =
          static_cast<std::int16_t>(std::lround(std::hypot(real, imaginary)));
    }
  }
}

}  // namespace consilium::synthetic
