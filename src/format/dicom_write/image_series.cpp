#include "format/dicom_write/image_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom_write/part10.hpp"
#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

constexpr std::string_view ct_image_storage = "1.2.840.10008.5.1.4.1.1.2";
constexpr std::string_view mr_image_storage = "1.2.840.10008.5.1.4.1.1.4";

void put_series(DicomDataset& dataset, const MadeImageSeries& series) {
  dataset.put_text(tags::series_instance_uid, Vr::Ui, series.series_instance_uid);
  put_integer(dataset, tags::series_number, Vr::Is, series.series_number);
  dataset.put_text(tags::series_description, Vr::Lo, short_text(series.series_description));
  dataset.put_text(tags::series_date, Vr::Da, series.patient_study.study_date);
  dataset.put_text(tags::series_time, Vr::Tm, series.patient_study.study_time);
  dataset.put_text(tags::body_part_examined, Vr::Cs, series.body_part_examined);
  dataset.put_text(tags::patient_position, Vr::Cs, "HFS");
  dataset.put_text(tags::frame_of_reference_uid, Vr::Ui, series.frame_of_reference_uid);
  dataset.put_text(tags::position_reference_indicator, Vr::Lo, "");
  dataset.put_text(tags::manufacturer, Vr::Lo, "Consilium");
  dataset.put_text(tags::manufacturer_model_name, Vr::Lo, "Synthetic phantom");
  dataset.put_text(tags::institution_name, Vr::Lo, "SYNTHETIC DATA");
  dataset.put_text(tags::software_versions, Vr::Lo, implementation_version_name());
}

void put_acquisition(DicomDataset& dataset, const CtAcquisition& ct) {
  dataset.put_text(tags::modality, Vr::Cs, "CT");
  put_number(dataset, tags::kvp, Vr::Ds, ct.kvp);
  put_integer(dataset, tags::exposure, Vr::Is, static_cast<std::int64_t>(ct.exposure_mas));
  put_integer(dataset, tags::x_ray_tube_current, Vr::Is,
              static_cast<std::int64_t>(ct.tube_current_ma));
  put_number(dataset, tags::gantry_detector_tilt, Vr::Ds, 0);
  dataset.put_text(tags::convolution_kernel, Vr::Sh, ct.convolution_kernel);
}

void put_acquisition(DicomDataset& dataset, const MrAcquisition& mr) {
  dataset.put_text(tags::modality, Vr::Cs, "MR");
  dataset.put_text(tags::scanning_sequence, Vr::Cs, "SE");
  dataset.put_text(tags::sequence_variant, Vr::Cs, "NONE");
  dataset.put_text(dicom_tag(0x00180022), Vr::Cs, "");    // Scan Options
  dataset.put_text(dicom_tag(0x00180023), Vr::Cs, "2D");  // MR Acquisition Type
  put_number(dataset, tags::repetition_time, Vr::Ds, mr.repetition_time_ms);
  put_number(dataset, tags::echo_time, Vr::Ds, mr.echo_time_ms);
  put_integer(dataset, dicom_tag(0x00180091), Vr::Is, 1);  // Echo Train Length
  put_number(dataset, tags::magnetic_field_strength, Vr::Ds, mr.field_strength_tesla);
  put_number(dataset, tags::flip_angle, Vr::Ds, mr.flip_angle_degrees);
}

void put_plane(DicomDataset& dataset, const MadeImageSeries& series, std::uint32_t slice) {
  const Affine& affine = series.grid.affine;
  const Vector3 along_row = affine.axis_mm(0);
  const Vector3 down_column = affine.axis_mm(1);
  const double column_spacing = length(along_row);
  const double row_spacing = length(down_column);
  std::array<double, 6> orientation{};
  for (std::size_t i = 0; i < 3; ++i) {
    orientation[i] = along_row[i] / column_spacing;
    orientation[i + 3] = down_column[i] / row_spacing;
  }
  const PatientPoint origin = affine.apply(0, 0, slice);
  dataset.put_numbers(tags::image_orientation_patient, Vr::Ds, orientation);
  dataset.put_numbers(tags::image_position_patient, Vr::Ds,
                      std::array{origin.x_mm, origin.y_mm, origin.z_mm});
  dataset.put_numbers(tags::pixel_spacing, Vr::Ds, std::array{row_spacing, column_spacing});
  put_number(dataset, tags::slice_thickness, Vr::Ds, series.slice_thickness_mm);
  // Spacing Between Slices is in the MR Image module, not in that of CT.
  if (std::holds_alternative<MrAcquisition>(series.acquisition)) {
    put_number(dataset, tags::spacing_between_slices, Vr::Ds, length(affine.axis_mm(2)));
  }
}

void put_pixels(DicomDataset& dataset, const MadeImageSeries& series,
                std::span<const std::int16_t> stored) {
  put_integer(dataset, tags::samples_per_pixel, Vr::Us, 1);
  dataset.put_text(tags::photometric_interpretation, Vr::Cs, "MONOCHROME2");
  put_integer(dataset, tags::rows, Vr::Us, series.grid.dims[1]);
  put_integer(dataset, tags::columns, Vr::Us, series.grid.dims[0]);
  put_integer(dataset, tags::bits_allocated, Vr::Us, 16);
  put_integer(dataset, tags::bits_stored, Vr::Us, 16);
  put_integer(dataset, tags::high_bit, Vr::Us, 15);
  put_integer(dataset, tags::pixel_representation, Vr::Us, 1);
  if (series.padding) put_integer(dataset, tags::pixel_padding_value, Vr::Ss, *series.padding);
  dataset.put_text(tags::burned_in_annotation, Vr::Cs, "NO");
  if (std::holds_alternative<CtAcquisition>(series.acquisition)) {
    put_number(dataset, tags::rescale_intercept, Vr::Ds, series.rescale_intercept);
    put_number(dataset, tags::rescale_slope, Vr::Ds, series.rescale_slope);
    dataset.put_text(tags::rescale_type, Vr::Lo, "HU");
  }
  if (!series.windows.empty()) {
    std::vector<double> centres;
    std::vector<double> widths;
    std::string names;
    for (const Window& window : series.windows) {
      centres.push_back(window.centre);
      widths.push_back(window.width);
      if (!names.empty()) names.push_back('\\');
      names.append(short_text(window.name));
    }
    dataset.put_numbers(tags::window_center, Vr::Ds, centres);
    dataset.put_numbers(tags::window_width, Vr::Ds, widths);
    dataset.put_text(tags::window_center_width_explanation, Vr::Lo, names);
  }
  Bytes bytes(stored.size_bytes());
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(bytes.data(), stored.data(), bytes.size());
  dataset.put({.tag = tags::pixel_data,
               .vr = Vr::Ow,
               .value = DicomValue::owning(std::move(bytes)),
               .items = {}});
}

}  // namespace

std::string sop_instance_uid(const MadeImageSeries& series, std::uint32_t slice) {
  return uid_from_name(fmt::format("{} slice {}", series.series_instance_uid, slice));
}

std::string_view sop_class_uid(const MadeImageSeries& series) {
  return std::holds_alternative<CtAcquisition>(series.acquisition) ? ct_image_storage
                                                                   : mr_image_storage;
}

Result<NamedBytes> write_image_slice(const MadeImageSeries& series, std::uint32_t slice,
                                     std::span<const std::int16_t> stored) {
  const std::uint64_t pixel_count = std::uint64_t{series.grid.dims[0]} * series.grid.dims[1];
  if (slice >= series.grid.dims[2] || stored.size() != pixel_count) {
    return fail(ErrorCode::InvalidInput, "a slice does not fit the grid of its series");
  }
  DicomDataset dataset;
  put_patient_study(dataset, series.patient_study);
  dataset.put_text(tags::sop_class_uid, Vr::Ui, sop_class_uid(series));
  dataset.put_text(tags::sop_instance_uid, Vr::Ui, sop_instance_uid(series, slice));
  put_series(dataset, series);
  std::visit([&](const auto& acquisition) { put_acquisition(dataset, acquisition); },
             series.acquisition);
  const bool is_ct = std::holds_alternative<CtAcquisition>(series.acquisition);
  dataset.put_text(tags::image_type, Vr::Cs,
                   is_ct ? "DERIVED\\PRIMARY\\AXIAL" : "DERIVED\\PRIMARY\\OTHER");
  dataset.put_text(tags::derivation_description, Vr::St,
                   "SYNTHETIC: computed from a model, shows no person");
  dataset.put_text(tags::image_comments, Vr::Lt, series.image_comments);
  dataset.put_text(tags::acquisition_date, Vr::Da, series.patient_study.study_date);
  dataset.put_text(tags::acquisition_time, Vr::Tm, series.patient_study.study_time);
  dataset.put_text(tags::content_date, Vr::Da, series.patient_study.study_date);
  dataset.put_text(tags::content_time, Vr::Tm, series.patient_study.study_time);
  put_integer(dataset, tags::acquisition_number, Vr::Is, 1);
  put_integer(dataset, tags::instance_number, Vr::Is, std::int64_t{slice} + 1);
  put_plane(dataset, series, slice);
  put_pixels(dataset, series, stored);
  Bytes bytes = CSL_TRY(write_part10(dataset));
  return NamedBytes{fmt::format("IM{:04}.dcm", slice + 1), std::move(bytes)};
}

}  // namespace consilium
