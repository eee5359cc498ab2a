#include "service/panel/item_count.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace consilium::service {
namespace {

constexpr std::size_t curve_points = 12;
// The curve is read by eye.
constexpr double curve_move_max = 1e-4;
constexpr int curve_rounds_max = 50;

struct TimedReading {
  Timestamp at;
  double hours = 0;
};

// Readings whose duration is not known count as the mean of the others.
std::vector<TimedReading> timed_readings(const ProjectVotes& votes, double mean_s) {
  std::vector<TimedReading> readings;
  for (const VotingRater& rater : votes.raters) {
    if (rater.rater.kind != RaterKind::Human) continue;
    for (const VotedReading& reading : rater.readings) {
      readings.push_back({reading.submitted_at, reading.duration_s.value_or(mean_s) / 3600});
    }
  }
  std::ranges::sort(readings, [](const TimedReading& a, const TimedReading& b) {
    return std::pair(a.at, a.hours) < std::pair(b.at, b.hours);
  });
  return readings;
}

std::vector<double> known_durations(const ProjectVotes& votes) {
  std::vector<double> durations;
  for (const VotingRater& rater : votes.raters) {
    if (rater.rater.kind != RaterKind::Human) continue;
    for (const VotedReading& reading : rater.readings) {
      if (reading.duration_s) durations.push_back(*reading.duration_s);
    }
  }
  std::ranges::sort(durations);
  return durations;
}

double mean_of(const std::vector<double>& sorted) {
  return std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
}

PanelEstimate hours_of(std::int64_t readings, const std::vector<double>& durations) {
  PanelEstimate hours;
  if (durations.empty()) {
    hours.undefined = "no reading has a duration yet";
    return hours;
  }
  const double mean = mean_of(durations);
  const double to_hours = static_cast<double>(readings) / 3600;
  hours.value = mean * to_hours;
  if (durations.size() < 2) {
    hours.undefined = "no interval: a single reading has a duration";
    return hours;
  }
  double squares = 0;
  for (const double duration : durations) squares += (duration - mean) * (duration - mean);
  const auto count = static_cast<double>(durations.size());
  const double half = 1.96 * std::sqrt(squares / (count - 1) / count);
  hours.low = std::max(0.0, mean - half) * to_hours;
  hours.high = (mean + half) * to_hours;
  return hours;
}

// A unit's panel, which votes are added to in the order of their times.
class Replay {
 public:
  static Result<Replay> make(const ProjectVotes& votes, const VotingUnit& unit) {
    Replay replay;
    replay.unit_ = &unit;
    replay.rule_.error_max = 1 - settled_at(votes.protocol->protocol);
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
        replay.order_.push_back(
            {.vote = {row, unit.table.rater[v], unit.table.label[v]}, .at = unit.sources[v].at});
      }
    }
    std::ranges::stable_sort(replay.order_, {}, &Timed::at);
    if (unit.classes.size() < 2) return replay;
    replay.panel_ = CSL_TRY(routing::RunningPanel::make(
        static_cast<std::uint32_t>(unit.rows.size()), unit.table.rater_count,
        static_cast<std::uint32_t>(unit.classes.size()), {}));
    return replay;
  }

  // Adds the votes up to then, and tells of each item of a row with votes whether it is settled.
  Status advance(Timestamp until, std::vector<std::uint8_t>& has_votes,
                 std::vector<std::uint8_t>& is_open) {
    for (; next_ < order_.size() && order_[next_].at <= until; ++next_) {
      if (panel_) CSL_TRY(panel_->set_vote(order_[next_].vote));
      has_votes[unit_->rows[order_[next_].vote.item].item] = 1;
    }
    if (!panel_) return {};
    panel_->settle(curve_move_max, curve_rounds_max);
    for (ItemIndex row = 0; row < unit_->rows.size(); ++row) {
      if (panel_->votes_on(row) == 0 || is_open[unit_->rows[row].item] != 0) continue;
      if (!CSL_TRY(routing::weigh_item(*panel_, row, rule_)).stop) {
        is_open[unit_->rows[row].item] = 1;
      }
    }
    return {};
  }

 private:
  struct Timed {
    Vote vote;
    Timestamp at;
  };
  const VotingUnit* unit_ = nullptr;
  routing::StopRule rule_;
  std::vector<Timed> order_;
  std::size_t next_ = 0;
  std::optional<routing::RunningPanel> panel_;
};

Result<std::vector<std::pair<double, double>>> settled_curve(
    const ProjectVotes& votes, const std::vector<TimedReading>& readings, double settled_share) {
  std::vector<Replay> replays;
  for (const VotingUnit& unit : votes.units) {
    replays.push_back(CSL_TRY(Replay::make(votes, unit)));
  }
  std::vector<std::pair<double, double>> curve{{0.0, 0.0}};
  std::vector<std::uint8_t> has_votes(votes.items.size(), 0);
  double hours = 0;
  std::size_t done = 0;
  for (std::size_t point = 1; point < curve_points; ++point) {
    const std::size_t end = readings.size() * point / curve_points;
    if (end <= done) continue;
    for (; done < end; ++done) hours += readings[done].hours;
    std::vector<std::uint8_t> is_open(votes.items.size(), 0);
    for (Replay& replay : replays) {
      CSL_TRY(replay.advance(readings[done - 1].at, has_votes, is_open));
    }
    std::size_t settled = 0;
    for (std::size_t i = 0; i < is_open.size(); ++i)
      settled += has_votes[i] != 0 && is_open[i] == 0;
    curve.emplace_back(hours, static_cast<double>(settled) / static_cast<double>(is_open.size()));
  }
  for (; done < readings.size(); ++done) hours += readings[done].hours;
  // The last point is the present, adjudications included.
  curve.emplace_back(hours, settled_share);
  return curve;
}

}  // namespace

std::vector<ItemState> count_items(const ProjectVotes& votes,
                                   const std::vector<CountedUnit>& units) {
  std::vector<ItemState> items(votes.items.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    const CountedUnit& counted = units[u];
    for (ItemIndex row = 0; row < counted.unit->rows.size(); ++row) {
      ItemState& item = items[counted.unit->rows[row].item];
      const RowState& state = counted.rows[row];
      const double entropy = counted.consensus.entropy_nats[row] / std::numbers::ln2;
      if (!item.has_votes) {
        item = {.has_votes = true,
                .settled = true,
                .unit = u,
                .row = row,
                .entropy_bits = entropy,
                .votes_needed = 0};
      } else if (entropy > item.entropy_bits) {
        item.unit = u;
        item.row = row;
        item.entropy_bits = entropy;
      }
      item.settled = item.settled && state.settled;
      if (item.votes_needed && state.votes_needed) {
        item.votes_needed = std::max(*item.votes_needed, *state.votes_needed);
      } else {
        item.votes_needed = std::nullopt;
      }
    }
  }
  // The adjudicator's word stands, whatever was left unanswered.
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!votes.items[i].is_adjudicated) continue;
    items[i].settled = true;
    items[i].votes_needed = 0;
  }
  return items;
}

void recount_work(const ProjectVotes& votes, const std::vector<ItemState>& items, Effort& effort) {
  effort.votes_more = 0;
  if (items.empty()) {
    effort.hours = {};
    effort.hours.undefined = "the project has no items";
    return;
  }
  std::vector<std::int64_t> readings_of(items.size(), 0);
  for (const VotingRater& rater : votes.raters) {
    for (const VotedReading& reading : rater.readings) ++readings_of[reading.item];
  }
  std::size_t settled = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].settled) {
      ++settled;
      continue;
    }
    const std::int64_t open =
        std::max<std::int64_t>(0, votes.items[i].readers_wanted - readings_of[i]);
    effort.votes_more +=
        items[i].has_votes ? items[i].votes_needed.value_or(static_cast<int>(open)) : open;
  }
  effort.settled_share = static_cast<double>(settled) / static_cast<double>(items.size());
  effort.hours = hours_of(effort.votes_more, known_durations(votes));
}

Result<Effort> count_effort(const ProjectVotes& votes, const std::vector<ItemState>& items) {
  Effort effort;
  recount_work(votes, items, effort);
  const std::vector<double> durations = known_durations(votes);
  if (items.empty() || durations.empty()) return effort;
  effort.curve = CSL_TRY(
      settled_curve(votes, timed_readings(votes, mean_of(durations)), effort.settled_share));
  return effort;
}

}  // namespace consilium::service
