#include "transport/cli_convert/label_files.hpp"

#include <algorithm>
#include <cmath>

#include "format/dicom/dicom_file.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_seg/dicom_seg_read.hpp"
#include "format/metaimage/metaimage.hpp"
#include "format/nifti/nifti.hpp"
#include "format/nrrd/nrrd.hpp"

namespace consilium::cli::detail {
namespace {

const CodedConcept tissue{"SCT", "85756007", "", "Tissue"};

// The volume with the most of the images that are referred to.
Result<const ReferenceSeries*> referenced(const std::vector<ReferenceSeries>& series,
                                          const std::vector<std::string>& uids) {
  const std::set<std::string> wanted(uids.begin(), uids.end());
  const ReferenceSeries* best = nullptr;
  std::size_t best_count = 0;
  for (const ReferenceSeries& one : series) {
    std::set<std::string> found;
    for (const SegSourceSlice& slice : one.slices) {
      if (wanted.contains(slice.sop_instance_uid)) found.insert(slice.sop_instance_uid);
    }
    if (found.size() > best_count) {
      best = &one;
      best_count = found.size();
    }
  }
  if (best == nullptr && wanted.empty() && series.size() == 1) return &series.front();
  if (best == nullptr) {
    return fail(ErrorCode::InvalidInput, "it refers to none of the images",
                std::to_string(wanted.size()) + " images referred to",
                "give the folder of the series that was drawn on");
  }
  return best;
}

Result<LabelFile> read_seg(const DicomFile& file, const std::vector<ReferenceSeries>& series,
                           const ReferenceSeries*& chosen) {
  const DicomSegmentation seg = CSL_TRY(read_dicom_seg(file));
  if (!series.empty()) chosen = CSL_TRY(referenced(series, seg.source_instance_uids));
  const Grid grid = chosen != nullptr ? chosen->grid : CSL_TRY(grid_of_frames(seg));
  LaidSegments laid = CSL_TRY(lay_segments(seg, file, grid));
  LabelFile labels{
      .form = "dicom-seg", .layers = std::move(laid.layers), .segments = {}, .notes = {}};
  for (ReadSegment& segment : laid.segments) labels.segments.push_back(std::move(segment.facts));
  return labels;
}

SegAlgorithm algorithm_named(const std::string& term) {
  if (term == "AUTOMATIC") return SegAlgorithm::Automatic;
  return term == "SEMIAUTOMATIC" ? SegAlgorithm::Semiautomatic : SegAlgorithm::Manual;
}

Result<LabelFile> read_contours(const DicomFile& file, const std::vector<ReferenceSeries>& series,
                                const ReferenceSeries*& chosen) {
  const RtStructureSet set = CSL_TRY(read_rt_structures(file));
  if (series.empty()) {
    return fail(ErrorCode::InvalidInput, "contours alone have no voxels", {},
                "give --images, the folder of the series that was drawn on");
  }
  chosen = CSL_TRY(referenced(series, set.source_instance_uids));
  LaidRois laid = CSL_TRY(lay_rois(set, chosen->grid));
  LabelFile labels{.form = "rtstruct",
                   .layers = std::move(laid.layers),
                   .segments = {},
                   .notes = std::move(laid.notes)};
  for (std::size_t l = 0; l < laid.rois.size(); ++l) {
    const RtRoi& roi = set.rois[laid.rois[l]];
    SegSegment segment{.label = roi.name,
                       .description = roi.description,
                       .category = roi.category.value_or(tissue),
                       .type = roi.type.value_or(tissue),
                       .algorithm = algorithm_named(roi.generation_algorithm),
                       .algorithm_name = set.model.empty() ? "unnamed" : set.model};
    segment.colour = roi.colour.value_or(RgbColour{230, 159, 0});
    segment.layer_index = l;
    segment.layer_value = 1;
    labels.segments.push_back(std::move(segment));
  }
  return labels;
}

// Colours that differ for segments that have none: Okabe and Ito's.
RgbColour colour_number(std::size_t n) {
  constexpr std::array<RgbColour, 7> colours{{{230, 159, 0},
                                              {86, 180, 233},
                                              {0, 158, 115},
                                              {240, 228, 66},
                                              {0, 114, 178},
                                              {213, 94, 0},
                                              {204, 121, 167}}};
  return colours[n % colours.size()];
}

// A segment for every label that occurs and that nothing names.
void add_unnamed(LabelFile& labels) {
  for (std::size_t l = 0; l < labels.layers.size(); ++l) {
    std::set<std::uint16_t> values;
    for (const auto& [index, brick] : std::get<ExclusiveBricks>(labels.layers[l].bricks)) {
      values.insert(brick.begin(), brick.end());
    }
    values.erase(0);
    for (const SegSegment& segment : labels.segments) {
      if (segment.layer_index == l) values.erase(segment.layer_value);
    }
    for (const std::uint16_t value : values) {
      SegSegment segment{
          .label = "label " + std::to_string(value), .category = tissue, .type = tissue};
      segment.colour = colour_number(labels.segments.size());
      segment.layer_index = l;
      segment.layer_value = value;
      labels.segments.push_back(std::move(segment));
    }
  }
}

Result<LabelFile> read_nifti_labels(ByteView bytes) {
  NiftiVolume volume = CSL_TRY(read_nifti(bytes));
  LabelFile labels{.form = "nifti", .layers = {}, .segments = {}, .notes = {}};
  const auto dense = CSL_TRY(
      labels_of_samples(volume.sample_type, volume.samples, volume.slope, volume.intercept));
  labels.layers.push_back(CSL_TRY(exclusive_layer_from_dense(
      {.dims = volume.dims, .affine = volume.affine, .frame_of_reference_uid = {}}, dense)));
  for (const NiftiLabel& label : volume.labels) {
    if (label.value == 0) continue;
    SegSegment segment{.label = label.name, .category = tissue, .type = tissue};
    segment.colour = colour_number(labels.segments.size());
    segment.layer_value = label.value;
    labels.segments.push_back(std::move(segment));
  }
  return labels;
}

Result<LabelFile> read_nrrd_labels(ByteView bytes, const std::filesystem::path& folder) {
  const auto volumes = CSL_TRY(read_nrrd_list(
      bytes, {.opener = [&](std::string_view name) { return bytes_of_file(folder / name); }}));
  LabelFile labels{.form = "nrrd", .layers = {}, .segments = {}, .notes = {}};
  for (const NrrdVolume& volume : volumes) {
    labels.layers.push_back(CSL_TRY(mask_of_volume(volume.volume)));
  }
  for (const NrrdSegment& named : volumes.front().segments) {
    if (named.layer >= labels.layers.size()) continue;
    SegSegment segment{.label = named.name,
                       .category = named.category.value_or(tissue),
                       .type = named.type.value_or(tissue)};
    const auto colour = named.colour.value_or(std::array<std::uint8_t, 3>{230, 159, 0});
    segment.colour = {colour[0], colour[1], colour[2]};
    segment.layer_index = named.layer;
    segment.layer_value = named.label_value;
    labels.segments.push_back(std::move(segment));
  }
  return labels;
}

Result<LabelFile> read_metaimage_labels(ByteView bytes, const std::filesystem::path& folder) {
  const ScalarVolume volume = CSL_TRY(read_metaimage(
      bytes, {.opener = [&](std::string_view name) { return bytes_of_file(folder / name); }}));
  LabelFile labels{.form = "metaimage", .layers = {}, .segments = {}, .notes = {}};
  labels.layers.push_back(CSL_TRY(mask_of_volume(volume)));
  return labels;
}

// Which voxel of `from` a voxel of `to` is: whole numbers for all, or nothing.
std::optional<Affine> voxel_map(const Grid& from, const Grid& to) {
  const auto inverse = from.affine.inverse();
  if (!inverse) return std::nullopt;
  Affine map;
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 4; ++column) {
      double sum = column == 3 ? inverse->at(row, 3) : 0;
      for (int n = 0; n < 3; ++n) sum += inverse->at(row, n) * to.affine.at(n, column);
      map.values[static_cast<std::size_t>(row * 4 + column)] = sum;
    }
  }
  // The far corners decide: an error of a step grows with the distance.
  for (int corner = 0; corner < 8; ++corner) {
    const PatientPoint at = map.apply((corner & 1) != 0 ? to.dims[0] - 1.0 : 0,
                                      (corner & 2) != 0 ? to.dims[1] - 1.0 : 0,
                                      (corner & 4) != 0 ? to.dims[2] - 1.0 : 0);
    for (const double value : {at.x_mm, at.y_mm, at.z_mm}) {
      if (std::abs(value - std::round(value)) > 0.05) return std::nullopt;
    }
  }
  for (std::size_t n = 0; n < 12; ++n) {
    if (n % 4 != 3 && std::abs(map.values[n] - std::round(map.values[n])) > 0.01) {
      return std::nullopt;
    }
    map.values[n] = std::round(map.values[n]);
  }
  return map;
}

MaskLayer moved(const MaskLayer& layer, const Grid& grid, const Affine& map,
                std::uint64_t& labelled) {
  const std::vector<std::uint16_t> from = to_dense(layer);
  const auto& dims = layer.grid.dims;
  std::vector<std::uint16_t> to(voxel_count(grid));
  std::size_t place = 0;
  for (std::uint32_t k = 0; k < grid.dims[2]; ++k) {
    for (std::uint32_t j = 0; j < grid.dims[1]; ++j) {
      for (std::uint32_t i = 0; i < grid.dims[0]; ++i, ++place) {
        const PatientPoint at = map.apply(i, j, k);
        if (at.x_mm < 0 || at.y_mm < 0 || at.z_mm < 0 || at.x_mm >= dims[0] || at.y_mm >= dims[1] ||
            at.z_mm >= dims[2]) {
          continue;
        }
        const auto index =
            static_cast<std::size_t>(at.x_mm) +
            std::size_t{dims[0]} * (static_cast<std::size_t>(at.y_mm) +
                                    std::size_t{dims[1]} * static_cast<std::size_t>(at.z_mm));
        to[place] = from[index];
        labelled += from[index] != 0 ? 1 : 0;
      }
    }
  }
  labelled -= static_cast<std::uint64_t>(
      std::ranges::count_if(from, [](std::uint16_t v) { return v != 0; }));
  if (std::holds_alternative<ExclusiveBricks>(layer.bricks)) {
    return exclusive_layer_from_dense(grid, to).value_or(MaskLayer{});
  }
  std::vector<std::uint8_t> bits(to.begin(), to.end());
  return binary_layer_from_dense(grid, bits).value_or(MaskLayer{});
}

}  // namespace

Result<LabelFile> read_label_file(const std::filesystem::path& path,
                                  const std::vector<ReferenceSeries>& series,
                                  const ReferenceSeries*& chosen) {
  const Bytes bytes = CSL_TRY(bytes_of_file(path));
  const std::string name = path.filename().string();
  LabelFile labels;
  if (looks_like_nrrd(bytes)) {
    labels = CSL_TRY(read_nrrd_labels(bytes, path.parent_path()));
  } else if (looks_like_metaimage(bytes)) {
    labels = CSL_TRY(read_metaimage_labels(bytes, path.parent_path()));
  } else if (name.ends_with(".nii") || name.ends_with(".nii.gz")) {
    labels = CSL_TRY(read_nifti_labels(bytes));
  } else {
    const DicomFile file = CSL_TRY(read_dicom(bytes));
    auto seg = read_seg(file, series, chosen);
    if (seg || seg.error().what != "this is no DICOM segmentation") return seg;
    return read_contours(file, series, chosen);
  }
  add_unnamed(labels);
  return labels;
}

Result<std::vector<MaskLayer>> fitted(const std::vector<MaskLayer>& layers, const Grid& grid) {
  std::vector<MaskLayer> out;
  for (const MaskLayer& layer : layers) {
    const auto map = voxel_map(layer.grid, grid);
    if (!map) {
      return fail(ErrorCode::InvalidInput, "the label map's voxels are not those of the images", {},
                  "resample it to the images' grid in the program that made it");
    }
    std::uint64_t lost = 0;  // wraps below 0 when labels lie outside
    out.push_back(moved(layer, grid, *map, lost));
    if (lost != 0) {
      return fail(ErrorCode::InvalidInput, "labels lie outside of the images",
                  std::to_string(0 - lost) + " voxels",
                  "give the folder of the series that was drawn on");
    }
  }
  return out;
}

}  // namespace consilium::cli::detail
