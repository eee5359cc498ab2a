#include "service/prelabel/keep_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <map>
#include <utility>

#include "base/sha256.hpp"
#include "service/access/named_id.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/submission.hpp"
#include "service/prelabel/coded_answers.hpp"
#include "service/prelabel/joined_labels.hpp"
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
    const AnnotationId id = id_of(said.key);
    const auto stored = CSL_TRY(storage::find_annotation(reader_, id));
    if (stored && stored->state != "retracted") {
      keys_.emplace(said.key, KeptKey{id, stored->label});
      return know(id, kept);
    }
    Annotation body = empty_body(id);
    body.label = label.id;
    body.measurements = said.measurements;
    body.comment = said.evidence;
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
    } else if (const auto* space = std::get_if<SaidSpace>(&said.place)) {
      const auto form = std::ranges::find_if(
          space->forms, [&](const SpaceTarget& target) { return allows(label, target.kind); });
      if (form == space->forms.end()) {
        return refuse(said, label, "a " + std::string(name_of(space->forms.front().kind)), kept);
      }
      body.target = *form;
    } else if (const auto* signal = std::get_if<SaidOnSignal>(&said.place)) {
      body.target = std::visit([](const auto& target) { return Target(target); }, signal->target);
      const PlaceKind kind = place_kind(body.target);
      if (!allows(label, kind)) return refuse(said, label, std::string(name_of(kind)), kept);
    } else if (const auto* whole = std::get_if<SaidWhole>(&said.place)) {
      if (!is_reserved_value(whole->value) && !allows(label, PlaceKind::Whole)) {
        return refuse(said, label, "the whole item", kept);
      }
      if (is_reserved_value(whole->value)) body.value = whole->value;
    } else {
      body.value = std::string(value_absent);
    }
    put_answers(said, label, body, kept);
    if (surface && label.value && !said.codes.empty() &&
        std::holds_alternative<std::monostate>(body.value)) {
      // What the words were linked to, where the protocol asks for a concept.
      body.value = answer_meant(*label.value, {.name = {}, .value = said.codes.front()})
                       .value_or(AnswerValue{});
    }
    const std::size_t count = write_.labels.size();
    CSL_TRY(keep("\"" + said.name + "\"", std::move(body), stored ? stored->revision + 1 : 1, kept,
                 std::move(surface)));
    if (write_.labels.size() > count) keys_.emplace(said.key, KeptKey{id, label.id});
    return {};
  }

  // False when something that it joins is not there (yet).
  Result<bool> join(const SaidLabel& said, const LabelSpec& label, KeptLabels& kept) {
    const auto& joining = std::get<SaidJoining>(said.place);
    if (!allows(label, joining.kind)) {
      CSL_TRY(refuse(said, label, "a " + std::string(name_of(joining.kind)), kept));
      return true;
    }
    auto target = joined_target(joining, label, keys_);
    if (!target) return false;
    const AnnotationId id = id_of(said.key);
    const auto stored = CSL_TRY(storage::find_annotation(reader_, id));
    keys_.emplace(said.key, KeptKey{id, label.id});
    if (stored && stored->state != "retracted") {
      CSL_TRY(know(id, kept));
      return true;
    }
    Annotation body = empty_body(id);
    body.label = label.id;
    body.target = std::move(*target);
    body.comment = said.evidence;
    put_answers(said, label, body, kept);
    joined_.push_back({said.name, said.key, std::move(body), stored ? stored->revision + 1 : 1});
    return true;
  }

  // Once all that join are in.
  Status settle(KeptLabels& kept) {
    for (JoinedLabel& one :
         sound_joined(protocol_.protocol, keys_, std::exchange(joined_, {}), kept.problems)) {
      CSL_TRY(keep("\"" + one.what + "\"", std::move(one.body), one.revision, kept));
    }
    return {};
  }

  // More of a label of this tool's that is stored already.
  Status amend(const SaidLabel& said, const storage::AnnotationRow& row, KeptLabels& kept) {
    Annotation body =
        CSL_TRY(parse_annotation(CSL_TRY(reader_.open_sealed(row.patient, row.sealed_body))));
    const Annotation before = body;
    const LabelSpec* label = protocol_.protocol.label(row.label);
    if (label == nullptr) {
      kept.problems.insert(
          fmt::format("\"{}\": its segment's label is no longer the protocol's", said.name));
      return {};
    }
    for (const auto& [name, quantity] : said.measurements) body.measurements[name] = quantity;
    put_answers(said, *label, body, kept);
    if (body == before) return know(row.id, kept);
    return keep("\"" + said.name + "\"", std::move(body), row.revision + 1, kept);
  }

  // The places that the question is of, among those that the answer was given about.
  Status answer(const SaidItemAnswer& said, const QuestionSpec& question, KeptLabels& kept) {
    const auto value = answer_meant(question.answer, said.answer);
    if (!value) {
      kept.problems.insert(fmt::format("\"{}\" is no answer to the question '{}'",
                                       text_of(said.answer), question.id));
      return {};
    }
    const std::vector<Target> targets = CSL_TRY(targets_of(question.level, said.images));
    if (targets.empty()) {
      kept.problems.insert(fmt::format("\"{}\" names no {} that it is of", text_of(said.answer),
                                       name_of(question.level)));
    }
    for (const Target& target : targets) {
      Annotation body =
          empty_body(named_id<AnnotationId>(to_string(write_.item.id) + to_string(write_.rater) +
                                            set_.source + " " + said.key + " " + part_key(target)));
      const auto stored = CSL_TRY(storage::find_annotation(reader_, body.id));
      if (stored && stored->state != "retracted") {
        CSL_TRY(know(body.id, kept));
        continue;
      }
      body.question = question.id;
      body.target = target;
      body.value = *value;
      CSL_TRY(keep("\"" + text_of(said.answer) + "\"", std::move(body),
                   stored ? stored->revision + 1 : 1, kept));
    }
    return {};
  }

  // An answer that names its question.
  Status answer(const SaidQuestionAnswer& said, KeptLabels& kept) {
    Annotation body =
        empty_body(named_id<AnnotationId>(to_string(write_.item.id) + to_string(write_.rater) +
                                          set_.source + " question " + said.question));
    const auto stored = CSL_TRY(storage::find_annotation(reader_, body.id));
    if (stored && stored->state != "retracted") return know(body.id, kept);
    body.question = said.question;
    body.value = said.value;
    body.comment = said.evidence;
    body.measurements = said.measurements;
    return keep("\"" + said.question + "\"", std::move(body), stored ? stored->revision + 1 : 1,
                kept);
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
  AnnotationId id_of(const std::string& key) const {
    return named_id<AnnotationId>(to_string(write_.item.id) + to_string(write_.rater) +
                                  set_.source + " " + key);
  }

  Annotation empty_body(const AnnotationId& id) const {
    return {
        .id = id,
        .item_id = write_.item.id,
        .protocol = {.id = protocol_.protocol.id, .version = to_string(protocol_.protocol.version)},
        .label = std::nullopt,
        .target = WholeTarget{},
        .question = std::nullopt,
        .value = {},
        .attributes = {},
        .comment = std::nullopt,
        .number = std::nullopt,
        .measurements = {}};
  }

  // What is said of a finding that is not there has no place on it.
  void put_answers(const SaidLabel& said, const LabelSpec& label, Annotation& body,
                   KeptLabels& kept) const {
    for (const SaidAnswer& one : said.answers) {
      const auto* text = std::get_if<std::string>(&body.value);
      const bool is_missing = text != nullptr && is_reserved_value(*text);
      if (!is_missing && put_answer(protocol_.protocol, label, one, body)) continue;
      kept.problems.insert(fmt::format("\"{}\" of \"{}\" is no attribute of '{}' in the protocol",
                                       text_of(one), said.name, label.id));
    }
  }

  static Status know(const AnnotationId& id, KeptLabels& kept) {
    ++kept.known_count;
    kept.said.insert(id);
    return {};
  }

  Status keep(const std::string& what, Annotation body, std::int64_t revision, KeptLabels& kept,
              std::optional<std::string> surface = std::nullopt) {
    const auto violations = validate_annotation(protocol_.protocol, facts_, body, Stage::Draft);
    if (!violations.empty()) {
      kept.problems.insert(fmt::format("{}: {}", what, violations.front().what));
      return {};
    }
    PreparedAnnotation prepared{.body = std::move(body),
                                .canonical = {},
                                .protocol_hash = protocol_.hash,
                                .surface = std::move(surface),
                                .if_match = std::nullopt};
    prepared.canonical = CSL_TRY(canonical_annotation(prepared.body));
    kept.said.insert(prepared.body.id);
    write_.labels.emplace_back(std::move(prepared), revision);
    return {};
  }

  Result<std::vector<Target>> targets_of(QuestionLevel level,
                                         const std::vector<FrameTarget>& images) const {
    std::vector<Target> targets;
    const auto add = [&](Target target) {
      if (std::ranges::find(targets, target) == targets.end()) targets.push_back(std::move(target));
    };
    switch (level) {
      case QuestionLevel::Item:
        add(WholeTarget{});
        break;
      case QuestionLevel::Patient:
        add(PatientTarget{write_.item.patient});
        break;
      case QuestionLevel::Study:
        add(StudyTarget{CSL_TRY(parse_id<StudyId>(write_.item.source_id))});
        break;
      case QuestionLevel::Series:
        for (const FrameTarget& image : images) add(SeriesTarget{image.series_id});
        break;
      case QuestionLevel::Instance:
        for (const FrameTarget& image : images) {
          add(InstanceTarget{image.series_id, image.instance_uid});
        }
        break;
      case QuestionLevel::Frame:
        for (const FrameTarget& image : images) add(image);
        break;
      case QuestionLevel::Finding:
        break;
    }
    return targets;
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
  std::map<std::string, KeptKey> keys_;
  std::vector<JoinedLabel> joined_;
};

}  // namespace

RaterId rater_of_tool(const ToolName& tool) {
  return named_id<RaterId>("tool " + std::string(name_of(tool.kind)) + " " + tool.name);
}

namespace {

// The stored label of a tool that came from that file under that key.
Result<std::optional<storage::AnnotationRow>> kept_label(
    const std::vector<storage::AnnotationRow>& rows, const ItemId& item, const SaidOfKept& said) {
  for (const storage::AnnotationRow& row : rows) {
    const auto id = named_id<AnnotationId>(to_string(item) + to_string(row.rater) + said.source +
                                           " " + said.key);
    if (row.id == id && row.state != "retracted") return std::optional(row);
  }
  return std::optional<storage::AnnotationRow>{};
}

Result<std::vector<storage::AnnotationRow>> kept_labels(const storage::Reader& reader,
                                                        const ItemId& item) {
  constexpr std::int64_t page_size = 1000;
  std::vector<storage::AnnotationRow> all;
  for (std::string after;;) {
    auto page = CSL_TRY(storage::annotations_of_item(reader, item, std::nullopt, after, page_size));
    const bool is_last = std::ssize(page) < page_size;
    if (!page.empty()) after = to_string(page.back().id);
    for (storage::AnnotationRow& row : page) {
      if (row.stage == suggest_stage) all.push_back(std::move(row));
    }
    if (is_last) return all;
  }
}

}  // namespace

Result<KeptLabels> LabelKeeper::prepare(const LabelSet& set) {
  const auto reader = CSL_TRY(store_.read());
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project_));
  CSL_TRY(check_label_map(protocol->protocol, map_));
  const storage::ItemRow item = CSL_TRY(storage::find_item(*reader, project_, set.item));
  const ItemFacts facts = CSL_TRY(item_facts(*reader, item));
  KeptLabels kept;
  std::map<ToolName, PartMaker> parts;
  const auto part_of = [&](const ToolName& tool) -> PartMaker& {
    return parts.try_emplace(tool, store_, *reader, *protocol, item, facts, set, tool)
        .first->second;
  };
  std::optional<std::vector<storage::AnnotationRow>> stored;
  std::vector<std::pair<const SaidLabel*, const LabelSpec*>> joining;
  for (const SaidLabel& said : set.labels) {
    if (const auto* of = std::get_if<SaidOfKept>(&said.place)) {
      if (!stored) stored = CSL_TRY(kept_labels(*reader, set.item));
      const auto row = CSL_TRY(kept_label(*stored, set.item, *of));
      const auto kind = row ? rater_kind_named(row->rater_kind) : std::nullopt;
      if (!kind) {
        kept.problems.insert(fmt::format(
            "\"{}\": its segmentation brought no such label; import that first", said.name));
        continue;
      }
      CSL_TRY(part_of({.kind = *kind, .name = row->rater_name}).amend(said, *row, kept));
      continue;
    }
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
    if (std::holds_alternative<SaidJoining>(said.place)) {
      joining.emplace_back(&said, match.label);
    } else {
      CSL_TRY(part_of(said.tool).add(said, *match.label, kept));
    }
  }
  // Events may join events: round after round, as long as there is something to join.
  for (std::size_t before = joining.size() + 1; joining.size() < before;) {
    before = joining.size();
    std::vector<std::pair<const SaidLabel*, const LabelSpec*>> waiting;
    for (const auto& [said, label] : joining) {
      if (!CSL_TRY(part_of(said->tool).join(*said, *label, kept))) {
        waiting.emplace_back(said, label);
      }
    }
    joining = std::move(waiting);
  }
  for (const auto& [said, label] : joining) {
    kept.problems.insert(
        fmt::format("\"{}\": something that it joins was not taken over", said->name));
  }
  for (auto& [tool, part] : parts) CSL_TRY(part.settle(kept));
  for (const SaidItemAnswer& said : set.answers) {
    const QuestionSpec* question = question_meant(protocol->protocol, said.answer.name);
    if (question == nullptr) {
      kept.problems.insert(
          fmt::format("no question of the protocol is meant by \"{}\"", text_of(said.answer)));
      continue;
    }
    CSL_TRY(part_of(said.tool).answer(said, *question, kept));
  }
  for (const SaidQuestionAnswer& said : set.question_answers) {
    CSL_TRY(part_of(said.tool).answer(said, kept));
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
