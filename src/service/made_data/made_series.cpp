#include "service/made_data/made_series.hpp"

#include <fmt/format.h>

#include "format/dicom_write/uid.hpp"

namespace consilium {
namespace {

MadeImageSeries series_of(const Grid& grid, const DicomPatientStudy& study, int series_number) {
  MadeImageSeries series;
  series.patient_study = study;
  series.series_number = series_number;
  series.series_instance_uid =
      uid_from_name(fmt::format("{} series {}", study.study_instance_uid, series_number));
  series.grid = grid;
  series.frame_of_reference_uid = grid.frame_of_reference_uid;
  if (series.frame_of_reference_uid.empty()) {
    series.frame_of_reference_uid = uid_from_name(study.study_instance_uid + " frame of reference");
    series.grid.frame_of_reference_uid = series.frame_of_reference_uid;
  }
  series.slice_thickness_mm = length(grid.affine.axis_mm(2));
  series.image_comments = "SYNTHETIC: computed from a model, shows no person";
  return series;
}

template <class Phantom>
Status write_slices(const Phantom& phantom, const MadeImageSeries& series, const FileTaker& take) {
  const auto& dims = series.grid.dims;
  std::vector<std::int16_t> samples(std::size_t{dims[0]} * dims[1]);
  for (std::uint32_t k = 0; k < dims[2]; ++k) {
    phantom.render_slice(k, samples);
    CSL_TRY(take(CSL_TRY(write_image_slice(series, k, samples))));
  }
  return {};
}

}  // namespace

MadeImageSeries made_ct_series(const synthetic::CtPhantom& phantom, const DicomPatientStudy& study,
                               int series_number) {
  MadeImageSeries series = series_of(phantom.grid(), study, series_number);
  series.acquisition = CtAcquisition{};
  series.series_description = fmt::format("Lung {:.1f} mm", series.slice_thickness_mm);
  series.body_part_examined = "CHEST";
  series.padding = synthetic::ct_padding_hu;
  series.windows = {{.centre = -500, .width = 1400, .name = "LUNG"},
                    {.centre = 40, .width = 400, .name = "SOFT TISSUE"}};
  return series;
}

MadeImageSeries made_mr_series(const synthetic::MrPhantom& phantom,
                               const synthetic::MrPhantomOptions& options,
                               const DicomPatientStudy& study, int series_number) {
  MadeImageSeries series = series_of(phantom.grid(), study, series_number);
  const bool is_t1 = options.weighting == synthetic::MrWeighting::T1;
  series.acquisition = is_t1 ? MrAcquisition{.repetition_time_ms = 500, .echo_time_ms = 12}
                             : MrAcquisition{.repetition_time_ms = 4000, .echo_time_ms = 95};
  series.series_description = is_t1 ? "T1 sagittal" : "T2 sagittal";
  series.body_part_examined = "HEAD";
  series.windows = {{.centre = 480, .width = 960, .name = "BRAIN"}};
  return series;
}

Status write_series(const synthetic::CtPhantom& phantom, const MadeImageSeries& series,
                    const FileTaker& take) {
  return write_slices(phantom, series, take);
}
Status write_series(const synthetic::MrPhantom& phantom, const MadeImageSeries& series,
                    const FileTaker& take) {
  return write_slices(phantom, series, take);
}

}  // namespace consilium
