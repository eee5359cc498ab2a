// One volume of scalar samples as NRRD and MetaImage files hold it, and its turn into labels and
// back. Patient space is LPS, as Grid has it; the formats' own spaces are turned by their readers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/mask.hpp"
#include "domain/image/pixel.hpp"

namespace consilium {

struct ScalarVolume {
  std::array<std::uint32_t, 3> dims{};
  Affine affine{};
  SampleType sample_type = SampleType::I16;
  Bytes samples{};  // little endian, x fastest
  friend bool operator==(const ScalarVolume&, const ScalarVolume&) = default;
};

// The samples as labels: slope x sample + intercept. Errors: InvalidInput when one is not a whole
// number from 0 to 65,535; `where` names the voxel. Cost: about 1 ns a voxel.
[[nodiscard]] Result<std::vector<std::uint16_t>> labels_of_samples(SampleType type,
                                                                   ByteView samples,
                                                                   double slope = 1,
                                                                   double intercept = 0);

// A label map as an exclusive layer, in a frame of reference that files do not name.
// Errors: as labels_of_samples.
[[nodiscard]] Result<MaskLayer> mask_of_volume(const ScalarVolume& volume,
                                               std::string frame_of_reference_uid = {});
// A label map of 8 or 16 bits, whichever holds its labels.
[[nodiscard]] ScalarVolume volume_of_mask(const MaskLayer& layer);

// Errors: InvalidInput when there is no voxel, the samples do not fit the dims, or the axes lie in
// one plane.
[[nodiscard]] Status check_volume(const ScalarVolume& volume);

// Samples of `sample_bytes` each, the other byte order.
void swap_sample_bytes(Bytes& samples, std::size_t sample_bytes);

}  // namespace consilium
