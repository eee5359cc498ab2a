#include "service/segmentation/segmentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "analysis/surface_nets/surface_nets.hpp"
#include "analysis/threshold/threshold.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/rater_names.hpp"
#include "service/item/image_source.hpp"
#include "service/job/job_queue.hpp"
#include "service/segmentation/model_labels.hpp"
#include "service/segmentation/run_operation.hpp"
#include "service/segmentation/turn.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace json = boost::json;
namespace {

constexpr unsigned smoothing_max = 100;

// The grid, when the item has it and it is no larger than can be worked on at once.
Result<Grid> grid_of(const storage::Reader& reader, const storage::ItemRow& item,
                     const std::string& grid_id, std::uint64_t voxels_max) {
  if (item.kind != "image" ||
      CSL_TRY(storage::series_of_grid(reader, CSL_TRY(parse_id<StudyId>(item.source_id)), grid_id))
          .empty()) {
    return fail(ErrorCode::NotFound, "the item has no such grid");
  }
  Grid grid = CSL_TRY(read_grid(reader, grid_id));
  if (voxel_count(grid) > voxels_max) {
    return fail(ErrorCode::TooLarge, "the volume is too large to be worked on as a whole",
                fmt::format("{} voxels, {} at most", voxel_count(grid), voxels_max),
                "draw on it slice by slice, or import it at a coarser resolution");
  }
  return grid;
}

// The item itself, or that of an earlier study shown beside it, of which a series has the grid.
Result<ItemId> item_with_grid(const storage::Reader& reader, const storage::ItemRow& item,
                              const std::string& grid_id) {
  for (const StudyId& study : CSL_TRY(studies_of(reader, item))) {
    if (CSL_TRY(storage::series_of_grid(reader, study, grid_id)).empty()) continue;
    const auto found = CSL_TRY(storage::item_of_source(reader, item.project, to_string(study)));
    if (found) return *found;
  }
  return fail(ErrorCode::NotFound, "no study shown with the item has such a grid");
}

json::object propagation_json(const Propagation& propagation) {
  const RigidRegistration& rigid = propagation.rigid;
  json::object told{{"quality", name_of(propagation.quality())},
                    {"similarity", rigid.similarity},
                    {"turn_deg", json::value_from(rigid.turn_deg)},
                    {"shift_mm", json::value_from(rigid.shift_mm)}};
  if (propagation.bend) {
    told["displacement_mm_max"] = propagation.bend->displacement_mm_max;
    told["jacobian"] = json::array{propagation.bend->jacobian_min, propagation.bend->jacobian_max};
  }
  return told;
}

std::string summary_of(const OperationResult& result, std::int64_t revision, double seconds) {
  const VoxelCounts& voxels = result.edit.voxels;
  json::object summary{{"revision", revision},         {"seconds", seconds},
                       {"bricks", result.edit.bricks}, {"added", voxels.added},
                       {"removed", voxels.removed},    {"changed", voxels.changed}};
  if (!result.preview.empty()) {
    summary["preview"] = result.preview;
    summary["update"] = result.is_update;
  }
  if (result.next_slices) {
    json::array slices;
    for (const auto& slice : *result.next_slices) {
      slices.push_back(slice ? json::value(*slice) : json::value(nullptr));
    }
    summary["next_slices"] = std::move(slices);
  }
  if (result.learnt) {
    summary["model"] = json::object{{"version", result.learnt->version},
                                    {"samples", result.learnt->sample_count},
                                    {"own_samples", result.learnt->own_count}};
  }
  if (result.propagation) summary["propagation"] = propagation_json(*result.propagation);
  return json::serialize(summary);
}

struct Counts {
  double low = 0;
  double bin_width = 1;
  std::vector<std::uint64_t> counts;
};

// Whole samples are binned so that every bin holds equally many of them, with edges between them.
Counts count_values(const SeriesVolume& volume, std::size_t bins) {
  Counts result;
  volume.visit([&](const auto& samples) {
    using Sample = std::decay_t<decltype(samples[0])>;
    constexpr bool is_whole = std::numeric_limits<Sample>::is_integer;
    double least = std::numeric_limits<double>::infinity();
    double most = -least;
    for (const Sample sample : samples) {
      const auto value = static_cast<double>(sample);
      if (!std::isfinite(value)) continue;
      least = std::min(least, value);
      most = std::max(most, value);
    }
    if (!(most >= least)) return;
    const double half = is_whole ? 0.5 : 0;
    const double range = most - least + 2 * half;
    double width = range > 0 ? range / static_cast<double>(bins) : 1;
    if (is_whole) width = std::ceil(width);
    result.counts.assign(range > 0 ? static_cast<std::size_t>(std::ceil(range / width)) : 1, 0);
    for (const Sample sample : samples) {
      const double place = (static_cast<double>(sample) - least + half) / width;
      if (!std::isfinite(place)) continue;
      ++result.counts[std::min(static_cast<std::size_t>(place), result.counts.size() - 1)];
    }
    result.low = volume.slope * (least - half) + volume.intercept;
    result.bin_width = volume.slope * width;
    if (volume.slope >= 0) return;
    // Values fall where samples rise.
    std::ranges::reverse(result.counts);
    result.low += result.bin_width * static_cast<double>(result.counts.size());
    result.bin_width = -result.bin_width;
  });
  return result;
}

json::object histogram_json(const SeriesVolume& volume, const std::string& grid_id,
                            const Counts& counts) {
  const auto edge_of = [&](std::size_t bin) {
    return counts.low + counts.bin_width * static_cast<double>(bin + 1);
  };
  json::object thresholds;
  for (const ThresholdMethod method : threshold_methods) {
    const auto bin = threshold_bin(counts.counts, method);
    thresholds[name_of(method)] = bin ? json::value(edge_of(*bin)) : json::value(nullptr);
  }
  json::array three;
  if (const auto bins = multi_otsu(counts.counts, 3)) {
    for (const std::size_t bin : *bins) three.push_back(edge_of(bin));
  }
  return json::object{{"grid_id", grid_id},
                      {"unit", volume.unit},
                      {"low", counts.low},
                      {"bin_width", counts.bin_width},
                      {"counts", json::value_from(counts.counts)},
                      {"thresholds", std::move(thresholds)},
                      {"otsu_3", std::move(three)}};
}

template <class Rows>
void put(Bytes& out, std::size_t& at, const Rows& rows) {
  const auto bytes = std::as_bytes(std::span(rows));
  if (!bytes.empty()) std::memcpy(out.data() + at, bytes.data(), bytes.size());
  at += bytes.size();
}

Bytes packed_mesh(const LabelMesh& mesh) {
  const std::array<std::uint32_t, 2> counts = {static_cast<std::uint32_t>(mesh.vertices.size()),
                                               static_cast<std::uint32_t>(mesh.triangles.size())};
  Bytes out(8 + mesh.vertices.size() * 24 + mesh.triangles.size() * 12);
  std::size_t at = 0;
  put(out, at, counts);
  put(out, at, mesh.vertices);
  put(out, at, mesh.normals);
  put(out, at, mesh.triangles);
  return out;
}

Affine moved_to(const Affine& affine, const std::array<std::uint32_t, 3>& first) {
  return affine_from_axes(affine.apply(first[0], first[1], first[2]), affine.axis_mm(0),
                          affine.axis_mm(1), affine.axis_mm(2));
}

}  // namespace

struct Segmentation::State {
  storage::Store& store;
  const Masks& masks;
  const Clock& clock;
  SegmentationLimits limits;
  VolumeCache volumes;
  SeedSessions seeds;
  PyramidCache pyramids;
  ProtocolCache protocols;
  Turn::Running running;
  ModelLabels model_labels;
  JobQueue* jobs;

  struct Opened {
    storage::ItemRow item;
    Grid grid;
    std::int64_t revision = 0;
  };
  // The rights of a patch, the grid and the revision.
  Result<Opened> open(const Access& access, const ProjectId& project, const ItemId& item_id,
                      const std::string& grid_id, const MaskOperation& operation) const {
    const auto reader = CSL_TRY(store.read());
    Opened opened{.item = CSL_TRY(storage::find_item(*reader, project, item_id)), .grid = {}};
    opened.grid =
        CSL_TRY(grid_of(*reader, opened.item, grid_id,
                        works_on_all(operation) ? limits.engine_voxels_max : limits.voxels_max));
    CSL_TRY(open_task(*reader, access, project, item_id));
    opened.revision = CSL_TRY(storage::mask_revision(*reader, item_id, access.rater(), grid_id));
    if (opened.revision != operation.base_revision) {
      return fail(ErrorCode::PreconditionFailed, "the mask has changed meanwhile",
                  fmt::format("revision {}, not {}", opened.revision, operation.base_revision),
                  "read the mask again, then repeat the operation");
    }
    return opened;
  }

  // Where earlier segments come from.
  struct Source {
    ItemId item;
    std::string grid_id;
    Grid grid;
    std::optional<RaterId> rater;
  };
  // Nothing for operations that look at one mask only. Errors: NotFound unless it is an item of the
  // same patient.
  Result<std::optional<Source>> source_of(const Access& access, const ProjectId& project,
                                          const storage::ItemRow& item,
                                          const MaskOperation& operation) const {
    std::optional<ItemId> named;
    Source source;
    if (const auto* copy = std::get_if<CopyPriorOperation>(&operation.kind)) {
      named = copy->item;
      source.grid_id = copy->grid_id;
    } else if (const auto* propagate = std::get_if<PropagateOperation>(&operation.kind)) {
      named = propagate->item;
      source.grid_id = propagate->grid_id;
      source.rater = propagate->rater;
    } else {
      return std::nullopt;
    }
    const auto reader = CSL_TRY(store.read());
    if (!named) named = CSL_TRY(item_with_grid(*reader, item, source.grid_id));
    const storage::ItemRow from = CSL_TRY(storage::find_item(*reader, project, *named));
    if (from.patient != item.patient) {
      return fail(ErrorCode::NotFound, "the patient has no such earlier item");
    }
    source.item = from.id;
    source.grid = CSL_TRY(grid_of(*reader, from, source.grid_id, limits.voxels_max));
    if (source.rater) {
      // Lists name blinded raters by ids that stand for them.
      ProtocolCache known;
      const RaterNames names = CSL_TRY(
          RaterNames::of_item(store, *reader, known, access, project, from.id, NameRule::Lists));
      std::vector<RaterId> drawn;
      for (const storage::MaskRow& mask :
           CSL_TRY(storage::masks_of_item(*reader, from.id, std::nullopt))) {
        drawn.push_back(mask.rater);
      }
      source.rater = names.behind(*source.rater, drawn);
    }
    return source;
  }

  // The segments of the label that is asked for, if one is.
  Status choose_segments(const Source& from, const RaterId& own,
                         PropagateOperation& propagate) const {
    if (propagate.label.empty()) return {};
    const auto reader = CSL_TRY(store.read());
    propagate.from_segments.clear();
    for (const storage::MaskSegmentRow& row : CSL_TRY(
             storage::mask_segments(*reader, from.item, from.rater.value_or(own), from.grid_id))) {
      if (row.label != propagate.label) continue;
      propagate.from_segments.push_back(static_cast<std::uint16_t>(row.segment));
    }
    if (!propagate.from_segments.empty()) return {};
    return fail(ErrorCode::InvalidInput, "the earlier image has no mask with this label",
                "/operation/label", "choose a label that was drawn there, or another series");
  }

  Result<WorkingMask> working_mask(const Access& access, const ProjectId& project,
                                   const ItemId& item, const std::string& grid_id, const Grid& grid,
                                   const BrickQuery& query) const {
    const Bytes records = CSL_TRY(masks.bricks(access, project, item, grid_id, query));
    return WorkingMask::read(grid, records);
  }

  // With the mask as it is stored now.
  Result<SeedSessions::Held> seeds_of(const Access& access, const ProjectId& project,
                                      const ItemId& item, const std::string& grid_id,
                                      const Grid& grid, std::shared_ptr<const SeriesVolume> image) {
    SeedSessions::Held held = CSL_TRY(seeds.take(
        {.item = item, .rater = access.rater(), .grid_id = grid_id}, grid, std::move(image)));
    const std::vector<StoredBrick> changed =
        CSL_TRY(masks.changed_bricks(access, project, item, grid_id, held.session->hashes()));
    CSL_TRY(held.session->take(changed));
    return held;
  }

  Result<ClassifySources> classify_sources(const Access& access, const ProjectId& project,
                                           const ItemId& item, const std::string& grid_id) {
    const auto reader = CSL_TRY(store.read());
    ClassifySources sources{.pyramids = pyramids, .kept = {}, .label_of = {}};
    for (const storage::MaskSegmentRow& row :
         CSL_TRY(storage::mask_segments(*reader, item, access.rater(), grid_id))) {
      sources.label_of.emplace(static_cast<std::uint16_t>(row.segment), row.label);
    }
    const auto protocol = CSL_TRY(protocols.of_project(*reader, project));
    if (allows_models(protocol->protocol)) {
      sources.kept = CSL_TRY(kept_samples(store, *reader, project, item));
    }
    return sources;
  }

  // What this item taught, where the protocol lets models learn; then the next cases are labelled.
  Status keep(const Access& access, const storage::ItemRow& item, const LabelledSamples& own) {
    std::set<std::uint8_t> classes(own.samples.labels.begin(), own.samples.labels.end());
    if (classes.size() < 2) return {};
    {
      const auto reader = CSL_TRY(store.read());
      const auto protocol = CSL_TRY(protocols.of_project(*reader, item.project));
      if (!allows_models(protocol->protocol)) return {};
    }
    CSL_TRY(keep_samples(store, access, item, own));
    if (jobs == nullptr) return {};
    // Too many jobs wait: the next operation asks again.
    static_cast<void>(
        jobs->add([this, access, project = item.project](const std::stop_token& stop) {
          static_cast<void>(label_next(access, project, stop));
        }));
    return {};
  }

  Result<std::size_t> label_next(const Access& access, const ProjectId& project,
                                 const std::stop_token& stop) {
    return model_labels.label_next(
        access, project,
        {.volumes = volumes, .voxels_max = limits.engine_voxels_max, .threads = 1, .stop = stop});
  }
};

namespace {
const BrickQuery own_bricks{.rater = {}, .opinion = {}, .layer = {}, .indices = {}};
}  // namespace

Segmentation::Segmentation(storage::Store& store, Items& items, const Masks& masks,
                           const Clock& clock, Random& random, const SegmentationLimits& limits,
                           JobQueue* jobs)
    : state_(new State{.store = store,
                       .masks = masks,
                       .clock = clock,
                       .limits = limits,
                       .volumes = VolumeCache(store, items, limits.volume_bytes_max),
                       .seeds = SeedSessions(random),
                       .pyramids = {},
                       .protocols = {},
                       .running = {},
                       .model_labels = ModelLabels(store, clock, random),
                       .jobs = jobs}) {}

Segmentation::~Segmentation() = default;

Result<MaskOperationAnswer> Segmentation::operate(const Access& access, const ProjectId& project,
                                                  const ItemId& item_id, const std::string& grid_id,
                                                  const json::value& body) {
  CSL_TRY(require(access, project, writing_roles));
  const Timestamp start = state_->clock.now();
  MaskOperation operation = CSL_TRY(read_mask_operation(body));
  const State::Opened opened = CSL_TRY(state_->open(access, project, item_id, grid_id, operation));
  const Turn turn =
      CSL_TRY(Turn::take(state_->running, access.person, state_->limits.operations_max));
  const std::stop_token stop = turn.stop_token();
  std::shared_ptr<const SeriesVolume> image;
  if (needs_image(operation)) {
    image = CSL_TRY(state_->volumes.find(access, project, item_id, grid_id));
  }
  CSL_TRY(check_running(stop));
  std::optional<SeedSessions::Held> seeds;
  std::optional<WorkingMask> read;
  if (std::holds_alternative<GrowOperation>(operation.kind)) {
    seeds.emplace(CSL_TRY(state_->seeds_of(access, project, item_id, grid_id, opened.grid, image)));
  } else {
    read.emplace(
        CSL_TRY(state_->working_mask(access, project, item_id, grid_id, opened.grid, own_bricks)));
  }
  OperationInput input{.mask = seeds ? seeds->session->mask() : *read,
                       .image = image,
                       .prior = nullptr,
                       .prior_image = nullptr,
                       .seeds = seeds ? seeds->session.get() : nullptr,
                       .pyramids = &state_->pyramids,
                       .classify = nullptr,
                       .threads = state_->limits.threads,
                       .stop = stop};
  std::optional<WorkingMask> prior;
  if (const auto from = CSL_TRY(state_->source_of(access, project, opened.item, operation))) {
    BrickQuery whose = own_bricks;
    whose.rater = from->rater;
    prior = CSL_TRY(
        state_->working_mask(access, project, from->item, from->grid_id, from->grid, whose));
    input.prior = &*prior;
    if (auto* propagate = std::get_if<PropagateOperation>(&operation.kind)) {
      CSL_TRY(state_->choose_segments(*from, access.rater(), *propagate));
      input.prior_image = CSL_TRY(state_->volumes.find(access, project, from->item, from->grid_id));
    }
  }
  std::optional<ClassifySources> sources;
  const auto* classify = std::get_if<ClassifyOperation>(&operation.kind);
  if (classify != nullptr) {
    sources.emplace(CSL_TRY(state_->classify_sources(access, project, item_id, grid_id)));
    input.classify = &*sources;
  }
  OperationResult result = CSL_TRY(run_operation(operation, input));
  CSL_TRY(check_running(stop));
  // Bricks were read after the revision: a patch in between would have mixed two states.
  CSL_TRY(state_->open(access, project, item_id, grid_id, operation));
  // What is in view is asked first and often; the whole is asked when it looks right.
  if (classify != nullptr && !classify->axis) {
    CSL_TRY(state_->keep(access, opened.item, result.learnt->own));
  }
  const double seconds = static_cast<double>(state_->clock.now().ms - start.ms) / 1000;
  return MaskOperationAnswer{.records = std::move(result.edit.records),
                             .summary_json = summary_of(result, opened.revision, seconds)};
}

bool Segmentation::cancel(const Access& access) {
  return Turn::cancel(state_->running, access.person);
}

Result<std::size_t> Segmentation::label_next(const Access& access, const ProjectId& project) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  return state_->label_next(access, project, {});
}

Result<json::object> Segmentation::histogram(const Access& access, const ProjectId& project,
                                             const ItemId& item, const std::string& grid_id,
                                             std::size_t bins) {
  if (bins < 2 || bins > 4096) {
    return fail(ErrorCode::InvalidInput, "the number of bins is out of range", "query bins",
                "send 2 to 4096");
  }
  // Reading a volume fills memory and machine as an operation does.
  const Turn turn =
      CSL_TRY(Turn::take(state_->running, access.person, state_->limits.operations_max));
  const auto volume = CSL_TRY(state_->volumes.find(access, project, item, grid_id));
  return histogram_json(*volume, grid_id, count_values(*volume, bins));
}

Result<Bytes> Segmentation::surface(const Access& access, const ProjectId& project,
                                    const ItemId& item_id, const std::string& grid_id,
                                    const SurfaceQuery& query) {
  CSL_TRY(require(access, project, case_roles));
  if (query.segment == 0 || query.smoothing > smoothing_max) {
    return fail(ErrorCode::InvalidInput, "the segment or the smoothing is out of range", "query",
                "send a segment from 1 on and 0 to 100 steps of smoothing");
  }
  Grid grid;
  {
    const auto reader = CSL_TRY(state_->store.read());
    grid = CSL_TRY(grid_of(*reader, CSL_TRY(storage::find_item(*reader, project, item_id)), grid_id,
                           state_->limits.voxels_max));
  }
  const WorkingMask mask = CSL_TRY(state_->working_mask(
      access, project, item_id, grid_id, grid,
      {.rater = query.rater, .opinion = query.opinion, .layer = {}, .indices = {}}));
  const BitVolume bits = mask.segment_anywhere(query.segment);
  const auto box = box_of(bits);
  if (!box) return packed_mesh({});
  const Turn turn =
      CSL_TRY(Turn::take(state_->running, access.person, state_->limits.operations_max));
  const std::vector<std::uint8_t> inside = mask_of_bits(cropped(bits, *box));
  const std::vector<std::uint16_t> labels(inside.begin(), inside.end());
  const SurfaceMesh mesh =
      CSL_TRY(surfaces_of(labels, box->dims(), moved_to(grid.affine, box->first),
                          {.iterations = query.smoothing}, state_->limits.threads));
  return packed_mesh(mesh_of(mesh, 1));
}

}  // namespace consilium::service
