#include "transport/cli_panel/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <iterator>

#include "analysis/mask_metrics/mask_metrics.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/label_volume.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

json::object overlap_json(const OverlapMetrics& overlap) {
  return json::object{
      {"reference_voxels", overlap.reference_voxels},
      {"test_voxels", overlap.other_voxels},
      {"common_voxels", overlap.common_voxels},
      {"reference_ml", overlap.reference_ml},
      {"test_ml", overlap.other_ml},
      {"common_ml", overlap.common_ml},
      {"dice", number_json(overlap.dice)},
      {"jaccard", number_json(overlap.jaccard)},
      {"sensitivity", number_json(overlap.sensitivity)},
      {"precision", number_json(overlap.precision)},
      {"volume_difference_ml", overlap.volume_difference_ml},
      {"relative_volume_difference", number_json(overlap.relative_volume_difference)}};
}

json::object directed_json(const DirectedSurfaceMetrics& directed) {
  return json::object{{"size", directed.size},
                      {"average_mm", number_json(directed.average_mm)},
                      {"maximum_mm", number_json(directed.maximum_mm)},
                      {"percentile_mm", number_json(directed.percentile_mm)},
                      {"overlap", number_json(directed.overlap)}};
}

json::object surface_json(const SurfaceMetrics& surface) {
  return json::object{
      {"definition",
       surface.definition == SurfaceDefinition::MarchingCubes ? "marching-cubes" : "voxel-border"},
      {"planar", surface.planar},
      {"tolerance_mm", surface.tolerance_mm},
      {"percentile", surface.percentile},
      {"hausdorff_mm", number_json(surface.hausdorff_mm)},
      {"hausdorff_percentile_mm", number_json(surface.hausdorff_percentile_mm)},
      {"pooled_percentile_mm", number_json(surface.pooled_percentile_mm)},
      {"assd_mm", number_json(surface.assd_mm)},
      {"pooled_assd_mm", number_json(surface.pooled_assd_mm)},
      {"surface_dice", number_json(surface.surface_dice)},
      {"reference_to_test", directed_json(surface.reference_to_other)},
      {"test_to_reference", directed_json(surface.other_to_reference)}};
}

std::string label_name(const LabelVolume& first, const LabelVolume& second, std::uint16_t value) {
  for (const LabelVolume* volume : {&first, &second}) {
    for (const NiftiLabel& label : volume->volume.labels) {
      if (label.value == value) return label.name;
    }
  }
  return {};
}

std::string label_text(std::string_view title, const MaskMetrics& metrics) {
  const OverlapMetrics& overlap = metrics.overlap;
  const SurfaceMetrics& surface = metrics.surface;
  return fmt::format(
      "label {}: {:.3f} ml in the reference, {:.3f} ml in the test\n"
      "  Dice {}, Jaccard {}, sensitivity {}, precision {}\n"
      "  surface Dice at {:g} mm {}, Hausdorff {} mm, {:g}% {} mm, ASSD {} mm\n",
      title, overlap.reference_ml, overlap.other_ml, number_text(overlap.dice),
      number_text(overlap.jaccard), number_text(overlap.sensitivity),
      number_text(overlap.precision), surface.tolerance_mm, number_text(surface.surface_dice),
      number_text(surface.hausdorff_mm, 3), surface.percentile,
      number_text(surface.hausdorff_percentile_mm, 3), number_text(surface.assd_mm, 3));
}

}  // namespace

bool is_wanted(const CompareCommand& command, std::string_view label) {
  return command.labels.empty() || std::ranges::count(command.labels, label) > 0;
}

Result<int> compare_masks_command(const CompareCommand& command) {
  const LabelVolume reference = CSL_TRY(read_label_volume(command.reference));
  const LabelVolume test = CSL_TRY(read_label_volume(command.test));
  CSL_TRY(check_same_grid(reference, command.reference, test, command.test));
  const bool is_border = command.surface == "voxel-border";
  const MaskMetricsSettings settings{
      .surface = is_border ? SurfaceDefinition::VoxelBorder : SurfaceDefinition::MarchingCubes,
      .tolerance_mm = command.tolerance_mm,
      .threads = command.threads};
  const auto found =
      CSL_TRY(compare_labels(reference.labels, test.labels, reference.lattice, settings));
  json::array labels;
  std::string text = fmt::format("surfaces by {}\n", command.surface);
  for (const LabelMetrics& one : found) {
    const std::string name = label_name(reference, test, one.label);
    if (!is_wanted(command, fmt::format("{}", one.label)) &&
        (name.empty() || !is_wanted(command, name))) {
      continue;
    }
    json::object members{{"label", one.label}};
    if (!name.empty()) members["name"] = name;
    for (auto& member : overlap_json(one.metrics.overlap)) {
      members.insert_or_assign(member.key(), member.value());
    }
    members["surface"] = surface_json(one.metrics.surface);
    labels.push_back(std::move(members));
    text += label_text(
        name.empty() ? fmt::format("{}", one.label) : fmt::format("{} {}", one.label, name),
        one.metrics);
  }
  if (labels.empty()) {
    return fail(ErrorCode::InvalidInput,
                command.labels.empty() ? "both volumes are empty" : "no such label occurs",
                command.reference.string(), "nothing can be compared");
  }
  const auto& spacing = reference.lattice.spacing_mm;
  fmt::print("{}",
             command.json
                 ? json::serialize(json::object{
                       {"kind", "masks"},
                       {"dims", json::array{reference.lattice.dims[0], reference.lattice.dims[1],
                                            reference.lattice.dims[2]}},
                       {"spacing_mm", json::array{spacing[0], spacing[1], spacing[2]}},
                       {"labels", std::move(labels)}}) +
                       "\n"
                 : text);
  return 0;
}

Result<int> compare_command(const CompareCommand& command) {
  if (command.kind == "masks") return compare_masks_command(command);
  if (command.kind == "beats") return compare_beats_command(command);
  if (command.kind == "waves") return compare_waves_command(command);
  if (command.kind == "spans") return compare_spans_command(command);
  return compare_classes_command(command);
}

}  // namespace consilium::cli
