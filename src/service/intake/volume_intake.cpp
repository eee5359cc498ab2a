#include "service/intake/volume_intake.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "domain/image/geometry.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"
#include "service/intake/image_intake.hpp"

namespace consilium::service {
namespace {

struct ReadVolumes {
  std::vector<ScalarVolume> volumes;
  double slope = 1;
  double intercept = 0;
  bool has_space = true;
};

Result<ReadVolumes> read_volumes(FileKind kind, const VolumeFile& file) {
  ReadVolumes read;
  if (kind == FileKind::Nifti) {
    for (NiftiVolume& each : CSL_TRY(read_nifti_list(file.bytes))) {
      read.slope = each.slope;
      read.intercept = each.intercept;
      read.volumes.push_back({.dims = each.dims,
                              .affine = each.affine,
                              .sample_type = each.sample_type,
                              .samples = std::move(each.samples)});
    }
  } else if (kind == FileKind::Nrrd) {
    for (NrrdVolume& each : CSL_TRY(read_nrrd_list(file.bytes, {.opener = file.open}))) {
      read.has_space = each.has_space;
      read.volumes.push_back(std::move(each.volume));
    }
  } else {
    read.volumes.push_back(CSL_TRY(read_metaimage(file.bytes, {.opener = file.open})));
  }
  return read;
}

// Viewers know no samples of 64 bits; the float nearest to each says as much as a screen can.
Status narrow(ScalarVolume& volume) {
  if (volume.sample_type != SampleType::F64) return {};
  Bytes narrowed(volume.samples.size() / 2);
  for (std::size_t i = 0; i < narrowed.size() / sizeof(float); ++i) {
    double wide = 0;
    std::memcpy(&wide, volume.samples.data() + i * sizeof(double), sizeof(double));
    const auto value = static_cast<float>(wide);
    std::memcpy(narrowed.data() + i * sizeof(float), &value, sizeof(float));
  }
  volume.samples = std::move(narrowed);
  volume.sample_type = SampleType::F32;
  return {};
}

std::array<double, 3> unit_of(const Vector3& step) {
  const double size = length(step);
  return {step[0] / size, step[1] / size, step[2] / size};
}

// Each slice as a frame with its place, as a multi-frame object would say it.
Result<void> add_frames(const ScalarVolume& volume, const std::string& stack,
                        const ModalityTransform& modality, ImageDescription& image) {
  const auto row = unit_of(volume.affine.axis_mm(0));
  const auto column = unit_of(volume.affine.axis_mm(1));
  constexpr double right_angle_tolerance = 1e-3;
  if (std::abs(dot(row, column)) > right_angle_tolerance) {
    return fail(ErrorCode::Unsupported, "rows and columns are not at right angles", "",
                "resample the volume onto a rectangular grid first");
  }
  for (std::uint32_t k = 0; k < volume.dims[2]; ++k) {
    FrameFacts frame;
    frame.position = volume.affine.apply(0, 0, k);
    frame.orientation = {row[0], row[1], row[2], column[0], column[1], column[2]};
    frame.spacing_mm = {length(volume.affine.axis_mm(1)), length(volume.affine.axis_mm(0))};
    frame.slice_thickness_mm = length(volume.affine.axis_mm(2));
    frame.modality = modality;
    frame.stack_key = stack;
    image.frames.push_back(std::move(frame));
  }
  return {};
}

// Stacks are sorted by their names, so the numbers have as many digits each.
std::string stack_name(std::size_t index) {
  std::string number = std::to_string(index + 1);
  constexpr std::size_t digits = 6;
  number.insert(0, digits - std::min(digits, number.size()), '0');
  return "volume " + number;
}

std::string folder_of(std::string_view name) {
  const std::size_t slash = name.find_last_of('/');
  return slash == std::string_view::npos ? "" : std::string(name.substr(0, slash));
}

}  // namespace

Status prepare_volume(const IntakeTools& tools, FileKind kind, const VolumeFile& file,
                      const std::string& content, const PreparedSink& sink) {
  ReadVolumes read = CSL_TRY(read_volumes(kind, file));
  PlainImage plain;
  ImageDescription& image = plain.image;
  image.modality = "OT";  // none of these formats says which
  if (!read.has_space) image.notes.emplace_back("the file does not say how the patient lies");
  const ModalityTransform modality{
      .slope = read.slope, .intercept = read.intercept, .unit = "", .table = nullptr};
  Bytes frames;
  for (std::size_t i = 0; i < read.volumes.size(); ++i) {
    ScalarVolume& volume = read.volumes[i];
    CSL_TRY(check_volume(volume));
    CSL_TRY(narrow(volume));
    const std::string stack = read.volumes.size() > 1 ? stack_name(i) : "";
    CSL_TRY(add_frames(volume, stack, modality, image));
    if (i == 0) {
      frames = std::move(volume.samples);
    } else {
      frames.insert(frames.end(), volume.samples.begin(), volume.samples.end());
    }
  }
  const ScalarVolume& first = read.volumes.front();
  image.ready = {.rows = first.dims[1],
                 .columns = first.dims[0],
                 .samples_per_pixel = 1,
                 .sample_type = first.sample_type,
                 .photometric = Photometric::Monochrome2};
  image.frame_count = static_cast<std::uint32_t>(image.frames.size());
  image.slice_spacing_mm = length(first.affine.axis_mm(2));
  plain.frames = frames;
  plain.patient_id = file.patient;
  plain.study = folder_of(file.name);
  plain.series = file.name;
  return prepare_plain_image(tools, file.bytes, plain, content, sink);
}

std::vector<std::string> data_files_of(FileKind kind, ByteView header) {
  std::vector<std::string> names;
  const auto note = [&names](std::string_view name) -> Result<Bytes> {
    names.emplace_back(name);
    return fail(ErrorCode::NotFound, "only its name is wanted");
  };
  if (kind == FileKind::Nrrd) static_cast<void>(read_nrrd_list(header, {.opener = note}));
  if (kind == FileKind::MetaImage) static_cast<void>(read_metaimage(header, {.opener = note}));
  return names;
}

}  // namespace consilium::service
