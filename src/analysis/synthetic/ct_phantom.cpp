#include "analysis/synthetic/ct_phantom.hpp"

#include <numbers>

#include "analysis/synthetic/vessel_tree.hpp"
#include "base/check.hpp"
#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

constexpr double edge_blur_mm = 1.1;  // the scanner's in-plane resolution
constexpr double air_hu = -1000;
constexpr double fat_hu = -100;
constexpr double muscle_hu = 55;
constexpr double blood_hu = 42;

// SuperEllipse::distance with its powers worked out once for each row and column.
class OutlineTable {
 public:
  OutlineTable(const SuperEllipse& outline, std::span<const double> x_mm,
               std::span<const double> y_mm)
      : floor_(0.5 / std::max(outline.radius_x_mm, outline.radius_y_mm)) {
    for (const double x : x_mm) {
      columns_.push_back(entry(std::abs(x), outline.radius_x_mm, outline.exponent));
    }
    for (const double y : y_mm) {
      rows_.push_back(
          entry(std::abs(y - outline.centre_y_mm), outline.radius_y_mm, outline.exponent));
    }
  }
  [[nodiscard]] double at(std::size_t column, std::size_t row) const {
    const Entry& x = columns_[column];
    const Entry& y = rows_[row];
    return (x.value + y.value - 1.0) / std::max(std::sqrt(x.slope + y.slope), floor_);
  }

 private:
  struct Entry {
    double value = 0;
    double slope = 0;  // squared
  };
  static Entry entry(double from_centre, double radius, double exponent) {
    const double u = from_centre / radius;
    const double power = std::pow(u, exponent - 1.0);
    return {power * u, squared(exponent * power / radius)};
  }
  std::vector<Entry> columns_;
  std::vector<Entry> rows_;
  double floor_;
};

PatientPoint random_direction(SeededRandom& random) {
  const PatientPoint v{random.normal(), random.normal(), random.normal()};
  const double norm =
      std::max(std::sqrt(squared(v.x_mm) + squared(v.y_mm) + squared(v.z_mm)), 1e-6);
  return {v.x_mm / norm, v.y_mm / norm, v.z_mm / norm};
}

PatientPoint moved(const PatientPoint& from, const PatientPoint& direction, double by_mm) {
  return {from.x_mm + by_mm * direction.x_mm, from.y_mm + by_mm * direction.y_mm,
          from.z_mm + by_mm * direction.z_mm};
}

double density_hu(NoduleDensity density) {
  switch (density) {
    case NoduleDensity::Solid:
      return 35;
    case NoduleDensity::PartSolid:
    case NoduleDensity::GroundGlass:
      return -590;
    case NoduleDensity::Calcified:
      return 420;
  }
  return 0;
}

struct LungBox {
  PatientPoint low;
  PatientPoint high;
};
LungBox lung_box(Side side) {
  return side == Side::Right ? LungBox{{-138, -92, -150}, {-12, 86, 138}}
                             : LungBox{{12, -92, -150}, {138, 86, 138}};
}

}  // namespace

std::vector<Nodule> place_nodules(std::uint64_t seed, std::size_t count) {
  SeededRandom random(seed ^ 0x6E6F64756C65ULL);
  std::vector<Nodule> nodules;
  while (nodules.size() < count) {
    const Side side = nodules.size() % 2 == 0 ? Side::Right : Side::Left;
    const auto [low, high] = lung_box(side);
    Nodule nodule;
    nodule.radius_mm = 3.0 + 5.5 * random.uniform() * random.uniform();
    if (nodules.empty()) nodule.radius_mm = 6.0 + 1.5 * random.uniform();
    nodule.centre = {blend(low.x_mm, high.x_mm, random.uniform()),
                     blend(low.y_mm, high.y_mm, random.uniform()),
                     blend(low.z_mm, high.z_mm, random.uniform())};
    if (lung_distance(nodule.centre) > -(2.0 * nodule.radius_mm + 4.0)) continue;
    const bool is_clear = std::ranges::all_of(nodules, [&](const Nodule& other) {
      return tube(nodule.centre, other.centre, other.centre, other.radius_mm, 0) >
             nodule.radius_mm + 20.0;
    });
    if (!is_clear) continue;
    constexpr std::array kinds{NoduleDensity::Solid, NoduleDensity::Solid, NoduleDensity::Calcified,
                               NoduleDensity::PartSolid, NoduleDensity::GroundGlass};
    nodule.density = kinds[nodules.size() % kinds.size()];
    nodule.spicule_count = nodules.empty() ? 18 : 0;
    nodule.lobulation = nodules.empty() ? 0.14 : 0.05;
    nodules.push_back(nodule);
  }
  return nodules;
}

// One slice while it is painted.
struct CtPhantom::Plane {
  ThoraxSlice shapes;
  double pixel_mm;
  std::vector<double> x_mm;
  std::vector<double> y_mm;
  std::vector<double> hu;
  std::vector<double> cavity_mm;  // distance to the rib cage's inner outline

  [[nodiscard]] std::size_t index(std::size_t column, std::size_t row) const {
    return row * x_mm.size() + column;
  }
  [[nodiscard]] PatientPoint point(std::size_t column, std::size_t row) const {
    return {x_mm[column], y_mm[row], shapes.z_mm()};
  }
  // Calls `paint(column, row)` for the pixels within `reach_mm` of a box.
  template <class Paint>
  void for_box(double x_low, double x_high, double y_low, double y_high, const Paint& paint) const {
    const auto place = [this](double mm, double first, std::size_t size) {
      const double at = (mm - first) / pixel_mm;
      return static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(size)));
    };
    const std::size_t column_end = place(x_high + 2 * pixel_mm, x_mm[0], x_mm.size());
    const std::size_t row_end = place(y_high + 2 * pixel_mm, y_mm[0], y_mm.size());
    for (std::size_t row = place(y_low, y_mm[0], y_mm.size()); row < row_end; ++row) {
      for (std::size_t column = place(x_low, x_mm[0], x_mm.size()); column < column_end; ++column) {
        paint(column, row);
      }
    }
  }
  // A tube brighter than what is there covers it; `Over::All` covers in any case.
  enum class Over { Darker, All };
  void paint_tube(const Tube& shape, double value_hu, double grow_mm, Over over) {
    const double reach = std::max(shape.radius_from_mm, shape.radius_to_mm) + grow_mm + 1.0;
    for_box(
        std::min(shape.from.x_mm, shape.to.x_mm) - reach,
        std::max(shape.from.x_mm, shape.to.x_mm) + reach,
        std::min(shape.from.y_mm, shape.to.y_mm) - reach,
        std::max(shape.from.y_mm, shape.to.y_mm) + reach, [&](std::size_t column, std::size_t row) {
          const double distance = tube(point(column, row), shape.from, shape.to,
                                       shape.radius_from_mm, shape.radius_to_mm);
          double& pixel = hu[index(column, row)];
          const double painted = blend(pixel, value_hu, coverage(distance - grow_mm, edge_blur_mm));
          pixel = over == Over::All ? painted : std::max(pixel, painted);
        });
  }
};

CtPhantom::CtPhantom(CtPhantomOptions options)
    : options_(std::move(options)), noise_(options_.seed ^ 0x6E6F697365ULL) {
  CSL_CHECK(options_.columns > 0 && options_.rows > 0 && options_.slices > 0);
  const double pixel_mm = options_.field_of_view_mm / options_.columns;
  const PatientPoint origin{-0.5 * pixel_mm * (options_.columns - 1),
                            -0.5 * pixel_mm * (options_.rows - 1),
                            -0.5 * options_.slice_spacing_mm * (options_.slices - 1)};
  grid_ = {{options_.columns, options_.rows, options_.slices},
           affine_from_axes(origin, {pixel_mm, 0, 0}, {0, pixel_mm, 0},
                            {0, 0, options_.slice_spacing_mm}),
           options_.frame_of_reference_uid};
  SeededRandom random(options_.seed ^ 0x73686170ULL);
  for (const Nodule& nodule : options_.nodules) {
    NoduleSurface surface;
    for (int i = 0; i < 7; ++i) surface.waves.push_back(random_direction(random));
    for (int i = 0; i < nodule.spicule_count; ++i) {
      const PatientPoint direction = random_direction(random);
      const double reach = nodule.radius_mm * (1.8 + 1.0 * random.uniform());
      surface.spicules.push_back(
          {nodule.centre, moved(nodule.centre, direction, reach), 1.1, 0.35});
    }
    surfaces_.push_back(std::move(surface));
  }
  grow_lungs();
}

CtPhantom::TubeSet CtPhantom::sorted_by_slice(std::vector<Tube> tubes) const {
  TubeSet set{std::move(tubes), std::vector<std::vector<std::uint32_t>>(options_.slices)};
  const double first_z_mm = grid_.affine.apply(0, 0, 0).z_mm;
  for (std::size_t i = 0; i < set.tubes.size(); ++i) {
    const Tube& shape = set.tubes[i];
    const double reach = std::max(shape.radius_from_mm, shape.radius_to_mm) + 2.0;
    const double low =
        (std::min(shape.from.z_mm, shape.to.z_mm) - reach - first_z_mm) / options_.slice_spacing_mm;
    const double high =
        (std::max(shape.from.z_mm, shape.to.z_mm) + reach - first_z_mm) / options_.slice_spacing_mm;
    for (double k = std::max(std::ceil(low), 0.0);
         k <= high && k < static_cast<double>(options_.slices); ++k) {
      set.of_slice[static_cast<std::size_t>(k)].push_back(static_cast<std::uint32_t>(i));
    }
  }
  return set;
}

void CtPhantom::grow_lungs() {
  std::vector<Tube> vessels;
  std::vector<Tube> bronchi;
  std::vector<Tube> holes;
  SeededRandom random(options_.seed ^ 0x686F6C6573ULL);
  for (const Side side : {Side::Right, Side::Left}) {
    const auto [low, high] = lung_box(side);
    const PatientPoint root = hilum(side);
    const auto inside = [](const PatientPoint& p) { return lung_distance(p) < -3.0; };
    const std::uint64_t seed = options_.seed * 4 + (side == Side::Right ? 0 : 1);
    const std::vector<Tube> arteries =
        grow_vessel_tree({root, low, high, 1000, 0.62, 6.0}, inside, seed);
    // Veins enter the left atrium below and in front of the arteries.
    const PatientPoint vein_root{0.8 * root.x_mm, root.y_mm - 4.0, root.z_mm - 30.0};
    const std::vector<Tube> veins =
        grow_vessel_tree({vein_root, low, high, 700, 0.6, 6.0}, inside, seed + 2);
    vessels.insert(vessels.end(), arteries.begin(), arteries.end());
    vessels.insert(vessels.end(), veins.begin(), veins.end());
    for (const Tube& artery : arteries) {
      if (artery.radius_from_mm < 1.9 || artery.radius_from_mm > 5.0) continue;
      const double aside = 1.95 * artery.radius_from_mm;
      const PatientPoint direction{0.3, 0.62, -0.72};
      bronchi.push_back({moved(artery.from, direction, aside), moved(artery.to, direction, aside),
                         0.8 * artery.radius_from_mm, 0.8 * artery.radius_to_mm});
    }
    for (int i = 0; i < static_cast<int>(options_.emphysema * 500.0); ++i) {
      const PatientPoint at{blend(low.x_mm, high.x_mm, random.uniform()),
                            blend(low.y_mm, high.y_mm, random.uniform()),
                            blend(20.0, high.z_mm, random.uniform())};
      const double radius = 1.5 + 3.0 * random.uniform();
      if (lung_distance(at) < -radius) holes.push_back({at, at, radius, radius});
    }
  }
  vessels_ = sorted_by_slice(std::move(vessels));
  bronchi_ = sorted_by_slice(std::move(bronchi));
  holes_ = sorted_by_slice(std::move(holes));
}

double CtPhantom::nodule_distance(std::size_t index, const PatientPoint& point) const {
  const Nodule& nodule = options_.nodules[index];
  const PatientPoint from{point.x_mm - nodule.centre.x_mm, point.y_mm - nodule.centre.y_mm,
                          point.z_mm - nodule.centre.z_mm};
  const double radius = std::sqrt(squared(from.x_mm) + squared(from.y_mm) + squared(from.z_mm));
  double wave = 0;
  for (const PatientPoint& direction : surfaces_[index].waves) {
    const double along =
        (from.x_mm * direction.x_mm + from.y_mm * direction.y_mm + from.z_mm * direction.z_mm) /
        std::max(radius, 1e-6);
    wave += std::sin(4.0 * along);
  }
  return radius - nodule.radius_mm * (1.0 + nodule.lobulation * wave / 2.0);
}

MaskLayer CtPhantom::truth() const {
  Result<MaskLayer> layer = make_exclusive_layer(grid_);
  CSL_CHECK(layer.has_value());
  const PatientPoint origin = grid_.affine.apply(0, 0, 0);
  const double pixel_mm = options_.field_of_view_mm / options_.columns;
  const auto range = [](double centre, double reach, double first, double step,
                        std::uint32_t size) {
    const auto clamped = [&](double mm) {
      const double at = std::clamp((mm - first) / step, 0.0, static_cast<double>(size));
      return static_cast<std::uint32_t>(at);
    };
    return std::pair(clamped(centre - reach), std::min(clamped(centre + reach) + 1, size));
  };
  for (std::size_t n = 0; n < options_.nodules.size(); ++n) {
    const Nodule& nodule = options_.nodules[n];
    const double reach = 2.0 * nodule.radius_mm;
    const auto [i0, i1] = range(nodule.centre.x_mm, reach, origin.x_mm, pixel_mm, options_.columns);
    const auto [j0, j1] = range(nodule.centre.y_mm, reach, origin.y_mm, pixel_mm, options_.rows);
    const auto [k0, k1] =
        range(nodule.centre.z_mm, reach, origin.z_mm, options_.slice_spacing_mm, options_.slices);
    for (std::uint32_t k = k0; k < k1; ++k) {
      for (std::uint32_t j = j0; j < j1; ++j) {
        for (std::uint32_t i = i0; i < i1; ++i) {
          if (nodule_distance(n, grid_.affine.apply(i, j, k)) <= 0.0) {
            set_voxel(*layer, {i, j, k}, static_cast<std::uint16_t>(n + 1));
          }
        }
      }
    }
  }
  return *std::move(layer);
}

namespace {

// Muscle of the wall; streaks of fat part it.
double wall_hu(const PatientPoint& point) {
  const double streaks =
      std::sin(0.21 * point.x_mm + 0.9 * std::sin(0.09 * point.y_mm)) *
      std::sin(0.19 * point.y_mm + 0.7 * std::sin(0.11 * point.x_mm + 0.05 * point.z_mm));
  return muscle_hu - 110.0 * std::max(streaks - 0.72, 0.0) / 0.28;
}

// What the abdomen holds just under the diaphragm.
double abdomen_hu(const PatientPoint& point, double cavity_mm) {
  double hu = fat_hu;
  if (point.x_mm < 40.0) {
    const double liver = std::max(cavity_mm + 4.0, point.x_mm - 22.0 - 0.2 * point.y_mm);
    hu = blend(hu, 60.0, coverage(liver, 2.0));
  }
  const double spleen =
      ellipsoid({point.x_mm - 98.0, point.y_mm - 42.0, point.z_mm + 146.0}, {28, 38, 34});
  hu = blend(hu, 52.0, coverage(spleen, 1.5));
  const double stomach =
      ellipsoid({point.x_mm - 68.0, point.y_mm + 28.0, point.z_mm + 142.0}, {44, 40, 36});
  hu = blend(hu, 45.0, coverage(stomach, 1.5));
  // Gas rises to the front of a patient who lies on the back, over a level surface.
  const double content = blend(22.0, -880.0, coverage(point.y_mm + 40.0, 1.5));
  return blend(hu, content, coverage(stomach + 4.0, 1.5));
}

// Aerated lung: denser at the back, where the blood sinks to, with the fissures' thin plates.
double lung_hu(const PatientPoint& point) {
  const double base = -868.0 + 32.0 * point.y_mm / 90.0;
  const double bend = 5.0 * std::sin(0.035 * point.x_mm);
  const double oblique = (point.z_mm - 1.05 * point.y_mm + 12.0 + bend) / 1.45;
  double plate = std::exp(-squared(oblique / 0.7));
  if (point.x_mm < 0 && oblique > 0) {
    const double horizontal = point.z_mm - 4.0 - 0.08 * point.y_mm + bend;
    plate = std::max(plate, std::exp(-squared(horizontal / 0.7)));
  }
  return base + 150.0 * plate;
}

// The table: a thin shell round foam, curved under the patient.
double table_hu(double x_mm, double y_mm) {
  const double below_top = y_mm - (124.0 - squared(x_mm) / 1500.0);
  const double below_base = y_mm - (150.0 - squared(x_mm) / 620.0);
  const double inside = std::max(-below_top, below_base);
  const double shell = std::abs(inside) - 1.0;
  const double foam = blend(air_hu, -930.0, coverage(inside, edge_blur_mm));
  return blend(foam, -180.0, coverage(shell, edge_blur_mm));
}

}  // namespace

void CtPhantom::paint_tissue(Plane& plane) const {
  const ThoraxSlice& shapes = plane.shapes;
  const OutlineTable body(shapes.body(), plane.x_mm, plane.y_mm);
  const OutlineTable muscle(shapes.muscle(), plane.x_mm, plane.y_mm);
  const OutlineTable cavity(shapes.cavity(), plane.x_mm, plane.y_mm);
  for (std::size_t row = 0; row < plane.y_mm.size(); ++row) {
    const double y = plane.y_mm[row];
    for (std::size_t column = 0; column < plane.x_mm.size(); ++column) {
      const double x = plane.x_mm[column];
      const std::size_t at = plane.index(column, row);
      const double body_mm = body.at(column, row);
      double hu = body_mm > 1.0 ? table_hu(x, y) : air_hu;
      if (body_mm < 1.0) {
        const double under_skin = blend(15.0, fat_hu, coverage(body_mm + 2.2, edge_blur_mm));
        hu = blend(hu, under_skin, coverage(body_mm, edge_blur_mm));
        const double cavity_mm = cavity.at(column, row);
        plane.cavity_mm[at] = cavity_mm;
        if (cavity_mm > -1.0) {
          hu = blend(hu, wall_hu({x, y, shapes.z_mm()}),
                     coverage(muscle.at(column, row), edge_blur_mm));
        }
        if (cavity_mm < 1.0) {
          const PatientPoint point{x, y, shapes.z_mm()};
          const double above = shapes.above_diaphragm_mm(x, y);
          double content = blend(fat_hu + 15.0, muscle_hu, coverage(above - 1.5, edge_blur_mm));
          if (above < 0.5) {
            content = blend(content, abdomen_hu(point, cavity_mm), coverage(above + 1.5, 1.5));
          }
          // Muscle lies between the ribs and beside the spine, and only the lungs press it away.
          const double spine_mm = circle(x, y, 0, 92.0, 40.0);
          content = blend(content, muscle_hu, coverage(spine_mm, edge_blur_mm));
          hu = blend(hu, content, coverage(cavity_mm, edge_blur_mm));
          const double lung = shapes.lung_distance(x, y, cavity_mm);
          if (lung < 1.0) hu = blend(hu, lung_hu(point), coverage(lung, edge_blur_mm));
        }
      }
      plane.hu[at] = hu;
    }
  }
}

void CtPhantom::paint_mediastinum(Plane& plane) const {
  const double z = plane.shapes.z_mm();
  if (z < 20.0 && z > -125.0) {
    plane.for_box(-70, 110, -115, 60, [&](std::size_t column, std::size_t row) {
      const double x = plane.x_mm[column];
      const double y = plane.y_mm[row];
      double& hu = plane.hu[plane.index(column, row)];
      const double share = coverage(plane.shapes.heart_distance(x, y), edge_blur_mm) *
                           coverage(-plane.shapes.above_diaphragm_mm(x, y), edge_blur_mm);
      hu = std::max(hu, blend(hu, blood_hu, share));
    });
  }
  for (const Tube& vessel : great_vessels()) {
    plane.paint_tube(vessel, blood_hu, 0, Plane::Over::Darker);
  }
  const Tube oesophagus{{4, 40, 180}, {10, 36, -170}, 7.5, 8.5};
  plane.paint_tube(oesophagus, 34, 0, Plane::Over::Darker);
  for (const Tube& airway : airways()) plane.paint_tube(airway, 25, 1.6, Plane::Over::Darker);
  for (const Tube& airway : airways()) plane.paint_tube(airway, -985, 0, Plane::Over::All);
}

void CtPhantom::paint_bones(Plane& plane) const {
  const auto paint = [&](std::size_t at, const BoneSample& bone) {
    if (bone.distance_mm > 1.0) return;
    const double inside =
        blend(bone.cortex_hu, bone.marrow_hu, coverage(bone.distance_mm + 1.6, edge_blur_mm));
    plane.hu[at] = blend(plane.hu[at], inside, coverage(bone.distance_mm, edge_blur_mm));
  };
  for (std::size_t row = 0; row < plane.y_mm.size(); ++row) {
    for (std::size_t column = 0; column < plane.x_mm.size(); ++column) {
      const std::size_t at = plane.index(column, row);
      const double cavity_mm = plane.cavity_mm[at];
      if (cavity_mm < 0.0 || cavity_mm > 36.0) continue;
      paint(at, chest_wall_bone(plane.shapes, plane.x_mm[column], plane.y_mm[row], cavity_mm));
    }
  }
  plane.for_box(-40, 40, 36, 112, [&](std::size_t column, std::size_t row) {
    const std::size_t at = plane.index(column, row);
    const double x = plane.x_mm[column];
    const double y = plane.y_mm[row];
    paint(at, spine_bone(x, y, plane.shapes.z_mm()));
    const double canal = spinal_canal_distance(x, y);
    if (canal < 1.0) {
      const double content = blend(12.0, 38.0, coverage(canal + 4.0, edge_blur_mm));
      plane.hu[at] = blend(plane.hu[at], content, coverage(canal, edge_blur_mm));
    }
  });
}

void CtPhantom::paint_nodules(Plane& plane) const {
  for (std::size_t n = 0; n < options_.nodules.size(); ++n) {
    const Nodule& nodule = options_.nodules[n];
    if (std::abs(nodule.centre.z_mm - plane.shapes.z_mm()) > 3.0 * nodule.radius_mm) continue;
    for (const Tube& spicule : surfaces_[n].spicules) {
      plane.paint_tube(spicule, -60, 0, Plane::Over::Darker);
    }
    const double reach = 1.6 * nodule.radius_mm + 1.0;
    plane.for_box(nodule.centre.x_mm - reach, nodule.centre.x_mm + reach,
                  nodule.centre.y_mm - reach, nodule.centre.y_mm + reach,
                  [&](std::size_t column, std::size_t row) {
                    const double distance = nodule_distance(n, plane.point(column, row));
                    double value = density_hu(nodule.density);
                    if (nodule.density == NoduleDensity::PartSolid) {
                      const double core = distance + 0.5 * nodule.radius_mm;
                      value = blend(value, 30.0, coverage(core, 1.6));
                    }
                    double& hu = plane.hu[plane.index(column, row)];
                    hu = std::max(hu, blend(hu, value, coverage(distance, edge_blur_mm)));
                  });
  }
}

void CtPhantom::render_slice(std::uint32_t slice, std::span<std::int16_t> hu) const {
  const std::size_t columns = options_.columns;
  const std::size_t rows = options_.rows;
  CSL_CHECK(slice < options_.slices && hu.size() == columns * rows);
  const PatientPoint corner = grid_.affine.apply(0, 0, slice);
  const double pixel_mm = options_.field_of_view_mm / options_.columns;
  Plane plane{ThoraxSlice(corner.z_mm), pixel_mm, {}, {}, {}, {}};
  for (std::size_t i = 0; i < columns; ++i) {
    plane.x_mm.push_back(corner.x_mm + pixel_mm * static_cast<double>(i));
  }
  for (std::size_t j = 0; j < rows; ++j) {
    plane.y_mm.push_back(corner.y_mm + pixel_mm * static_cast<double>(j));
  }
  plane.hu.assign(columns * rows, air_hu);
  plane.cavity_mm.assign(columns * rows, 1e3);

  paint_tissue(plane);
  paint_mediastinum(plane);
  for (const std::uint32_t i : holes_.of_slice[slice]) {
    plane.paint_tube(holes_.tubes[i], -985, 0, Plane::Over::All);
  }
  for (const std::uint32_t i : vessels_.of_slice[slice]) {
    plane.paint_tube(vessels_.tubes[i], blood_hu, 0, Plane::Over::Darker);
  }
  for (const std::uint32_t i : bronchi_.of_slice[slice]) {
    plane.paint_tube(bronchi_.tubes[i], -20, 0.9, Plane::Over::Darker);
  }
  for (const std::uint32_t i : bronchi_.of_slice[slice]) {
    plane.paint_tube(bronchi_.tubes[i], -960, 0, Plane::Over::All);
  }
  paint_bones(plane);
  paint_nodules(plane);

  const NoiseTexture::Slice noise(noise_, options_.seed * 100003 + slice);
  const double circle_mm = 0.5 * options_.field_of_view_mm;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      const double r_squared = squared(plane.x_mm[column]) + squared(plane.y_mm[row]);
      const std::size_t at = plane.index(column, row);
      if (r_squared > squared(circle_mm)) {
        hu[at] = ct_padding_hu;
        continue;
      }
      // Less of the beam gets through the middle, so that is where the noise is largest.
      const double deviation = options_.noise_hu * (1.15 - 0.55 * r_squared / squared(circle_mm));
      const double value = plane.hu[at] + deviation * noise.at(column, row);
      hu[at] = static_cast<std::int16_t>(std::lround(std::clamp(value, -1024.0, 3071.0)));
    }
  }
}

}  // namespace consilium::synthetic
