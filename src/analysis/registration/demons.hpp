// The field of one level, improved step by step until the images agree no better.
#pragma once

#include "analysis/registration/image_level.hpp"
#include "analysis/registration/step_field.hpp"

namespace consilium::registration {

struct DemonsOptions {
  Similarity similarity = Similarity::Correlation;
  std::array<double, 3> step_sigma{};   // nodes, of each step
  std::array<double, 3> field_sigma{};  // and of the field after it
  int steps_max = 20;
  unsigned threads = 1;
};

struct DemonsAgreement {
  double before = 0;  // mean squared local correlation, without any field
  double after = 0;
};

// `to_moving` leads from fixed's nodes to moving's; `field` is the start and the result.
DemonsAgreement run_demons(const ImageLevel& fixed, const ImageLevel& moving,
                           const Affine& to_moving, StepField& field, const DemonsOptions& options);

}  // namespace consilium::registration
