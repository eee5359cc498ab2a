// Lays one volume over another, and carries labels across: from an earlier study to the present
// one, or from one time of a 4D series to the next. The result is a start for a person, not a
// measurement.
//
// All in millimetres of the patient, whatever the two grids' spacing and orientation. `fixed` is
// the volume that shall be labelled, `moving` the one that has labels; a transform leads from a
// place in fixed to the same anatomy in moving.
//
// Rigid: Gauss-Newton steps with a line search from coarse to fine grids, from many starts on the
// coarsest. Of one modality it maximises the correlation of values (G. Evangelidis and E. Psarakis,
// IEEE Trans. Pattern Anal. Mach. Intell. 30 (2008) 1858-1865), of two the mutual information of a
// joint histogram (F. Maes et al., IEEE Trans. Med. Imaging 16 (1997) 187-198; P. Thevenaz and
// M. Unser, IEEE Trans. Image Process. 9 (2000) 2083-2099).
//
// Deformable, from a rigid start: demons (J.-P. Thirion, Med. Image Anal. 2 (1998) 243-260) with
// the forces of both images and steps that are composed (T. Vercauteren et al., NeuroImage 45
// (2009) S61-S72), where fixed's values are first mapped to moving's by the line that fits best in
// a small window, as the local correlation has it (B. Avants et al., Med. Image Anal. 12 (2008)
// 26-41). So scanners' gains and coil shading do not matter, nor, with MutualInformation, whether
// contrast is turned over. Steps and field are smoothed by Gaussians; the field is smoothed on
// where it would fold.
//
// Values count up to a factor and an offset, except that a negative factor of one volume alone
// turns contrast over (then MutualInformation is due). NaN counts as the least value.
//
// Cost: one pass over each volume (about 2 ns a voxel), then what the working grids take: rigid
// about 0.3 s, deformable about 4 s of processor time for the default working_voxels_max. Memory
// beside the volumes: 8 bytes x working_voxels_max, deformable 100 bytes x working_voxels_max (some
// 250 MB), of which the field keeps 12. Results are the same bit for bit for any `threads`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analysis/bit_volume/bit_volume.hpp"
#include "analysis/distance/lattice.hpp"
#include "base/result.hpp"
#include "domain/image/geometry.hpp"
#include "domain/image/volume_view.hpp"

namespace consilium {

// Samples with their place: x fastest; `affine` leads from voxel indices to millimetres.
struct PlacedVolume {
  VolumeView samples;
  VoxelDims dims{};
  Affine affine;
};

enum class Similarity {
  Correlation,        // one modality
  MutualInformation,  // two
};

enum class RegistrationQuality {
  Good,
  Uncertain,    // did not settle, or the images agree little: look before use
  Implausible,  // turned, moved or bent more than a patient can
};
[[nodiscard]] std::string_view name_of(RegistrationQuality quality);

struct RigidOptions {
  Similarity similarity = Similarity::Correlation;
  // Also tries the volumes centre on centre and around; else only near where their coordinates put
  // them, as within one series.
  bool recentre = true;
  std::size_t working_voxels_max = 1'000'000;
  unsigned threads = 1;
};

struct RigidRegistration {
  Affine to_moving;                  // fixed mm -> moving mm, a rotation and a translation
  std::array<double, 3> turn_deg{};  // about x, y, z: R = Rz Ry Rx
  std::array<double, 3> shift_mm{};  // of the fixed volume's centre
  // The correlation, -1 to 1, or 2 I(F, M) / (H(F) + H(M)), 0 to 1; over the common part.
  double similarity = 0;
  std::optional<double> similarity_before =
      {};                // as the coordinates put them; none without overlap
  double overlap = 0;    // share of the fixed voxels that lie in moving
  bool settled = false;  // steps below a hundredth of a working voxel
  RegistrationQuality quality = RegistrationQuality::Good;
};

// Errors: InvalidInput when dims and samples do not fit, when a volume has one value only, or when
// the volumes have no tenth of the smaller one in common at any start. Grids may be sheared.
[[nodiscard]] Result<RigidRegistration> register_rigid(const PlacedVolume& fixed,
                                                       const PlacedVolume& moving,
                                                       const RigidOptions& options);

// A place in fixed to a place in moving: `to_moving` of the place moved by the field, which is
// known at the nodes of a coarse grid and linear between them, constant beyond.
struct Deformation {
  Affine to_moving;
  VoxelDims dims{};          // of the field; 0: there is none, the transform is `to_moving`
  Affine nodes;              // node indices -> fixed mm
  std::vector<float> steps;  // x, y, z of every node, in node indices

  [[nodiscard]] PatientPoint apply(const PatientPoint& fixed) const;
};

struct DeformableOptions {
  Similarity similarity = Similarity::Correlation;
  // Only this part of fixed, finer than the whole could be; nothing: all.
  std::optional<VoxelRange> focus = {};
  double smoothing = 1;  // of the field: 0.5 follows small bends and noise, 2 only large ones
  std::size_t working_voxels_max = 2'500'000;
  unsigned threads = 1;
};

struct DeformableRegistration {
  Deformation deformation;
  // Mean squared local correlation, 0 to 1, before and after.
  double similarity_before = 0;
  double similarity = 0;
  // Of the field's volume change: 1 none; above 0 everywhere means that nothing folds.
  double jacobian_min = 1;
  double jacobian_max = 1;
  double displacement_mm_max = 0;
  RegistrationQuality quality = RegistrationQuality::Good;
};

// `start` is a rigid registration's to_moving. Errors: as register_rigid; InvalidInput when the
// focus is empty or past the volume.
[[nodiscard]] Result<DeformableRegistration> register_deformable(const PlacedVolume& fixed,
                                                                 const PlacedVolume& moving,
                                                                 const Affine& start,
                                                                 const DeformableOptions& options);

// Labels with their place; 0 is none.
struct PlacedLabels {
  std::span<const std::uint16_t> labels;  // x fastest
  VoxelDims dims{};
  Affine affine;
};

struct PropagatedLabels {
  VoxelRange box;                     // of the fixed grid; empty when no label reaches it
  std::vector<std::uint16_t> labels;  // of the box, x fastest
};

// The part of a grid (`dims`, `affine`) that labels can reach: for `DeformableOptions::focus`, with
// a margin. Errors: as propagate_labels.
[[nodiscard]] Result<VoxelRange> reached_box(const PlacedLabels& labels,
                                             const Deformation& deformation, const VoxelDims& dims,
                                             const Affine& affine, double margin_mm);

// Every voxel of the grid gets the label with the greatest share among the eight moving voxels
// around its place, weighted as in linear interpolation (ties: the lower label). Cost: about 20 ns
// a voxel of the reached box. Errors: InvalidInput when lengths do not fit or an affine is
// singular.
[[nodiscard]] Result<PropagatedLabels> propagate_labels(const PlacedLabels& labels,
                                                        const Deformation& deformation,
                                                        const VoxelDims& dims, const Affine& affine,
                                                        unsigned threads = 1);

}  // namespace consilium
