// Codes and tags of TID 1500. Internal to this module.
#pragma once

#include "domain/image/dicom_dataset.hpp"
#include "domain/label/coded_concept.hpp"

namespace consilium::sr {

inline constexpr DicomTag value_type = dicom_tag(0x0040A040);
inline constexpr DicomTag relationship_type = dicom_tag(0x0040A010);
inline constexpr DicomTag continuity_of_content = dicom_tag(0x0040A050);
inline constexpr DicomTag content_sequence = dicom_tag(0x0040A730);
inline constexpr DicomTag content_template_sequence = dicom_tag(0x0040A504);
inline constexpr DicomTag mapping_resource = dicom_tag(0x00080105);
inline constexpr DicomTag template_identifier = dicom_tag(0x0040DB00);
inline constexpr DicomTag concept_code_sequence = dicom_tag(0x0040A168);
inline constexpr DicomTag text_value = dicom_tag(0x0040A160);
inline constexpr DicomTag uid_value = dicom_tag(0x0040A124);
inline constexpr DicomTag person_name_value = dicom_tag(0x0040A123);
inline constexpr DicomTag measured_value_sequence = dicom_tag(0x0040A300);
inline constexpr DicomTag numeric_value = dicom_tag(0x0040A30A);
inline constexpr DicomTag referenced_sop_sequence = dicom_tag(0x00081199);
inline constexpr DicomTag graphic_data = dicom_tag(0x00700022);
inline constexpr DicomTag graphic_type = dicom_tag(0x00700023);
inline constexpr DicomTag referenced_frame_of_reference = dicom_tag(0x30060024);
inline constexpr DicomTag completion_flag = dicom_tag(0x0040A491);
inline constexpr DicomTag verification_flag = dicom_tag(0x0040A493);
inline constexpr DicomTag evidence_sequence = dicom_tag(0x0040A375);
inline constexpr DicomTag performed_procedure_code_sequence = dicom_tag(0x0040A372);
inline constexpr DicomTag referenced_performed_procedure_step_sequence = dicom_tag(0x00081111);

struct Code {
  std::string_view system;
  std::string_view code;
  std::string_view meaning;

  [[nodiscard]] CodedConcept value() const {
    return {std::string(system), std::string(code), "", std::string(meaning)};
  }
  [[nodiscard]] bool is(const CodedConcept& other) const {
    return other.code == code && other.system == system;
  }
};

inline constexpr Code measurement_report{"DCM", "126000", "Imaging Measurement Report"};
inline constexpr Code language{"DCM", "121049", "Language of Content Item and Descendants"};
inline constexpr Code english{"RFC5646", "en-US", "English (United States)"};
inline constexpr Code observer_type{"DCM", "121005", "Observer Type"};
inline constexpr Code person{"DCM", "121006", "Person"};
inline constexpr Code device{"DCM", "121007", "Device"};
inline constexpr Code person_observer{"DCM", "121008", "Person Observer Name"};
inline constexpr Code device_uid{"DCM", "121012", "Device Observer UID"};
inline constexpr Code device_name{"DCM", "121013", "Device Observer Name"};
inline constexpr Code device_manufacturer{"DCM", "121014", "Device Observer Manufacturer"};
inline constexpr Code device_model{"DCM", "121015", "Device Observer Model Name"};
inline constexpr Code procedure_reported{"DCM", "121058", "Procedure Reported"};
inline constexpr Code imaging_procedure{"SCT", "363679005", "Imaging procedure"};
inline constexpr Code image_library{"DCM", "111028", "Image Library"};
inline constexpr Code imaging_measurements{"DCM", "126010", "Imaging Measurements"};
inline constexpr Code measurement_group{"DCM", "125007", "Measurement Group"};
inline constexpr Code qualitative_evaluations{"UMLS", "C0034375", "Qualitative Evaluations"};
inline constexpr Code tracking_id{"DCM", "112039", "Tracking Identifier"};
inline constexpr Code tracking_uid{"DCM", "112040", "Tracking Unique Identifier"};
inline constexpr Code finding_category{"SCT", "276214006", "Finding category"};
inline constexpr Code finding{"DCM", "121071", "Finding"};
inline constexpr Code finding_site{"SCT", "363698007", "Finding Site"};
inline constexpr Code image_region{"DCM", "111030", "Image Region"};
inline constexpr Code referenced_segment{"DCM", "121191", "Referenced Segment"};
inline constexpr Code source_series{"DCM", "121232", "Source Series for Segmentation"};
inline constexpr Code volume_surface{"DCM", "121231", "Volume Surface"};
inline constexpr Code source_of_measurement{"DCM", "121112", "Source of Measurement"};
inline constexpr Code source{"SCT", "260753009", "Source"};
inline constexpr Code derivation{"DCM", "121401", "Derivation"};

}  // namespace consilium::sr
