#include "transport/cli_convert/convert.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "base/sha256.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_write/uid.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "transport/cli_convert/label_files.hpp"

namespace consilium::cli {
namespace {

using detail::LabelFile;
using detail::ReferenceSeries;

constexpr std::array<std::string_view, 7> forms{
    "dicom-seg", "dicom-seg-labelmap", "rtstruct", "nifti", "nifti2", "nrrd", "metaimage"};

bool is_dicom(std::string_view form) { return form.starts_with("dicom") || form == "rtstruct"; }

Result<std::string> form_of(const Conversion& conversion) {
  if (!conversion.to.empty()) {
    std::string to = conversion.to;
    std::ranges::replace(to, '_', '-');
    if (std::ranges::find(forms, to) != forms.end()) return to;
    return fail(ErrorCode::InvalidInput, "there is no such form", "--to",
                "use dicom-seg, dicom-seg-labelmap, rtstruct, nifti, nifti2, nrrd or metaimage");
  }
  const std::string name = conversion.out.filename().string();
  if (name.ends_with(".nii") || name.ends_with(".nii.gz")) return std::string("nifti");
  if (name.ends_with(".nrrd")) return std::string("nrrd");
  if (name.ends_with(".mha")) return std::string("metaimage");
  if (name.ends_with(".dcm")) return std::string("dicom-seg");
  return fail(ErrorCode::InvalidInput, "the result's ending tells no form", "the file to write",
              "end it in .nii.gz, .nrrd, .mha or .dcm, or say --to");
}

// One exclusive layer of all segments, each with a label of its own.
Result<MaskLayer> one_layer(LabelFile& labels) {
  const bool is_exclusive =
      labels.layers.size() == 1 && std::holds_alternative<ExclusiveBricks>(labels.layers[0].bricks);
  if (is_exclusive) return labels.layers[0];
  std::vector<std::uint16_t> joined(voxel_count(labels.layers.front().grid));
  for (std::size_t s = 0; s < labels.segments.size(); ++s) {
    SegSegment& segment = labels.segments[s];
    const std::vector<std::uint16_t> dense = to_dense(labels.layers[segment.layer_index]);
    const auto label = static_cast<std::uint16_t>(s + 1);
    for (std::size_t v = 0; v < dense.size(); ++v) {
      if (dense[v] != segment.layer_value) continue;
      if (joined[v] != 0) {
        return fail(ErrorCode::InvalidInput, "segments overlap, which one label map cannot say",
                    segment.label, "write it as dicom-seg or rtstruct");
      }
      joined[v] = label;
    }
    segment.layer_index = 0;
    segment.layer_value = label;
  }
  return exclusive_layer_from_dense(labels.layers.front().grid, joined);
}

Result<Bytes> volume_file(LabelFile& labels, const std::string& to, bool gzip) {
  const MaskLayer layer = CSL_TRY(one_layer(labels));
  if (to.starts_with("nifti")) {
    std::vector<NiftiLabel> names;
    for (const SegSegment& s : labels.segments) names.push_back({s.layer_value, s.label});
    return write_nifti(nifti_of_mask(layer, std::move(names)),
                       gzip ? NiftiPacking::Gzip : NiftiPacking::Plain,
                       to == "nifti2" ? NiftiVersion::Two : NiftiVersion::One);
  }
  if (to == "metaimage") return write_metaimage(volume_of_mask(layer), MetaImagePacking::Zlib);
  NrrdVolume volume{.volume = volume_of_mask(layer)};
  for (const SegSegment& s : labels.segments) {
    volume.segments.push_back({.name = s.label,
                               .label_value = s.layer_value,
                               .layer = 0,
                               .colour = std::array{s.colour.red, s.colour.green, s.colour.blue},
                               .category = s.category,
                               .type = s.type});
  }
  return write_nrrd(volume, NrrdPacking::Gzip);
}

Result<Bytes> dicom_file(LabelFile& labels, const ReferenceSeries& series, const std::string& to,
                         ByteView in, Timestamp now) {
  SegDescription d;
  d.patient_study = series.patient_study;
  d.source_series_instance_uid = series.series_instance_uid;
  d.source_slices = series.slices;
  d.slice_thickness_mm = series.slice_thickness_mm;
  // The same file and images give the same object again.
  const std::string name = to + series.series_instance_uid + to_hex(sha256(in));
  d.series_instance_uid = uid_from_name("converted series " + name);
  d.sop_instance_uid = uid_from_name("converted instance " + name);
  d.created_at = now;
  d.content_creator = "converted";
  d.protocol_id = "converted from " + labels.form;
  d.protocol_version = "";
  d.software_version = "0.1.0";
  d.device_serial_number = "convert";
  for (SegSegment& segment : labels.segments) {
    if (segment.category.display.empty()) segment.category.display = "unnamed";
    if (segment.type.display.empty()) segment.type.display = "unnamed";
    if (segment.algorithm != SegAlgorithm::Manual && segment.algorithm_name.empty()) {
      segment.algorithm_name = "unnamed";
    }
  }
  if (to == "rtstruct") return write_rt_structures(d, labels.layers, labels.segments);
  if (to == "dicom-seg-labelmap") d.form = SegForm::LabelMap;
  return write_dicom_seg(d, labels.layers, labels.segments);
}

// The volume whose voxels the label map has: the first that it fits.
Status fit_to_images(LabelFile& labels, const std::vector<ReferenceSeries>& series,
                     const ReferenceSeries*& chosen) {
  Error last{ErrorCode::NotFound, "there is no image", {}, {}};
  for (const ReferenceSeries& one : series) {
    auto layers = detail::fitted(labels.layers, one.grid);
    if (layers) {
      labels.layers = std::move(*layers);
      chosen = &one;
      return {};
    }
    last = layers.error();
  }
  return std::unexpected(last);
}

std::uint64_t labelled_voxels(const LabelFile& labels) {
  std::uint64_t count = 0;
  for (const MaskLayer& layer : labels.layers) {
    const auto dense = to_dense(layer);
    count += static_cast<std::uint64_t>(
        std::ranges::count_if(dense, [](std::uint16_t v) { return v != 0; }));
  }
  return count;
}

}  // namespace

Result<ConversionReport> convert_labels(const Conversion& conversion, Timestamp now) {
  const std::string to = CSL_TRY(form_of(conversion));
  std::vector<ReferenceSeries> series;
  if (!conversion.images.empty()) {
    series = CSL_TRY(detail::read_reference_series(conversion.images));
  } else if (is_dicom(to)) {
    return fail(ErrorCode::InvalidInput, "a DICOM object needs the images it was drawn on", {},
                "give --images, the folder of the series");
  }
  const ReferenceSeries* chosen = nullptr;
  LabelFile labels = CSL_TRY(detail::read_label_file(conversion.in, series, chosen));
  if (chosen == nullptr && !series.empty()) CSL_TRY(fit_to_images(labels, series, chosen));
  ConversionReport report{.from = labels.form,
                          .to = to,
                          .segment_count = labels.segments.size(),
                          .voxel_count = labelled_voxels(labels),
                          .notes = labels.notes};
  const Bytes in = CSL_TRY(detail::bytes_of_file(conversion.in));
  const Bytes out = is_dicom(to)
                        ? CSL_TRY(dicom_file(labels, *chosen, to, in, now))
                        : CSL_TRY(volume_file(labels, to, conversion.out.extension() == ".gz"));
  std::ofstream file(conversion.out, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(out.data()), static_cast<std::streamsize>(out.size()));
  file.close();
  if (!file) {
    return fail(ErrorCode::Unavailable, "the result cannot be written", conversion.out.string(),
                "check that the folder is there and may be written to");
  }
  return report;
}

}  // namespace consilium::cli
