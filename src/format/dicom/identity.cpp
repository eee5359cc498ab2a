#include "format/dicom/identity.hpp"

#include <algorithm>
#include <array>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/dictionary.hpp"

namespace consilium {
namespace {

// Codes and numbers of the acquisition. Free text (descriptions, protocol names, comments), device
// serial numbers and station names are left out on purpose.
constexpr std::array safe_tags{
    tags::image_type,
    tags::presentation_intent_type,
    tags::volumetric_properties,
    tags::body_part_examined,
    tags::scanning_sequence,
    tags::sequence_variant,
    tags::slice_thickness,
    tags::kvp,
    tags::repetition_time,
    tags::echo_time,
    tags::inversion_time,
    tags::magnetic_field_strength,
    tags::spacing_between_slices,
    tags::data_collection_diameter,
    tags::reconstruction_diameter,
    tags::gantry_detector_tilt,
    tags::rotation_direction,
    tags::exposure_time,
    tags::x_ray_tube_current,
    tags::exposure,
    tags::filter_type,
    tags::convolution_kernel,
    tags::patient_position,
    tags::view_position,
    tags::flip_angle,
    tags::laterality,
    tags::image_laterality,
    tags::burned_in_annotation,
    tags::lossy_image_compression,
    tags::patient_identity_removed,
};

constexpr std::size_t code_size_max = 32;
constexpr std::size_t uid_size_max = 64;

bool is_code(std::string_view value) {
  return value.size() <= code_size_max && std::ranges::all_of(value, [](char c) {
           const bool is_alphanumeric =
               (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           return is_alphanumeric || std::string_view(" ._+/-").contains(c);
         });
}

// A UID's digits and dots; whatever else stands there might be text.
std::string uid_of(const DicomDataset& dataset, DicomTag tag) {
  const std::string_view value = dataset.ascii(tag);
  const bool is_uid = value.size() <= uid_size_max && std::ranges::all_of(value, [](char c) {
                        return (c >= '0' && c <= '9') || c == '.';
                      });
  return is_uid ? std::string(value) : std::string{};
}

std::optional<std::string> safe_value(const DicomDataset& dataset, DicomTag tag) {
  const std::vector<std::string> values = dataset.texts(tag);
  std::string joined;
  for (const std::string& value : values) {
    if (!is_code(value)) return std::nullopt;
    if (!joined.empty()) joined += '\\';
    joined += value;
  }
  if (joined.empty()) return std::nullopt;
  return joined;
}

Protected<std::string> hidden(const DicomDataset& dataset, DicomTag tag) {
  return Protected<std::string>(dataset.text(tag));
}

std::vector<std::string> other_ids(const DicomDataset& dataset) {
  std::vector<std::string> ids = dataset.texts(tags::other_patient_ids);
  for (const DicomDataset& item : dataset.items(tags::other_patient_ids_sequence)) {
    std::string id = item.text(tags::patient_id);
    if (!id.empty() && std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace

bool is_safe_for_catalog(DicomTag tag) {
  return std::ranges::find(safe_tags, tag) != safe_tags.end();
}

DicomSplit split_identity(const DicomDataset& dataset) {
  DicomSplit split;
  split.identity = {.issuer = hidden(dataset, tags::issuer_of_patient_id),
                    .patient_id = hidden(dataset, tags::patient_id),
                    .name = hidden(dataset, tags::patient_name),
                    .birth_date = hidden(dataset, tags::patient_birth_date),
                    .sex = hidden(dataset, tags::patient_sex),
                    .other_patient_ids = Protected<std::vector<std::string>>(other_ids(dataset)),
                    .accession_number = hidden(dataset, tags::accession_number),
                    .institution = hidden(dataset, tags::institution_name),
                    .referring_physician = hidden(dataset, tags::referring_physician_name)};
  split.dates = {.study_date = hidden(dataset, tags::study_date),
                 .study_time = hidden(dataset, tags::study_time),
                 .series_date = hidden(dataset, tags::series_date),
                 .acquisition_date = hidden(dataset, tags::acquisition_date)};
  DicomCatalogFacts& catalog = split.catalog;
  catalog.sop_class_uid = uid_of(dataset, tags::sop_class_uid);
  catalog.study_instance_uid = uid_of(dataset, tags::study_instance_uid);
  catalog.series_instance_uid = uid_of(dataset, tags::series_instance_uid);
  catalog.sop_instance_uid = uid_of(dataset, tags::sop_instance_uid);
  catalog.modality = safe_value(dataset, tags::modality).value_or("");
  catalog.series_number = dataset.integer(tags::series_number);
  catalog.instance_number = dataset.integer(tags::instance_number);
  catalog.acquisition_number = dataset.integer(tags::acquisition_number);
  for (const DicomTag tag : safe_tags) {
    const auto value = safe_value(dataset, tag);
    const auto entry = find_in_dictionary(tag);
    if (value && entry) catalog.acquisition.emplace_back(entry->keyword, *value);
  }
  return split;
}

}  // namespace consilium
