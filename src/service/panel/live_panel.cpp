#include "service/panel/live_panel.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "service/panel/item_update.hpp"
#include "storage/labels.hpp"
#include "storage/votes_log.hpp"
#include "storage/work.hpp"

namespace consilium::service {
namespace {

// More than that at once is quicker counted.
constexpr std::int64_t changes_max = 200;

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

Status count_panel(const ProjectVotes& votes, CountedPanel& panel) {
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
  return {};
}

}  // namespace

LivePanel::LivePanel() = default;
LivePanel::~LivePanel() = default;

Result<std::unique_ptr<LivePanel>> LivePanel::count(const CountSources& sources,
                                                    const storage::Reader& reader,
                                                    const ProjectId& project) {
  std::unique_ptr<LivePanel> live(new LivePanel());
  live->panel_.counted_at = sources.clock.now();
  live->position_ = CSL_TRY(storage::votes_position(reader, project));
  live->votes_ = CSL_TRY(gather_votes(reader, sources.protocols, project));
  const ProjectVotes& votes = live->votes_;
  CountedPanel& panel = live->panel_;
  panel.votes = &votes;
  CSL_TRY(count_panel(votes, panel));
  panel.masks = CSL_TRY(count_masks(sources.store, reader, votes, sources.mask_dice));
  live->may_read_ = CSL_TRY(who_may_read(reader, project, votes));
  live->minutes_ = minutes_of(votes);
  panel.next_reader =
      next_readers(votes, panel.units, panel.items, live->may_read_, live->minutes_);
  live->stop_plan_ = stop_plan_of(votes.protocol->protocol);
  if (live->stop_plan_) live->begin_orders();
  live->took_ms_ = sources.clock.now().ms - panel.counted_at.ms;
  return live;
}

Result<bool> LivePanel::update(const CountSources& sources, const storage::Reader& reader,
                               const ProjectId& project) {
  const std::vector<storage::VotesChange> changes =
      CSL_TRY(storage::votes_changes(reader, project, position_, changes_max + 1));
  if (changes.empty()) return true;
  if (changes.size() > static_cast<std::size_t>(changes_max)) return false;
  std::set<ItemId> items;
  for (const storage::VotesChange& change : changes) {
    if (!change.item) return false;
    items.insert(*change.item);
  }
  shown_.reset();
  for (const ItemId& item : items) {
    const ProjectVotes of_item = CSL_TRY(
        gather_votes_of_item(reader, sources.protocols, project, item, UnitsWanted::AllWithRows));
    if (!CSL_TRY(take_in_item(of_item, votes_, panel_))) return false;
    const auto at = std::ranges::lower_bound(votes_.items, of_item.items.front().number, {},
                                             &VotedItem::number);
    const auto number = static_cast<std::uint32_t>(at - votes_.items.begin());
    panel_.next_reader[number] =
        next_reader_of(votes_, panel_.units, panel_.items, may_read_, minutes_, number);
    if (stop_plan_) move_in_orders(number);
    if (stop_plan_) changed_.push_back(number);
    ++updates_;
  }
  position_ = changes.back().sequence;
  return true;
}

const boost::json::object& LivePanel::shown() {
  if (!shown_) {
    if (updates_ > 0) recount_work(votes_, panel_.items, panel_.effort);
    shown_ = std::make_unique<boost::json::object>(panel_json(panel_));
    (*shown_)["updates"] = updates_;
  }
  return *shown_;
}

void LivePanel::begin_orders() {
  for (RaterIndex r = 0; r < votes_.raters.size(); ++r) {
    orders_[votes_.raters[r].rater.id].gains = gains_of(votes_, panel_.units, panel_.items, r);
  }
  newcomers_.gains = gains_of(votes_, panel_.units, panel_.items, std::nullopt);
}

void LivePanel::move_in_orders(std::uint32_t item) {
  const auto move = [&](Order& order, const std::optional<RaterIndex>& rater) {
    order.items.reset();
    std::erase_if(order.gains,
                  [&](const ItemGain& one) { return one.item == votes_.items[item].id; });
    const auto gain = gain_of(votes_, panel_.units, panel_.items, rater, item);
    if (!gain) return;
    const auto place = [](const ItemGain& one) { return std::pair(-one.gain_nats, one.number); };
    order.gains.insert(std::ranges::upper_bound(order.gains, place(*gain), {}, place), *gain);
  };
  for (RaterIndex r = 0; r < votes_.raters.size(); ++r) {
    move(orders_[votes_.raters[r].rater.id], r);
  }
  move(newcomers_, std::nullopt);
}

ItemOrder LivePanel::order_for(const RaterId& rater) {
  if (!stop_plan_) return nullptr;
  const auto own = orders_.find(rater);
  Order& order = own == orders_.end() ? newcomers_ : own->second;
  if (!order.items) {
    std::vector<ItemId> items;
    items.reserve(order.gains.size());
    for (const ItemGain& gain : order.gains) items.push_back(gain.item);
    order.items = std::make_shared<const std::vector<ItemId>>(std::move(items));
  }
  return order.items;
}

bool LivePanel::is_due(std::uint32_t item, std::int64_t readings) const {
  // Without readings there is nothing to judge by, and what was adjudicated is done.
  if (!stop_plan_ || readings == 0 || votes_.items[item].is_adjudicated) return false;
  const std::int64_t wanted = votes_.items[item].readers_wanted;
  return readers_due(*stop_plan_, progress_of(item, readings), wanted) != wanted;
}

ItemProgress LivePanel::progress_of(std::uint32_t item, std::int64_t readings) const {
  return {
      .item = votes_.items[item].id, .readings = readings, .settled = panel_.items[item].settled};
}

std::vector<ItemProgress> LivePanel::due() const {
  std::vector<std::int64_t> readings(votes_.items.size(), 0);
  for (const VotingRater& rater : votes_.raters) {
    if (rater.rater.kind != RaterKind::Human) continue;
    for (const VotedReading& reading : rater.readings) ++readings[reading.item];
  }
  std::vector<ItemProgress> items;
  for (std::uint32_t i = 0; i < votes_.items.size(); ++i) {
    if (is_due(i, readings[i])) items.push_back(progress_of(i, readings[i]));
  }
  return items;
}

std::vector<ItemProgress> LivePanel::take_changed_due() {
  std::vector<ItemProgress> items;
  for (const std::uint32_t item : std::exchange(changed_, {})) {
    std::int64_t readings = 0;
    for (const VotingRater& rater : votes_.raters) {
      if (rater.rater.kind != RaterKind::Human) continue;
      readings += std::ranges::count(rater.readings, item, &VotedReading::item);
    }
    if (is_due(item, readings)) items.push_back(progress_of(item, readings));
  }
  return items;
}

}  // namespace consilium::service
