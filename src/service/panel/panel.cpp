#include "service/panel/panel.hpp"

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "domain/protocol/stop_plan.hpp"
#include "service/access/pseudonym.hpp"
#include "service/assignment/reader_plan.hpp"
#include "service/job/job_queue.hpp"
#include "service/panel/panel_json.hpp"
#include "storage/labels.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t looked_max = 100'000;
constexpr int rounds_max = 4;

// The project's raters who may be asked to read: members with the role.
Result<std::vector<bool>> who_may_read(const storage::Reader& reader, const ProjectId& project,
                                       const ProjectVotes& votes) {
  std::set<std::string> readers;
  for (const storage::Row& row :
       CSL_TRY(reader.query("catalog.members", storage::Fields().set("project", project)))) {
    if (row.text("roles").find("\"rater\"") != std::string::npos) {
      readers.insert(row.text("person_id"));
    }
  }
  std::vector<bool> may_read;
  for (const VotingRater& rater : votes.raters) {
    may_read.push_back(readers.contains(to_string(rater.rater.id)));
  }
  return may_read;
}

Result<CountedPanel> count_panel(const ProjectVotes& votes, Timestamp now) {
  CountedPanel panel{.counted_at = now,
                     .votes = &votes,
                     .units = {},
                     .raters = {},
                     .items = {},
                     .effort = {},
                     .masks = {},
                     .next_reader = {}};
  for (const VotingUnit& unit : votes.units) {
    panel.units.push_back(CSL_TRY(count_unit(votes, unit)));
  }
  std::vector<bool> is_gold;
  for (const VotedItem& item : votes.items) is_gold.push_back(item.is_gold);
  for (RaterIndex r = 0; r < votes.raters.size(); ++r) {
    panel.raters.push_back(CSL_TRY(count_rater(votes, panel.units, is_gold, r)));
  }
  panel.items = count_items(votes, panel.units);
  panel.effort = CSL_TRY(count_effort(votes, panel.items));
  return panel;
}

using ItemOrder = std::shared_ptr<const std::vector<ItemId>>;

ItemOrder order_of(const CountedPanel& panel, const std::optional<RaterIndex>& rater) {
  std::vector<ItemId> order;
  for (const ItemGain& gain : gains_of(*panel.votes, panel.units, panel.items, rater)) {
    order.push_back(gain.item);
  }
  return std::make_shared<const std::vector<ItemId>>(std::move(order));
}

std::vector<ItemProgress> progress_of(const CountedPanel& panel) {
  const ProjectVotes& votes = *panel.votes;
  std::vector<std::int64_t> readings(votes.items.size(), 0);
  for (const VotingRater& rater : votes.raters) {
    if (rater.rater.kind != RaterKind::Human) continue;
    for (const VotedReading& reading : rater.readings) ++readings[reading.item];
  }
  std::vector<ItemProgress> items;
  for (std::size_t i = 0; i < votes.items.size(); ++i) {
    // Without readings there is nothing to judge by, and what was adjudicated is done.
    if (readings[i] == 0 || votes.items[i].is_adjudicated) continue;
    items.push_back(
        {.item = votes.items[i].id, .readings = readings[i], .settled = panel.items[i].settled});
  }
  return items;
}

// A field as RFC 4180 wants it.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += '"';
  }
  return quoted + '"';
}

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

// What is kept of one count.
struct Panels::Count {
  std::int64_t position = 0;  // the last event that it has seen
  std::int64_t took_ms = 0;
  json::object panel;
  std::optional<StopPlan> stop_plan;
  std::vector<ItemProgress> progress;  // with a stop plan
  std::map<RaterId, ItemOrder> orders;
  ItemOrder newcomers;  // the order of somebody who has not voted
};

struct Panels::Kept {
  std::mutex counting;  // held by the one who counts
  Guarded<std::shared_ptr<const Count>> count;

  std::shared_ptr<const Count> present() {
    return count.with([](auto& one) { return one; });
  }
};

Panels::Panels(storage::Store& store, const Clock& clock, JobQueue* jobs, std::int64_t wait_ms_max)
    : store_(store), clock_(clock), jobs_(jobs), wait_ms_max_(wait_ms_max) {}
Panels::~Panels() = default;

std::shared_ptr<Panels::Kept> Panels::kept_of(const ProjectId& project) {
  return kept_.with([&](auto& all) {
    std::shared_ptr<Kept>& one = all[project];
    if (!one) one = std::make_shared<Kept>();
    return one;
  });
}

Result<std::shared_ptr<const Panels::Count>> Panels::count(const storage::Reader& reader,
                                                           const ProjectId& project,
                                                           std::int64_t position) {
  const Timestamp begin = clock_.now();
  const ProjectVotes votes = CSL_TRY(gather_votes(reader, protocols_, project));
  CountedPanel panel = CSL_TRY(count_panel(votes, begin));
  panel.masks = CSL_TRY(count_masks(store_, reader, votes, mask_dice_));
  panel.next_reader =
      next_readers(votes, panel.units, panel.items, CSL_TRY(who_may_read(reader, project, votes)));
  auto count = std::make_shared<Count>();
  count->position = position;
  count->panel = panel_json(panel);
  count->stop_plan = stop_plan_of(votes.protocol->protocol);
  if (count->stop_plan) {
    count->progress = progress_of(panel);
    for (RaterIndex r = 0; r < votes.raters.size(); ++r) {
      count->orders[votes.raters[r].rater.id] = order_of(panel, r);
    }
    count->newcomers = order_of(panel, std::nullopt);
  }
  count->took_ms = clock_.now().ms - begin.ms;
  return std::shared_ptr<const Count>(std::move(count));
}

Result<std::shared_ptr<const Panels::Count>> Panels::present(const storage::Reader& reader,
                                                             const ProjectId& project) {
  const std::shared_ptr<Kept> kept = kept_of(project);
  const std::int64_t position = CSL_TRY(storage::votes_position(reader, project));
  const std::lock_guard counting(kept->counting);
  if (auto one = kept->present(); one && one->position >= position) return one;
  auto fresh = CSL_TRY(count(reader, project, position));
  kept->count.with([&](auto& one) { one = fresh; });
  return fresh;
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
  std::shared_ptr<const Count> count = kept_of(project)->present();
  const bool is_slow = jobs_ != nullptr && count && count->took_ms > wait_ms_max_;
  if (is_slow && count->position < position) work(project);
  if (!count || (count->position < position && !is_slow)) {
    count = CSL_TRY(present(*reader, project));
  }
  json::object shown = without(count->panel, hidden);
  shown["is_current"] = count->position >= position;
  return shown;
}

void Panels::work(const ProjectId& project) {
  if (jobs_ == nullptr) return;
  if (!waiting_.with([&](auto& waiting) { return waiting.insert(project).second; })) return;
  const bool is_queued = jobs_->add([this, project](const std::stop_token&) {
    waiting_.with([&](auto& waiting) { waiting.erase(project); });
    // What fails now is done after the next submission.
    const auto reader = store_.read();
    if (reader) static_cast<void>(present(**reader, project));
    [[maybe_unused]] const auto applied = apply_stop_plan(project);
  });
  if (!is_queued) waiting_.with([&](auto& waiting) { waiting.erase(project); });
}

void Panels::follow(const ProjectId& project) {
  const auto reader = store_.read();
  if (!reader) return;
  const auto protocol = protocols_.of_project(**reader, project);
  if (protocol && stop_plan_of((*protocol)->protocol)) work(project);
}

Result<std::int64_t> Panels::apply_stop_plan(const ProjectId& project) {
  {
    const auto reader = CSL_TRY(store_.read());
    const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
    if (!stop_plan_of(protocol->protocol)) return 0;
  }
  std::int64_t changed = 0;
  // Readers that were set change what is counted, and so on until nothing changes.
  for (int round = 0; round < rounds_max; ++round) {
    const auto reader = CSL_TRY(store_.read());
    const std::shared_ptr<const Count> count = CSL_TRY(present(*reader, project));
    if (!count->stop_plan) break;
    const std::int64_t now =
        CSL_TRY(set_readers(store_, project, *count->stop_plan, count->progress));
    changed += now;
    if (now == 0) break;
  }
  return changed;
}

std::shared_ptr<const std::vector<ItemId>> Panels::order_for(const ProjectId& project,
                                                             const RaterId& rater) {
  const std::shared_ptr<const Count> count = kept_of(project)->present();
  if (!count) {
    follow(project);
    return nullptr;
  }
  const auto own = count->orders.find(rater);
  return own == count->orders.end() ? count->newcomers : own->second;
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
