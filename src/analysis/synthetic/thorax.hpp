// The made chest as shapes: where body, cavity, lungs, heart, bones and airways are, in patient
// coordinates (LPS, mm; the origin lies in the mediastinum at the level of the hila). Proportions
// are those of an adult with raised arms; nothing is taken from a person.
//
// A ThoraxSlice is what one axial plane needs, worked out once for the plane; its functions are
// cheap enough to be asked for each voxel. Cost: lung_distance takes about 30 ns.
#pragma once

#include <array>
#include <span>

#include "analysis/synthetic/shapes.hpp"

namespace consilium::synthetic {

// |x/a|^n + |y/b|^n = 1: the outline of trunk and rib cage lies between ellipse and rectangle.
struct SuperEllipse {
  double centre_y_mm = 0;
  double radius_x_mm = 0;
  double radius_y_mm = 0;
  double exponent = 2;
  // Approximate distance.
  [[nodiscard]] double distance(double x_mm, double y_mm) const;
};

struct Tube {
  PatientPoint from;
  PatientPoint to;
  double radius_from_mm = 0;
  double radius_to_mm = 0;
};

enum class Side { Right, Left };

class ThoraxSlice {
 public:
  explicit ThoraxSlice(double z_mm);

  [[nodiscard]] double z_mm() const { return z_mm_; }
  [[nodiscard]] const SuperEllipse& body() const { return body_; }
  [[nodiscard]] const SuperEllipse& muscle() const { return muscle_; }
  [[nodiscard]] const SuperEllipse& cavity() const { return cavity_; }

  // `cavity_mm` is cavity().distance of the same point, which the caller has already.
  [[nodiscard]] double lung_distance(double x_mm, double y_mm, double cavity_mm) const;
  [[nodiscard]] double heart_distance(double x_mm, double y_mm) const;
  // Height of the point over the diaphragm's dome of its side, mm; negative in the abdomen.
  [[nodiscard]] double above_diaphragm_mm(double x_mm, double y_mm) const;

 private:
  double z_mm_;
  SuperEllipse body_;
  SuperEllipse muscle_;
  SuperEllipse cavity_;
  double aorta_x_mm_ = 0;
  double aorta_y_mm_ = 0;
  double aorta_radius_mm_ = 0;
};

// The lungs' distance at a point, for whoever needs few points and not a plane.
[[nodiscard]] double lung_distance(const PatientPoint& point);
// Where vessels and airways enter a lung.
[[nodiscard]] PatientPoint hilum(Side side);
// Trachea and main bronchi (lumen), and the great vessels.
[[nodiscard]] std::span<const Tube> airways();
[[nodiscard]] std::span<const Tube> great_vessels();

struct BoneSample {
  double distance_mm = 1e3;  // to the nearest bone's surface
  double marrow_hu = 0;      // of that bone's inside; its outer 1.2 mm is cortex
  double cortex_hu = 0;
};
// Ribs, costal cartilage, sternum and scapulae lie outside the cavity; the spine at the midline.
[[nodiscard]] BoneSample chest_wall_bone(const ThoraxSlice& slice, double x_mm, double y_mm,
                                         double cavity_mm);
[[nodiscard]] BoneSample spine_bone(double x_mm, double y_mm, double z_mm);
// The spinal canal: distance, and the cord within it.
[[nodiscard]] double spinal_canal_distance(double x_mm, double y_mm);

}  // namespace consilium::synthetic
