// Numbers from the distances of surface elements.
#pragma once

#include <span>

#include "analysis/mask_metrics/mask_metrics.hpp"

namespace consilium::mask_metrics {

// The distances and sizes of one surface's elements.
struct Elements {
  std::span<const double> distances_mm;
  std::span<const double> sizes;
};

[[nodiscard]] SurfaceMetrics summarise(const Elements& reference, const Elements& other,
                                       const MaskMetricsSettings& settings, bool planar);

}  // namespace consilium::mask_metrics
