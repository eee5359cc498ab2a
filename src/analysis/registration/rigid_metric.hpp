// How well a moving volume agrees with a fixed one under a rigid transform, and where to go next.
#pragma once

#include <array>
#include <optional>

#include "analysis/registration/affine_math.hpp"
#include "analysis/registration/image_level.hpp"

namespace consilium::registration {

struct Pose {
  Matrix3 rotation{1, 0, 0, 0, 1, 0, 0, 0, 1};
  Vector3 shift{};  // mm, of `centre`
};

// Turns about three axes (radians x `arm_mm`), then shifts (mm).
using PoseStep = std::array<double, 6>;
[[nodiscard]] Pose stepped(const Pose& pose, const PoseStep& step, double arm_mm);

struct Agreement {
  double value = 0;
  double common = 0;  // mm^3 that lie in both
  PoseStep uphill{};  // the Gauss-Newton step
};

class RigidMetric {
 public:
  // Both outlive it.
  RigidMetric(const ImageLevel& fixed, const ImageLevel& moving, const Vector3& centre,
              Similarity similarity, unsigned threads);

  // Nothing when less than a tenth of the smaller volume is common, or what is common is flat.
  [[nodiscard]] std::optional<Agreement> at(const Pose& pose) const;
  [[nodiscard]] double arm_mm() const { return arm_mm_; }
  [[nodiscard]] double edge_mm() const { return edge_mm_; }
  // `common` as a share of the smaller volume, 1 at most.
  [[nodiscard]] double share_of_smaller(double common) const;

 private:
  struct Walk;
  [[nodiscard]] Walk walk_of(const Pose& pose) const;
  [[nodiscard]] std::optional<Agreement> correlation(const Walk& walk) const;
  [[nodiscard]] std::optional<Agreement> mutual_information(const Walk& walk) const;

  const ImageLevel& fixed_;
  const ImageLevel& moving_;
  Vector3 centre_;
  Similarity similarity_;
  unsigned threads_;
  Affine to_moving_voxels_;
  double arm_mm_ = 1;   // where a turn and a shift of the same size move voxels alike
  double edge_mm_ = 1;  // of a working voxel
  double smaller_mm3_ = 1;
};

}  // namespace consilium::registration
