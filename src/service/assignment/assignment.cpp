#include "service/assignment/assignment.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <span>

#include "service/annotation/submission.hpp"
#include "service/assignment/reader_plan.hpp"
#include "service/assignment/task_view.hpp"
#include "service/item/items.hpp"
#include "service/project/protocol_cache.hpp"
#include "storage/catalog.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace json = boost::json;
using storage::EventDraft;
using storage::Fields;
using storage::TaskRow;
using storage::Transaction;

namespace {

constexpr std::size_t reason_size_max = 2000;
// Items of a reading order that are looked at; behind them numbers decide.
constexpr std::size_t preferred_max = 1000;

bool is_open(const TaskRow& task) {
  return task.state == "leased" || task.state == "assigned" || task.state == "expired";
}

EventDraft task_event(std::string type, const TaskRow& task) {
  EventDraft event{.type = std::move(type),
                   .project = task.project,
                   .item = task.item,
                   .patient = task.patient,
                   .fields = {}};
  event.fields.set("task_id", task.id).set("rater_id", task.rater).set("stage", task.stage);
  return event;
}

storage::FieldValue place_value(const std::optional<std::int64_t>& place) {
  return place ? storage::FieldValue{*place} : storage::FieldValue{};
}

std::optional<std::int64_t> free_place(const std::vector<TaskRow>& tasks, std::int64_t wanted) {
  std::set<std::int64_t> held;
  for (const TaskRow& task : tasks) {
    if (task.place) held.insert(*task.place);
  }
  for (std::int64_t place = 1; place <= wanted; ++place) {
    if (!held.contains(place)) return place;
  }
  return std::nullopt;
}

// A free place, or that of a lease which ran out: its task expires, its work stays.
Result<std::optional<std::int64_t>> take_place(Transaction& transaction, const ItemId& item,
                                               const RaterId& rater, std::int64_t wanted) {
  const std::vector<TaskRow> tasks = CSL_TRY(storage::tasks_of_item(transaction, item));
  if (const auto place = free_place(tasks, wanted)) return place;
  for (const TaskRow& task : tasks) {
    if (task.state == "leased" && task.place && task.rater != rater &&
        task.lease_until < transaction.now()) {
      CSL_TRY(transaction.append(task_event("task.expired", task)));
      return task.place;
    }
  }
  return std::optional<std::int64_t>{};
}

struct Lease {
  const Access& access;
  ProjectId project;
  ItemId item;
  TaskId new_task;
  Timestamp until;
  bool is_gold = false;  // read beyond the places wanted
};

bool readings_are_open(const storage::Reader& reader, const ProjectId& project) {
  ProtocolCache protocols;
  const auto protocol = protocols.of_project(reader, project);
  return protocol && (*protocol)->protocol.reader_plan.blinding == Blinding::Open;
}

// Who has weighed others' readings of an item, or settled them, is no independent reader of it any
// more. Where the protocol opens the readings to all this costs nothing.
Status check_unread(const storage::Reader& reader, const Access& access, const ProjectId& project,
                    const ItemId& item) {
  if (CSL_TRY(storage::task_of_rater(reader, item, access.rater(), storage::adjudicate_stage))) {
    return fail(ErrorCode::Conflict, "you have adjudicated this item", "", "take the next item");
  }
  const storage::Rows reads = CSL_TRY(
      reader.query("catalog.item_was_read", Fields()
                                                .set("reader", to_string(access.person))
                                                .set("item", item)
                                                .set("purpose", std::string(purpose_review))));
  if (reads.empty() || readings_are_open(reader, project)) return {};
  return fail(ErrorCode::Conflict, "you have seen the other readings of this item", "",
              "leave it to a reader who has not");
}

// The rater's own open task again, or a new lease with a place.
Result<TaskRow> lease_item(Transaction& transaction, const Lease& lease) {
  const RaterId rater = lease.access.rater();
  const storage::ItemRow item = CSL_TRY(storage::find_item(transaction, lease.project, lease.item));
  std::optional<TaskRow> own = CSL_TRY(storage::task_of_rater(transaction, lease.item, rater));
  if (own && own->state == "submitted") {
    return fail(ErrorCode::Conflict, "you have submitted this item", "",
                "reopen it with a reason to change your labels");
  }
  const bool is_live = own && own->state == "leased" && own->lease_until >= transaction.now();
  if (is_live) return *own;
  CSL_TRY(check_unread(transaction, lease.access, lease.project, lease.item));

  std::optional<std::int64_t> place = own ? own->place : std::nullopt;
  if (!place) {
    place = CSL_TRY(take_place(transaction, lease.item, rater, item.readers_wanted));
    // A place of its own, behind those wanted: held like any other.
    if (!place && lease.is_gold) {
      const std::vector<TaskRow> tasks = CSL_TRY(storage::tasks_of_item(transaction, lease.item));
      place = free_place(tasks, item.readers_wanted + static_cast<std::int64_t>(tasks.size()) + 1);
    }
    // Who has begun may go on without a place: what they send is kept as a further opinion.
    if (!place && !own) {
      return fail(ErrorCode::Conflict, "all readers' places of this item are taken", "",
                  "take the next item");
    }
  }
  TaskRow task = own.value_or(TaskRow{});
  if (!own) {
    task.id = lease.new_task;
    task.project = lease.project;
    task.item = lease.item;
    task.patient = item.patient;
    task.stage = "label";
    task.rater = rater;
    task.readers_wanted = item.readers_wanted;
  }
  task.state = "leased";
  task.place = place;
  task.lease_until = lease.until;
  EventDraft event = task_event("task.leased", task);
  event.fields.set("place", place_value(place))
      .set("lease_until", lease.until.ms)
      .set("rater_name", lease.access.display_name);
  CSL_TRY(transaction.append(std::move(event)));
  return task;
}

Status check_reason(std::string_view reason) {
  if (reason.empty() || reason.size() > reason_size_max) {
    return fail(ErrorCode::InvalidInput, "a reason is needed", "reason",
                "say in 1 to 2,000 characters why");
  }
  return {};
}

}  // namespace

json::object task_json(const TaskRow& task) {
  json::object view;
  view["id"] = to_string(task.id);
  view["item_id"] = to_string(task.item);
  view["stage"] = task.stage;
  view["state"] = task.state;
  view["rater_id"] = to_string(task.rater);
  view["lease_until"] = nullptr;
  if (task.lease_until.ms != 0) view["lease_until"] = to_rfc3339(task.lease_until);
  view["holds_place"] = task.place.has_value();
  if (!task.assigned_by.empty()) view["assigned_to"] = to_string(task.rater);
  if (task.submitted_at) view["submitted_at"] = to_rfc3339(*task.submitted_at);
  if (task.duration_s) view["duration_s"] = *task.duration_s;
  return view;
}

Result<std::optional<json::object>> Assignment::next(const Access& access, const ProjectId& project,
                                                     std::optional<ItemId> after, bool peek) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  // Between the look and the lease another rater may take the last place: look again, a few times.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const auto reader = CSL_TRY(store_.read());
    std::int64_t after_number = 0;
    if (after) after_number = CSL_TRY(storage::find_item(*reader, project, *after)).number;
    const bool may_review =
        roles_in(access, project).has_any({Role::Reviewer, Role::Adjudicator, Role::Lead});
    const auto order = order_ ? order_(project, access.rater()) : nullptr;
    std::span<const ItemId> preferred;
    if (order) preferred = std::span(*order).first(std::min(order->size(), preferred_max));
    std::optional<ItemId> item = CSL_TRY(storage::next_item(
        *reader, {.project = project,
                  .rater = access.rater(),
                  .now = clock_.now(),
                  .after = after,
                  .after_number = after_number,
                  .without_reviewed = !may_review || !readings_are_open(*reader, project),
                  .preferred = preferred}));
    if (!item) return std::optional<json::object>{};
    const auto gold = CSL_TRY(gold_instead(*reader, project, access.rater(), *item));
    if (gold) item = gold;
    if (peek) {
      return std::optional<json::object>{json::object{
          {"task", nullptr}, {"item", CSL_TRY(items_.summary(access, project, *item))}}};
    }
    auto task = lease(access, project, *item, gold.has_value());
    if (!task && task.error().code == ErrorCode::Conflict) continue;
    json::object view;
    view["task"] = CSL_TRY(std::move(task));
    view["item"] = CSL_TRY(items_.summary(access, project, *item));
    return std::optional<json::object>{std::move(view)};
  }
  return fail(ErrorCode::Unavailable, "other raters took every item that was looked at", "",
              "ask again");
}

Result<json::object> Assignment::take(const Access& access, const ProjectId& project,
                                      const ItemId& item) {
  return lease(access, project, item, false);
}

Result<json::object> Assignment::lease(const Access& access, const ProjectId& project,
                                       const ItemId& item, bool is_gold) {
  CSL_TRY(require(access, project, Roles{Role::Rater}));
  const Lease lease{.access = access,
                    .project = project,
                    .item = item,
                    .new_task = make_id<TaskId>(clock_, random_),
                    .until = {clock_.now().ms + lease_ms},
                    .is_gold = is_gold};
  TaskRow task;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    task = CSL_TRY(lease_item(transaction, lease));
    return {};
  }));
  return task_json(task);
}

Result<std::optional<ItemId>> Assignment::gold_instead(const storage::Reader& reader,
                                                       const ProjectId& project,
                                                       const RaterId& rater, const ItemId& next) {
  // Work that was begun or assigned goes first.
  const auto own = CSL_TRY(storage::task_of_rater(reader, next, rater));
  if (own && (own->state == "leased" || own->state == "assigned")) return std::optional<ItemId>{};
  const auto protocol = protocols_.of_project(reader, project);
  if (!protocol) return std::optional<ItemId>{};
  return gold_for(store_, reader, project, rater, (*protocol)->protocol.quality_plan.gold_share);
}

Result<json::object> Assignment::heartbeat(const Access& access, const ProjectId& project,
                                           const TaskId& id) {
  CSL_TRY(require(access, project, Roles{Role::Rater, Role::Adjudicator}));
  const auto reader = CSL_TRY(store_.read());
  const TaskRow task = CSL_TRY(storage::find_task(*reader, project, id));
  if (task.rater != access.rater()) return fail(ErrorCode::NotFound, "there is no such task");
  if (task.state != "leased") {
    return fail(ErrorCode::Conflict, "the task is not open any more", "",
                "take the item again; what you drew is kept");
  }
  const Timestamp until{clock_.now().ms + lease_ms};
  CSL_TRY(
      store_.volatile_write("work.prolong", Fields().set("task", id).set("lease_until", until.ms)));
  return json::object{{"lease_until", to_rfc3339(until)}};
}

namespace {

// Runs `change` on the rater's own task (the lead's too, where `lead_may`) and answers it anew.
Result<json::object> change_task(
    storage::Store& store, const Access& access, const ProjectId& project, const TaskId& id,
    bool lead_may, const std::function<Status(Transaction&, const TaskRow&)>& change) {
  CSL_TRY(require(access, project, lead_may ? Roles{Role::Rater, Role::Lead} : Roles{Role::Rater}));
  CSL_TRY(store.write(actor_of(access), [&](Transaction& transaction) -> Status {
    const TaskRow task = CSL_TRY(storage::find_task(transaction, project, id));
    const bool is_own = task.rater == access.rater();
    if (!is_own && !(lead_may && roles_in(access, project).has(Role::Lead))) {
      return fail(ErrorCode::NotFound, "there is no such task");
    }
    if (task.stage != storage::label_stage) {
      return fail(ErrorCode::Conflict, "this is the task of an adjudication", "",
                  "decide the item anew instead");
    }
    return change(transaction, task);
  }));
  const auto reader = CSL_TRY(store.read());
  return task_json(CSL_TRY(storage::find_task(*reader, project, id)));
}

}  // namespace

Answer<json::object> Assignment::submit(const Access& access, const ProjectId& project,
                                        const TaskId& id, std::optional<double> duration_s) {
  {
    CSL_TRY(require(access, project, Roles{Role::Rater}));
    const auto reader = CSL_TRY(store_.read());
    const TaskRow task = CSL_TRY(storage::find_task(*reader, project, id));
    if (task.rater != access.rater()) return fail(ErrorCode::NotFound, "there is no such task");
    if (task.state == "submitted") return task_json(task);
    std::vector<Violation> violations =
        CSL_TRY(check_submission(*reader, project, task.item, task.rater));
    if (!violations.empty()) return refuse(std::move(violations));
  }
  return CSL_TRY(change_task(
      store_, access, project, id, false,
      [&](Transaction& transaction, const TaskRow& task) -> Status {
        if (task.state == "submitted") return {};
        if (!is_open(task)) {
          return fail(ErrorCode::Conflict, "the task is not open", "", "take the item again");
        }
        const std::optional<std::int64_t> place =
            task.place
                ? task.place
                : CSL_TRY(take_place(transaction, task.item, task.rater, task.readers_wanted));
        EventDraft event = task_event("task.submitted", task);
        event.fields.set("place", place_value(place))
            .set("duration_s",
                 duration_s ? storage::FieldValue{*duration_s} : storage::FieldValue{});
        return transaction.append(std::move(event));
      }));
}

Result<json::object> Assignment::release(const Access& access, const ProjectId& project,
                                         const TaskId& id) {
  return change_task(store_, access, project, id, true,
                     [](Transaction& transaction, const TaskRow& task) -> Status {
                       if (task.state == "released") return {};
                       if (!is_open(task)) {
                         return fail(ErrorCode::Conflict, "the task is not open");
                       }
                       return transaction.append(task_event("task.released", task));
                     });
}

Result<json::object> Assignment::skip(const Access& access, const ProjectId& project,
                                      const TaskId& id, std::string_view reason) {
  CSL_TRY(check_reason(reason));
  return change_task(store_, access, project, id, false,
                     [&](Transaction& transaction, const TaskRow& task) -> Status {
                       if (task.state == "skipped") return {};
                       if (!is_open(task)) {
                         return fail(ErrorCode::Conflict, "the task is not open");
                       }
                       EventDraft event = task_event("task.skipped", task);
                       event.fields.set("reason", storage::PatientText{std::string(reason)});
                       return transaction.append(std::move(event));
                     });
}

Result<json::object> Assignment::reopen(const Access& access, const ProjectId& project,
                                        const TaskId& id, std::string_view reason) {
  CSL_TRY(check_reason(reason));
  const Timestamp until{clock_.now().ms + lease_ms};
  return change_task(store_, access, project, id, true,
                     [&](Transaction& transaction, const TaskRow& task) -> Status {
                       if (task.state == "leased") return {};
                       if (task.state != "submitted") {
                         return fail(ErrorCode::Conflict, "only a submitted task can be reopened",
                                     "", "take the item instead");
                       }
                       if (task.rater == access.rater()) {
                         CSL_TRY(check_unread(transaction, access, project, task.item));
                       }
                       EventDraft event = task_event("task.reopened", task);
                       event.fields.set("reason", storage::PatientText{std::string(reason)})
                           .set("lease_until", until.ms);
                       return transaction.append(std::move(event));
                     });
}

namespace {

// Whether every reader's place is read: a lead who hands the item out all the same asks for more
// readers than were planned.
Result<bool> is_read_out(Transaction& transaction, const ProjectId& project, const ItemId& id) {
  const auto item = storage::find_item(transaction, project, id);
  if (!item) return false;  // told when it is assigned
  const std::vector<TaskRow> tasks = CSL_TRY(storage::tasks_of_item(transaction, id));
  const auto read = std::ranges::count_if(
      tasks, [](const TaskRow& task) { return task.place && task.state == "submitted"; });
  return read >= item->readers_wanted;
}

// The first place behind those that are held, wanted from now on.
Result<std::int64_t> open_place(Transaction& transaction, const storage::ItemRow& item) {
  const std::vector<TaskRow> tasks = CSL_TRY(storage::tasks_of_item(transaction, item.id));
  const std::int64_t place =
      free_place(tasks, item.readers_wanted + static_cast<std::int64_t>(tasks.size()) + 1)
          .value_or(item.readers_wanted + 1);
  EventDraft event{.type = "item.readers_set",
                   .project = item.project,
                   .item = item.id,
                   .patient = item.patient,
                   .fields = {}};
  event.fields.set("readers_wanted", place);
  CSL_TRY(transaction.append(std::move(event)));
  return place;
}

Result<TaskRow> assign_one(Transaction& transaction, const ProjectId& project,
                           const ItemId& item_id, const PersonId& person, const TaskId& new_task,
                           bool may_open_place) {
  const storage::ItemRow item = CSL_TRY(storage::find_item(transaction, project, item_id));
  const storage::Rows members = CSL_TRY(
      transaction.query("catalog.member", Fields().set("project", project).set("member", person)));
  if (members.empty() || members.front().text("roles").find("\"rater\"") == std::string::npos) {
    return fail(ErrorCode::InvalidInput, "this person is no rater of the project", "person_ids",
                "give them the role first");
  }
  const RaterId rater{person.value};
  std::optional<TaskRow> own = CSL_TRY(storage::task_of_rater(transaction, item_id, rater));
  if (own && own->state != "released" && own->state != "expired" && own->state != "skipped") {
    return *own;
  }
  auto place = CSL_TRY(take_place(transaction, item_id, rater, item.readers_wanted));
  if (!place && may_open_place) place = CSL_TRY(open_place(transaction, item));
  if (!place) {
    return fail(ErrorCode::Conflict, "all readers' places of this item are taken", "",
                "wait until they have read it, or release a place");
  }
  TaskRow task = own.value_or(TaskRow{});
  if (!own) {
    task.id = new_task;
    task.project = project;
    task.item = item_id;
    task.patient = item.patient;
    task.stage = "label";
    task.rater = rater;
  }
  task.state = "assigned";
  task.place = place;
  task.assigned_by = transaction.actor().person;
  EventDraft event = task_event("task.assigned", task);
  event.fields.set("place", place_value(place));
  CSL_TRY(transaction.append(std::move(event)));
  return task;
}

}  // namespace

Result<json::object> Assignment::assign(const Access& access, const ProjectId& project,
                                        const std::vector<ItemId>& items,
                                        const std::vector<PersonId>& persons) {
  CSL_TRY(require(access, project, Roles{Role::Lead}));
  if (items.size() * persons.size() > 10'000) {
    return fail(ErrorCode::TooLarge, "more than 10,000 tasks in one request", "",
                "assign them in several requests");
  }
  json::array results;
  CSL_TRY(store_.write(actor_of(access), [&](Transaction& transaction) -> Status {
    results.clear();
    for (const ItemId& item : items) {
      const bool may_open_place = CSL_TRY(is_read_out(transaction, project, item));
      for (const PersonId& person : persons) {
        const auto task = assign_one(transaction, project, item, person,
                                     make_id<TaskId>(clock_, random_), may_open_place);
        json::object row{{"item_id", to_string(item)}, {"person_id", to_string(person)}};
        if (task) {
          row["status"] = 200;
          row["task"] = task_json(*task);
        } else {
          row["status"] = http_status(task.error().code);
          row["problem"] = json::object{{"code", std::string(name_of(task.error().code))},
                                        {"detail", task.error().what},
                                        {"remedy", task.error().remedy}};
        }
        results.push_back(std::move(row));
      }
    }
    return {};
  }));
  return json::object{{"results", std::move(results)}};
}

}  // namespace consilium::service
