// From the images of one series to volumes: frames in the order of their place in the patient, cut
// where they do not make one regular lattice.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "format/dicom/image_description.hpp"

namespace consilium {

struct SeriesInstance {
  const ImageDescription* image = nullptr;
  std::string sop_instance_uid;
  std::optional<std::int64_t> instance_number;
};

struct FrameRef {
  std::uint32_t instance_index = 0;  // into the instances given
  std::uint32_t frame_index = 0;
  friend bool operator==(const FrameRef&, const FrameRef&) = default;
};

struct Volume {
  Grid grid;
  std::vector<FrameRef> slices;  // in the order of the grid's k
  PixelLayout layout;
  bool has_patient_geometry = false;
  std::vector<std::string> notes;  // gaps, repeated places, tilt; no patient values
};

// Frames make one volume when size, pixel layout, frame of reference, orientation, pixel spacing
// and stack are the same, and the steps between neighbours are equal within 1 % and 0.01 mm. Slices
// are sorted along row x column, so that the grid is right-handed. Frames at the same place
// (phases, echoes) go into a first, second, ... volume by instance number. Where the step changes,
// a new volume begins. A tilted gantry gives a sheared affine. Images without a place make one grid
// an instance, its frames as slices. The affine's k step is the mean step from the first slice to
// the last; a single slice's is its spacing or thickness (else 1 mm) along the normal. Cost:
// O(frames x log frames).
[[nodiscard]] std::vector<Volume> make_volumes(std::span<const SeriesInstance> instances);

}  // namespace consilium
