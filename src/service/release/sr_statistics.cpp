#include "service/release/sr_statistics.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace consilium::service {
namespace {

const CodedConcept attenuation_code{"DCM", "112031", "", "Attenuation Coefficient"};
const CodedConcept suvbw_code{"DCM", "126401", "", "SUVbw"};
const CodedConcept pixel_value_code{"99CONSILIUM", "pixel-value", "", "Pixel value"};
const CodedConcept voxel_count_code{"99CONSILIUM", "voxel-count", "", "Number of voxels"};
const CodedConcept no_units{"UCUM", "1", "", "no units"};
const CodedConcept hounsfield_unit{"UCUM", "[hnsf'U]", "", "Hounsfield unit"};
const CodedConcept suvbw_unit{"UCUM", "g/ml{SUVbw}", "", "Standardized Uptake Value body weight"};

struct Statistic {
  std::string_view name;
  CodedConcept derivation;  // CID 7464
};
const std::array<Statistic, 5> statistics = {
    Statistic{"mean", {"SCT", "373098007", "", "Mean"}},
    Statistic{"deviation", {"SCT", "386136009", "", "Standard Deviation"}},
    Statistic{"least", {"SCT", "255605001", "", "Minimum"}},
    Statistic{"most", {"SCT", "56851009", "", "Maximum"}},
    Statistic{"median", {"SCT", "373099004", "", "Median"}}};

struct Quantified {
  const CodedConcept* name;
  CodedConcept unit;
};

Quantified quantified(const std::string& unit) {
  if (unit == hounsfield_unit.code) return {&attenuation_code, hounsfield_unit};
  if (unit == suvbw_unit.code) return {&suvbw_code, suvbw_unit};
  if (unit.empty() || unit == "1") return {&pixel_value_code, no_units};
  return {&pixel_value_code, {"UCUM", unit, "", unit}};
}

}  // namespace

std::vector<SrMeasurement> sr_statistics(const Annotation& annotation) {
  std::vector<SrMeasurement> measurements;
  for (const std::string_view prefix : {"", "suv_"}) {
    for (const Statistic& statistic : statistics) {
      const auto found =
          annotation.measurements.find(std::string(prefix) + std::string(statistic.name));
      if (found == annotation.measurements.end()) continue;
      auto [name, unit] = quantified(found->second.unit);
      measurements.push_back(
          {*name, found->second.number, std::move(unit), statistic.derivation, std::nullopt});
    }
  }
  if (const auto count = annotation.measurements.find("voxels");
      count != annotation.measurements.end()) {
    measurements.push_back({voxel_count_code, count->second.number, no_units});
  }
  return measurements;
}

}  // namespace consilium::service
