// NIfTI-1 and NIfTI-2 in one file (.nii, .nii.gz): R. W. Cox et al., "NIfTI-1 Data Format", 2004
// (nifti1.h), and its wider form of 2014 (nifti2.h), which has 64-bit sizes and an exact affine.
// Patient space is RAS there and LPS with us (x and y change their sign); the turn is made here and
// nowhere else. sform carries the affine (NIfTI-1: in 32-bit floats); qform says the same where the
// axes are at right angles, and is marked unknown where they are not (a tilted gantry).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/mask.hpp"
#include "domain/image/pixel.hpp"

namespace consilium {

struct NiftiLabel {
  std::uint16_t value = 0;
  std::string name;
  friend bool operator==(const NiftiLabel&, const NiftiLabel&) = default;
};

struct NiftiVolume {
  std::array<std::uint32_t, 3> dims{};
  Affine affine{};  // LPS, as Grid has it
  SampleType sample_type = SampleType::I16;
  Bytes samples{};   // little endian, x fastest
  double slope = 1;  // value = slope x sample + intercept
  double intercept = 0;
  std::string description{};         // at most 79 bytes are written; nothing of a patient
  std::vector<NiftiLabel> labels{};  // of a label map, kept in a header extension (code 6) as JSON
};

enum class NiftiPacking { Plain, Gzip };
enum class NiftiVersion { One, Two };

// Errors: InvalidInput when the samples do not fit the dims or the affine has no inverse; TooLarge
// past 32,767 voxels along an axis, which NIfTI-1 cannot say.
// Cost: O(bytes); gzip at about 60 MB/s.
[[nodiscard]] Result<Bytes> write_nifti(const NiftiVolume& volume, NiftiPacking packing,
                                        NiftiVersion version = NiftiVersion::One);

// A label map of 8 or 16 bits, whichever holds its labels.
[[nodiscard]] NiftiVolume nifti_of_mask(const MaskLayer& layer, std::vector<NiftiLabel> labels);
// {"labels":[{"value":1,"name":"nodule"}]}: what a sidecar file beside the volume holds, for the
// many tools that drop header extensions.
[[nodiscard]] std::string nifti_label_json(const std::vector<NiftiLabel>& labels);

// Reads what write_nifti writes and others' files of either version and byte order, gzip or plain:
// one volume (the first of several is refused, not taken), sample types of PixelLayout. Space is
// taken from sform, else qform, else the spacings alone. Errors: Corrupt, Unsupported (a pair of
// .hdr and .img, complex or RGB samples, more than three dimensions), TooLarge past `size_max`
// bytes when unpacked.
[[nodiscard]] Result<NiftiVolume> read_nifti(ByteView file, std::uint64_t size_max = 1ULL << 32U);

// The same, and a file of several volumes (times, b-values) split into them, in the file's order.
[[nodiscard]] Result<std::vector<NiftiVolume>> read_nifti_list(ByteView file,
                                                               std::uint64_t size_max = 1ULL
                                                                                        << 32U);

}  // namespace consilium
