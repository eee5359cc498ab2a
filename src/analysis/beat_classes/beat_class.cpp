#include "analysis/beat_classes/beat_class.hpp"

namespace consilium {

BeatClass beat_class_of(MitCode code) {
  switch (code) {
    case MitCode::AberratedAtrialPremature:
    case MitCode::NodalPremature:
    case MitCode::AtrialPremature:
    case MitCode::SupraventricularPremature:
      return BeatClass::Supraventricular;
    case MitCode::VentricularPremature:
    case MitCode::VentricularEscape:
    case MitCode::ROnTPremature:
      return BeatClass::Ventricular;
    case MitCode::FusionOfVentricularAndNormal:
      return BeatClass::Fusion;
    case MitCode::Paced:
    case MitCode::Unclassifiable:
    case MitCode::FusionOfPacedAndNormal:
    case MitCode::LearningBeat:
      return BeatClass::Unclassifiable;
    default:
      return BeatClass::Normal;
  }
}

MitCode code_of(BeatClass beat_class) {
  switch (beat_class) {
    case BeatClass::Normal:
      return MitCode::Normal;
    case BeatClass::Supraventricular:
      return MitCode::SupraventricularPremature;
    case BeatClass::Ventricular:
      return MitCode::VentricularPremature;
    case BeatClass::Fusion:
      return MitCode::FusionOfVentricularAndNormal;
    case BeatClass::Unclassifiable:
      return MitCode::Unclassifiable;
  }
  return MitCode::Unclassifiable;
}

}  // namespace consilium
