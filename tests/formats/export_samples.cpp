// csl_make_exports FOLDER: writes a made case and every export of its truth into the folder, with
// the truth itself as raw voxels, so that other programs can judge them (tests/judge/exports.py).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "format/coco/coco.hpp"
#include "format/dicom_gsps/presentation_state.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_seg/dicom_seg.hpp"
#include "format/dicom_sr/measurement_report.hpp"
#include "format/dicom_write/uid.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "format/zip/zip_writer.hpp"
#include "service/made_data/made_series.hpp"

namespace {

using namespace consilium;
namespace fs = std::filesystem;

Status save(const fs::path& path, ByteView bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.good()) return fail(ErrorCode::Unavailable, "a sample cannot be written");
  return {};
}

template <class T>
ByteView raw(const std::vector<T>& values) {
  return std::as_bytes(std::span(values));
}

DicomPatientStudy made_study(std::string_view name) {
  return {.patient_name = "SYNTHETIC^Ärla^^Dr",
          .patient_id = "SYN-0001",
          .patient_birth_date = "19500101",
          .patient_sex = "F",
          .patient_age = "076Y",
          .patient_comments = "SYNTHETIC: no person",
          .study_instance_uid = uid_from_name(name),
          .study_date = "20260101",
          .study_time = "101500",
          .study_id = "1",
          .study_description = "Made study",
          .accession_number = "SYN-A1",
          .deidentification_method = ""};
}

// The series as DICOM files and as one raw volume beside them.
template <class Phantom>
Status save_series(const fs::path& folder, const Phantom& phantom, const MadeImageSeries& series) {
  CSL_TRY(write_series(phantom, series, [&](const NamedBytes& file) {
    return save(folder / file.name, file.bytes);
  }));
  std::vector<std::int16_t> volume(voxel_count(series.grid));
  const std::size_t plane = std::size_t{series.grid.dims[0]} * series.grid.dims[1];
  for (std::uint32_t k = 0; k < series.grid.dims[2]; ++k) {
    phantom.render_slice(k, std::span(volume).subspan(k * plane, plane));
  }
  CSL_TRY(save(folder.string() + ".raw", raw(volume)));
  NiftiVolume nifti{.dims = series.grid.dims,
                    .affine = series.grid.affine,
                    .sample_type = SampleType::I16,
                    .description = "made"};
  const ByteView samples = raw(volume);
  nifti.samples.assign(samples.begin(), samples.end());
  CSL_TRY(save(folder.string() + ".nii", CSL_TRY(write_nifti(nifti, NiftiPacking::Plain))));
  return save(folder.string() + ".nii.gz", CSL_TRY(write_nifti(nifti, NiftiPacking::Gzip)));
}

SegDescription seg_description(const MadeImageSeries& series, std::string_view name) {
  SegDescription description;
  description.patient_study = series.patient_study;
  description.source_series_instance_uid = series.series_instance_uid;
  for (std::uint32_t k = 0; k < series.grid.dims[2]; ++k) {
    description.source_slices.push_back(
        {std::string(sop_class_uid(series)), sop_instance_uid(series, k)});
  }
  description.slice_thickness_mm = series.slice_thickness_mm;
  description.series_instance_uid = uid_from_name(fmt::format("{} series", name));
  description.sop_instance_uid = uid_from_name(fmt::format("{} instance", name));
  description.created_at = Timestamp{1'767'262'500'000};
  description.content_creator = "RATER-07";
  description.protocol_id = "chest-ct-nodule";
  description.protocol_version = "1.0.0";
  description.software_version = "0.1.0";
  description.device_serial_number = "made-1";
  return description;
}

std::vector<SegSegment> segments_of(std::size_t count, bool one_layer_each) {
  std::vector<SegSegment> segments;
  for (std::size_t n = 0; n < count; ++n) {
    SegSegment segment{.label = fmt::format("nodule {}", n + 1),
                       .category = {"SCT", "49755003", "", "Morphologically Altered Structure"},
                       .type = {"SCT", "27925004", "", "Nodule"},
                       .tracking_id = fmt::format("nodule-{}", n + 1),
                       .tracking_uid = uid_from_name(fmt::format("tracked nodule {}", n + 1)),
                       .colour = {230, static_cast<std::uint8_t>(40 * n), 0}};
    if (n % 2 == 1) {
      segment.algorithm = SegAlgorithm::Semiautomatic;
      segment.algorithm_name = "grow from seeds";
    }
    segment.layer_index = one_layer_each ? n : 0;
    segment.layer_value = one_layer_each ? std::uint16_t{1} : static_cast<std::uint16_t>(n + 1);
    segments.push_back(std::move(segment));
  }
  return segments;
}

// Two segments that overlap, on the oblique head series.
Status save_overlapping_seg(const fs::path& folder, const MadeImageSeries& series) {
  std::vector<MaskLayer> layers;
  std::vector<std::uint8_t> truth;
  for (int n = 0; n < 2; ++n) {
    MaskLayer layer = CSL_TRY(make_binary_layer(series.grid));
    const auto& dims = series.grid.dims;
    for (std::uint32_t k = 2; k < dims[2] - 1; ++k) {
      for (std::uint32_t j = 30; j < 80; ++j) {
        for (std::uint32_t i = 40; i < 90; ++i) {
          const double reach = std::hypot(i - 62.0 - 6 * n, j - 52.0 + 4 * n, 4.0 * (k - 5.0));
          if (reach < 15 - 3 * n) set_voxel(layer, {i, j, k}, 1);
        }
      }
    }
    for (const std::uint16_t voxel : to_dense(layer)) {
      truth.push_back(static_cast<std::uint8_t>(voxel));
    }
    layers.push_back(std::move(layer));
  }
  CSL_TRY(save(folder / "seg_mr_truth.raw", raw(truth)));
  return save(folder / "seg_mr.dcm",
              CSL_TRY(write_dicom_seg(seg_description(series, "overlapping seg"), layers,
                                      segments_of(2, true))));
}

// The truth as a label map, as fractions, and as the files of other worlds.
Status save_other_forms(const fs::path& folder, const MadeImageSeries& series,
                        const MaskLayer& truth, std::size_t label_count) {
  const std::vector<SegSegment> segments = segments_of(label_count, false);
  SegDescription description = seg_description(series, "label map");
  description.form = SegForm::LabelMap;
  CSL_TRY(save(folder / "labelmap_ct.dcm",
               CSL_TRY(write_dicom_seg(description, std::span(&truth, 1), segments))));
  const std::vector<std::uint16_t> dense = to_dense(truth);
  std::vector<std::vector<std::uint8_t>> fractions(label_count,
                                                   std::vector<std::uint8_t>(dense.size()));
  std::vector<std::uint8_t> all;
  for (std::size_t s = 0; s < label_count; ++s) {
    for (std::size_t v = 0; v < dense.size(); ++v) {
      // Any pattern that is not only 0 and 255.
      if (dense[v] == s + 1) fractions[s][v] = static_cast<std::uint8_t>(v % 255 + 1);
    }
    all.insert(all.end(), fractions[s].begin(), fractions[s].end());
  }
  CSL_TRY(save(folder / "fractions_truth.raw", raw(all)));
  description = seg_description(series, "fractions");
  description.form = SegForm::Probability;
  CSL_TRY(save(folder / "seg_fractional.dcm",
               CSL_TRY(write_fractional_seg(description, truth.grid, fractions, segments))));
  const ScalarVolume volume = volume_of_mask(truth);
  NrrdVolume nrrd{.volume = volume};
  for (std::size_t s = 0; s < label_count; ++s) {
    nrrd.segments.push_back({.name = segments[s].label,
                             .label_value = segments[s].layer_value,
                             .colour = std::array<std::uint8_t, 3>{230, 159, 0},
                             .category = segments[s].category,
                             .type = segments[s].type});
  }
  CSL_TRY(save(folder / "truth.seg.nrrd", CSL_TRY(write_nrrd(nrrd, NrrdPacking::Gzip))));
  CSL_TRY(save(folder / "truth_raw.nrrd", CSL_TRY(write_nrrd(nrrd, NrrdPacking::Raw))));
  const auto detached = CSL_TRY(write_detached_nrrd(nrrd, NrrdPacking::Gzip, "truth.raw.gz"));
  CSL_TRY(save(folder / "truth.nhdr", detached.header));
  CSL_TRY(save(folder / "truth.raw.gz", detached.data));
  CSL_TRY(save(folder / "truth.mha", CSL_TRY(write_metaimage(volume, MetaImagePacking::Zlib))));
  const auto parts =
      CSL_TRY(write_detached_metaimage(volume, MetaImagePacking::Raw, "truth_meta.raw"));
  CSL_TRY(save(folder / "truth.mhd", parts.header));
  return save(folder / "truth_meta.raw", parts.data);
}

// A report of places in the patient: an ellipse and a point, a tetrahedron by its faces, and a
// length on its line.
Status save_space_report(const fs::path& folder, MeasurementReport report,
                         const std::string& frame_of_reference_uid) {
  const auto region = [&](SrSpaceGraphic graphic, std::vector<PatientPoint> points) {
    return SrSpaceRegion{frame_of_reference_uid, graphic, std::move(points)};
  };
  const auto group = [](std::string name) {
    return SrGroup{.tracking_id = name,
                   .tracking_uid = uid_from_name(name),
                   .finding = CodedConcept{"SCT", "27925004", "", "Nodule"}};
  };
  SrGroup ellipse = group("an ellipse in space");
  ellipse.place = region(SrSpaceGraphic::Ellipse, {{-10, 0, 5}, {10, 0, 5}, {0, -6, 5}, {0, 6, 5}});
  ellipse.measurements = {
      {{"SCT", "42798000", "", "Area"}, 188.5, {"UCUM", "mm2", "", "square millimeter"}}};
  SrGroup point = group("a point in space");
  point.place = region(SrSpaceGraphic::Point, {{1.5, -2.25, 3.125}});
  SrGroup solid = group("a solid in space");
  const PatientPoint a{0, 0, 0};
  const PatientPoint b{12, 0, 0};
  const PatientPoint c{0, 9, 0};
  const PatientPoint d{0, 0, 6};
  solid.place = SrVolumeSurface{.parts = {region(SrSpaceGraphic::Polygon, {a, b, c, a}),
                                          region(SrSpaceGraphic::Polygon, {a, b, d, a}),
                                          region(SrSpaceGraphic::Polygon, {b, c, d, b}),
                                          region(SrSpaceGraphic::Polygon, {c, a, d, c})},
                                .source_series_uid = report.evidence.front().series_instance_uid};
  solid.measurements = {
      {{"SCT", "118565006", "", "Volume"}, 108, {"UCUM", "mm3", "", "cubic millimeter"}}};
  SrGroup line = group("a length in space");
  line.measurements = {{{"SCT", "410668003", "", "Length"},
                        13,
                        {"UCUM", "mm", "", "mm"},
                        std::nullopt,
                        std::nullopt,
                        region(SrSpaceGraphic::Polyline, {{0, 0, 0}, {3, 4, 12}})}};
  report.sop_instance_uid = uid_from_name("report in space");
  report.device = std::nullopt;
  report.groups = {ellipse, point, solid, line};
  return save(folder / "sr_space.dcm", CSL_TRY(write_measurement_report(report)));
}

// Contours, a report with each kind of group, and drawings on the same case.
Status save_documents(const fs::path& folder, const MadeImageSeries& series, const MaskLayer& truth,
                      std::size_t label_count) {
  CSL_TRY(
      save(folder / "rtstruct.dcm",
           CSL_TRY(write_rt_structures(seg_description(series, "rtstruct"), std::span(&truth, 1),
                                       segments_of(label_count, false)))));
  const ImageReference image{std::string(sop_class_uid(series)), sop_instance_uid(series, 3), 0};
  MeasurementReport report;
  static_cast<DerivedObject&>(report) = seg_description(series, "report");
  report.evidence = {{series.series_instance_uid, {image}},
                     {uid_from_name("seg series"),
                      {{"1.2.840.10008.5.1.4.1.1.66.4", uid_from_name("seg instance"), 0}}}};
  const CodedConcept nodule{"SCT", "27925004", "", "Nodule"};
  const CodedConcept millimetre{"UCUM", "mm", "", "mm"};
  const auto line = [&](double x, double y) {
    return SrRegion{image, SrGraphic::Polyline, {{10, 10}, {x, y}}};
  };
  const auto group = [&](std::string name) {
    return SrGroup{
        .tracking_id = name,
        .tracking_uid = uid_from_name(name),
        .category = CodedConcept{"SCT", "49755003", "", "Morphologically Abnormal Structure"},
        .finding = nodule,
        .site = CodedConcept{"SCT", "39607008", "", "Lung"}};
  };
  SrGroup planar = group("planar lesion");
  planar.place = SrRegion{image, SrGraphic::Polyline, {{1, 1}, {9, 1}, {9, 5}, {1, 5}, {1, 1}}};
  planar.measurements = {
      {{"SCT", "42798000", "", "Area"}, 32 * 0.49, {"UCUM", "mm2", "", "square millimeter"}}};
  planar.evaluations = {
      {{"RADLEX", "RID34317", "", "Spiculation"}, CodedConcept{"SCT", "373066001", "", "Yes"}}};
  SrGroup volumetric = group("segmented lesion");
  volumetric.place = SrSegmentReference{
      "1.2.840.10008.5.1.4.1.1.66.4", uid_from_name("seg instance"), 2, series.series_instance_uid};
  volumetric.measurements = {
      {{"SCT", "118565006", "", "Volume"}, 523.5, {"UCUM", "mm3", "", "cubic millimeter"}},
      {{"DCM", "112031", "", "Attenuation Coefficient"},
       -20.5,
       {"UCUM", "[hnsf'U]", "", "Hounsfield unit"},
       CodedConcept{"SCT", "373098007", "", "Mean"}}};
  SrGroup recist = group("target lesion");
  recist.place = SrWholeImages{{image}};
  recist.measurements = {
      {{"SCT", "103339001", "", "Long Axis"}, 14.25, millimetre, std::nullopt, line(30, 10)},
      {{"SCT", "103340004", "", "Short Axis"}, 7.5, millimetre, std::nullopt, line(10, 22)},
      {{"SCT", "1483009", "", "Angle"}, 90, {"UCUM", "deg", "", "degree"}}};
  report.groups = {planar, volumetric, recist};
  report.evaluations = {
      {{"99CONSILIUM", "question-image-quality", "", "Image quality"}, std::string("good")}};
  CSL_TRY(save(folder / "sr_person.dcm", CSL_TRY(write_measurement_report(report))));
  report.sop_instance_uid = uid_from_name("device report");
  report.device = SrDevice{uid_from_name("device"), "nodule finder 2.1", "Acme", "NF-2"};
  CSL_TRY(save(folder / "sr_device.dcm", CSL_TRY(write_measurement_report(report))));
  CSL_TRY(save_space_report(folder, report, series.frame_of_reference_uid));

  PresentationState state;
  static_cast<DerivedObject&>(state) = seg_description(series, "drawings");
  state.source_series_instance_uid = series.series_instance_uid;
  state.layers = {{"nodule", {230, 159, 0}}, {"calcification", {0, 114, 178}}};
  GspsImage drawn{
      .image = image, .rows = series.grid.dims[1], .columns = series.grid.dims[0], .shapes = {}};
  drawn.shapes = {{GspsGraphic::Polyline, {{1, 1}, {9, 1}, {9, 5}, {1, 1}}, "nodule 1", "nodule"},
                  {GspsGraphic::Ellipse, {{20, 20}, {40, 20}, {30, 15}, {30, 25}}, "", "nodule"},
                  {GspsGraphic::Point, {{50, 50}}, "", "calcification"}};
  state.images = {drawn};
  state.window = GspsWindow{-600, 1500};
  state.rescale = std::array{series.rescale_slope, series.rescale_intercept};
  state.rescale_type = "HU";
  return save(folder / "gsps.dcm", CSL_TRY(write_presentation_state(state)));
}

Status save_coco(const fs::path& folder, const MaskLayer& truth, std::size_t label_count) {
  CocoDataset dataset;
  dataset.description = "made nodules";
  dataset.version = "1";
  dataset.created_at = "2026-01-01T10:15:00.000Z";
  dataset.contributor = "RATER-07";
  dataset.licence_name = "CC0-1.0";
  dataset.categories.push_back({.id = 1,
                                .name = "nodule",
                                .supercategory = "finding",
                                .code = CodedConcept{"SCT", "27925004", "", "Nodule"},
                                .colour = "#e69f00"});
  const auto& dims = truth.grid.dims;
  std::int64_t next_id = 1;
  for (std::uint32_t k = 0; k < dims[2]; ++k) {
    dataset.images.push_back({.id = k + 1,
                              .file_name = fmt::format("IM{:04}.dcm", k + 1),
                              .width = dims[0],
                              .height = dims[1],
                              .frame_index = k});
    const auto add = [&](auto shape) {
      CocoAnnotation annotation{
          .id = next_id++, .image_id = k + 1, .category_id = 1, .shape = std::move(shape)};
      annotation.rater = "RATER-07";
      annotation.rater_kind = "human";
      annotation.protocol_id = "chest-ct-nodule";
      annotation.protocol_version = "1.0.0";
      annotation.created_at = dataset.created_at;
      dataset.annotations.push_back(std::move(annotation));
    };
    for (std::size_t label = 1; label <= label_count; ++label) {
      CocoRle rle = rle_of_slice(truth, static_cast<std::uint16_t>(label), k);
      if (area_pixels(rle) > 0) add(std::move(rle));
    }
    if (k == 0) {
      add(CocoBox{{9.5, 19.5}, {29.5, 24.5}});
      add(CocoPolygons{{{{9.5, 9.5}, {29.5, 9.5}, {29.5, 19.5}, {9.5, 19.5}}}});
    }
  }
  CSL_TRY(save(folder / "coco.json", bytes_of(CSL_TRY(write_coco(dataset, CocoRuns::Compressed)))));
  return save(folder / "coco_counts.json",
              bytes_of(CSL_TRY(write_coco(dataset, CocoRuns::Counts))));
}

Status save_zip(const fs::path& folder, ByteView content) {
  const fs::path path = folder / "all.zip";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return fail(ErrorCode::Unavailable, "the archive cannot be opened");
  ZipWriter zip(sink_of_file_descriptor(file), Timestamp{1'767'262'500'000});
  const auto write = [&]() -> Status {
    CSL_TRY(zip.add("labels/Größe.txt", bytes_of("made")));
    CSL_TRY(zip.add("empty", ByteView{}));
    CSL_TRY(zip.add("ct/volume.raw", *view_source(content)));
    return zip.finish();
  };
  const Status written = write();
  ::close(file);
  return written;
}

Status make_all(const fs::path& folder) {
  synthetic::CtPhantomOptions ct_options{
      .seed = 21, .columns = 200, .rows = 180, .slices = 40, .slice_spacing_mm = 6};
  ct_options.nodules = synthetic::place_nodules(21, 4);
  const synthetic::CtPhantom ct(ct_options);
  const MadeImageSeries ct_series = made_ct_series(ct, made_study("made ct study"), 2);
  CSL_TRY(save_series(folder / "ct", ct, ct_series));

  const synthetic::MrPhantomOptions mr_options{
      .seed = 5, .columns = 121, .rows = 111, .slices = 12, .pixel_mm = 2, .slice_spacing_mm = 12};
  const synthetic::MrPhantom mr(mr_options);
  const MadeImageSeries mr_series = made_mr_series(mr, mr_options, made_study("made mr study"), 3);
  CSL_TRY(save_series(folder / "mr", mr, mr_series));

  MaskLayer truth = ct.truth();
  truth.grid.frame_of_reference_uid = ct_series.frame_of_reference_uid;
  const std::vector<std::uint16_t> dense = to_dense(truth);
  const std::size_t label_count = ct_options.nodules.size();
  CSL_TRY(save(folder / "ct_truth.raw", raw(dense)));
  CSL_TRY(save(folder / "seg_ct.dcm",
               CSL_TRY(write_dicom_seg(seg_description(ct_series, "seg"), std::span(&truth, 1),
                                       segments_of(label_count, false)))));
  CSL_TRY(save_overlapping_seg(folder, mr_series));
  CSL_TRY(save_other_forms(folder, ct_series, truth, label_count));
  CSL_TRY(save_documents(folder, ct_series, truth, label_count));

  std::vector<NiftiLabel> labels;
  for (std::size_t n = 1; n <= label_count; ++n) {
    labels.push_back({static_cast<std::uint16_t>(n), fmt::format("nodule {}", n)});
  }
  const NiftiVolume mask = nifti_of_mask(truth, labels);
  CSL_TRY(save(folder / "ct_truth.nii.gz", CSL_TRY(write_nifti(mask, NiftiPacking::Gzip))));
  CSL_TRY(save_coco(folder, truth, label_count));
  return save_zip(folder, raw(dense));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: csl_make_exports FOLDER\n");
    return 2;
  }
  const consilium::Status made = make_all(arguments[1]);
  if (made.has_value()) return 0;
  fmt::print(stderr, "{}\n", consilium::to_line(made.error()));
  return 3;
}
