#include "service/prelabel/keep_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>

#include "base/sha256.hpp"
#include "service/access/named_id.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/submission.hpp"
#include "service/prelabel/voxel_layers.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Transaction;

namespace {

constexpr std::size_t brick_count_max = 65'536;

template <class IdType>
IdType named_id(const std::string& text) {
  return id_of_digest<IdType>(sha256(bytes_of(text)));
}

// A mask that grows by new segments.
struct MaskGrowth {
  std::string grid_id;
  std::int64_t base_revision = 0;
  EventDraft event;
};

struct ToolWrite {
  storage::ItemRow item;
  ToolName tool;
  RaterId rater;
  std::vector<std::pair<PreparedAnnotation, std::int64_t>> labels;  // with their revision
  std::vector<MaskGrowth> masks;
};

Status commit(Transaction& transaction, const ToolWrite& write) {
  for (const MaskGrowth& mask : write.masks) {
    if (CSL_TRY(storage::mask_revision(transaction, write.item.id, write.rater, mask.grid_id)) !=
        mask.base_revision) {
      return fail(ErrorCode::Conflict, "the tool's mask was changed meanwhile", "",
                  "import the file again");
    }
  }
  EventDraft named = item_event("rater.named", write.item);
  named.fields.set("rater_id", write.rater)
      .set("kind", std::string(name_of(write.tool.kind)))
      .set("display_name", write.tool.name);
  CSL_TRY(transaction.append(std::move(named)));
  const auto own =
      CSL_TRY(storage::task_of_rater(transaction, write.item.id, write.rater, suggest_stage));
  const TaskId task = own ? own->id
                          : named_id<TaskId>("suggestions of " + to_string(write.rater) + " on " +
                                             to_string(write.item.id));
  const auto task_event = [&](std::string type) {
    EventDraft event = item_event(std::move(type), write.item);
    event.fields.set("task_id", task)
        .set("rater_id", write.rater)
        .set("stage", std::string(suggest_stage))
        .set("place", storage::FieldValue{});
    return event;
  };
  if (!own) CSL_TRY(transaction.append(task_event("task.assigned")));
  for (const MaskGrowth& mask : write.masks) CSL_TRY(transaction.append(mask.event));
  for (const auto& [label, revision] : write.labels) {
    CSL_TRY(transaction.append(revision_event(label, write.item, write.rater, task, revision)));
  }
  EventDraft submitted = task_event("task.submitted");
  submitted.fields.set("duration_s", storage::FieldValue{});
  return transaction.append(std::move(submitted));
}

std::string places_of(const LabelSpec& label) {
  std::string names;
  for (const PlaceKind kind : label.places) {
    names += (names.empty() ? "" : ", ") + std::string(name_of(kind));
  }
  return names;
}

bool allows(const LabelSpec& label, PlaceKind kind) {
  return std::ranges::find(label.places, kind) != label.places.end();
}

// One tool's part of a set, while it is made.
class PartMaker {
 public:
  PartMaker(storage::Store& store, const storage::Reader& reader, const KnownProtocol& protocol,
            const storage::ItemRow& item, const ItemFacts& facts, const LabelSet& set,
            const ToolName& tool)
      : store_(store), reader_(reader), protocol_(protocol), facts_(facts), set_(set) {
    write_.item = item;
    write_.tool = tool;
    write_.rater = rater_of_tool(tool);
  }

  Status add(const SaidLabel& said, const LabelSpec& label, KeptLabels& kept) {
    const auto id = named_id<AnnotationId>(to_string(write_.item.id) + to_string(write_.rater) +
                                           set_.source + " " + said.key);
    const auto stored = CSL_TRY(storage::find_annotation(reader_, id));
    if (stored && stored->state != "retracted") {
      ++kept.known_count;
      return {};
    }
    Annotation body{
        .id = id,
        .item_id = write_.item.id,
        .protocol = {.id = protocol_.protocol.id, .version = to_string(protocol_.protocol.version)},
        .label = label.id,
        .target = WholeTarget{},
        .question = std::nullopt,
        .value = {},
        .attributes = {},
        .comment = said.evidence,
        .number = std::nullopt,
        .measurements = said.measurements};
    std::optional<std::string> surface;
    if (const auto* spans = std::get_if<SaidSpans>(&said.place)) {
      if (!allows(label, PlaceKind::Spans)) return refuse(said, label, "spans of text", kept);
      body.target = spans->target;
      // It goes from here into a sealed field.
      surface = spans->surface.reveal(AuditedAccess::event_recorded());
    } else if (const auto* voxels = std::get_if<SaidVoxels>(&said.place)) {
      if (!allows(label, PlaceKind::Mask)) return refuse(said, label, "a mask", kept);
      body.target = CSL_TRY(add_voxels(*voxels));
    } else if (const auto* region = std::get_if<SaidRegion>(&said.place)) {
      const auto form = std::ranges::find_if(region->forms, [&](const RegionTarget& target) {
        return allows(label, place_kind(target));
      });
      if (form != region->forms.end()) {
        body.target = *form;
      } else if (region->as_voxels && allows(label, PlaceKind::Mask)) {
        body.target = CSL_TRY(add_voxels(region->as_voxels()));
      } else {
        return refuse(said, label, "a " + std::string(name_of(place_kind(region->forms.front()))),
                      kept);
      }
    } else {
      body.value = std::string(value_absent);
    }
    return write(std::move(body), std::move(surface), said.name, stored, kept);
  }

  Status add(const SaidAnswer& said, KeptLabels& kept) {
    const auto id = named_id<AnnotationId>(to_string(write_.item.id) + to_string(write_.rater) +
                                           set_.source + " question " + said.question);
    const auto stored = CSL_TRY(storage::find_annotation(reader_, id));
    if (stored && stored->state != "retracted") {
      ++kept.known_count;
      return {};
    }
    Annotation body{
        .id = id,
        .item_id = write_.item.id,
        .protocol = {.id = protocol_.protocol.id, .version = to_string(protocol_.protocol.version)},
        .label = std::nullopt,
        .target = WholeTarget{},
        .question = said.question,
        .value = said.value,
        .attributes = {},
        .comment = said.evidence,
        .number = std::nullopt,
        .measurements = said.measurements};
    return write(std::move(body), std::nullopt, said.question, stored, kept);
  }

  Result<KeptPart> finish(const Clock& clock, Random& random) {
    KeptPart part;
    part.label_count = write_.labels.size();
    for (const auto& [grid_id, segments] : voxels_) {
      CSL_TRY(grow(grid_id, segments, make_id<MaskPatchId>(clock, random), part));
    }
    part.commit = [write = std::move(write_)](Transaction& transaction) {
      return commit(transaction, write);
    };
    return part;
  }

  [[nodiscard]] bool is_empty() const { return write_.labels.empty(); }

 private:
  Status write(Annotation body, std::optional<std::string> surface, const std::string& name,
               const std::optional<storage::AnnotationRow>& stored, KeptLabels& kept) {
    const auto violations = validate_annotation(protocol_.protocol, facts_, body, Stage::Draft);
    if (!violations.empty()) {
      kept.problems.insert(fmt::format("\"{}\": {}", name, violations.front().what));
      return {};
    }
    PreparedAnnotation prepared{.body = std::move(body),
                                .canonical = {},
                                .protocol_hash = protocol_.hash,
                                .surface = std::move(surface),
                                .if_match = std::nullopt};
    prepared.canonical = CSL_TRY(canonical_annotation(prepared.body));
    write_.labels.emplace_back(std::move(prepared), stored ? stored->revision + 1 : 1);
    return {};
  }

  static Status refuse(const SaidLabel& said, const LabelSpec& label, const std::string& place,
                       KeptLabels& kept) {
    kept.problems.insert(fmt::format("\"{}\": '{}' may not stand on {}, its places are {}",
                                     said.name, label.id, place, places_of(label)));
    return {};
  }

  Result<MaskTarget> add_voxels(const SaidVoxels& voxels) {
    const std::uint16_t segment = CSL_TRY(next_segment(voxels.grid_id));
    layers_.push_back(voxels.layer);
    if (const auto found = voxels.layer->find(voxels.value); found != voxels.layer->end()) {
      voxels_[voxels.grid_id].push_back({segment, &found->second});
    }
    return MaskTarget{.grid_id = voxels.grid_id, .segment = segment};
  }

  // Past those that the tool's mask has.
  Result<std::uint16_t> next_segment(const std::string& grid_id) {
    const auto [place, is_new] = last_segment_.try_emplace(grid_id, 0);
    if (is_new) {
      for (const auto& segment :
           CSL_TRY(storage::mask_segments(reader_, write_.item.id, write_.rater, grid_id))) {
        place->second = std::max(place->second, segment.segment);
      }
    }
    if (place->second >= std::numeric_limits<std::uint16_t>::max()) {
      return fail(ErrorCode::TooLarge, "the tool has 65,535 segments on these images");
    }
    return static_cast<std::uint16_t>(++place->second);
  }

  // Labels that do not overlap lie in the exclusive layer, which brushes paint on; where they do,
  // or the tool has drawn there before, each gets a layer of its own.
  Result<Changes> changes_of(const std::string& grid_id,
                             const std::vector<NumberedVoxels>& segments, bool is_first) {
    MaskLayer layer = CSL_TRY(make_binary_layer(CSL_TRY(read_grid(reader_, grid_id))));
    Changes changes;
    const auto add = [&](std::uint32_t number, std::uint32_t brick) {
      BrickChange change;
      change.bytes = brick_bytes(layer, brick);
      change.hash = to_hex(sha256(change.bytes));
      changes.emplace(BrickPlace{.layer = number, .brick = brick}, std::move(change));
    };
    auto exclusive = is_first ? joined_exclusive(segments) : std::nullopt;
    if (exclusive) {
      layer.bricks = std::move(*exclusive);
      for (const auto& [brick, voxels] : std::get<ExclusiveBricks>(layer.bricks)) add(0, brick);
      return changes;
    }
    for (const NumberedVoxels& segment : segments) {
      layer.bricks = *segment.voxels;
      for (const auto& [brick, voxels] : *segment.voxels) add(segment.segment, brick);
    }
    return changes;
  }

  Status grow(const std::string& grid_id, const std::vector<NumberedVoxels>& segments,
              const MaskPatchId& patch, KeptPart& part) {
    MaskGrowth mask{.grid_id = grid_id,
                    .base_revision = CSL_TRY(
                        storage::mask_revision(reader_, write_.item.id, write_.rater, grid_id)),
                    .event = item_event("mask.patched", write_.item)};
    Changes changes = CSL_TRY(changes_of(grid_id, segments, mask.base_revision == 0));
    if (changes.size() > brick_count_max) {
      return fail(ErrorCode::TooLarge, "its masks have more than 65,536 bricks together", "",
                  "split it into files of fewer segments");
    }
    const Bytes packed = CSL_TRY(pack(patch, changes));
    const storage::ObjectRef object =
        CSL_TRY(store_.objects().put(write_.item.patient, packed)).object;
    part.objects.push_back(object);
    mask.event.fields.set("patch_id", patch)
        .set("grid_id", grid_id)
        .set("rater_id", write_.rater)
        .set("revision", mask.base_revision + 1)
        .set("base_revision", mask.base_revision)
        .set("merged", false)
        .set("object", object.name)
        .set("object_size", static_cast<std::int64_t>(object.size_bytes))
        .set("bricks", storage::JsonText{json::serialize(stored_json(changes))});
    write_.masks.push_back(std::move(mask));
    return {};
  }

  storage::Store& store_;
  const storage::Reader& reader_;
  const KnownProtocol& protocol_;
  const ItemFacts& facts_;
  const LabelSet& set_;
  ToolWrite write_;
  std::vector<SplitLayer> layers_;  // what the voxels below lie in
  std::map<std::string, std::vector<NumberedVoxels>> voxels_;
  std::map<std::string, std::int64_t> last_segment_;
};

}  // namespace

RaterId rater_of_tool(const ToolName& tool) {
  return named_id<RaterId>("tool " + std::string(name_of(tool.kind)) + " " + tool.name);
}

Result<KeptLabels> LabelKeeper::prepare(const LabelSet& set) {
  const auto reader = CSL_TRY(store_.read());
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project_));
  CSL_TRY(check_label_map(protocol->protocol, map_));
  const storage::ItemRow item = CSL_TRY(storage::find_item(*reader, project_, set.item));
  const ItemFacts facts = CSL_TRY(item_facts(*reader, item));
  KeptLabels kept;
  std::map<ToolName, PartMaker> parts;
  for (const SaidLabel& said : set.labels) {
    const MatchedName match = match_name(protocol->protocol, map_, said);
    if (match.how == NameMatch::LeftOut) continue;
    if (match.how != NameMatch::Found) {
      std::string name = "\"" + said.name + "\"";
      for (const std::string& one : match.could_be) {
        name += (&one == &match.could_be.front() ? " (could be " : " or ") + one;
      }
      if (!match.could_be.empty()) name += ')';
      kept.unmatched.insert(std::move(name));
      continue;
    }
    PartMaker& part =
        parts.try_emplace(said.tool, store_, *reader, *protocol, item, facts, set, said.tool)
            .first->second;
    CSL_TRY(part.add(said, *match.label, kept));
  }
  for (const SaidAnswer& said : set.answers) {
    PartMaker& part =
        parts.try_emplace(said.tool, store_, *reader, *protocol, item, facts, set, said.tool)
            .first->second;
    CSL_TRY(part.add(said, kept));
  }
  for (auto& [tool, part] : parts) {
    if (!part.is_empty()) kept.parts.push_back(CSL_TRY(part.finish(clock_, random_)));
  }
  return kept;
}

std::string LabelKeeper::label_ids() const {
  const auto reader = store_.read();
  if (!reader) return {};
  ProtocolCache protocols;
  const auto protocol = protocols.of_project(**reader, project_);
  if (!protocol) return {};
  std::string ids;
  for (const LabelSpec& label : (*protocol)->protocol.labels) {
    ids += (ids.empty() ? "" : ", ") + label.id;
  }
  return ids;
}

}  // namespace consilium::service
