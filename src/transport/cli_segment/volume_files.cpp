#include "transport/cli_segment/volume_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "format/dicom/dicom_file.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nrrd/nrrd.hpp"
#include "service/intake/file_bytes.hpp"
#include "transport/cli_panel/answer.hpp"

namespace consilium::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t background = 255;

// Samples are little endian, and so is every machine that we run on.
template <class Sample, class Kept = Sample>
std::vector<Kept> samples_of(const Bytes& bytes) {
  std::vector<Kept> out(bytes.size() / sizeof(Sample));
  if constexpr (std::is_same_v<Sample, Kept>) {
    std::memcpy(out.data(), bytes.data(), out.size() * sizeof(Sample));
  } else {
    for (std::size_t i = 0; i < out.size(); ++i) {
      Sample sample{};
      std::memcpy(&sample, bytes.data() + i * sizeof(Sample), sizeof(Sample));
      out[i] = static_cast<Kept>(sample);
    }
  }
  return out;
}

void take_samples(const NiftiVolume& from, LoadedVolume& to) {
  switch (from.sample_type) {
    case SampleType::U8:
      to.samples = samples_of<std::uint8_t>(from.samples);
      return;
    case SampleType::I8:
      to.samples = samples_of<std::int8_t, std::int16_t>(from.samples);
      return;
    case SampleType::U16:
      to.samples = samples_of<std::uint16_t>(from.samples);
      return;
    case SampleType::I16:
      to.samples = samples_of<std::int16_t>(from.samples);
      return;
    case SampleType::U32:
      to.samples = samples_of<std::uint32_t, float>(from.samples);
      return;
    case SampleType::I32:
      to.samples = samples_of<std::int32_t, float>(from.samples);
      return;
    case SampleType::F32:
      to.samples = samples_of<float>(from.samples);
      return;
    case SampleType::F64:
      to.samples = samples_of<double, float>(from.samples);
      return;
  }
}

Result<LoadedVolume> loaded(NiftiVolume read) {
  LoadedVolume out;
  out.place = std::move(read);
  out.slope = out.place.slope;
  out.intercept = out.place.intercept;
  take_samples(out.place, out);
  out.place.samples = {};
  out.lattice = CSL_TRY(lattice_of(
      {.dims = out.place.dims, .affine = out.place.affine, .frame_of_reference_uid = {}}));
  return out;
}

bool is_gzip_name(const fs::path& file) { return file.extension() == ".gz"; }
bool is_nrrd_name(const fs::path& file) { return file.extension() == ".nrrd"; }
bool is_metaimage_name(const fs::path& file) { return file.extension() == ".mha"; }
bool is_nifti_name(const fs::path& file) {
  return file.extension() == ".nii" || (is_gzip_name(file) && file.stem().extension() == ".nii");
}

}  // namespace

Result<LoadedVolume> load_volume(const fs::path& path, std::uint32_t threads) {
  std::error_code problem;
  if (fs::is_directory(path, problem)) {
    std::vector<fs::path> files;
    for (auto entry = fs::recursive_directory_iterator(path, problem);
         !problem && entry != fs::recursive_directory_iterator(); entry.increment(problem)) {
      if (entry->is_regular_file(problem)) files.push_back(entry->path());
    }
    // The order of a folder's names is the disk's own: sorted, a refusal names the same file.
    std::ranges::sort(files);
    return load_dicom(files, path, threads);
  }
  const auto bytes = CSL_TRY(in_file(service::FileBytes::open(path), path));
  if (!is_nifti_name(path) && looks_like_dicom(bytes.view())) {
    return load_dicom({path}, path, threads);
  }
  return in_file(loaded(CSL_TRY(read_volume_file(path))), path);
}

Result<LoadedLabels> load_labels(const fs::path& file) {
  LabelVolume read = CSL_TRY(read_label_volume(file));
  const auto above =
      std::ranges::find_if(read.labels, [](std::uint16_t label) { return label > 255; });
  if (above != read.labels.end()) {
    return fail(ErrorCode::InvalidInput, "a label is above 255",
                fmt::format("{}, voxel {}: {}", file.string(), above - read.labels.begin(), *above),
                "number the labels 1 to 254; 255 is the background");
  }
  LoadedLabels out{.place = std::move(read.volume), .lattice = read.lattice, .labels = {}};
  out.labels.resize(read.labels.size());
  std::ranges::transform(read.labels, out.labels.begin(),
                         [](std::uint16_t label) { return static_cast<std::uint8_t>(label); });
  return out;
}

Status check_label_format(const fs::path& file) {
  if (is_nifti_name(file) || is_nrrd_name(file) || is_metaimage_name(file)) return {};
  return fail(ErrorCode::Unsupported, "label volumes are not written in this format", file.string(),
              "name it .nii, .nii.gz, .nrrd or .mha");
}

Result<Bytes> label_bytes(const fs::path& file, const NiftiVolume& place,
                          const std::vector<std::uint8_t>& labels) {
  CSL_TRY(check_label_format(file));
  ScalarVolume plain{.dims = place.dims,
                     .affine = place.affine,
                     .sample_type = SampleType::U8,
                     .samples = Bytes(labels.size())};
  std::memcpy(plain.samples.data(), labels.data(), labels.size());
  if (is_metaimage_name(file)) return write_metaimage(plain, MetaImagePacking::Zlib);
  if (is_nrrd_name(file)) {
    NrrdVolume nrrd{.volume = std::move(plain)};
    for (const NiftiLabel& label : place.labels) {
      if (label.value == background) continue;
      nrrd.segments.push_back({.name = label.name, .label_value = label.value});
    }
    return write_nrrd(nrrd, NrrdPacking::Gzip);
  }
  NiftiVolume out{.dims = place.dims,
                  .affine = place.affine,
                  .sample_type = SampleType::U8,
                  .description = "consilium segment",
                  .labels = place.labels};
  std::erase_if(out.labels, [](const NiftiLabel& label) { return label.value == background; });
  out.samples = std::move(plain.samples);
  return write_nifti(out, is_gzip_name(file) ? NiftiPacking::Gzip : NiftiPacking::Plain);
}

}  // namespace consilium::cli
