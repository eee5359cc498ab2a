// A made MR series of a head: scalp, skull, cerebrospinal fluid, folded grey matter, white matter,
// ventricles, cerebellum, eyes, with T1 or T2 weighting, a coil's uneven gain and Rician noise. The
// slices run sagittal and are turned a little about two axes, as a real localiser would set them,
// so that nothing in their geometry is 0 or 1. Everything follows from the seed.
//
// Cost: about 42 ms a slice of 256 x 256.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "domain/image/geometry.hpp"

namespace consilium::synthetic {

enum class MrWeighting { T1, T2 };

struct MrPhantomOptions {
  std::uint64_t seed = 1;
  MrWeighting weighting = MrWeighting::T1;
  std::uint32_t columns = 256;
  std::uint32_t rows = 256;
  std::uint32_t slices = 40;
  double pixel_mm = 0.95;
  double slice_spacing_mm = 4.2;
  double noise = 14;  // of the signal's range of about 1000
  std::string frame_of_reference_uid = {};
};

class MrPhantom {
 public:
  // Columns, rows and slices must not be 0.
  explicit MrPhantom(MrPhantomOptions options);

  // Slices run from the patient's right to the left; columns to the back, rows to the feet, each
  // turned by up to 12 degrees.
  [[nodiscard]] const Grid& grid() const { return grid_; }

  // Fills columns x rows magnitudes, 0 to about 1100.
  void render_slice(std::uint32_t slice, std::span<std::int16_t> magnitude) const;

 private:
  MrPhantomOptions options_;
  Grid grid_;
};

}  // namespace consilium::synthetic
