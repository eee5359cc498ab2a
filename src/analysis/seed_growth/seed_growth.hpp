// Segmentation of a volume or slice from seeds: a person marks a few voxels of every structure (and
// of the background), and each other voxel takes the label that reaches it most cheaply.
//
// What "cheaply" means. A label L that holds voxel p at cost c offers its neighbour q (26 in space,
// 8 in a plane) the cost c + w_L(p, q), a whole number above 0:
//   w_L(p, q) = length(p, q) x (base + unlikeliness_L(q)) + edge(p, q)
// length in mm (as a multiple of the shortest spacing), unlikeliness from the intensities that the
// seeds of L have beside those of the other labels, edge from the step in smoothed intensity. Each
// voxel holds the least (cost, label) that a neighbour offers, seeds (0, their label). Since every
// w is above 0 there is exactly one such labelling, whatever the order of work; so the result is
// the same bit for bit for every thread count and every history of edits.
// Sources: A. Falcao, J. Stolfi and R. Lotufo, IEEE TPAMI 26 (2004) 19-29 (image foresting
// transform); R. Dial, CACM 12 (1969) 632-633 (bucket queue); A. Falcao and F. Bergo, IEEE TMI 23
// (2004) 1100-1108 (differential transform: seeds added and taken away); A. Criminisi, T. Sharp and
// A. Blake, ECCV 2008 (geodesic with likelihood); L. Zhu et al., IMIC 2014 (the rival:
// FastGrowCut).
//
// Volumes of more than `coarsest_voxels_max` voxels are solved so at a coarser grid first (axes
// halved, the finest first); at each finer grid only the voxels near a border between labels, or
// near a seed that disagrees, are solved, the rest take the coarse label and stand as sources
// around them. A structure thinner than a coarse voxel is then found where seeds or the intensity
// range point at it; `coarsest_voxels_max` = voxel_count solves all exactly.
//
// The model (what intensities a label has) is learnt from the seeds and kept while they change, so
// that an update is exact and local; see ModelUse. Why: docs/decisions/seed-growth.md.
//
// Cost on 2 cores, 512 x 512 x 300: see docs/BENCHMARKS.md. Memory: 7 bytes a voxel at full size,
// 8.1 with the coarser grids, beside the caller's volumes; the samples are not kept. One more for
// voxels that updates came by, and one with a likelihood.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "analysis/seed_growth/likelihood.hpp"
#include "base/result.hpp"
#include "domain/image/volume_view.hpp"

namespace consilium {

inline constexpr std::uint8_t unlabelled = 0;
// A label like the others that callers show as "none of them".
inline constexpr std::uint8_t background_label = 255;

struct SeedGrowthOptions {
  // Where this is exceeded the coarser grids come in.
  std::uint64_t coarsest_voxels_max = 1'500'000;
  // Samples outside [first, second] are no part of anything. NaN never is.
  std::optional<std::pair<double, double>> intensity_range{};
  // Voxels that are 0 here stay unlabelled and let nothing through. Empty: all may be labelled.
  std::span<const std::uint8_t> region{};
  // Voxels that are not 0 here (segments that must not change) stay unlabelled and let nothing
  // through. Empty: none.
  std::span<const std::uint8_t> locked{};
};

struct SeedChange {
  std::uint32_t voxel = 0;  // x + dims[0] * (y + dims[1] * z)
  std::uint8_t label = unlabelled;
};

enum class ModelUse {
  // Keeps the model, except: none is learnt yet, a label came that it does not know, or the seeds
  // have drifted so far from it (model_drift past 0.15) that a new one would serve better.
  Auto,
  Keep,     // as Auto, but never for drift: the update stays local
  Relearn,  // learns anew from the seeds there are: as if they had all been drawn at once
};

struct VoxelBox {
  std::array<std::uint32_t, 3> first{};  // included
  std::array<std::uint32_t, 3> last{};   // included
  friend bool operator==(const VoxelBox&, const VoxelBox&) = default;
};

struct SeedUpdate {
  // Holds every voxel whose label changed; absent when none did.
  std::optional<VoxelBox> changed;
  // The mask's bricks (domain/image/mask.hpp) in which a label changed, rising.
  std::vector<std::uint32_t> bricks;
  bool is_relearnt = false;
};

// How sure each label is: 0 where the next best label would cost far more, 255 where two cost the
// same; 0 in what has no label. On the coarsest grid: voxel x of the volume is x / factor here.
struct SeedUncertainty {
  std::array<std::uint32_t, 3> dims{};
  std::array<std::uint32_t, 3> factor{};
  std::vector<std::uint8_t> values;
};

// The slice of each axis (x, y, z) where a stroke would help most: the one with the most uncertain
// voxels among those without seeds of two labels. Absent when all are sure.
using NextSlices = std::array<std::optional<std::uint32_t>, 3>;

// Calls go one at a time (one object, one lock); the result of none depends on `threads`.
class SeedGrowth {
 public:
  // Reads `samples`, `region` and `locked` now; they need not outlive the call.
  // Errors: InvalidInput when lengths differ or the lattice is wrong (check_lattice), when no voxel
  // may be labelled, or when the intensity range is empty; TooLarge past 2^31 voxels.
  // Cost: O(voxels), one pass of smoothing and halving.
  [[nodiscard]] static Result<SeedGrowth> create(const VolumeView& samples, const Lattice& lattice,
                                                 const SeedGrowthOptions& options,
                                                 unsigned threads = 1);
  SeedGrowth(SeedGrowth&&) noexcept;
  SeedGrowth& operator=(SeedGrowth&&) noexcept;
  ~SeedGrowth();

  // Seeds may lie anywhere; those outside the region, in locked voxels or out of range wait and
  // have no effect. Nothing is computed before update().
  // Errors: InvalidInput on a voxel that is not there or a length that is not the volume's; then
  // nothing is changed.
  [[nodiscard]] Status set_seeds(std::span<const SeedChange> changes);
  // All seeds at once, x fastest. Only the differences count.
  [[nodiscard]] Status set_seeds(std::span<const std::uint8_t> seeds);

  // In place of how likely the seeds' intensities make a label: what a classifier says of each
  // voxel (nothing: intensities again). The next update solves all anew, those after it stay local
  // and exact. The likelihood is the caller's to renew: when relearns() says that an update will
  // learn anew, it should be of the present seeds. Errors: InvalidInput when it is of another grid;
  // then nothing is changed. Memory: a byte a voxel. Cost: O(voxels).
  [[nodiscard]] Status set_likelihood(std::optional<SeedLikelihood> likelihood,
                                      unsigned threads = 1);

  // Whether update() would learn anew. Cost: O(labels).
  [[nodiscard]] bool relearns(ModelUse use) const;

  // Brings the labels up to the seeds. With no seeds left all is unlabelled; with seeds of one
  // label all that it reaches takes that label.
  // Cost: in proportion to what changes; a relearnt model solves all anew.
  SeedUpdate update(unsigned threads = 1, ModelUse use = ModelUse::Auto);

  // As update() with the model kept, but everything is computed again: the labels are the same as
  // update() would give. For checks and for timing.
  SeedUpdate solve_anew(unsigned threads = 1);

  // Of the last update, x fastest: 0 unlabelled, else the label.
  [[nodiscard]] std::span<const std::uint8_t> labels() const;
  [[nodiscard]] std::span<const std::uint8_t> seeds() const;
  [[nodiscard]] const Lattice& lattice() const;

  // 0 when a model learnt now would judge the seeds' voxels as the present one does, 1 when wholly
  // otherwise; 1 before the first. Cost: O(labels).
  [[nodiscard]] double model_drift() const;

  // Of the last update. Cost: O(voxels of the coarsest grid), under a second.
  [[nodiscard]] SeedUncertainty uncertainty() const;
  [[nodiscard]] NextSlices next_best_slices() const;
  [[nodiscard]] NextSlices next_best_slices(const SeedUncertainty& uncertainty) const;

 private:
  struct State;
  explicit SeedGrowth(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace consilium
