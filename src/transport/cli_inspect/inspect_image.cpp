#include <array>
#include <boost/json.hpp>

#include "format/dicom/dicom_file.hpp"
#include "format/dicom/identity.hpp"
#include "format/dicom/image_description.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "format/photo/photo.hpp"
#include "service/intake/description_json.hpp"
#include "service/intake/file_bytes.hpp"
#include "transport/cli_inspect/kinds.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& text : list) array.emplace_back(text);
  return array;
}

void add_frame_facts(const FrameFacts& facts, json::object& out) {
  if (facts.spacing_mm) {
    out["spacing_mm"] = json::array{(*facts.spacing_mm)[0], (*facts.spacing_mm)[1]};
  }
  if (facts.slice_thickness_mm) out["slice_thickness_mm"] = *facts.slice_thickness_mm;
  if (facts.position) {
    out["position_mm"] =
        json::array{facts.position->x_mm, facts.position->y_mm, facts.position->z_mm};
  }
  if (facts.orientation) {
    json::array orientation;
    for (const double value : *facts.orientation) orientation.emplace_back(value);
    out["orientation"] = std::move(orientation);
  }
  if (facts.modality.table) {
    out["values"] = "by a table of the file";
  } else {
    out["values"] = json::object{{"slope", facts.modality.slope},
                                 {"intercept", facts.modality.intercept},
                                 {"unit", facts.modality.unit}};
  }
  json::array windows;
  for (const Window& window : facts.windows) {
    windows.push_back(json::object{{"centre", window.centre}, {"width", window.width}});
  }
  out["windows"] = std::move(windows);
}

void add_description(const ImageDescription& image, json::object& out) {
  out["frames"] = image.frame_count;
  out["rows"] = image.ready.rows;
  out["columns"] = image.ready.columns;
  out["samples_per_pixel"] = image.ready.samples_per_pixel;
  out["sample_type"] = service::name_of(image.ready.sample_type);
  out["photometric"] = service::name_of(image.ready.photometric);
  out["bits_stored"] = image.stored.bits_stored;
  out["lossy"] = image.is_lossy;
  if (!image.frames.empty()) add_frame_facts(image.frames.front(), out);
  if (image.burned_in_annotation != BurnedInAnnotation::Unknown) {
    out["burned_in_annotation"] = image.burned_in_annotation == BurnedInAnnotation::Yes;
  }
}

json::object revealed(const DicomSplit& split) {
  const AuditedAccess asked = AuditedAccess::event_recorded();
  return {{"patient_id", split.identity.patient_id.reveal(asked)},
          {"name", split.identity.name.reveal(asked)},
          {"birth_date", split.identity.birth_date.reveal(asked)},
          {"sex", split.identity.sex.reveal(asked)},
          {"accession_number", split.identity.accession_number.reveal(asked)},
          {"institution", split.identity.institution.reveal(asked)},
          {"study_date", split.dates.study_date.reveal(asked)},
          {"study_instance_uid", split.catalog.study_instance_uid},
          {"series_instance_uid", split.catalog.series_instance_uid},
          {"sop_instance_uid", split.catalog.sop_instance_uid}};
}

}  // namespace

Result<json::object> inspect_dicom(ByteView file, PatientValues values) {
  const DicomFile dicom = CSL_TRY(read_dicom(file));
  const DicomSplit split = split_identity(dicom.dataset);
  json::object out{
      {"kind", "DICOM"},
      {"modality", split.catalog.modality},
      {"sop_class_uid", split.catalog.sop_class_uid},
      {"transfer_syntax", dicom.syntax->name.empty() ? std::string_view(dicom.transfer_syntax_uid)
                                                     : dicom.syntax->name}};
  json::array notes = texts(dicom.notes);
  const auto image = describe_image(dicom);
  if (image) {
    add_description(*image, out);
    for (json::value& note : texts(image->notes)) notes.push_back(std::move(note));
  } else if (image.error().code == ErrorCode::Unsupported) {
    // A report or a structure set is read well, only there is nothing to show.
    out["not_imported"] = image.error().what;
  } else {
    return std::unexpected(image.error());
  }
  out["notes"] = std::move(notes);
  if (values == PatientValues::Shown) out["patient"] = revealed(split);
  return out;
}

namespace {

// What all formats of volumes say alike.
json::object volume_facts(std::string_view kind, const std::array<std::uint32_t, 3>& dims,
                          const Affine& affine, SampleType type) {
  json::array spacing;
  for (int axis = 0; axis < 3; ++axis) spacing.emplace_back(length(affine.axis_mm(axis)));
  json::array rows;  // 0 to 2
  for (std::size_t i = 0; i < 12; ++i) rows.emplace_back(affine.values[i]);
  return {{"kind", kind},
          {"dims", json::array{dims[0], dims[1], dims[2]}},
          {"spacing_mm", std::move(spacing)},
          {"affine_lps", std::move(rows)},
          {"sample_type", service::name_of(type)}};
}

// Data files lie beside their header.
std::function<Result<Bytes>(std::string_view)> opener_beside(const std::filesystem::path& header) {
  return [folder = header.parent_path()](std::string_view name) -> Result<Bytes> {
    const auto data = CSL_TRY(service::FileBytes::open(folder / name));
    return Bytes(data.view().begin(), data.view().end());
  };
}

}  // namespace

Result<json::object> inspect_photo(ByteView file) {
  const Photo photo = CSL_TRY(describe_photo(file));
  constexpr std::array names{"JPEG", "PNG", "TIFF"};
  const bool is_turned = swaps_sides(photo.orientation);
  return json::object{{"kind", names[static_cast<std::size_t>(photo.format)]},
                      {"frames", photo.pages.size()},
                      {"rows", is_turned ? photo.layout.columns : photo.layout.rows},
                      {"columns", is_turned ? photo.layout.rows : photo.layout.columns},
                      {"samples_per_pixel", photo.layout.samples_per_pixel},
                      {"sample_type", service::name_of(photo.layout.sample_type)},
                      {"photometric", service::name_of(photo.layout.photometric)},
                      {"exif_orientation", photo.orientation},
                      {"colour_profile", photo.has_colour_profile},
                      {"transparency", photo.has_transparency}};
}

Result<json::object> inspect_nifti(ByteView file, PatientValues values) {
  const std::vector<NiftiVolume> volumes = CSL_TRY(read_nifti_list(file));
  const NiftiVolume& volume = volumes.front();
  json::object out = volume_facts("NIfTI", volume.dims, volume.affine, volume.sample_type);
  out["volumes"] = volumes.size();
  out["values"] = json::object{{"slope", volume.slope}, {"intercept", volume.intercept}};
  json::array labels;
  for (const NiftiLabel& label : volume.labels) {
    labels.push_back(json::object{{"value", label.value}, {"name", label.name}});
  }
  out["labels"] = std::move(labels);
  if (values == PatientValues::Shown) out["description"] = volume.description;
  return out;
}

Result<json::object> inspect_nrrd(const std::filesystem::path& path, ByteView file) {
  const auto volumes = CSL_TRY(read_nrrd_list(file, {.opener = opener_beside(path)}));
  const ScalarVolume& first = volumes.front().volume;
  json::object out = volume_facts("NRRD", first.dims, first.affine, first.sample_type);
  out["volumes"] = volumes.size();
  json::array labels;
  for (const NrrdSegment& segment : volumes.front().segments) {
    labels.push_back(json::object{{"value", segment.label_value}, {"name", segment.name}});
  }
  out["labels"] = std::move(labels);
  return out;
}

Result<json::object> inspect_metaimage(const std::filesystem::path& path, ByteView file) {
  const ScalarVolume volume = CSL_TRY(read_metaimage(file, {.opener = opener_beside(path)}));
  return volume_facts("MetaImage", volume.dims, volume.affine, volume.sample_type);
}

}  // namespace consilium::cli
