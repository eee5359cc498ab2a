#include <algorithm>
#include <map>

#include "base/byte_source.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/series.hpp"
#include "transport/cli_convert/label_files.hpp"

namespace consilium::cli::detail {
namespace {

constexpr std::uint64_t file_bytes_max = 1ULL << 33U;

struct Image {
  ImageDescription description;
  std::string sop_class_uid;
  std::string sop_instance_uid;
  std::optional<std::int64_t> number;
  DicomPatientStudy patient_study;
};

DicomPatientStudy patient_study_of(const DicomDataset& dataset) {
  return {.patient_name = dataset.text(tags::patient_name),
          .patient_id = dataset.text(tags::patient_id),
          .patient_birth_date = std::string(dataset.ascii(tags::patient_birth_date)),
          .patient_sex = std::string(dataset.ascii(tags::patient_sex)),
          .patient_age = std::string(dataset.ascii(tags::patient_age)),
          .patient_comments = {},
          .study_instance_uid = std::string(dataset.ascii(tags::study_instance_uid)),
          .study_date = std::string(dataset.ascii(tags::study_date)),
          .study_time = std::string(dataset.ascii(tags::study_time)),
          .study_id = dataset.text(tags::study_id),
          .study_description = dataset.text(tags::study_description),
          .accession_number = dataset.text(tags::accession_number),
          .deidentification_method = {}};
}

void add_volumes(const std::string& series_uid, const std::vector<Image>& images,
                 std::vector<ReferenceSeries>& out) {
  std::vector<SeriesInstance> instances;
  for (const Image& image : images) {
    instances.push_back({.image = &image.description,
                         .sop_instance_uid = image.sop_instance_uid,
                         .instance_number = image.number});
  }
  for (const Volume& volume : make_volumes(instances)) {
    ReferenceSeries series{.grid = volume.grid,
                           .slices = {},
                           .series_instance_uid = series_uid,
                           .slice_thickness_mm = 1,
                           .patient_study = images.front().patient_study};
    for (const FrameRef& ref : volume.slices) {
      const Image& image = images[ref.instance_index];
      const FrameFacts& frame = image.description.frame(ref.frame_index);
      if (frame.slice_thickness_mm) series.slice_thickness_mm = *frame.slice_thickness_mm;
      series.slices.push_back({.sop_class_uid = image.sop_class_uid,
                               .sop_instance_uid = image.sop_instance_uid,
                               .frame_number = image.description.frame_count > 1
                                                   ? static_cast<int>(ref.frame_index) + 1
                                                   : 0,
                               .position = frame.position});
    }
    out.push_back(std::move(series));
  }
}

}  // namespace

Result<Bytes> bytes_of_file(const std::filesystem::path& path) {
  const auto source = open_file_source(path);
  if (!source) {
    return fail(source.error().code, source.error().what, path.string(), source.error().remedy);
  }
  return read_all(**source, file_bytes_max);
}

Result<std::vector<ReferenceSeries>> read_reference_series(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code problem;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, problem)) {
    if (entry.is_regular_file(problem)) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::map<std::string, std::vector<Image>> by_series;
  for (const std::filesystem::path& path : paths) {
    const Result<Bytes> bytes = bytes_of_file(path);
    if (!bytes || !looks_like_dicom(*bytes)) continue;
    const auto file = read_dicom(*bytes, {.stops_at_pixel_data = true});
    if (!file) continue;
    auto description = describe_image(*file);
    if (!description) continue;
    const DicomDataset& dataset = file->dataset;
    by_series[std::string(dataset.ascii(tags::series_instance_uid))].push_back(
        {.description = std::move(*description),
         .sop_class_uid = std::string(dataset.ascii(tags::sop_class_uid)),
         .sop_instance_uid = std::string(dataset.ascii(tags::sop_instance_uid)),
         .number = dataset.integer(tags::instance_number),
         .patient_study = patient_study_of(dataset)});
  }
  if (by_series.empty()) {
    return fail(ErrorCode::NotFound, "there is no DICOM image", folder.string(),
                "give the folder of the series that was drawn on");
  }
  std::vector<ReferenceSeries> series;
  for (const auto& [uid, images] : by_series) add_volumes(uid, images, series);
  return series;
}

}  // namespace consilium::cli::detail
