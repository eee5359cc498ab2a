#include "format/dicom_write/derived_object.hpp"

#include <fmt/format.h>

#include <set>

#include "domain/image/dicom_tags.hpp"

namespace consilium {
namespace {

constexpr DicomTag contributing_equipment_sequence = dicom_tag(0x0018A001);
constexpr DicomTag contribution_date_time = dicom_tag(0x0018A002);
constexpr DicomTag contribution_description = dicom_tag(0x0018A003);

}  // namespace

DicomDateTime dicom_date_time(Timestamp at) {
  const std::string text = to_rfc3339(at);  // 2026-03-11T09:58:01.250Z
  return {text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2),
          text.substr(11, 2) + text.substr(14, 2) + text.substr(17, 2)};
}

std::string protocol_text(const DerivedObject& object) {
  return fmt::format("{} {}", object.protocol_id, object.protocol_version);
}

std::string person_name(std::string_view name) {
  std::string text = short_text(name, 63);
  if (text.find('^') == std::string::npos) text.push_back('^');
  return text;
}

DicomDataset code_item(const CodedConcept& concept_code) {
  return code_item(concept_code.system, concept_code.code, concept_code.display,
                   concept_code.version);
}

void put_derived_object(DicomDataset& dataset, const DerivedObject& object,
                        std::string_view sop_class_uid, std::string_view modality,
                        std::string_view description) {
  put_patient_study(dataset, object.patient_study);
  dataset.put_text(tags::sop_class_uid, Vr::Ui, sop_class_uid);
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, object.sop_instance_uid);
  const std::string by_protocol = protocol_text(object);
  const DicomDateTime created = dicom_date_time(object.created_at);
  dataset.put_text(tags::instance_creation_date, Vr::Da, created.date);
  dataset.put_text(tags::instance_creation_time, Vr::Tm, created.time);
  dataset.put_text(tags::modality, Vr::Cs, modality);
  dataset.put_text(tags::series_instance_uid, Vr::Ui, object.series_instance_uid);
  put_integer(dataset, tags::series_number, Vr::Is, object.series_number);
  put_integer(dataset, tags::instance_number, Vr::Is, object.instance_number);
  dataset.put_text(tags::series_description, Vr::Lo, short_text(description));
  dataset.put_text(tags::series_date, Vr::Da, created.date);
  dataset.put_text(tags::series_time, Vr::Tm, created.time);
  dataset.put_text(tags::manufacturer, Vr::Lo, "Consilium");
  dataset.put_text(tags::manufacturer_model_name, Vr::Lo, "Consilium");
  dataset.put_text(tags::device_serial_number, Vr::Lo, short_text(object.device_serial_number));
  dataset.put_text(tags::software_versions, Vr::Lo, short_text(object.software_version));

  DicomDataset equipment;
  equipment.put_items(tags::purpose_of_reference_code_sequence,
                      {code_item("DCM", "109102", "Processing Equipment")});
  equipment.put_text(tags::manufacturer, Vr::Lo, "Consilium");
  equipment.put_text(tags::manufacturer_model_name, Vr::Lo, "Consilium");
  equipment.put_text(tags::software_versions, Vr::Lo, short_text(object.software_version));
  equipment.put_text(contribution_date_time, Vr::Dt, created.date + created.time + "+0000");
  equipment.put_text(contribution_description, Vr::St,
                     short_text("Labels given under protocol " + by_protocol, 1024));
  dataset.put_items(contributing_equipment_sequence, {equipment});
}

DicomDataset reference_item(const ImageReference& image) {
  DicomDataset item;
  item.put_text(tags::referenced_sop_class_uid, Vr::Ui, image.sop_class_uid);
  item.put_text(tags::referenced_sop_instance_uid, Vr::Ui, image.sop_instance_uid);
  if (image.frame_number > 0) {
    put_integer(item, tags::referenced_frame_number, Vr::Is, image.frame_number);
  }
  return item;
}

std::vector<DicomDataset> instance_items(const std::vector<ImageReference>& images) {
  std::vector<DicomDataset> items;
  std::set<std::string_view> named;
  for (const ImageReference& image : images) {
    if (!named.insert(image.sop_instance_uid).second) continue;
    items.push_back(reference_item({image.sop_class_uid, image.sop_instance_uid, 0}));
  }
  return items;
}

}  // namespace consilium
