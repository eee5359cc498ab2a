#include "format/dicom/functional_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "domain/image/dicom_tags.hpp"
#include "format/dicom/palette.hpp"

namespace consilium::detail {
namespace {

// MR diffusion and echoes (PS3.3 C.8.13.5.9, C.8.13.5.4): what tells stacks at one place apart.
constexpr DicomTag diffusion_gradient_direction_sequence = dicom_tag(0x00189076);
constexpr DicomTag effective_echo_time = dicom_tag(0x00189082);
constexpr DicomTag diffusion_b_value = dicom_tag(0x00189087);
constexpr DicomTag diffusion_gradient_orientation = dicom_tag(0x00189089);
constexpr DicomTag mr_echo_sequence = dicom_tag(0x00189114);
constexpr DicomTag mr_diffusion_sequence = dicom_tag(0x00189117);

// An ultrasound region's pixel size (PS3.3 C.8.5.5).
constexpr DicomTag region_spatial_format = dicom_tag(0x00186012);
constexpr DicomTag physical_units_x_direction = dicom_tag(0x00186024);
constexpr DicomTag physical_units_y_direction = dicom_tag(0x00186026);
constexpr DicomTag physical_delta_x = dicom_tag(0x0018602C);
constexpr DicomTag physical_delta_y = dicom_tag(0x0018602E);

// Facts are copied for each frame, so what one of them may hold is limited.
constexpr std::size_t window_count_max = 32;
constexpr std::size_t name_bytes_max = 256;
constexpr std::size_t laterality_bytes_max = 16;

// Values of RescaleType and MeasurementUnitsCodeSequence as UCUM; what is not known stays out.
std::string unit_of(const DicomDataset& dataset, std::string_view modality) {
  const std::string_view type = dataset.ascii(tags::rescale_type);
  if (type == "HU") return "[hnsf'U]";
  if (type == "OD") return "{OD}";
  if (!type.empty() && type != "US") return {};
  // PS3.3 C.8.2.1.1.2: without a type, rescaled CT values are Hounsfield units.
  return modality == "CT" && type.empty() ? "[hnsf'U]" : "";
}

WindowFunction window_function(std::string_view name) {
  if (name == "SIGMOID") return WindowFunction::Sigmoid;
  return name == "LINEAR_EXACT" ? WindowFunction::LinearExact : WindowFunction::Linear;
}

std::vector<Window> read_windows(const DicomDataset& dataset) {
  std::vector<Window> windows;
  const auto centres = dataset.numbers(tags::window_center);
  const auto widths = dataset.numbers(tags::window_width);
  const auto names = dataset.texts(tags::window_center_width_explanation);
  const WindowFunction function = window_function(dataset.ascii(tags::voi_lut_function));
  const std::size_t count = std::min({centres.size(), widths.size(), window_count_max});
  for (std::size_t i = 0; i < count; ++i) {
    if (widths[i] <= 0) continue;  // written by devices that mean "none"
    windows.push_back(
        {.centre = centres[i],
         .width = widths[i],
         .name = i < names.size() && names[i].size() <= name_bytes_max ? names[i] : std::string{},
         .function = function});
  }
  return windows;
}

void read_position(const DicomDataset& dataset, FrameFacts& facts) {
  const auto values = dataset.numbers(tags::image_position_patient);
  if (values.size() >= 3) {
    facts.position = PatientPoint{.x_mm = values[0], .y_mm = values[1], .z_mm = values[2]};
  }
}

void read_orientation(const DicomDataset& dataset, FrameFacts& facts) {
  const auto values = dataset.numbers(tags::image_orientation_patient);
  if (values.size() < 6) return;
  std::array<double, 6> cosines{};
  std::copy_n(values.begin(), 6, cosines.begin());
  const Vector3 row{cosines[0], cosines[1], cosines[2]};
  const Vector3 column{cosines[3], cosines[4], cosines[5]};
  // Directions that are not of length 1 and at a right angle say nothing.
  const bool is_sound = std::abs(length(row) - 1) < 0.01 && std::abs(length(column) - 1) < 0.01 &&
                        std::abs(dot(row, column)) < 0.01;
  if (is_sound) facts.orientation = cosines;
}

void read_measures(const DicomDataset& dataset, FrameFacts& facts) {
  const auto thickness = dataset.number(tags::slice_thickness);
  if (thickness && *thickness > 0) facts.slice_thickness_mm = thickness;
  for (const DicomTag tag :
       {tags::pixel_spacing, tags::imager_pixel_spacing, tags::nominal_scanned_pixel_spacing}) {
    const auto values = dataset.numbers(tag);
    if (values.size() >= 2 && values[0] > 0 && values[1] > 0) {
      facts.spacing_mm = std::array<double, 2>{values[0], values[1]};
      return;
    }
  }
}

// The pixel size of the one region that shows tissue in two dimensions. With none, or several of
// unlike size, no length of the picture as a whole can be told.
void read_ultrasound_regions(const DicomDataset& dataset, FrameFacts& facts) {
  constexpr int two_dimensional = 1;
  constexpr int centimetres = 3;
  std::optional<std::array<double, 2>> found;
  for (const DicomDataset& region : dataset.items(tags::sequence_of_ultrasound_regions)) {
    if (region.integer(region_spatial_format) != two_dimensional ||
        region.integer(physical_units_x_direction) != centimetres ||
        region.integer(physical_units_y_direction) != centimetres) {
      continue;
    }
    const double x = std::abs(region.number(physical_delta_x).value_or(0)) * 10;
    const double y = std::abs(region.number(physical_delta_y).value_or(0)) * 10;
    constexpr double sane_mm_max = 100;
    if (!(x > 0 && y > 0 && x < sane_mm_max && y < sane_mm_max)) return;
    const std::array<double, 2> spacing{y, x};
    if (found && *found != spacing) return;
    found = spacing;
  }
  if (found) facts.spacing_mm = found;
}

// Diffusion weights, directions and echoes lie at the same places: each makes a stack of its own.
void read_mr_stack(const DicomDataset& groups, FrameFacts& facts) {
  if (const auto* echo = groups.item(mr_echo_sequence)) {
    if (const auto time = echo->number(effective_echo_time)) {
      facts.stack_key += fmt::format("/TE {:g}", *time);
    }
  }
  const auto* diffusion = groups.item(mr_diffusion_sequence);
  if (diffusion == nullptr) return;
  if (const auto b = diffusion->number(diffusion_b_value)) {
    facts.stack_key += fmt::format("/b {:06g}", *b);
  }
  if (const auto* direction = diffusion->item(diffusion_gradient_direction_sequence)) {
    for (const double part : direction->numbers(diffusion_gradient_orientation)) {
      facts.stack_key += fmt::format(" {:.4f}", part);
    }
  }
}

Status read_modality_transform(const DicomDataset& dataset, const ImageDescription& image,
                               FrameFacts& facts) {
  if (const DicomDataset* lut = dataset.item(tags::modality_lut_sequence)) {
    facts.modality.table = std::make_shared<const LookupTable>(
        CSL_TRY(read_table(*lut, tags::lut_descriptor, tags::lut_data, image.stored.is_signed)));
    return {};
  }
  const auto slope = dataset.number(tags::rescale_slope);
  const auto intercept = dataset.number(tags::rescale_intercept);
  if (!slope && !intercept) return {};
  facts.modality.slope = slope && *slope != 0 ? *slope : 1;
  facts.modality.intercept = intercept.value_or(0);
  facts.modality.unit = unit_of(dataset, image.modality);
  return {};
}

// The groups of one item of the shared or per-frame sequence, which overrides what came before.
Status read_groups(const DicomDataset& groups, const ImageDescription& image, FrameFacts& facts) {
  if (const auto* item = groups.item(tags::plane_position_sequence)) read_position(*item, facts);
  if (const auto* item = groups.item(tags::plane_orientation_sequence)) {
    read_orientation(*item, facts);
  }
  if (const auto* item = groups.item(tags::pixel_measures_sequence)) read_measures(*item, facts);
  if (const auto* item = groups.item(tags::frame_anatomy_sequence)) {
    facts.laterality = item->ascii(tags::frame_laterality).substr(0, laterality_bytes_max);
  }
  if (const auto* item = groups.item(tags::frame_voi_lut_sequence)) {
    facts.windows = read_windows(*item);
  }
  if (const auto* item = groups.item(tags::pixel_value_transformation_sequence)) {
    CSL_TRY(read_modality_transform(*item, image, facts));
  }
  if (const auto* item = groups.item(tags::frame_content_sequence)) {
    facts.stack_key = item->ascii(tags::stack_id);
    if (const auto index = item->integer(tags::temporal_position_index)) {
      facts.stack_key += fmt::format("/{:06}", *index);
    }
  }
  read_mr_stack(groups, facts);
  return {};
}

}  // namespace

Result<std::vector<FrameFacts>> read_frame_facts(const DicomDataset& dataset,
                                                 const ImageDescription& image) {
  FrameFacts common;
  read_position(dataset, common);
  read_orientation(dataset, common);
  read_measures(dataset, common);
  if (!common.spacing_mm) read_ultrasound_regions(dataset, common);
  CSL_TRY(read_modality_transform(dataset, image, common));
  common.windows = read_windows(dataset);
  common.laterality = dataset.ascii(tags::image_laterality);
  if (common.laterality.empty()) common.laterality = dataset.ascii(tags::laterality);
  common.laterality.resize(std::min(common.laterality.size(), laterality_bytes_max));
  if (const auto* shared = dataset.item(tags::shared_functional_groups_sequence)) {
    CSL_TRY(read_groups(*shared, image, common));
  }
  const auto per_frame = dataset.items(tags::per_frame_functional_groups_sequence);
  std::vector<FrameFacts> frames;
  if (per_frame.size() < image.frame_count || per_frame.empty()) {
    frames.push_back(std::move(common));
    return frames;
  }
  frames.reserve(image.frame_count);
  for (std::uint32_t i = 0; i < image.frame_count; ++i) {
    FrameFacts facts = common;
    CSL_TRY(read_groups(per_frame[i], image, facts));
    frames.push_back(std::move(facts));
  }
  return frames;
}

}  // namespace consilium::detail
