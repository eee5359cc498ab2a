#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "analysis/parallel/parallel.hpp"
#include "codec/pool.hpp"
#include "format/dicom/frames.hpp"
#include "format/dicom/identity.hpp"
#include "format/dicom/series.hpp"
#include "service/intake/file_bytes.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_segment/volume_files.hpp"

namespace consilium::cli {
namespace {

namespace fs = std::filesystem;

struct ImageFile {
  fs::path file;
  ImageDescription image;
  std::string sop_instance_uid;
  std::optional<std::int64_t> instance_number;
};
using SeriesFiles = std::map<std::string, std::vector<ImageFile>>;  // by series UID

// Files that are no DICOM, and objects that are no image, lie in such folders: they are passed
// over.
Status add_file(const fs::path& file, bool is_only, SeriesFiles& series) {
  const auto bytes = CSL_TRY(in_file(service::FileBytes::open(file), file));
  if (!looks_like_dicom(bytes.view()) && !is_only) return {};
  const DicomFile dicom = CSL_TRY(in_file(read_dicom(bytes.view()), file));
  auto image = in_file(describe_image(dicom), file);
  if (!image) {
    if (image.error().code == ErrorCode::Unsupported && !is_only) return {};
    return std::unexpected(std::move(image.error()));
  }
  DicomSplit split = split_identity(dicom.dataset);
  series[split.catalog.series_instance_uid].push_back(
      {.file = file,
       .image = std::move(*image),
       .sop_instance_uid = std::move(split.catalog.sop_instance_uid),
       .instance_number = split.catalog.instance_number});
  return {};
}

// The one volume: of several slices, unless there is but one slice in all.
Result<Volume> only_volume(const std::vector<ImageFile>& images, const fs::path& path) {
  std::vector<SeriesInstance> instances;
  for (const ImageFile& one : images) {
    instances.push_back({.image = &one.image,
                         .sop_instance_uid = one.sop_instance_uid,
                         .instance_number = one.instance_number});
  }
  std::vector<Volume> volumes = make_volumes(instances);
  if (volumes.size() > 1) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the series is {} volumes, not one", volumes.size()), path.string(),
                "it has gaps or several phases; give the files of one of them");
  }
  if (volumes.empty()) return fail(ErrorCode::InvalidInput, "there is no image", path.string());
  return std::move(volumes.front());
}

// Frames one after another as `Sample`; where the slices' transforms differ, values instead.
template <class Sample>
struct Slices {
  std::vector<Sample>& out;
  std::size_t frame_voxels = 0;
  bool wants_values = false;

  template <class Stored>
  void put(std::size_t slice, const Bytes& frame, const ModalityTransform& transform) {
    for (std::size_t i = 0; i < frame_voxels; ++i) {
      Stored stored{};
      std::memcpy(&stored, frame.data() + i * sizeof(Stored), sizeof(Stored));
      const auto value = static_cast<double>(stored);
      out[slice * frame_voxels + i] =
          wants_values ? static_cast<Sample>(transform.slope * value + transform.intercept)
                       : static_cast<Sample>(stored);
    }
  }

  void put_any(std::size_t slice, const Bytes& frame, SampleType type,
               const ModalityTransform& transform) {
    switch (type) {
      case SampleType::U8:
        return put<std::uint8_t>(slice, frame, transform);
      case SampleType::I8:
        return put<std::int8_t>(slice, frame, transform);
      case SampleType::U16:
        return put<std::uint16_t>(slice, frame, transform);
      case SampleType::I16:
        return put<std::int16_t>(slice, frame, transform);
      case SampleType::U32:
        return put<std::uint32_t>(slice, frame, transform);
      case SampleType::I32:
        return put<std::int32_t>(slice, frame, transform);
      case SampleType::F32:
        return put<float>(slice, frame, transform);
      case SampleType::F64:
        return put<double>(slice, frame, transform);
    }
  }
};

bool same_transform(const std::vector<ImageFile>& images, const Volume& volume) {
  const auto of = [&](const FrameRef& ref) -> const ModalityTransform& {
    return images[ref.instance_index].image.frame(ref.frame_index).modality;
  };
  return std::ranges::all_of(volume.slices, [&](const FrameRef& ref) {
    return of(ref).slope == of(volume.slices.front()).slope &&
           of(ref).intercept == of(volume.slices.front()).intercept && !of(ref).table;
  });
}

template <class Sample>
Status read_slices(const std::vector<ImageFile>& images, const Volume& volume, CodecPool& codec,
                   std::uint32_t threads, Slices<Sample> slices) {
  std::vector<std::optional<Error>> errors(std::max(threads, 1U));
  split_work(threads, volume.slices.size(),
             [&](std::uint64_t first, std::uint64_t last, std::uint64_t part) {
               const auto work = [&]() -> Status {
                 std::optional<service::FileBytes> bytes;
                 DicomFile dicom;
                 std::optional<std::uint32_t> open;
                 for (std::uint64_t s = first; s < last; ++s) {
                   const FrameRef& ref = volume.slices[s];
                   const ImageFile& one = images[ref.instance_index];
                   if (open != ref.instance_index) {
                     bytes.emplace(CSL_TRY(in_file(service::FileBytes::open(one.file), one.file)));
                     dicom = CSL_TRY(in_file(read_dicom(bytes->view()), one.file));
                     open = ref.instance_index;
                   }
                   const Bytes frame = CSL_TRY(
                       in_file(codec.ready_frame(dicom, one.image, ref.frame_index), one.file));
                   slices.put_any(s, frame, one.image.ready.sample_type,
                                  one.image.frame(ref.frame_index).modality);
                 }
                 return {};
               };
               if (Status done = work(); !done) errors[part] = std::move(done.error());
             });
  for (auto& error : errors) {
    if (error) return std::unexpected(std::move(*error));
  }
  return {};
}

template <class Sample>
Status fill(const std::vector<ImageFile>& images, const Volume& volume, std::uint32_t threads,
            bool wants_values, LoadedVolume& out) {
  CodecPool codec("/proc/self/exe", threads);
  std::vector<Sample> samples(out.lattice.voxel_count());
  CSL_TRY(
      read_slices<Sample>(images, volume, codec, threads,
                          {.out = samples,
                           .frame_voxels = std::size_t{out.lattice.dims[0]} * out.lattice.dims[1],
                           .wants_values = wants_values}));
  out.samples = std::move(samples);
  return {};
}

}  // namespace

Result<LoadedVolume> load_dicom(const std::vector<fs::path>& files, const fs::path& path,
                                std::uint32_t threads) {
  SeriesFiles series;
  for (const fs::path& file : files) CSL_TRY(add_file(file, files.size() == 1, series));
  if (series.empty()) {
    return fail(ErrorCode::InvalidInput, "the folder holds no DICOM image", path.string(),
                "give the folder with the series' files");
  }
  if (series.size() > 1) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the folder holds {} series, not one", series.size()), path.string(),
                "give a folder with the files of one series");
  }
  const std::vector<ImageFile>& images = series.begin()->second;
  const Volume volume = CSL_TRY(only_volume(images, path));
  if (volume.layout.samples_per_pixel != 1) {
    return fail(ErrorCode::Unsupported, "the images are in colour", path.string(),
                "segment grey-scale images, or one channel of them");
  }
  LoadedVolume out;
  out.place = {.dims = volume.grid.dims, .affine = volume.grid.affine};
  out.lattice = CSL_TRY(in_file(lattice_of(volume.grid), path));
  const bool is_same = same_transform(images, volume);
  if (is_same) {
    const FrameRef& first = volume.slices.front();
    const auto& transform = images[first.instance_index].image.frame(first.frame_index).modality;
    out.slope = transform.slope;
    out.intercept = transform.intercept;
  }
  const SampleType type = volume.layout.sample_type;
  const bool has_table = std::ranges::any_of(volume.slices, [&](const FrameRef& ref) {
    return images[ref.instance_index].image.frame(ref.frame_index).modality.table != nullptr;
  });
  // A table only renames stored values: their order is that of the table's places.
  const bool wants_values = !is_same && !has_table;
  if (wants_values || type == SampleType::U32 || type == SampleType::I32 ||
      type == SampleType::F32 || type == SampleType::F64) {
    CSL_TRY(fill<float>(images, volume, threads, wants_values, out));
  } else if (type == SampleType::U8) {
    CSL_TRY(fill<std::uint8_t>(images, volume, threads, false, out));
  } else if (type == SampleType::U16) {
    CSL_TRY(fill<std::uint16_t>(images, volume, threads, false, out));
  } else {
    CSL_TRY(fill<std::int16_t>(images, volume, threads, false, out));
  }
  return out;
}

}  // namespace consilium::cli
