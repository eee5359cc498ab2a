// The labels of an earlier volume, laid over the present one.
#pragma once

#include <optional>
#include <vector>

#include "analysis/registration/registration.hpp"
#include "service/segmentation/mask_operation.hpp"
#include "service/segmentation/series_volume.hpp"
#include "service/segmentation/working_mask.hpp"

namespace consilium::service {

struct Propagation {
  RigidRegistration rigid;
  std::optional<DeformableRegistration> bend;  // without its field
  PropagatedLabels carried;                    // of layer 0, in the mask's grid

  [[nodiscard]] RegistrationQuality quality() const;
};

// Errors: those of registering; InvalidInput when the two cannot be laid over each other plausibly.
[[nodiscard]] Result<Propagation> propagate_prior(const PropagateOperation& operation,
                                                  const Grid& grid, const SeriesVolume& image,
                                                  const WorkingMask& prior,
                                                  const SeriesVolume& prior_image,
                                                  unsigned threads);

}  // namespace consilium::service
