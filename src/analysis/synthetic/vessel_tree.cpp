#include "analysis/synthetic/vessel_tree.hpp"

#include <limits>

#include "base/random.hpp"

namespace consilium::synthetic {
namespace {

struct Node {
  PatientPoint at;
  std::size_t parent = 0;
  double path_mm = 0;   // along the tree to the root
  double cube_mm3 = 0;  // the cubes of the radii of all leaves beyond
};

double distance_mm(const PatientPoint& a, const PatientPoint& b) {
  return std::sqrt(squared(a.x_mm - b.x_mm) + squared(a.y_mm - b.y_mm) + squared(a.z_mm - b.z_mm));
}

std::vector<PatientPoint> spread_targets(const VesselTreeOptions& options,
                                         const std::function<bool(const PatientPoint&)>& is_inside,
                                         SeededRandom& random) {
  std::vector<PatientPoint> targets;
  const auto between = [&](double low, double high) { return blend(low, high, random.uniform()); };
  // A lung fills at least a fifth of its box, so this bound is met only when nothing is inside.
  const std::size_t tries_max = options.target_count * 50;
  for (std::size_t tries = 0; tries < tries_max && targets.size() < options.target_count; ++tries) {
    const PatientPoint point{between(options.box_low.x_mm, options.box_high.x_mm),
                             between(options.box_low.y_mm, options.box_high.y_mm),
                             between(options.box_low.z_mm, options.box_high.z_mm)};
    if (is_inside(point)) targets.push_back(point);
  }
  std::sort(targets.begin(), targets.end(), [&](const PatientPoint& a, const PatientPoint& b) {
    return distance_mm(a, options.root) < distance_mm(b, options.root);
  });
  return targets;
}

std::size_t best_parent(const std::vector<Node>& nodes, const PatientPoint& target) {
  constexpr double way_back_share = 0.45;
  std::size_t best = 0;
  double best_cost = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const double cost = distance_mm(nodes[i].at, target) + way_back_share * nodes[i].path_mm;
    if (cost < best_cost) {
      best_cost = cost;
      best = i;
    }
  }
  return best;
}

}  // namespace

std::vector<Tube> grow_vessel_tree(const VesselTreeOptions& options,
                                   const std::function<bool(const PatientPoint&)>& is_inside,
                                   std::uint64_t seed) {
  SeededRandom random(seed);
  const double leaf_cube = options.leaf_radius_mm * squared(options.leaf_radius_mm);
  std::vector<Node> nodes{{options.root, 0, 0.0, 0.0}};
  for (const PatientPoint& target : spread_targets(options, is_inside, random)) {
    std::size_t parent = best_parent(nodes, target);
    const PatientPoint from = nodes[parent].at;
    const double length = distance_mm(from, target);
    const int step_count = std::max(1, static_cast<int>(length / options.step_mm));
    for (int step = 1; step <= step_count; ++step) {
      const double share = static_cast<double>(step) / step_count;
      const double jitter = step == step_count ? 0.0 : 0.12 * options.step_mm;
      const PatientPoint at{blend(from.x_mm, target.x_mm, share) + jitter * random.normal(),
                            blend(from.y_mm, target.y_mm, share) + jitter * random.normal(),
                            blend(from.z_mm, target.z_mm, share) + jitter * random.normal()};
      const double path = nodes[parent].path_mm + distance_mm(nodes[parent].at, at);
      nodes.push_back({at, parent, path, 0.0});
      parent = nodes.size() - 1;
    }
    nodes[parent].cube_mm3 += leaf_cube;
  }
  // Parents come before their children, so one pass from the back sums up.
  for (std::size_t i = nodes.size(); i-- > 1;) nodes[nodes[i].parent].cube_mm3 += nodes[i].cube_mm3;
  std::vector<Tube> tubes;
  tubes.reserve(nodes.size());
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const double radius = std::cbrt(nodes[i].cube_mm3);
    tubes.push_back({nodes[nodes[i].parent].at, nodes[i].at, radius, radius});
  }
  return tubes;
}

}  // namespace consilium::synthetic
