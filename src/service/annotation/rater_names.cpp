#include "service/annotation/rater_names.hpp"

#include <algorithm>

#include "storage/labels.hpp"
#include "storage/objects.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace {

Sha256Digest hash_of(storage::Store& store, std::string_view purpose, const ItemId& item,
                     const RaterId& rater) {
  Bytes both(item.value.begin(), item.value.end());
  both.insert(both.end(), rater.value.begin(), rater.value.end());
  return store.objects().keyed_hash(purpose, both);
}

// Counted as columns of a table are: A to Z, then AA.
std::string key_at(std::size_t index) {
  std::string key;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26) {
    key.insert(key.begin(), static_cast<char>('A' + (rest - 1) % 26));
  }
  return key;
}

}  // namespace

Result<RaterNames> RaterNames::of_item(storage::Store& store, const storage::Reader& reader,
                                       ProtocolCache& protocols, const Access& access,
                                       const ProjectId& project, const ItemId& item,
                                       NameRule rule) {
  CSL_TRY(require(access, project, case_roles));
  RaterNames names;
  names.store_ = &store;
  names.item_ = item;
  names.own_ = access.rater();
  const Roles roles = roles_in(access, project);
  const bool may_know = rule == NameRule::Lists
                            ? roles.has(Role::Lead)
                            : roles.has(Role::Lead) && !roles.has(Role::Adjudicator);
  const auto protocol = protocols.of_project(reader, project);
  const bool is_open = protocol && (*protocol)->protocol.reader_plan.blinding == Blinding::Open;
  names.hidden_ =
      !may_know && !is_open && !CSL_TRY(storage::find_adjudication(reader, item)).has_value();

  std::vector<std::pair<Sha256Digest, RaterId>> order;
  for (const storage::TaskRow& task : CSL_TRY(storage::tasks_of_item(reader, item))) {
    if (task.state != "submitted") continue;
    order.emplace_back(hash_of(store, "opinion key", item, task.rater), task.rater);
  }
  std::ranges::sort(order);
  for (const auto& [hash, rater] : order) names.raters_.push_back(rater);
  return names;
}

std::string RaterNames::key_of(const RaterId& rater) const {
  const auto found = std::ranges::find(raters_, rater);
  if (found == raters_.end()) return {};
  return key_at(static_cast<std::size_t>(found - raters_.begin()));
}

Result<RaterId> RaterNames::rater_of(std::string_view key) const {
  for (std::size_t i = 0; i < raters_.size(); ++i) {
    if (key_at(i) == key) return raters_[i];
  }
  return fail(ErrorCode::NotFound, "the item has no such opinion", "opinion",
              "name one as the item's opinions are named");
}

RaterId RaterNames::stand_in(const RaterId& rater) const {
  const Sha256Digest hash = hash_of(*store_, "opinion rater", item_, rater);
  RaterId id;
  std::copy_n(hash.begin(), id.value.size(), id.value.begin());
  // RFC 9562, 5.8: version 8, made by a rule of one's own.
  id.value[6] = (id.value[6] & std::byte{0x0F}) | std::byte{0x80};
  id.value[8] = (id.value[8] & std::byte{0x3F}) | std::byte{0x80};
  return id;
}

RaterId RaterNames::behind(const RaterId& shown_id, std::span<const RaterId> raters) const {
  if (!hidden_) return shown_id;
  for (const RaterId& rater : raters) {
    if (rater != own_ && stand_in(rater) == shown_id) return rater;
  }
  return shown_id;
}

RaterRef RaterNames::shown(const RaterRef& rater) const {
  if (!hidden_ || rater.id == own_) return rater;
  const std::string key = key_of(rater.id);
  return {.id = stand_in(rater.id),
          .kind = rater.kind,
          .display_name = key.empty() ? std::string("A reader") : "Reader " + key};
}

}  // namespace consilium::service
