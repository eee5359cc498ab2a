#include "service/panel/item_update.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "analysis/routing/gain.hpp"

namespace consilium::service {
namespace {

// Raters, items and classes of the one item's votes in the numbers of all.
struct Numbers {
  std::uint32_t item = 0;
  std::vector<RaterIndex> rater;  // one a rater of the item
};

std::optional<Numbers> numbers_in(const ProjectVotes& of_item, const ProjectVotes& votes) {
  const VotedItem& own = of_item.items.front();
  const auto item = std::ranges::lower_bound(votes.items, own.number, {}, &VotedItem::number);
  if (item == votes.items.end() || item->id != own.id) return std::nullopt;
  Numbers numbers{.item = static_cast<std::uint32_t>(item - votes.items.begin()), .rater = {}};
  for (const VotingRater& rater : of_item.raters) {
    const auto found = std::ranges::find(votes.raters, rater.rater.id,
                                         [](const VotingRater& one) { return one.rater.id; });
    if (found == votes.raters.end()) return std::nullopt;
    numbers.rater.push_back(static_cast<RaterIndex>(found - votes.raters.begin()));
  }
  return numbers;
}

// The item's rows of one unit as they are now, in the unit's numbers.
struct PresentRows {
  std::vector<VotedRow> rows;
  std::vector<std::uint64_t> votes;  // how many, of each row
  std::vector<RaterIndex> rater;     // one a vote, as the others
  std::vector<ClassIndex> label;
  std::vector<VoteSource> sources;
};

std::optional<PresentRows> present_rows(const VotingUnit* now, const VotingUnit& kept,
                                        const Numbers& numbers) {
  PresentRows present;
  if (now == nullptr) return present;
  std::vector<ClassIndex> number;
  for (const VotingClass& one : now->classes) {
    const auto found = std::ranges::find(kept.classes, one.id, &VotingClass::id);
    if (found == kept.classes.end()) return std::nullopt;
    number.push_back(static_cast<ClassIndex>(found - kept.classes.begin()));
  }
  for (ItemIndex row = 0; row < now->rows.size(); ++row) {
    VotedRow& own = present.rows.emplace_back(now->rows[row]);
    own.item = numbers.item;
    if (own.truth) own.truth = number[*own.truth];
    present.votes.push_back(now->table.labels_of(row).size());
  }
  for (const RaterIndex rater : now->table.rater) present.rater.push_back(numbers.rater[rater]);
  for (const ClassIndex label : now->table.label) present.label.push_back(number[label]);
  present.sources = now->sources;
  return present;
}

template <class T>
void replace(std::vector<T>& all, std::size_t first, std::size_t end, const std::vector<T>& now) {
  const auto at = all.erase(all.begin() + static_cast<std::ptrdiff_t>(first),
                            all.begin() + static_cast<std::ptrdiff_t>(end));
  all.insert(at, now.begin(), now.end());
}

Status set_votes(routing::RunningPanel& panel, ItemIndex row,
                 const std::map<RaterIndex, ClassIndex>& now,
                 const std::optional<ClassIndex>& truth) {
  const auto before = panel.votes_of(row);
  const std::vector<std::pair<RaterIndex, ClassIndex>> old(before.begin(), before.end());
  for (const auto& [rater, label] : old) {
    if (!now.contains(rater)) CSL_TRY(panel.remove_vote(row, rater));
  }
  for (const auto& [rater, label] : now) {
    if (std::ranges::find(old, std::pair(rater, label)) == old.end()) {
      CSL_TRY(panel.set_vote({.item = row, .rater = rater, .label = label}));
    }
  }
  if (panel.truth_of(row) != truth) CSL_TRY(panel.set_truth(row, truth));
  // Once more, now that all that is said of the row is in the counts.
  panel.refresh(row);
  return {};
}

// Rows [first, end) of the panel become these.
Status move_panel(routing::RunningPanel& panel, ItemIndex first, ItemIndex end,
                  const PresentRows& present) {
  const auto count = static_cast<ItemIndex>(present.rows.size());
  for (; end - first > count; --end) CSL_TRY(panel.erase_item(end - 1));
  for (; end - first < count; ++end) CSL_TRY(panel.insert_item(end));
  std::size_t v = 0;
  for (ItemIndex row = 0; row < count; ++row) {
    std::map<RaterIndex, ClassIndex> now;
    for (std::uint64_t left = present.votes[row]; left > 0; --left, ++v) {
      now[present.rater[v]] = present.label[v];
    }
    CSL_TRY(set_votes(panel, first + row, now, present.rows[row].truth));
  }
  return {};
}

void move_table(VotingUnit& unit, ItemIndex first, ItemIndex end, const PresentRows& present) {
  const std::uint64_t vote = unit.table.first[first];
  const std::uint64_t vote_end = unit.table.first[end];
  replace(unit.rows, first, end, present.rows);
  replace(unit.table.rater, vote, vote_end, present.rater);
  replace(unit.table.label, vote, vote_end, present.label);
  replace(unit.sources, vote, vote_end, present.sources);
  std::vector<std::uint64_t> starts;
  std::uint64_t next = vote;
  for (const std::uint64_t votes : present.votes) {
    starts.push_back(next);
    next += votes;
  }
  replace(unit.table.first, first, end, starts);
  for (std::size_t row = first + starts.size(); row < unit.table.first.size(); ++row) {
    unit.table.first[row] += next - vote_end;  // wraps to the difference where votes went
  }
}

// The consensus as it was counted, but for these rows, which are the running panel's.
void move_consensus(CountedUnit& counted, ItemIndex first, ItemIndex end,
                    const PresentRows& present) {
  ConsensusResult& consensus = counted.consensus;
  const std::size_t classes = counted.unit->classes.size();
  std::vector<double> posterior;
  std::vector<ClassIndex> label;
  std::vector<double> entropy;
  std::vector<std::uint8_t> has_vote;
  for (ItemIndex row = 0; row < present.rows.size(); ++row) {
    const std::vector<double> shares = counted.running ? counted.running->posterior(first + row)
                                                       : std::vector<double>(classes, 1.0);
    posterior.insert(posterior.end(), shares.begin(), shares.end());
    label.push_back(static_cast<ClassIndex>(std::ranges::max_element(shares) - shares.begin()));
    entropy.push_back(routing::entropy(shares));
    has_vote.push_back(present.votes[row] > 0 ? 1 : 0);
  }
  replace(consensus.posterior.value, first * classes, end * classes, posterior);
  replace(consensus.label, first, end, label);
  replace(consensus.entropy_nats, first, end, entropy);
  replace(consensus.has_vote, first, end, has_vote);
  replace(consensus.is_tied, first, end, std::vector<std::uint8_t>(present.rows.size(), 0));
}

Status move_unit(VotingUnit& unit, CountedUnit& counted, std::vector<CountedRater>& raters,
                 std::uint32_t item, const PresentRows& present) {
  const auto [first, end] = rows_of_item(unit, item);
  const std::uint64_t vote = unit.table.first[first];
  for (std::uint64_t v = vote; v < unit.table.first[end]; ++v) {
    --counted.consensus.raters.vote_count[unit.table.rater[v]];
    --raters[unit.table.rater[v]].votes;
  }
  for (const RaterIndex rater : present.rater) {
    ++counted.consensus.raters.vote_count[rater];
    ++raters[rater].votes;
  }
  if (counted.running) CSL_TRY(move_panel(*counted.running, first, end, present));
  move_consensus(counted, first, end, present);
  move_table(unit, first, end, present);
  replace(counted.rows, first, end, std::vector<RowState>(present.rows.size()));
  return {};
}

void move_readings(const ProjectVotes& of_item, const Numbers& numbers, ProjectVotes& votes) {
  for (VotingRater& rater : votes.raters) {
    std::erase_if(rater.readings,
                  [&](const VotedReading& reading) { return reading.item == numbers.item; });
  }
  const auto order = [](const VotedReading& reading) {
    return std::pair(reading.submitted_at, reading.item);
  };
  for (std::size_t r = 0; r < of_item.raters.size(); ++r) {
    std::vector<VotedReading>& readings = votes.raters[numbers.rater[r]].readings;
    for (VotedReading reading : of_item.raters[r].readings) {
      reading.item = numbers.item;
      readings.insert(std::ranges::upper_bound(readings, order(reading), {}, order), reading);
    }
  }
}

void move_segments(const ProjectVotes& of_item, const Numbers& numbers, ProjectVotes& votes) {
  const auto found =
      std::ranges::equal_range(votes.segments, numbers.item, {}, &DrawnSegment::item);
  std::vector<DrawnSegment> now = of_item.segments;
  for (DrawnSegment& segment : now) {
    segment.item = numbers.item;
    segment.rater = numbers.rater[segment.rater];
  }
  const auto first = static_cast<std::size_t>(found.begin() - votes.segments.begin());
  replace(votes.segments, first, first + found.size(), now);
}

const VotingUnit* find_unit(const std::vector<VotingUnit>& units, const std::string& id) {
  const auto found = std::ranges::find(units, id, &VotingUnit::id);
  return found == units.end() ? nullptr : &*found;
}

// Units that are not kept may hold nothing but absences.
bool is_new_unit(const VotingUnit& unit, const std::vector<VotingUnit>& kept) {
  return find_unit(kept, unit.id) == nullptr &&
         (unit.kind == VotingKind::Question ||
          std::ranges::any_of(unit.classes,
                              [](const VotingClass& one) { return one.id != value_absent; }));
}

}  // namespace

Result<bool> take_in_item(const ProjectVotes& of_item, ProjectVotes& votes, CountedPanel& panel) {
  const auto numbers = numbers_in(of_item, votes);
  if (!numbers || of_item.protocol->hash != votes.protocol->hash) return false;
  for (const VotingUnit& unit : of_item.units) {
    if (is_new_unit(unit, votes.units)) return false;
  }
  std::vector<PresentRows> present;
  for (const VotingUnit& unit : votes.units) {
    auto rows = present_rows(find_unit(of_item.units, unit.id), unit, *numbers);
    if (!rows) return false;
    present.push_back(std::move(*rows));
  }
  const std::uint32_t cluster = votes.items[numbers->item].cluster;
  votes.items[numbers->item] = of_item.items.front();
  votes.items[numbers->item].cluster = cluster;
  move_readings(of_item, *numbers, votes);
  move_segments(of_item, *numbers, votes);
  for (std::size_t u = 0; u < votes.units.size(); ++u) {
    CSL_TRY(move_unit(votes.units[u], panel.units[u], panel.raters, numbers->item, present[u]));
  }
  // Once all units hold the item as it is.
  for (CountedUnit& counted : panel.units) {
    const auto [first, end] = rows_of_item(*counted.unit, numbers->item);
    CSL_TRY(weigh_rows(votes, counted, first, end));
  }
  panel.items = count_items(votes, panel.units);
  return true;
}

}  // namespace consilium::service
