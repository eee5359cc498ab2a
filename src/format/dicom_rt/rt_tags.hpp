// Tags of structure sets by the keywords of PS3.6. Internal to this module.
#pragma once

#include "domain/image/dicom_dataset.hpp"

namespace consilium::rt_tags {

inline constexpr DicomTag structure_set_label = dicom_tag(0x30060002);
inline constexpr DicomTag structure_set_name = dicom_tag(0x30060004);
inline constexpr DicomTag structure_set_date = dicom_tag(0x30060008);
inline constexpr DicomTag structure_set_time = dicom_tag(0x30060009);
inline constexpr DicomTag referenced_frame_of_reference_sequence = dicom_tag(0x30060010);
inline constexpr DicomTag rt_referenced_study_sequence = dicom_tag(0x30060012);
inline constexpr DicomTag rt_referenced_series_sequence = dicom_tag(0x30060014);
inline constexpr DicomTag contour_image_sequence = dicom_tag(0x30060016);
inline constexpr DicomTag structure_set_roi_sequence = dicom_tag(0x30060020);
inline constexpr DicomTag roi_number = dicom_tag(0x30060022);
inline constexpr DicomTag referenced_frame_of_reference_uid = dicom_tag(0x30060024);
inline constexpr DicomTag roi_name = dicom_tag(0x30060026);
inline constexpr DicomTag roi_description = dicom_tag(0x30060028);
inline constexpr DicomTag roi_display_color = dicom_tag(0x3006002A);
inline constexpr DicomTag roi_generation_algorithm = dicom_tag(0x30060036);
inline constexpr DicomTag roi_generation_description = dicom_tag(0x30060038);
inline constexpr DicomTag roi_contour_sequence = dicom_tag(0x30060039);
inline constexpr DicomTag contour_sequence = dicom_tag(0x30060040);
inline constexpr DicomTag contour_geometric_type = dicom_tag(0x30060042);
inline constexpr DicomTag number_of_contour_points = dicom_tag(0x30060046);
inline constexpr DicomTag contour_number = dicom_tag(0x30060048);
inline constexpr DicomTag contour_data = dicom_tag(0x30060050);
inline constexpr DicomTag rt_roi_observations_sequence = dicom_tag(0x30060080);
inline constexpr DicomTag observation_number = dicom_tag(0x30060082);
inline constexpr DicomTag referenced_roi_number = dicom_tag(0x30060084);
inline constexpr DicomTag rt_roi_identification_code_sequence = dicom_tag(0x30060086);
inline constexpr DicomTag rt_roi_interpreted_type = dicom_tag(0x300600A4);
inline constexpr DicomTag roi_interpreter = dicom_tag(0x300600A6);
inline constexpr DicomTag approval_status = dicom_tag(0x300E0002);

}  // namespace consilium::rt_tags
