// A made chest CT: body, fat, muscle, ribs, sternum, scapulae, spine with canal, heart, great
// vessels, trachea and bronchi, lungs with vessel trees and fissures, diaphragm, liver, stomach,
// table, noise, and nodules whose truth is known. Everything follows from the seed; no person's
// data went into it. It is for demonstrations, tests and benchmarks, and no model of disease.
//
// Values are Hounsfield units as int16; outside the scanner's circle they are ct_padding_hu.
// Cost: about 27 ms a slice of 512 x 512 on one core, and 0.3 s once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "analysis/synthetic/noise_texture.hpp"
#include "analysis/synthetic/thorax.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/mask.hpp"

namespace consilium::synthetic {

inline constexpr std::int16_t ct_padding_hu = -2000;

enum class NoduleDensity { Solid, PartSolid, GroundGlass, Calcified };

struct Nodule {
  PatientPoint centre;
  double radius_mm = 5;
  NoduleDensity density = NoduleDensity::Solid;
  double lobulation = 0.1;  // share of the radius by which the surface waves
  int spicule_count = 0;
};

struct CtPhantomOptions {
  std::uint64_t seed = 1;
  std::uint32_t columns = 512;
  std::uint32_t rows = 512;
  std::uint32_t slices = 300;
  double field_of_view_mm = 360;
  double slice_spacing_mm = 1.0;
  double noise_hu = 24;
  // 0 none to 1 severe: dark holes in the upper lobes (centrilobular emphysema).
  double emphysema = 0;
  std::string frame_of_reference_uid = {};
  std::vector<Nodule> nodules = {};
};

// `count` nodules of mixed kinds in both lungs, none touching the pleura or another.
[[nodiscard]] std::vector<Nodule> place_nodules(std::uint64_t seed, std::size_t count);

class CtPhantom {
 public:
  // Columns, rows and slices must not be 0.
  explicit CtPhantom(CtPhantomOptions options);

  // Rows run to the patient's left, columns to the back, slices from the feet to the head.
  [[nodiscard]] const Grid& grid() const { return grid_; }
  [[nodiscard]] const CtPhantomOptions& options() const { return options_; }

  // Fills columns x rows values, the row at the front first.
  void render_slice(std::uint32_t slice, std::span<std::int16_t> hu) const;

  // Voxels whose centre lies in a nodule: label n for the n-th (from 1). Spicules are not counted
  // in, as a reader who outlines the body of a nodule would not.
  [[nodiscard]] MaskLayer truth() const;

 private:
  struct Plane;
  struct NoduleSurface {  // what the seed made of a nodule's surface
    std::vector<PatientPoint> waves;
    std::vector<Tube> spicules;
  };
  // Tubes, and for each slice those that come near it.
  struct TubeSet {
    std::vector<Tube> tubes;
    std::vector<std::vector<std::uint32_t>> of_slice;
  };

  [[nodiscard]] TubeSet sorted_by_slice(std::vector<Tube> tubes) const;
  void grow_lungs();
  [[nodiscard]] double nodule_distance(std::size_t index, const PatientPoint& point) const;
  void paint_tissue(Plane& plane) const;
  void paint_mediastinum(Plane& plane) const;
  void paint_bones(Plane& plane) const;
  void paint_nodules(Plane& plane) const;

  CtPhantomOptions options_;
  Grid grid_;
  NoiseTexture noise_;
  TubeSet vessels_;
  TubeSet bronchi_;
  TubeSet holes_;
  std::vector<NoduleSurface> surfaces_;
};

}  // namespace consilium::synthetic
