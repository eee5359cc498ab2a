#include "transport/api/event_hub.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <vector>

namespace consilium::api {
namespace json = boost::json;

namespace {

constexpr std::size_t kept_max = 4096;
constexpr std::size_t sent_at_once_max = 512;
constexpr std::int64_t renew_every_ms = 30'000;

// The noun of an event's type, and what browsers are told.
constexpr auto told = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"item", "item.changed"},
    {"task", "task.changed"},
    {"annotation", "annotation.changed"},
    {"mask", "mask.changed"},
    {"import", "import.progress"},
    {"export", "export.changed"},
    {"question", "question.changed"},
    {"project", "project.changed"},
    {"protocol", "project.changed"},
    {"member", "project.changed"},
});
// The only fields that leave the server: ids, counts and states.
constexpr auto open_fields = std::to_array<std::string_view>(
    {"task_id", "annotation_id", "revision", "import_id", "export_id", "question_id", "grid_id",
     "state", "files_total", "files_done", "items_added", "duplicates"});

std::string_view told_as(std::string_view type) {
  if (type == "item.read" || type == "export.downloaded") return {};
  const std::string_view noun = type.substr(0, type.find('.'));
  for (const auto& [candidate, name] : told) {
    if (candidate == noun) return name;
  }
  return {};
}

struct Kept {
  std::int64_t sequence = 0;
  std::string_view name;  // empty: changes rights only
  bool changes_rights = false;
  std::string person;
  std::optional<ProjectId> project;
  std::optional<ItemId> item;
  json::object data;
};

json::value open_value(const storage::FieldValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return json::value(*text);
  return nullptr;
}

Kept kept_of(const storage::Store::Change& change) {
  Kept kept{.sequence = change.sequence,
            .name = told_as(change.type),
            .changes_rights = change.type.starts_with("member.") ||
                              change.type.starts_with("person.") ||
                              change.type == "sign_in.ended" || change.type == "token.revoked" ||
                              change.type == "project.added",
            .person = change.person,
            .project = change.project,
            .item = change.item,
            .data = {}};
  if (change.project) kept.data["project_id"] = to_string(*change.project);
  if (change.item) kept.data["item_id"] = to_string(*change.item);
  kept.data["type"] = change.type;
  for (const auto& [name, value] : change.fields.members()) {
    if (std::ranges::find(open_fields, name) != open_fields.end())
      kept.data[name] = open_value(value);
  }
  return kept;
}

std::string event_text(std::int64_t sequence, std::string_view name, const json::object& data) {
  return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", sequence, name, json::serialize(data));
}

// The change as this listener may see it; empty when not at all.
std::string text_for(const Kept& kept, const service::Access& access) {
  if (kept.name.empty() || !kept.project) return {};
  const service::Roles roles = roles_in(access, *kept.project);
  const bool own = kept.person == to_string(access.person);
  const bool is_case = kept.name == "item.changed" || kept.name == "task.changed" ||
                       kept.name == "annotation.changed" || kept.name == "mask.changed" ||
                       kept.name == "question.changed";
  if (roles.empty() && !access.is_administrator) return {};
  if (is_case && !roles.has_any(service::case_roles)) return {};
  json::object data = kept.data;
  if (is_case && !own &&
      !roles.has_any({service::Role::Lead, service::Role::Reviewer, service::Role::Adjudicator})) {
    if (!kept.item) return {};
    if (kept.name == "annotation.changed" || kept.name == "mask.changed") return {};
    return event_text(kept.sequence, "item.changed",
                      {{"project_id", to_string(*kept.project)},
                       {"item_id", to_string(*kept.item)},
                       {"type", "item.changed"}});
  }
  // Who did it would tell reviewers and adjudicators whose opinion came in (service/annotation/
  // rater_names.hpp).
  if (own || !is_case || roles.has(service::Role::Lead)) data["person_id"] = kept.person;
  return event_text(kept.sequence, kept.name, data);
}

}  // namespace

struct EventHub::State {
  std::mutex mutex;
  std::deque<Kept> kept;
  // Changes up to this one are no longer kept, or came before this server started.
  std::optional<std::int64_t> forgotten_up_to;
  std::int64_t newest = 0;
  std::map<const void*, std::function<void()>> ready;
};

namespace {

class HubStream final : public http::EventStream {
 public:
  HubStream(std::shared_ptr<EventHub::State> state, EventHub::Renew renew, const Clock& clock,
            std::optional<std::int64_t> last_event_id)
      : state_(std::move(state)), renew_(std::move(renew)), clock_(clock) {
    const std::scoped_lock lock(state_->mutex);
    position_ = state_->newest;
    if (last_event_id) {
      const bool all_kept = state_->forgotten_up_to && *last_event_id >= *state_->forgotten_up_to &&
                            *last_event_id <= state_->newest;
      // With nothing published since the start there is nothing to miss but what the start itself
      // hid.
      must_reset_ = !all_kept;
      if (all_kept) position_ = *last_event_id;
    }
  }
  ~HubStream() override {
    const std::scoped_lock lock(state_->mutex);
    state_->ready.erase(this);
  }

  std::optional<std::string> take() override {
    std::vector<Kept> changes = next_changes();
    const bool rights_changed =
        std::ranges::any_of(changes, [](const Kept& change) { return change.changes_rights; });
    const std::int64_t now = clock_.now().ms;
    if (!access_ || rights_changed || now - renewed_ms_ > renew_every_ms) {
      access_ = renew_();
      renewed_ms_ = now;
      if (!access_) return std::nullopt;
    }
    std::string text;
    if (!greeted_) text += "retry: 2000\n\n";
    greeted_ = true;
    if (must_reset_) text += fmt::format("id: {}\nevent: reset\ndata: {{}}\n\n", position_);
    must_reset_ = false;
    for (const Kept& change : changes) text += text_for(change, *access_);
    return text;
  }

  void on_ready(std::function<void()> ready) override {
    const std::scoped_lock lock(state_->mutex);
    if (ready) {
      state_->ready[this] = std::move(ready);
    } else {
      state_->ready.erase(this);
    }
  }

 private:
  std::vector<Kept> next_changes() {
    const std::scoped_lock lock(state_->mutex);
    if (state_->forgotten_up_to && position_ < *state_->forgotten_up_to) {
      must_reset_ = true;
      position_ = state_->newest;
    }
    const auto first = std::ranges::upper_bound(state_->kept, position_, {},
                                                [](const Kept& change) { return change.sequence; });
    const auto count = std::min<std::ptrdiff_t>(state_->kept.end() - first, sent_at_once_max);
    std::vector<Kept> changes(first, first + count);
    if (!changes.empty()) position_ = changes.back().sequence;
    if (position_ < state_->newest) {  // more is there: come again
      if (const auto ready = state_->ready.find(this); ready != state_->ready.end())
        ready->second();
    }
    return changes;
  }

  std::shared_ptr<EventHub::State> state_;
  EventHub::Renew renew_;
  const Clock& clock_;
  std::optional<service::Access> access_;
  std::int64_t renewed_ms_ = 0;
  std::int64_t position_ = 0;
  bool must_reset_ = false;
  bool greeted_ = false;
};

}  // namespace

EventHub::EventHub() : state_(std::make_shared<State>()) {}
EventHub::~EventHub() = default;

void EventHub::publish(const storage::Store::Change& change) {
  Kept kept = kept_of(change);
  const std::scoped_lock lock(state_->mutex);
  if (!state_->forgotten_up_to) state_->forgotten_up_to = change.sequence - 1;
  state_->newest = change.sequence;
  if (kept.name.empty() && !kept.changes_rights) {
    // Nobody is told, but streams must not look for it.
    kept.data.clear();
  }
  state_->kept.push_back(std::move(kept));
  if (state_->kept.size() > kept_max) {
    state_->forgotten_up_to = state_->kept.front().sequence;
    state_->kept.pop_front();
  }
  for (const auto& [stream, ready] : state_->ready) ready();
}

std::shared_ptr<http::EventStream> EventHub::subscribe(Renew renew, const Clock& clock,
                                                       std::optional<std::int64_t> last_event_id) {
  return std::make_shared<HubStream>(state_, std::move(renew), clock, last_event_id);
}

}  // namespace consilium::api
