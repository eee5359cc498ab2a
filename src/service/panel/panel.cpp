#include "service/panel/panel.hpp"

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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

Result<json::object> counted(const ProjectVotes& votes, Timestamp now) {
  CountedPanel panel{
      .counted_at = now, .votes = &votes, .units = {}, .raters = {}, .items = {}, .effort = {}};
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
  return panel_json(panel);
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
  for (json::value& rater : panel["raters"].as_array()) {
    rater.as_object()["differs"] = without(rater.at("differs").as_array(), ids);
  }
  return panel;
}

}  // namespace

struct Panels::Kept {
  std::mutex counting;  // held by the one who counts
  struct Count {
    std::int64_t position = 0;
    std::shared_ptr<const json::object> panel;
  };
  Guarded<Count> count;
};

Panels::Panels(storage::Store& store, const Clock& clock, JobQueue* jobs)
    : store_(store), clock_(clock), jobs_(jobs) {}
Panels::~Panels() = default;

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
  const std::shared_ptr<Kept> kept = kept_.with([&](auto& all) {
    std::shared_ptr<Kept>& one = all[project];
    if (!one) one = std::make_shared<Kept>();
    return one;
  });
  const auto reader = CSL_TRY(store_.read());
  const std::set<ItemId> hidden = CSL_TRY(items_being_read(access, *reader, protocols_, project));
  const std::int64_t position = CSL_TRY(storage::votes_position(*reader, project));
  const auto present = [&] { return kept->count.with([](auto& count) { return count; }); };
  if (const auto count = present(); count.panel && count.position == position) {
    return without(*count.panel, hidden);
  }
  std::unique_lock counting(kept->counting, std::try_to_lock);
  if (!counting) {
    if (const auto count = present(); count.panel) return without(*count.panel, hidden);
    counting.lock();
    if (const auto count = present(); count.panel && count.position >= position) {
      return without(*count.panel, hidden);
    }
  }
  const ProjectVotes votes = CSL_TRY(gather_votes(*reader, protocols_, project));
  auto panel = std::make_shared<const json::object>(CSL_TRY(counted(votes, clock_.now())));
  kept->count.with([&](auto& count) { count = {position, panel}; });
  return without(*panel, hidden);
}

void Panels::follow(const ProjectId& project) {
  if (jobs_ == nullptr) return;
  if (!waiting_.with([&](auto& waiting) { return waiting.insert(project).second; })) return;
  const bool is_queued = jobs_->add([this, project](const std::stop_token&) {
    waiting_.with([&](auto& waiting) { waiting.erase(project); });
    // What fails now is done after the next submission.
    [[maybe_unused]] const auto applied = apply_stop_plan(project);
  });
  if (!is_queued) waiting_.with([&](auto& waiting) { waiting.erase(project); });
}

Result<std::int64_t> Panels::apply_stop_plan(const ProjectId& project) {
  const auto reader = CSL_TRY(store_.read());
  const auto protocol = CSL_TRY(protocols_.of_project(*reader, project));
  const std::optional<StopPlan> plan = stop_plan_of(protocol->protocol);
  if (!plan) return 0;
  const ProjectVotes votes = CSL_TRY(gather_votes(*reader, protocols_, project));
  std::vector<CountedUnit> units;
  for (const VotingUnit& unit : votes.units) units.push_back(CSL_TRY(count_unit(votes, unit)));
  const std::vector<ItemState> states = count_items(votes, units);
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
        {.item = votes.items[i].id, .readings = readings[i], .settled = states[i].settled});
  }
  return set_readers(store_, project, *plan, items);
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
