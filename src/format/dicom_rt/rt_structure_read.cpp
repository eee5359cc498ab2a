#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "domain/image/contour.hpp"
#include "domain/image/dicom_tags.hpp"
#include "format/dicom/read_code.hpp"
#include "format/dicom_rt/rt_structure.hpp"
#include "format/dicom_rt/rt_tags.hpp"

namespace consilium {
namespace {

constexpr std::string_view structure_set_storage = "1.2.840.10008.5.1.4.1.1.481.3";
constexpr std::size_t point_count_max = 20'000'000;
constexpr double plane_tolerance = 0.2;  // of a slice's step
constexpr double flat_tolerance = 0.05;  // how far one contour's points may lie apart, in steps

std::string roi_name(int number) { return "ROI " + std::to_string(number); }

RtContourKind kind_of(std::string_view type) {
  if (type == "POINT") return RtContourKind::Point;
  return type.starts_with("OPEN") ? RtContourKind::Open : RtContourKind::Closed;
}

Result<RtContour> contour_of(const DicomDataset& item, int roi) {
  RtContour contour{.kind = kind_of(item.ascii(rt_tags::contour_geometric_type)),
                    .points = {},
                    .source_instance_uid = {}};
  const std::vector<double> data = item.numbers(rt_tags::contour_data);
  if (data.empty() || data.size() % 3 != 0) {
    return fail(ErrorCode::Corrupt, "a contour's numbers are no points", roi_name(roi),
                "export it anew with the program that made it");
  }
  contour.points.reserve(data.size() / 3);
  for (std::size_t n = 0; n < data.size(); n += 3) {
    contour.points.push_back({data[n], data[n + 1], data[n + 2]});
  }
  if (const DicomDataset* image = item.item(rt_tags::contour_image_sequence)) {
    contour.source_instance_uid = image->ascii(tags::referenced_sop_instance_uid);
  }
  return contour;
}

void read_facts(const DicomDataset& dataset, RtStructureSet& set) {
  set.sop_instance_uid = dataset.ascii(tags::sop_instance_uid);
  set.study_instance_uid = dataset.ascii(tags::study_instance_uid);
  set.frame_of_reference_uid = dataset.ascii(tags::frame_of_reference_uid);
  set.label = dataset.text(rt_tags::structure_set_label);
  set.manufacturer = dataset.text(tags::manufacturer);
  set.model = dataset.text(tags::manufacturer_model_name);
  set.software_version = dataset.text(tags::software_versions);
  for (const DicomDataset& frame : dataset.items(rt_tags::referenced_frame_of_reference_sequence)) {
    if (set.frame_of_reference_uid.empty()) {
      set.frame_of_reference_uid = frame.ascii(tags::frame_of_reference_uid);
    }
    for (const DicomDataset& study : frame.items(rt_tags::rt_referenced_study_sequence)) {
      for (const DicomDataset& series : study.items(rt_tags::rt_referenced_series_sequence)) {
        if (set.source_series_instance_uid.empty()) {
          set.source_series_instance_uid = series.ascii(tags::series_instance_uid);
        }
        for (const DicomDataset& image : series.items(rt_tags::contour_image_sequence)) {
          set.source_instance_uids.emplace_back(image.ascii(tags::referenced_sop_instance_uid));
        }
      }
    }
  }
}

void read_rois(const DicomDataset& dataset, RtStructureSet& set) {
  for (const DicomDataset& item : dataset.items(rt_tags::structure_set_roi_sequence)) {
    RtRoi roi;
    roi.number = static_cast<int>(item.integer(rt_tags::roi_number).value_or(0));
    roi.name = item.text(rt_tags::roi_name);
    roi.description = item.text(rt_tags::roi_description);
    roi.generation_algorithm = item.ascii(rt_tags::roi_generation_algorithm);
    set.rois.push_back(std::move(roi));
  }
}

RtRoi* roi_numbered(RtStructureSet& set, std::optional<std::int64_t> number) {
  const auto found = std::ranges::find_if(
      set.rois, [&](const RtRoi& roi) { return number && roi.number == *number; });
  return found == set.rois.end() ? nullptr : &*found;
}

Status read_contours(const DicomDataset& dataset, RtStructureSet& set) {
  std::size_t point_count = 0;
  for (const DicomDataset& item : dataset.items(rt_tags::roi_contour_sequence)) {
    RtRoi* const roi = roi_numbered(set, item.integer(rt_tags::referenced_roi_number));
    if (roi == nullptr) continue;  // contours of nothing
    const auto colour = item.integers(rt_tags::roi_display_color);
    if (colour.size() == 3) {
      const auto byte = [&](std::size_t n) {
        return static_cast<std::uint8_t>(std::clamp<std::int64_t>(colour[n], 0, 255));
      };
      roi->colour = RgbColour{.red = byte(0), .green = byte(1), .blue = byte(2)};
    }
    for (const DicomDataset& contour : item.items(rt_tags::contour_sequence)) {
      roi->contours.push_back(CSL_TRY(contour_of(contour, roi->number)));
      point_count += roi->contours.back().points.size();
      if (point_count > point_count_max) {
        return fail(ErrorCode::TooLarge, "its contours have more than 20,000,000 points");
      }
    }
  }
  return {};
}

void read_observations(const DicomDataset& dataset, RtStructureSet& set) {
  for (const DicomDataset& item : dataset.items(rt_tags::rt_roi_observations_sequence)) {
    RtRoi* const roi = roi_numbered(set, item.integer(rt_tags::referenced_roi_number));
    if (roi == nullptr) continue;
    roi->interpreted_type = item.ascii(rt_tags::rt_roi_interpreted_type);
    roi->type = first_code(item, rt_tags::rt_roi_identification_code_sequence);
    if (const auto* type = item.item(rt_tags::rt_roi_identification_code_sequence)) {
      roi->category = first_code(*type, tags::segmented_property_category_code_sequence);
    }
  }
}

// A contour in the grid's pixels and the slice it lies on; nothing when it lies on none.
struct Placed {
  std::uint32_t slice = 0;
  Ring ring;
};
std::optional<Placed> place(const RtContour& contour, const Affine& inverse, const Grid& grid) {
  Placed placed;
  double low = 0;
  double high = 0;
  for (std::size_t n = 0; n < contour.points.size(); ++n) {
    const PatientPoint& p = contour.points[n];
    const PatientPoint at = inverse.apply(p.x_mm, p.y_mm, p.z_mm);
    placed.ring.push_back({at.x_mm, at.y_mm});
    low = n == 0 ? at.z_mm : std::min(low, at.z_mm);
    high = n == 0 ? at.z_mm : std::max(high, at.z_mm);
  }
  const double middle = (low + high) / 2;
  const double slice = std::round(middle);
  const bool is_on_slice = high - low <= 2 * flat_tolerance &&
                           std::abs(middle - slice) <= plane_tolerance && slice >= 0 &&
                           slice < grid.dims[2];
  if (!is_on_slice) return std::nullopt;
  placed.slice = static_cast<std::uint32_t>(slice);
  return placed;
}

// The set pixels of a slice into a binary layer.
void put_slice(MaskLayer& layer, std::uint32_t slice, std::span<const std::uint8_t> plane) {
  auto& bricks = std::get<BinaryBricks>(layer.bricks);
  const std::uint32_t width = layer.grid.dims[0];
  for (std::size_t at = 0; at < plane.size(); ++at) {
    if (plane[at] == 0) continue;
    const Voxel voxel{.i = static_cast<std::uint32_t>(at % width),
                      .j = static_cast<std::uint32_t>(at / width),
                      .k = slice};
    auto& brick = bricks[brick_index_of(layer.grid, voxel)];
    if (brick.empty()) brick.resize(brick_voxel_count / 8);
    const std::size_t bit = place_in_brick(voxel);
    brick[bit / 8] = static_cast<std::uint8_t>(brick[bit / 8] | (1U << (bit % 8)));
  }
}

}  // namespace

Result<RtStructureSet> read_rt_structures(const DicomFile& file) {
  const DicomDataset& dataset = file.dataset;
  if (dataset.ascii(tags::sop_class_uid) != structure_set_storage) {
    return fail(ErrorCode::Unsupported, "this is no RT structure set", "(0008,0016)",
                "give an RT Structure Set object");
  }
  RtStructureSet set;
  read_facts(dataset, set);
  read_rois(dataset, set);
  CSL_TRY(read_contours(dataset, set));
  read_observations(dataset, set);
  for (const RtRoi& roi : set.rois) {
    for (const RtContour& contour : roi.contours) {
      if (!contour.source_instance_uid.empty()) {
        set.source_instance_uids.push_back(contour.source_instance_uid);
      }
    }
  }
  std::ranges::sort(set.source_instance_uids);
  const auto repeated = std::ranges::unique(set.source_instance_uids);
  set.source_instance_uids.erase(repeated.begin(), repeated.end());
  return set;
}

Result<LaidRois> lay_rois(const RtStructureSet& set, const Grid& grid) {
  const auto inverse = grid.affine.inverse();
  if (!inverse) return fail(ErrorCode::InvalidInput, "the images' axes lie in one plane");
  LaidRois laid;
  for (std::size_t r = 0; r < set.rois.size(); ++r) {
    const RtRoi& roi = set.rois[r];
    std::map<std::uint32_t, std::vector<Ring>> rings;
    std::size_t off = 0;
    std::size_t shapeless = 0;
    for (const RtContour& contour : roi.contours) {
      if (contour.kind != RtContourKind::Closed || contour.points.size() < 3) {
        ++shapeless;
      } else if (auto placed = place(contour, *inverse, grid)) {
        rings[placed->slice].push_back(std::move(placed->ring));
      } else {
        ++off;
      }
    }
    if (shapeless > 0) {
      laid.notes.push_back(roi_name(roi.number) + ": " + std::to_string(shapeless) +
                           " points or open lines hold no area");
    }
    if (off > 0) {
      laid.notes.push_back(roi_name(roi.number) + ": " + std::to_string(off) + " of " +
                           std::to_string(roi.contours.size()) +
                           " contours lie on no slice of the images");
    }
    if (rings.empty()) continue;
    MaskLayer layer = CSL_TRY(make_binary_layer(grid));
    std::vector<std::uint8_t> plane(std::size_t{grid.dims[0]} * grid.dims[1]);
    for (const auto& [slice, shapes] : rings) {
      std::ranges::fill(plane, std::uint8_t{0});
      for (const Ring& ring : shapes) flip_inside(ring, grid.dims[0], grid.dims[1], plane);
      put_slice(layer, slice, plane);
    }
    laid.layers.push_back(std::move(layer));
    laid.rois.push_back(r);
  }
  if (laid.layers.empty()) {
    return fail(ErrorCode::InvalidInput, "no contour lies on a slice of the images",
                laid.notes.empty() ? "it has none" : laid.notes.front(),
                "give the images that it was drawn on");
  }
  return laid;
}

}  // namespace consilium
