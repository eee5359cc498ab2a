#include "service/annotation/masks.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <set>

#include "base/canonical_json.hpp"
#include "base/check.hpp"
#include "domain/image/brick_runs.hpp"
#include "service/annotation/annotation_write.hpp"
#include "service/annotation/blinding.hpp"
#include "service/annotation/mask_bricks.hpp"
#include "service/annotation/rater_names.hpp"
#include "storage/catalog.hpp"
#include "storage/labels.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::Fields;
using storage::MaskBrickRow;
using storage::ObjectRef;
using storage::Transaction;

namespace {

constexpr std::size_t patch_brick_count_max = 4096;

std::uint32_t u32_at(ByteView bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8U * i);
  }
  return value;
}
void put_u32(Bytes& out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(value >> (8U * i)));
}

// One patch's records; sizes, places and the voxels outside the grid are checked.
Result<Changes> read_records(const Grid& grid, ByteView records) {
  Changes changes;
  MaskLayer exclusive = CSL_TRY(make_exclusive_layer(grid));
  MaskLayer binary = CSL_TRY(make_binary_layer(grid));
  std::size_t at = 0;
  while (at < records.size()) {
    const std::string where = "byte " + std::to_string(at);
    if (records.size() - at < 44) {
      return fail(ErrorCode::InvalidInput, "a record ends early", where,
                  "send index, layer, byte count, base hash and bytes of every brick");
    }
    const BrickPlace place{.layer = u32_at(records, at + 4), .brick = u32_at(records, at)};
    const std::uint32_t count = u32_at(records, at + 8);
    BrickChange change;
    change.base_hash = to_hex(records.subspan(at + 12, 32));
    at += 44;
    const std::size_t expected = place.layer == 0 ? exclusive_brick_bytes : binary_brick_bytes;
    const bool is_runs = place.layer == 0 && count > 0 && count < expected;
    if (place.layer > 0xFFFF || (count != 0 && count != expected && !is_runs) ||
        records.size() - at < count) {
      return fail(ErrorCode::InvalidInput, "a brick has the wrong size or layer", where,
                  "send 65,536 bytes or fewer of runs for layer 0, 4,096 bytes for others, or 0");
    }
    ByteView bytes = records.subspan(at, count);
    at += count;
    Bytes unpacked;
    if (is_runs) bytes = unpacked = CSL_TRY(brick_of_runs(bytes));
    MaskLayer& layer = place.layer == 0 ? exclusive : binary;
    CSL_TRY(set_brick(layer, place.brick, bytes));
    change.bytes = brick_bytes(layer, place.brick);  // none when all is 0
    CSL_TRY(set_brick(layer, place.brick, {}));
    change.hash = change.bytes.empty() ? empty_hash : to_hex(sha256(change.bytes));
    if (!changes.emplace(place, std::move(change)).second) {
      return fail(ErrorCode::InvalidInput, "a brick stands twice in one patch", where);
    }
    if (changes.size() > patch_brick_count_max) {
      return fail(ErrorCode::TooLarge, "more than 4,096 bricks in one patch", "",
                  "send the stroke in several patches");
    }
  }
  if (changes.empty()) return fail(ErrorCode::InvalidInput, "the patch has no brick");
  return changes;
}

json::array hashes_json(const Changes& changes) {
  json::array bricks;
  for (const auto& [place, change] : changes) {
    bricks.push_back(json::array{place.brick, change.hash});
  }
  return bricks;
}

// The places whose stored brick is not the one that the patch was drawn on. A brick that is already
// what the patch makes of it is no conflict.
Result<std::vector<BrickPlace>> conflicts_of(const storage::Reader& reader, const ItemId& item,
                                             const RaterId& rater, const std::string& grid_id,
                                             const Changes& changes) {
  std::map<BrickPlace, std::string> stored;
  std::map<std::uint32_t, json::array> wanted;
  for (const auto& [place, change] : changes) wanted[place.layer].push_back(place.brick);
  for (const auto& [layer, bricks] : wanted) {
    Fields fields = Fields().set("item", item).set("rater", rater);
    fields.set("grid_id", grid_id)
        .set("layer", std::int64_t{layer})
        .set("wanted", storage::JsonText{json::serialize(bricks)});
    for (const storage::Row& row : CSL_TRY(reader.query("labels.mask_brick_hashes", fields))) {
      stored[{layer, static_cast<std::uint32_t>(row.integer("brick"))}] = row.text("hash");
    }
  }
  std::vector<BrickPlace> conflicts;
  for (const auto& [place, change] : changes) {
    const auto found = stored.find(place);
    const std::string& current = found == stored.end() ? empty_hash : found->second;
    if (current != change.base_hash && current != change.hash) conflicts.push_back(place);
  }
  return conflicts;
}

std::string conflict_json(const std::vector<BrickPlace>& conflicts, std::int64_t revision) {
  json::array indices;
  for (const BrickPlace& place : conflicts) indices.push_back(place.brick);
  return json::serialize(json::object{{"conflicts", std::move(indices)}, {"revision", revision}});
}

json::object answer_of(const storage::MaskPatchRow& patch) {
  json::array bricks;
  const auto stored = parse_json(patch.bricks_json);
  if (stored) {
    for (const json::value& brick : stored->as_array()) {
      bricks.push_back(json::array{brick.at("brick"), brick.at("hash")});
    }
  }
  return json::object{
      {"revision", patch.revision}, {"bricks", std::move(bricks)}, {"merged", patch.merged}};
}

}  // namespace

namespace {

// Who drew a mask, by the findings on it, and whether it is an adjudicator's word that counts.
struct Drawer {
  std::string name;
  bool is_settled = false;
};

Result<Drawer> drawer_of(const storage::Reader& reader, const ItemId& item, const RaterId& rater,
                         const std::string& grid_id) {
  Drawer drawer;
  std::set<std::string> findings;
  for (const auto& segment : CSL_TRY(storage::mask_segments(reader, item, rater, grid_id))) {
    if (!segment.annotation_id.empty()) findings.insert(segment.annotation_id);
  }
  for (const std::string& finding : findings) {
    const auto row =
        CSL_TRY(storage::find_annotation(reader, CSL_TRY(parse_id<AnnotationId>(finding))));
    if (!row) continue;
    drawer.name = row->rater_name;
    if (row->stage == "adjudicate" && row->state == "submitted") drawer.is_settled = true;
  }
  return drawer;
}

}  // namespace

Result<json::object> Masks::list(const Access& access, const ProjectId& project,
                                 const ItemId& item_id, bool all_raters) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  CSL_TRY(storage::find_item(*reader, project, item_id));
  std::optional<RaterId> rater = access.rater();
  ProtocolCache protocols;
  if (all_raters) {
    CSL_TRY(may_see_all_labels(access, *reader, protocols, project, item_id));
    rater.reset();
  }
  const RaterNames names = CSL_TRY(
      RaterNames::of_item(store_, *reader, protocols, access, project, item_id, NameRule::Lists));
  json::array items;
  for (const storage::MaskRow& mask : CSL_TRY(storage::masks_of_item(*reader, item_id, rater))) {
    const Drawer drawer = CSL_TRY(drawer_of(*reader, item_id, mask.rater, mask.grid_id));
    const RaterRef shown = names.shown({.id = mask.rater, .display_name = drawer.name});
    json::array segments;
    for (const storage::MaskSegmentRow& segment :
         CSL_TRY(storage::mask_segments(*reader, item_id, mask.rater, mask.grid_id))) {
      segments.push_back(json::object{{"segment", segment.segment},
                                      {"annotation_id", segment.annotation_id},
                                      {"label", segment.label}});
    }
    std::map<std::uint32_t, json::array> layers;
    layers[0];  // the exclusive layer is always told, drawn on or not
    for (const MaskBrickRow& brick :
         CSL_TRY(storage::mask_bricks(*reader, item_id, mask.rater, mask.grid_id, std::nullopt))) {
      layers[brick.layer].push_back(json::array{brick.brick, brick.hash});
    }
    for (auto& [layer, bricks] : layers) {
      items.push_back(json::object{{"grid_id", mask.grid_id},
                                   {"rater_id", to_string(shown.id)},
                                   {"rater_name", shown.display_name},
                                   {"settled", drawer.is_settled},
                                   {"revision", mask.revision},
                                   {"layer", layer == 0 ? "exclusive" : "binary"},
                                   {"layer_number", layer},
                                   {"segments", segments},
                                   {"bricks", std::move(bricks)},
                                   {"updated_at", to_rfc3339(mask.updated_at)}});
    }
  }
  return json::object{{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<Bytes> Masks::bricks(const Access& access, const ProjectId& project, const ItemId& item_id,
                            const std::string& grid_id, const BrickQuery& query) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  const storage::ItemRow item = CSL_TRY(storage::find_item(*reader, project, item_id));
  ProtocolCache protocols;
  RaterId whose = query.rater.value_or(access.rater());
  if (whose != access.rater() || !query.opinion.empty()) {
    CSL_TRY(may_see_all_labels(access, *reader, protocols, project, item_id));
  }
  if (!query.opinion.empty()) {
    const RaterNames names = CSL_TRY(RaterNames::of_item(store_, *reader, protocols, access,
                                                         project, item_id, NameRule::Review));
    whose = CSL_TRY(names.rater_of(query.opinion));
  }
  const std::set<std::uint32_t> wanted(query.indices.begin(), query.indices.end());
  Bytes out;
  for (const MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(*reader, item_id, whose, grid_id, query.layer))) {
    if (!wanted.empty() && !wanted.contains(row.brick)) continue;
    const Bytes bytes = CSL_TRY(read_brick(store_, item.patient, row));
    put_u32(out, row.brick);
    put_u32(out, row.layer);
    put_u32(out, static_cast<std::uint32_t>(bytes.size()));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

Result<std::vector<StoredBrick>> Masks::changed_bricks(
    const Access& access, const ProjectId& project, const ItemId& item_id,
    const std::string& grid_id, const std::map<BrickKey, std::string>& known) const {
  CSL_TRY(require(access, project, case_roles));
  const auto reader = CSL_TRY(store_.read());
  const storage::ItemRow item = CSL_TRY(storage::find_item(*reader, project, item_id));
  std::map<BrickKey, std::string> gone = known;
  std::vector<StoredBrick> changed;
  for (MaskBrickRow& row :
       CSL_TRY(storage::mask_bricks(*reader, item_id, access.rater(), grid_id, std::nullopt))) {
    const BrickKey key{row.layer, row.brick};
    const auto held = gone.find(key);
    const bool is_held = held != gone.end() && held->second == row.hash;
    if (held != gone.end()) gone.erase(held);
    if (is_held) continue;
    Bytes bytes = CSL_TRY(read_brick(store_, item.patient, row));
    changed.push_back({.key = key, .hash = std::move(row.hash), .bytes = std::move(bytes)});
  }
  for (const auto& [key, hash] : gone) changed.push_back({.key = key, .hash = {}, .bytes = {}});
  return changed;
}

namespace {

struct PatchWrite {
  const Access& access;
  storage::ItemRow item;
  std::string grid_id;
  MaskPatchId patch;
  std::int64_t base_revision = 0;
  Changes changes;
  ObjectRef object;
};

struct PatchOutcome {
  std::vector<BrickPlace> conflicts;
  std::int64_t revision = 0;
  bool merged = false;
  std::optional<storage::MaskPatchRow> repeated;
};

// The same patch again is answered as before; an id that stood for another place is refused.
Result<std::optional<storage::MaskPatchRow>> find_repeat(const storage::Reader& reader,
                                                         const PatchWrite& write) {
  auto stored = CSL_TRY(storage::find_mask_patch(reader, write.patch));
  if (stored && (stored->item != write.item.id || stored->rater != write.access.rater() ||
                 stored->grid_id != write.grid_id)) {
    return fail(ErrorCode::Conflict, "this id is that of another patch", "patch_id",
                "use a new id");
  }
  return stored;
}

Result<PatchOutcome> apply_patch(Transaction& transaction, const PatchWrite& write) {
  PatchOutcome outcome;
  outcome.repeated = CSL_TRY(find_repeat(transaction, write));
  if (outcome.repeated) return outcome;
  const RaterId rater = write.access.rater();
  CSL_TRY(open_task(transaction, write.access, write.item.project, write.item.id));
  const std::int64_t current =
      CSL_TRY(storage::mask_revision(transaction, write.item.id, rater, write.grid_id));
  outcome.revision = current;
  outcome.conflicts =
      CSL_TRY(conflicts_of(transaction, write.item.id, rater, write.grid_id, write.changes));
  if (!outcome.conflicts.empty()) return outcome;
  outcome.revision = current + 1;
  outcome.merged = write.base_revision != current;
  storage::EventDraft event{.type = "mask.patched",
                            .project = write.item.project,
                            .item = write.item.id,
                            .patient = write.item.patient,
                            .fields = {}};
  event.fields.set("patch_id", write.patch)
      .set("grid_id", write.grid_id)
      .set("rater_id", rater)
      .set("revision", outcome.revision)
      .set("base_revision", write.base_revision)
      .set("merged", outcome.merged)
      .set("object", write.object.name)
      .set("object_size", static_cast<std::int64_t>(write.object.size_bytes))
      .set("bricks", storage::JsonText{json::serialize(stored_json(write.changes))});
  CSL_TRY(transaction.append(std::move(event)));
  return outcome;
}

}  // namespace

Answer<json::object> Masks::patch(const Access& access, const ProjectId& project,
                                  const ItemId& item_id, const std::string& grid_id,
                                  const MaskPatchId& patch, std::int64_t base_revision,
                                  ByteView records) {
  CSL_TRY(require(access, project, writing_roles));
  PatchWrite write{.access = access,
                   .item = {},
                   .grid_id = grid_id,
                   .patch = patch,
                   .base_revision = base_revision,
                   .changes = {},
                   .object = {}};
  {
    const auto reader = CSL_TRY(store_.read());
    write.item = CSL_TRY(storage::find_item(*reader, project, item_id));
    if (write.item.kind != "image" ||
        CSL_TRY(storage::series_of_grid(*reader, CSL_TRY(parse_id<StudyId>(write.item.source_id)),
                                        grid_id))
            .empty()) {
      return fail(ErrorCode::NotFound, "the item has no such grid");
    }
    if (const auto repeated = CSL_TRY(find_repeat(*reader, write))) return answer_of(*repeated);
    CSL_TRY(open_task(*reader, access, project, item_id));
    write.changes = CSL_TRY(read_records(CSL_TRY(read_grid(*reader, grid_id)), records));
    // Most lost races are seen here, before anything is written.
    const auto conflicts =
        CSL_TRY(conflicts_of(*reader, item_id, access.rater(), grid_id, write.changes));
    if (!conflicts.empty()) {
      return lost_race(conflict_json(
          conflicts, CSL_TRY(storage::mask_revision(*reader, item_id, access.rater(), grid_id))));
    }
  }
  const Bytes packed = CSL_TRY(pack(patch, write.changes));
  write.object = CSL_TRY(store_.objects().put(write.item.patient, packed)).object;
  CSL_TRY(store_.objects().sync(std::span(&write.object, 1)));

  PatchOutcome outcome;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    outcome = CSL_TRY(apply_patch(transaction, write));
    return {};
  }));
  if (outcome.repeated) return answer_of(*outcome.repeated);
  if (!outcome.conflicts.empty()) {
    // No event names the object; the space is not worth failing the answer for.
    static_cast<void>(store_.objects().discard(write.object));
    return lost_race(conflict_json(outcome.conflicts, outcome.revision));
  }
  return json::object{{"revision", outcome.revision},
                      {"bricks", hashes_json(write.changes)},
                      {"merged", outcome.merged}};
}

Result<MaskLayer> load_mask(storage::Store& store, const PatientId& patient, const ItemId& item,
                            const RaterId& rater, const std::string& grid_id,
                            std::uint32_t layer_number) {
  const auto reader = CSL_TRY(store.read());
  Grid grid = CSL_TRY(read_grid(*reader, grid_id));
  MaskLayer layer = layer_number == 0 ? CSL_TRY(make_exclusive_layer(std::move(grid)))
                                      : CSL_TRY(make_binary_layer(std::move(grid)));
  const std::vector<MaskBrickRow> rows =
      CSL_TRY(storage::mask_bricks(*reader, item, rater, grid_id, layer_number));
  if (rows.empty()) return fail(ErrorCode::NotFound, "nothing was drawn on this mask");
  for (const MaskBrickRow& row : rows) {
    CSL_TRY(set_brick(layer, row.brick, CSL_TRY(read_brick(store, patient, row))));
  }
  return layer;
}

}  // namespace consilium::service
