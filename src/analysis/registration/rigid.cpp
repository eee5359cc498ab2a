#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "analysis/registration/registration.hpp"
#include "analysis/registration/rigid_metric.hpp"

namespace consilium {
namespace registration {
namespace {

struct Candidate {
  Pose pose;
  Agreement agreement;
  bool settled = false;
};

Vector3 centre_mm(const VoxelDims& dims, const Affine& affine) {
  const PatientPoint middle =
      affine.apply((dims[0] - 1) / 2.0, (dims[1] - 1) / 2.0, (dims[2] - 1) / 2.0);
  return {middle.x_mm, middle.y_mm, middle.z_mm};
}

// Where the bright lies.
Vector3 mass_centre_mm(const ImageLevel& level) {
  const float least = *std::ranges::min_element(level.values);
  double mass = 0;
  std::array<double, 3> sum{};
  std::size_t v = 0;
  for (std::uint32_t k = 0; k < level.dims[2]; ++k) {
    for (std::uint32_t j = 0; j < level.dims[1]; ++j) {
      for (std::uint32_t i = 0; i < level.dims[0]; ++i, ++v) {
        const double weight = level.values[v] - least;
        mass += weight;
        sum[0] += weight * i;
        sum[1] += weight * j;
        sum[2] += weight * k;
      }
    }
  }
  const PatientPoint middle = level.affine.apply(sum[0] / mass, sum[1] / mass, sum[2] / mass);
  return {middle.x_mm, middle.y_mm, middle.z_mm};
}

double size_of(const PoseStep& step) {
  return std::hypot(std::hypot(step[0], step[1], step[2]), std::hypot(step[3], step[4], step[5]));
}

PoseStep scaled(PoseStep step, double factor) {
  for (double& each : step) each *= factor;
  return step;
}

// Uphill until steps are small, tried at full length first and then shorter ones.
Candidate climbed(const RigidMetric& metric, Candidate at, int steps_max) {
  const double small = metric.edge_mm() / 100;
  const double longest = 4 * metric.edge_mm();
  for (int step = 0; step < steps_max && !at.settled; ++step) {
    const double size = size_of(at.agreement.uphill);
    if (size < small) {
      at.settled = true;
      break;
    }
    double factor = std::min(1.0, longest / size);
    bool risen = false;
    while (!risen && factor * size >= small / 2) {
      const Pose pose = stepped(at.pose, scaled(at.agreement.uphill, factor), metric.arm_mm());
      const auto there = metric.at(pose);
      if (there && there->value > at.agreement.value) {
        // Rising by next to nothing at a short step is the top too.
        at.settled =
            there->value - at.agreement.value < 1e-7 && factor * size < metric.edge_mm() / 10;
        at.pose = pose;
        at.agreement = *there;
        risen = true;
      } else {
        factor /= 3;
      }
    }
    if (!risen) at.settled = true;
  }
  return at;
}

// Common ground counts a little: a corner of air agrees with another one all too well.
double score(const RigidMetric& metric, const Candidate& candidate) {
  return candidate.agreement.value *
         (0.6 + 0.4 * metric.share_of_smaller(candidate.agreement.common));
}

std::vector<Pose> start_poses(const ImageLevel& fixed, const ImageLevel& moving,
                              const Vector3& centre, bool recentre) {
  std::vector<Vector3> shifts = {{0, 0, 0}};
  if (recentre) {
    const Vector3 to = centre_mm(moving.dims, moving.affine);
    const Vector3 mass_from = mass_centre_mm(fixed);
    const Vector3 mass_to = mass_centre_mm(moving);
    shifts.push_back({to[0] - centre[0], to[1] - centre[1], to[2] - centre[2]});
    shifts.push_back(
        {mass_to[0] - mass_from[0], mass_to[1] - mass_from[1], mass_to[2] - mass_from[2]});
  }
  std::vector<Pose> poses;
  for (const Vector3& shift : shifts) {
    poses.push_back({.rotation = rotation_by({}), .shift = shift});
    for (std::size_t a = 0; a < 3; ++a) {
      for (const double degrees : {-30, -15, 15, 30}) {
        if (!recentre && std::abs(degrees) > 20) continue;
        Vector3 turn{};
        turn[a] = degrees * std::numbers::pi / 180;
        poses.push_back({.rotation = rotation_by(turn), .shift = shift});
      }
      // Along fixed's own axes, of whichever length.
      const Vector3 axis = fixed.affine.axis_mm(static_cast<int>(a));
      for (const double part : {-0.3, -0.2, -0.1, 0.1, 0.2, 0.3}) {
        Pose pose{.rotation = rotation_by({}), .shift = shift};
        for (std::size_t b = 0; b < 3; ++b) pose.shift[b] += part * fixed.dims[a] * axis[b];
        poses.push_back(pose);
      }
    }
  }
  return poses;
}

// The best by score first, `count` of them.
void keep_best(const RigidMetric& metric, std::vector<Candidate>& candidates, std::size_t count) {
  std::ranges::stable_sort(candidates, [&](const Candidate& a, const Candidate& b) {
    return score(metric, a) > score(metric, b);
  });
  if (candidates.size() > count) candidates.resize(count);
}

struct LevelPair {
  ImageLevel fixed;
  ImageLevel moving;
};

// The finest last.
Result<std::vector<LevelPair>> level_pairs(const PlacedVolume& fixed, const PlacedVolume& moving,
                                           const RigidOptions& options) {
  const Lattice of_fixed = CSL_TRY(check_volume(fixed));
  const Lattice of_moving = CSL_TRY(check_volume(moving));
  const std::size_t most = std::max<std::size_t>(options.working_voxels_max, 1000);
  const double edge = std::max(working_spacing(fixed.dims, of_fixed.spacing_mm, most),
                               working_spacing(moving.dims, of_moving.spacing_mm, 4 * most));
  const auto level_of = [&](const PlacedVolume& volume, const Lattice& lattice) {
    return make_level(volume, whole_box(volume.dims),
                      factors_for(volume.dims, lattice.spacing_mm, edge), options.threads);
  };
  std::vector<LevelPair> levels;
  ImageLevel finest_fixed = CSL_TRY(level_of(fixed, of_fixed));
  ImageLevel finest_moving = CSL_TRY(level_of(moving, of_moving));
  levels.push_back({.fixed = std::move(finest_fixed), .moving = std::move(finest_moving)});
  for (const std::size_t voxels : {200'000, 25'000}) {
    const LevelPair& finest = levels.front();
    const double wide =
        std::max(working_spacing(finest.fixed.dims, finest.fixed.spacing_mm, voxels),
                 working_spacing(finest.moving.dims, finest.moving.spacing_mm, 4 * voxels));
    LevelPair next{
        .fixed =
            coarser(finest.fixed, factors_for(finest.fixed.dims, finest.fixed.spacing_mm, wide),
                    options.threads),
        .moving =
            coarser(finest.moving, factors_for(finest.moving.dims, finest.moving.spacing_mm, wide),
                    options.threads)};
    if (next.fixed.size() < levels.back().fixed.size()) levels.push_back(std::move(next));
  }
  for (LevelPair& level : levels) {
    soften(level.fixed, 0.7, options.threads);
    soften(level.moving, 0.7, options.threads);
  }
  std::ranges::reverse(levels);
  return levels;
}

RegistrationQuality judged(const RigidRegistration& found, const RigidOptions& options,
                           double share, double arm_mm) {
  const double shift = std::hypot(found.shift_mm[0], found.shift_mm[1], found.shift_mm[2]);
  for (const double angle : found.turn_deg) {
    if (std::abs(angle) > 60) return RegistrationQuality::Implausible;
  }
  if (share < 0.2 || (!options.recentre && shift > arm_mm)) return RegistrationQuality::Implausible;
  const double least = options.similarity == Similarity::Correlation ? 0.4 : 0.04;
  if (!found.settled || found.similarity < least) return RegistrationQuality::Uncertain;
  return RegistrationQuality::Good;
}

}  // namespace
}  // namespace registration

using namespace registration;

std::string_view name_of(RegistrationQuality quality) {
  switch (quality) {
    case RegistrationQuality::Good:
      return "good";
    case RegistrationQuality::Uncertain:
      return "uncertain";
    case RegistrationQuality::Implausible:
      break;
  }
  return "implausible";
}

Result<RigidRegistration> register_rigid(const PlacedVolume& fixed, const PlacedVolume& moving,
                                         const RigidOptions& options) {
  const std::vector<LevelPair> levels = CSL_TRY(level_pairs(fixed, moving, options));
  const Vector3 centre = centre_mm(fixed.dims, fixed.affine);
  std::vector<Candidate> candidates;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    const RigidMetric metric(levels[l].fixed, levels[l].moving, centre, options.similarity,
                             options.threads);
    std::vector<Pose> poses;
    if (l == 0) {
      poses = start_poses(levels[l].fixed, levels[l].moving, centre, options.recentre);
    } else {
      for (const Candidate& candidate : candidates) poses.push_back(candidate.pose);
    }
    candidates.clear();
    for (const Pose& pose : poses) {
      if (const auto there = metric.at(pose)) candidates.push_back({pose, *there, false});
    }
    if (l == 0) keep_best(metric, candidates, 10);
    for (Candidate& candidate : candidates)
      candidate = climbed(metric, candidate, l == 0 ? 25 : 40);
    keep_best(metric, candidates, l + 2 < levels.size() ? 3 : 1);
    if (candidates.empty()) {
      return fail(ErrorCode::InvalidInput, "the two volumes have no part of the patient in common",
                  options.recentre ? "" : "by their coordinates",
                  "choose volumes that overlap by a tenth at least");
    }
  }
  const LevelPair& finest = levels.back();
  const RigidMetric metric(finest.fixed, finest.moving, centre, options.similarity,
                           options.threads);
  const Candidate& best = candidates.front();
  RigidRegistration found;
  found.to_moving = rigid_affine(best.pose.rotation, centre, best.pose.shift);
  found.turn_deg = angles_deg(best.pose.rotation);
  found.shift_mm = best.pose.shift;
  found.similarity = best.agreement.value;
  found.settled = best.settled;
  if (const auto before = metric.at({})) found.similarity_before = before->value;
  double mm3 = 1;
  for (std::size_t a = 0; a < 3; ++a) mm3 *= finest.fixed.dims[a] * finest.fixed.spacing_mm[a];
  found.overlap = std::min(1.0, best.agreement.common / mm3);
  found.quality =
      judged(found, options, metric.share_of_smaller(best.agreement.common), metric.arm_mm());
  return found;
}

}  // namespace consilium
