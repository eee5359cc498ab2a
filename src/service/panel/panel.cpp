#include "service/panel/panel.hpp"

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "domain/protocol/stop_plan.hpp"
#include "format/note/csv_fields.hpp"
#include "service/access/pseudonym.hpp"
#include "service/assignment/reader_plan.hpp"
#include "service/job/job_queue.hpp"
#include "service/panel/live_panel.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t looked_max = 100'000;
constexpr int rounds_max = 4;

void add_row(std::string& out, const std::vector<std::string>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    out += csv_field(fields[i]);
  }
  out += '\n';
}

std::string votes_csv(storage::Store& store, const ProjectVotes& votes, const VotingUnit& unit,
                      const std::set<ItemId>& hidden) {
  std::vector<std::string> pseudonyms;
  for (const VotingRater& rater : votes.raters) {
    pseudonyms.push_back(rater_pseudonym(store, rater.rater.id));
  }
  std::string out = "item,rater,label,patient,at\n";
  for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
    if (hidden.contains(votes.items[unit.rows[row].item].id)) continue;
    for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
      add_row(out, {row_name(votes, unit.rows[row]), pseudonyms[unit.table.rater[v]],
                    unit.classes[unit.table.label[v]].id,
                    votes.items[unit.rows[row].item].pseudonym, to_rfc3339(unit.sources[v].at)});
    }
  }
  return out;
}

std::string truths_csv(const ProjectVotes& votes, const VotingUnit& unit,
                       const std::set<ItemId>& hidden) {
  std::string out = "item,label\n";
  for (const VotedRow& row : unit.rows) {
    if (hidden.contains(votes.items[row.item].id)) continue;
    if (row.truth) add_row(out, {row_name(votes, row), unit.classes[*row.truth].id});
  }
  return out;
}

// Items that the caller is reading now, blinded: nothing of them is shown to them.
Result<std::set<ItemId>> items_being_read(const Access& access, const storage::Reader& reader,
                                          ProtocolCache& protocols, const ProjectId& project) {
  const auto protocol = CSL_TRY(protocols.of_project(reader, project));
  if (access.is_operator || protocol->protocol.reader_plan.blinding == Blinding::Open) {
    return std::set<ItemId>{};
  }
  const std::vector<ItemId> open =
      CSL_TRY(storage::open_items_of_rater(reader, project, access.rater()));
  return std::set<ItemId>(open.begin(), open.end());
}

json::array without(json::array items, const std::set<std::string>& hidden) {
  json::array shown;
  for (json::value& item : items) {
    if (!hidden.contains(std::string(item.at("item_id").as_string()))) {
      shown.push_back(std::move(item));
    }
  }
  return shown;
}

// Leaves out what names these items.
json::object without(json::object panel, const std::set<ItemId>& hidden) {
  if (hidden.empty()) return panel;
  std::set<std::string> ids;
  for (const ItemId& item : hidden) ids.insert(to_string(item));
  for (const char* list : {"uncertain_items", "gold"}) {
    panel[list] = without(panel[list].as_array(), ids);
  }
  for (json::value& unit : panel["units"].as_array()) {
    json::object* masks = unit.as_object()["masks"].if_object();
    if (masks != nullptr) (*masks)["lowest"] = without((*masks)["lowest"].as_array(), ids);
  }
  for (json::value& rater : panel["raters"].as_array()) {
    rater.as_object()["differs"] = without(rater.at("differs").as_array(), ids);
  }
  return panel;
}

}  // namespace

struct Panels::Kept {
  std::mutex counting;  // held by the one who counts; `live` stays free meanwhile
  Guarded<std::unique_ptr<LivePanel>> live;
};

Panels::Panels(storage::Store& store, const Clock& clock, JobQueue* jobs, PanelLimits limits)
    : store_(store), clock_(clock), jobs_(jobs), limits_(limits) {}
Panels::~Panels() = default;

std::shared_ptr<Panels::Kept> Panels::kept_of(const ProjectId& project) {
  return kept_.with([&](auto& all) {
    std::shared_ptr<Kept>& one = all[project];
    if (!one) one = std::make_shared<Kept>();
    return one;
  });
}

CountSources Panels::sources() { return {store_, protocols_, mask_dice_, clock_}; }

Status Panels::count(const storage::Reader& reader, const ProjectId& project) {
  const std::shared_ptr<Kept> kept = kept_of(project);
  const std::int64_t position = CSL_TRY(storage::votes_position(reader, project));
  const std::lock_guard counting(kept->counting);
  const bool is_counted = kept->live.with([&](const auto& live) {
    return live && live->updates() == 0 && live->position() >= position;
  });
  if (is_counted) return {};
  auto fresh = CSL_TRY(LivePanel::count(sources(), reader, project));
  kept->live.with([&](auto& live) { live = std::move(fresh); });
  return {};
}

bool Panels::bring_up(const storage::Reader& reader, const ProjectId& project,
                      std::unique_ptr<LivePanel>& live) {
  const auto updated = live->update(sources(), reader, project);
  if (!updated) live.reset();  // in the middle of a change
  return updated && *updated;
}

bool Panels::is_due(const LivePanel& live) const {
  return live.updates() >= limits_.updates_max ||
         (live.updates() > 0 && clock_.now().ms - live.counted_at().ms >= limits_.recount_after_ms);
}

Status Panels::record(const Access& access, const ProjectId& project, std::string type,
                      const std::string& unit) {
  CSL_TRY(store_.write_from_reserve(actor_of(access), [&](storage::Transaction& transaction) {
    storage::EventDraft event{.type = type, .project = project, .fields = {}};
    if (!unit.empty()) event.fields.set("unit", unit);
    return transaction.append(std::move(event));
  }));
  return {};
}

Result<json::object> Panels::show(const Access& access, const ProjectId& project) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  // One event for each person, project and sign-in, before the first byte.
  const storage::Actor actor = actor_of(access);
  const std::string look = actor.person + ' ' + actor.sign_in + ' ' + to_string(project);
  if (!looked_.with([&](auto& looked) { return looked.contains(look); })) {
    CSL_TRY(record(access, project, "panel.read", ""));
    looked_.with([&](auto& looked) {
      if (looked.size() > looked_max) looked.clear();
      looked.insert(look);
    });
  }
  const auto reader = CSL_TRY(store_.read());
  const std::set<ItemId> hidden = CSL_TRY(items_being_read(access, *reader, protocols_, project));
  const std::int64_t position = CSL_TRY(storage::votes_position(*reader, project));
  const std::shared_ptr<Kept> kept = kept_of(project);
  // Decided and shown under one lock: a job that this starts cannot put its count between the two.
  std::optional<json::object> shown;
  const auto show_kept = [&](const auto& live) {
    shown = without(live->shown(), hidden);
    (*shown)["is_current"] = live->position() >= position && live->updates() == 0;
  };
  kept->live.with([&](auto& live) {
    if (!live) return;
    if (live->position() < position || live->updates() > 0) {
      if (jobs_ == nullptr || live->took_ms() <= limits_.wait_ms_max) return;
      if (!bring_up(*reader, project, live) || is_due(*live)) work(project);
    }
    if (live) show_kept(live);
  });
  if (!shown) {  // somebody waits for it
    CSL_TRY(count(*reader, project));
    kept->live.with([&](auto& live) {
      if (live) show_kept(live);
    });
  }
  if (shown) return *std::move(shown);
  return fail(ErrorCode::Unavailable, "the panel is being counted anew", {}, "ask again");
}

void Panels::work(const ProjectId& project) {
  if (jobs_ == nullptr) return;
  if (!waiting_.with([&](auto& waiting) { return waiting.insert(project).second; })) return;
  const bool is_queued = jobs_->add([this, project](const std::stop_token&) {
    waiting_.with([&](auto& waiting) { waiting.erase(project); });
    // What fails now is done after the next submission.
    const auto reader = store_.read();
    if (reader) static_cast<void>(count(**reader, project));
    [[maybe_unused]] const auto applied = apply_stop_plan(project);
  });
  if (!is_queued) waiting_.with([&](auto& waiting) { waiting.erase(project); });
}

void Panels::follow(const ProjectId& project) {
  if (jobs_ == nullptr) return;
  const auto reader = store_.read();
  if (!reader) return;
  const auto protocol = protocols_.of_project(**reader, project);
  if (!protocol) return;
  const auto plan = stop_plan_of((*protocol)->protocol);
  if (!plan) return;
  std::vector<ItemProgress> due;
  bool is_to_count = true;
  kept_of(project)->live.with([&](auto& live) {
    if (!live || !bring_up(**reader, project, live)) return;
    due = live->take_changed_due();
    is_to_count = is_due(*live);
  });
  // What fails now is done after the next count.
  if (!due.empty()) {
    [[maybe_unused]] const auto set = set_readers(store_, project, *plan, due);
  }
  if (is_to_count) work(project);
}

Result<std::int64_t> Panels::apply_stop_plan(const ProjectId& project) {
  {
    const auto reader = CSL_TRY(store_.read());
    const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
    if (!stop_plan_of(protocol->protocol)) return 0;
    CSL_TRY(count(*reader, project));
  }
  std::int64_t changed = 0;
  // Readers that were set change what is counted, and so on until nothing changes.
  for (int round = 0; round < rounds_max; ++round) {
    const auto reader = CSL_TRY(store_.read());
    std::optional<StopPlan> plan;
    std::vector<ItemProgress> due;
    const bool is_there = kept_of(project)->live.with([&](auto& live) {
      if (!live || !bring_up(*reader, project, live)) return false;
      plan = live->stop_plan();
      due = live->due();
      return true;
    });
    if (!is_there) {
      CSL_TRY(count(*reader, project));
      continue;
    }
    if (!plan || due.empty()) break;
    const std::int64_t now = CSL_TRY(set_readers(store_, project, *plan, due));
    changed += now;
    if (now == 0) break;
  }
  return changed;
}

std::shared_ptr<const std::vector<ItemId>> Panels::order_for(const ProjectId& project,
                                                             const RaterId& rater) {
  bool is_counted = false;
  const ItemOrder order = kept_of(project)->live.with([&](auto& live) -> ItemOrder {
    is_counted = live != nullptr;
    return live ? live->order_for(rater) : nullptr;
  });
  if (!is_counted) follow(project);
  return order;
}

Result<std::string> Panels::table(const Access& access, const ProjectId& project,
                                  const std::string& unit, VotesTable what) {
  CSL_TRY(require(access, project, Roles{Role::Lead, Role::MlExport}));
  const auto reader = CSL_TRY(store_.read());
  const ProjectVotes votes = CSL_TRY(gather_votes(*reader, protocols_, project));
  const std::set<ItemId> hidden = CSL_TRY(items_being_read(access, *reader, protocols_, project));
  for (const VotingUnit& one : votes.units) {
    if (one.id != unit) continue;
    CSL_TRY(record(access, project, "votes.downloaded", unit));
    return what == VotesTable::Votes ? votes_csv(store_, votes, one, hidden)
                                     : truths_csv(votes, one, hidden);
  }
  return fail(ErrorCode::NotFound, "there is no such unit with votes", "query unit",
              "take an id of the panel's units");
}

}  // namespace consilium::service
