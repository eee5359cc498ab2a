#include "service/segmentation/model_labels.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/distance/lattice.hpp"
#include "base/canonical_json.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/item/image_source.hpp"
#include "service/prelabel/keep_labels.hpp"
#include "service/prelabel/voxel_layers.hpp"
#include "service/segmentation/classify.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;
namespace {

// One rater, whatever it has learnt by then.
constexpr std::string_view tool_name = "pixel classifier";
constexpr std::size_t version_digits = 12;

// Nobody has begun it and no pixel classifier has labelled it.
Result<bool> is_next(const storage::Reader& reader, const storage::ItemRow& item) {
  if (item.kind != "image") return false;
  for (const storage::TaskRow& task : CSL_TRY(storage::tasks_of_item(reader, item.id))) {
    if (task.stage != suggest_stage && task.state != "released" && task.state != "expired") {
      return false;
    }
  }
  const auto masks = CSL_TRY(storage::masks_of_item(reader, item.id, std::nullopt));
  return std::ranges::none_of(
      masks, [](const storage::MaskRow& mask) { return mask.rater_name == tool_name; });
}

// The item's first volume, if it has one.
Result<std::optional<std::string>> volume_of(const storage::Reader& reader,
                                             const storage::ItemRow& item) {
  for (const storage::SeriesRow& series :
       CSL_TRY(storage::series_of_study(reader, CSL_TRY(parse_id<StudyId>(item.source_id))))) {
    const json::value parsed = CSL_TRY(parse_json(series.volumes_json));
    const SeriesShape shape = shape_of(parsed.as_array());
    if (!shape.volume) continue;
    return std::optional<std::string>(
        std::string(parsed.as_array()[*shape.volume].at("grid_id").as_string()));
  }
  return std::optional<std::string>{};
}

// What the model says of the volume: each of its labels with its voxels, or that it is absent.
Result<LabelSet> said_of(const PixelModel& model, const storage::ItemRow& item,
                         const std::string& grid_id, const Grid& grid,
                         const FeaturePyramid& pyramid, const LabelNext& how) {
  LabelSet set{.item = item.id, .source = model.version, .labels = {}};
  const ToolName tool{.kind = RaterKind::Model, .name = std::string(tool_name)};
  const std::string evidence = "version " + model.version.substr(0, version_digits);
  std::map<std::string, std::uint16_t> number;
  for (const std::string& label : model.labels) {
    number.emplace(label, static_cast<std::uint16_t>(number.size() + 1));
  }
  const std::vector<std::uint16_t> labels =
      CSL_TRY(predicted(model, number, pyramid, whole_box(grid.dims), how.threads, how.stop));
  const auto voxels = std::make_shared<const std::map<std::uint16_t, BinaryBricks>>(
      split_values(CSL_TRY(exclusive_layer_from_dense(grid, labels))));
  for (const auto& [label, value] : number) {
    SaidLabel& said = set.labels.emplace_back(SaidLabel{.key = label,
                                                        .name = label,
                                                        .codes = {},
                                                        .tool = tool,
                                                        .place = SaidAbsent{},
                                                        .measurements = {},
                                                        .answers = {},
                                                        .evidence = evidence});
    if (voxels->contains(value)) {
      said.place = SaidVoxels{.grid_id = grid_id, .layer = voxels, .value = value};
    }
  }
  return set;
}

}  // namespace

Result<std::size_t> ModelLabels::label_next(const Access& access, const ProjectId& project,
                                            const LabelNext& how) {
  const auto reader = CSL_TRY(store_.read());
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
  if (!allows_models(protocol->protocol)) return std::size_t{0};
  const LabelledSamples kept = CSL_TRY(kept_samples(store_, *reader, project, std::nullopt));
  if (kept.samples.labels.empty()) return std::size_t{0};
  const PixelModel model = CSL_TRY(train_model(kept, how.threads));
  LabelKeeper keeper(store_, clock_, random_, project, {});
  PyramidCache pyramids;
  std::size_t labelled = 0;
  for (const storage::ItemRow& item : CSL_TRY(storage::all_items(*reader, project))) {
    if (labelled == next_items_max) break;
    if (!CSL_TRY(is_next(*reader, item))) continue;
    const auto grid_id = CSL_TRY(volume_of(*reader, item));
    if (!grid_id) continue;
    const Grid grid = CSL_TRY(read_grid(*reader, *grid_id));
    const auto lattice = lattice_of(grid);
    if (!lattice || voxel_count(grid) > how.voxels_max) continue;
    const auto volume = how.volumes.find(access, project, item.id, *grid_id);
    if (!volume) continue;
    CSL_TRY(check_running(how.stop));
    const auto pyramid = CSL_TRY(pyramids.find(*volume, *lattice, how.threads));
    const LabelSet set = CSL_TRY(said_of(model, item, *grid_id, grid, *pyramid, how));
    const KeptLabels labels = CSL_TRY(keeper.prepare(set));
    for (const KeptPart& part : labels.parts) {
      CSL_TRY(store_.objects().sync(part.objects));
      CSL_TRY(store_.write(actor_of(access), part.commit));
    }
    if (!labels.parts.empty()) ++labelled;
  }
  return labelled;
}

}  // namespace consilium::service
