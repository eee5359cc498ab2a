#include "analysis/synthetic/thorax.hpp"

#include <numbers>

namespace consilium::synthetic {
namespace {

constexpr double vertebra_period_mm = 24.0;
constexpr double spine_y_mm = 58.0;
constexpr double canal_y_mm = 82.0;
constexpr double apex_z_mm = 138.0;

// The trunk narrows towards the shoulders' base and the neck.
double upper_share(double z_mm) { return std::max(z_mm - 50.0, 0.0) / 100.0; }

struct Dome {
  double centre_x_mm, centre_y_mm, top_z_mm, curvature_mm;
};
constexpr Dome right_diaphragm{-72, 2, -84, 50};
constexpr Dome left_diaphragm{72, 4, -98, 50};
constexpr Dome right_apex{-48, 18, apex_z_mm, 42};
constexpr Dome left_apex{48, 18, apex_z_mm - 2, 42};

// Height of the dome's surface and how steep it is there.
double dome_height(const Dome& dome, double x_mm, double y_mm, double& slope) {
  const double r_squared = squared(x_mm - dome.centre_x_mm) + squared(y_mm - dome.centre_y_mm);
  slope = std::sqrt(r_squared) / dome.curvature_mm;
  return dome.top_z_mm - r_squared / (2.0 * dome.curvature_mm);
}

constexpr std::array<Tube, 4> airway_tubes{{
    {{0, 8, 175}, {1, 22, 52}, 8.5, 8.0},
    {{1, 22, 52}, {-34, 24, 18}, 7.2, 6.0},
    {{1, 22, 52}, {38, 28, 12}, 6.8, 5.4},
    {{-34, 24, 18}, {-52, 22, -12}, 5.4, 3.8},
}};

constexpr std::array<Tube, 9> vessel_tubes{{
    {{6, -18, 5}, {-10, -24, 62}, 14, 14},       // ascending aorta
    {{-10, -24, 62}, {4, -2, 84}, 14, 13},       // arch
    {{4, -2, 84}, {27, 38, 72}, 13, 12.5},       //
    {{27, 38, 72}, {24, 46, -60}, 12.5, 11.5},   // descending aorta
    {{24, 46, -60}, {10, 44, -175}, 11.5, 10},   //
    {{18, -32, 0}, {20, -14, 38}, 14, 13},       // pulmonary trunk
    {{20, -14, 38}, {42, 8, 26}, 11, 8.5},       // left pulmonary artery
    {{20, -14, 38}, {-36, 8, 22}, 11, 8.5},      // right pulmonary artery
    {{-26, -12, 120}, {-24, -8, -10}, 8.5, 10},  // superior vena cava
}};

// How far below its head a rib lies at `share` of its way from the spine (0) to the sternum (1).
double rib_drop_mm(double share) {
  constexpr double cartilage_from = 0.74;
  const double down = 128.0 * std::min(share, cartilage_from);
  const double up = share > cartilage_from ? 150.0 * (share - cartilage_from) : 0.0;
  return down - up;
}

}  // namespace

double SuperEllipse::distance(double x_mm, double y_mm) const {
  const double u = std::abs(x_mm) / radius_x_mm;
  const double v = std::abs(y_mm - centre_y_mm) / radius_y_mm;
  const double u_power = std::pow(u, exponent - 1.0);
  const double v_power = std::pow(v, exponent - 1.0);
  const double gradient =
      exponent * std::sqrt(squared(u_power / radius_x_mm) + squared(v_power / radius_y_mm));
  const double value = u_power * u + v_power * v - 1.0;
  // Near the centre the gradient vanishes; there the distance only has to be well inside.
  return value / std::max(gradient, 0.5 / std::max(radius_x_mm, radius_y_mm));
}

ThoraxSlice::ThoraxSlice(double z_mm) : z_mm_(z_mm) {
  const double up = upper_share(z_mm);
  const double down = std::max(-z_mm - 60.0, 0.0) / 90.0;
  body_ = {2.0, 169.0 - 14.0 * up * up + 2.0 * down, 116.0 - 18.0 * up * up + 3.0 * down, 2.35};
  const double fat_mm = 11.0 + 5.0 * down;
  muscle_ = {3.0, body_.radius_x_mm - fat_mm, body_.radius_y_mm - 0.8 * fat_mm, 2.35};
  const double t = std::clamp((z_mm + 45.0) / (apex_z_mm + 60.0), 0.0, 1.0);
  const double narrowing = t * t * t;
  cavity_ = {-3.0, 138.0 - 58.0 * narrowing, 88.0 - 26.0 * narrowing, 2.25};
  for (const Tube& vessel : std::span(vessel_tubes).subspan(3, 2)) {
    if (z_mm > vessel.from.z_mm || z_mm < vessel.to.z_mm) continue;
    const double share = (z_mm - vessel.from.z_mm) / (vessel.to.z_mm - vessel.from.z_mm);
    aorta_x_mm_ = blend(vessel.from.x_mm, vessel.to.x_mm, share);
    aorta_y_mm_ = blend(vessel.from.y_mm, vessel.to.y_mm, share);
    aorta_radius_mm_ = blend(vessel.radius_from_mm, vessel.radius_to_mm, share);
  }
}

double ThoraxSlice::heart_distance(double x_mm, double y_mm) const {
  // The long axis points to the left and forward, turned by 40 degrees about the body's axis.
  constexpr double turn = 40.0 * std::numbers::pi / 180.0;
  const double cosine = std::cos(turn);
  const double sine = std::sin(turn);
  const double dx = x_mm - 24.0;
  const double dy = y_mm + 34.0;
  const PatientPoint ventricles{cosine * dx - sine * dy, sine * dx + cosine * dy, z_mm_ + 52.0};
  const double main = ellipsoid(ventricles, {62.0, 44.0, 58.0});
  const double atrium = ellipsoid({x_mm + 16.0, y_mm + 20.0, z_mm_ + 38.0}, {30.0, 32.0, 46.0});
  return -smooth_max(-main, -atrium, 14.0);
}

double ThoraxSlice::above_diaphragm_mm(double x_mm, double y_mm) const {
  double right_slope = 0;
  double left_slope = 0;
  const double right = dome_height(right_diaphragm, x_mm, y_mm, right_slope);
  const double left = dome_height(left_diaphragm, x_mm, y_mm, left_slope);
  // The central tendon joins the domes in a saddle under the heart.
  const double slope = std::min(right > left ? right_slope : left_slope, 1.2);
  return (z_mm_ - smooth_max(right, left, 34.0)) / std::sqrt(1.0 + slope * slope);
}

double ThoraxSlice::lung_distance(double x_mm, double y_mm, double cavity_mm) const {
  if (cavity_mm > 4.0) return cavity_mm;
  // The mediastinum is widest at the great vessels and narrow behind the sternum.
  const double half_width = 7.0 + 27.0 * std::exp(-squared((y_mm - 14.0) / 42.0)) +
                            6.0 * std::exp(-squared((z_mm_ - 60.0) / 40.0));
  double distance = smooth_max(cavity_mm + 1.5, half_width - std::abs(x_mm), 16.0);
  distance = smooth_max(distance, -circle(x_mm, y_mm, 0, spine_y_mm, 23.0), 10.0);
  distance = smooth_max(distance, -circle(x_mm, y_mm, 0, 92.0, 40.0), 12.0);
  if (z_mm_ < 40.0) distance = smooth_max(distance, -heart_distance(x_mm, y_mm) + 2.5, 10.0);
  if (aorta_radius_mm_ > 0) {
    const double aorta = circle(x_mm, y_mm, aorta_x_mm_, aorta_y_mm_, aorta_radius_mm_ + 1.5);
    distance = smooth_max(distance, -aorta, 8.0);
  }
  distance = smooth_max(distance, -above_diaphragm_mm(x_mm, y_mm) + 2.0, 9.0);
  double slope = 0;
  const double ceiling = dome_height(x_mm < 0 ? right_apex : left_apex, x_mm, y_mm, slope);
  return smooth_max(distance, (z_mm_ - ceiling) / std::sqrt(1.0 + slope * slope), 12.0);
}

double lung_distance(const PatientPoint& point) {
  const ThoraxSlice slice(point.z_mm);
  return slice.lung_distance(point.x_mm, point.y_mm,
                             slice.cavity().distance(point.x_mm, point.y_mm));
}

PatientPoint hilum(Side side) {
  return side == Side::Right ? PatientPoint{-42, 16, 8} : PatientPoint{46, 18, 6};
}

std::span<const Tube> airways() { return airway_tubes; }
std::span<const Tube> great_vessels() { return vessel_tubes; }

BoneSample chest_wall_bone(const ThoraxSlice& slice, double x_mm, double y_mm, double cavity_mm) {
  BoneSample bone;
  const SuperEllipse& cavity = slice.cavity();
  const double z_mm = slice.z_mm();
  // 0 at the spine, 1 at the sternum, going round the side.
  const double share = std::atan2(std::abs(x_mm) / cavity.radius_x_mm,
                                  (y_mm - cavity.centre_y_mm) / cavity.radius_y_mm) /
                       std::numbers::pi;
  if (share > 0.07 && share < 0.95) {
    constexpr double first_rib_z_mm = 168.0;
    const double level = (first_rib_z_mm - z_mm - rib_drop_mm(share)) / vertebra_period_mm;
    const double number = std::clamp(std::round(level), 0.0, 12.0);
    const double along_z_mm = (level - number) * vertebra_period_mm;
    const double rib = ellipse(along_z_mm, cavity_mm - 6.0, 6.2, 4.0);
    const bool cartilage = share > 0.76;
    bone = {rib, cartilage ? 95.0 : 210.0, cartilage ? 130.0 : 720.0};
    if (number > 10.0 && share > 0.6) bone.distance_mm = 1e3;  // floating ribs end early
  }
  if (z_mm > -75.0 && z_mm < 95.0) {
    const bool manubrium = z_mm > 50.0;
    const double front_y_mm = cavity.centre_y_mm - cavity.radius_y_mm - 7.0;
    const double half_width = manubrium ? 25.0 : 15.0 + 3.0 * std::sin(z_mm * 0.18);
    const double sternum = ellipse(x_mm, y_mm - front_y_mm, half_width, 5.5);
    if (sternum < bone.distance_mm) bone = {sternum, 140.0, 520.0};
  }
  if (z_mm > 12.0 && share > 0.17 && share < 0.42) {
    const double plate = std::max(std::abs(cavity_mm - 20.0 - 10.0 * (share - 0.17)) - 2.2,
                                  (std::abs(share - 0.295) - 0.115) * 220.0);
    if (plate < bone.distance_mm) bone = {std::max(plate, (12.0 - z_mm) + 4.0), 260.0, 620.0};
  }
  return bone;
}

BoneSample spine_bone(double x_mm, double y_mm, double z_mm) {
  const double phase = z_mm - std::floor(z_mm / vertebra_period_mm) * vertebra_period_mm;
  constexpr double disc_mm = 5.0;
  const double from_middle = std::abs(phase - (vertebra_period_mm + disc_mm) / 2.0);
  const double half_height = (vertebra_period_mm - disc_mm) / 2.0;
  // The body's waist is narrower than its end plates.
  const double waist = 2.2 * (1.0 - squared(std::min(from_middle / half_height, 1.0)));
  const double outline = ellipse(x_mm, y_mm - spine_y_mm, 19.0 - waist, 16.0 - waist);
  BoneSample bone{std::max(outline, from_middle - half_height), 165.0, 480.0};
  if (phase < disc_mm && outline < 1.0) return {outline + 0.5, 75.0, 80.0};
  const double canal = circle(x_mm, y_mm, 0, canal_y_mm, 9.0);
  const double arch = std::max({-canal, canal - 5.0, std::abs(phase - 14.0) - 8.0});
  if (arch < bone.distance_mm) bone = {arch, 320.0, 650.0};
  // Spinous processes slant downwards behind the arch.
  const double slant = std::abs(phase - 14.0 + 0.35 * (y_mm - 94.0));
  const double spinous =
      std::max({ellipse(x_mm, y_mm - 99.0, 3.6, 13.0), slant - 7.0, -canal - 2.0});
  if (spinous < bone.distance_mm) bone = {spinous, 260.0, 600.0};
  const double lateral = std::abs(x_mm);
  const double wing_y_mm = 78.0 + 0.32 * (lateral - 10.0);
  const double transverse =
      smooth_max(smooth_max(std::hypot(y_mm - wing_y_mm, phase - 15.0) - 4.4, lateral - 36.0, 4.0),
                 9.0 - lateral, 3.0);
  if (transverse < bone.distance_mm) bone = {transverse, 230.0, 600.0};
  return bone;
}

double spinal_canal_distance(double x_mm, double y_mm) {
  return circle(x_mm, y_mm, 0, canal_y_mm, 9.0);
}

}  // namespace consilium::synthetic
