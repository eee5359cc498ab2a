// What every object that we derive from images says of itself: whose it is, what made it, under
// which protocol (PS3.3 C.7.3.1 General Series, C.7.5 Equipment). Segmentations, structure sets,
// reports and presentation states share it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "domain/label/coded_concept.hpp"
#include "format/dicom_write/patient_study.hpp"

namespace consilium {

struct DerivedObject {
  DicomPatientStudy patient_study;  // of the source: what is derived lies in its study
  std::string series_instance_uid;
  std::string sop_instance_uid;
  int series_number = 1000;
  int instance_number = 1;
  Timestamp created_at;
  std::string content_creator;   // a pseudonym of the rater; goes into a PN value
  std::string protocol_id;       // with the version it says by what rules the labels were given
  std::string protocol_version;  // semantic
  std::string software_version;
  std::string device_serial_number;  // of the installation; not empty
};

// One image (or frame of one) that a label was given on.
struct ImageReference {
  std::string sop_class_uid;
  std::string sop_instance_uid;
  int frame_number = 0;  // from 1 in a multi-frame object; 0 in one of a single frame
  friend bool operator==(const ImageReference&, const ImageReference&) = default;
};

struct DicomDateTime {
  std::string date;  // DA
  std::string time;  // TM
};
[[nodiscard]] DicomDateTime dicom_date_time(Timestamp at);

// "chest-ct-nodule 1.0.0"
[[nodiscard]] std::string protocol_text(const DerivedObject& object);
// A PN value. A name without any caret is of the form that PS3.5 6.2 retired; a pseudonym is a
// family name.
[[nodiscard]] std::string person_name(std::string_view name);
[[nodiscard]] DicomDataset code_item(const CodedConcept& concept_code);

// Patient, study, series and equipment, the SOP's UIDs and its creation. `description` is of the
// series.
void put_derived_object(DicomDataset& dataset, const DerivedObject& object,
                        std::string_view sop_class_uid, std::string_view modality,
                        std::string_view description);
// Referenced SOP Class and Instance, and Frame where there is one.
[[nodiscard]] DicomDataset reference_item(const ImageReference& image);
// The instances of a Referenced Series: each named once, whatever its frames.
[[nodiscard]] std::vector<DicomDataset> instance_items(const std::vector<ImageReference>& images);

}  // namespace consilium
