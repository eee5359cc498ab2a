#include "service/panel/next_reader.hpp"

#include <algorithm>
#include <numbers>
#include <numeric>

#include "analysis/routing/gain.hpp"

namespace consilium::service {
namespace {

constexpr double minutes_min = 1.0 / 60;
constexpr double minutes_default = 1;

// The rates of somebody of whom nothing is known but the prior.
routing::RateTable prior_rates(const routing::RunningPanel& panel) {
  const std::size_t classes = panel.class_count();
  const auto [right, wrong, of_class] = panel.prior();
  const double sum = right + wrong * static_cast<double>(classes - 1);
  routing::RateTable rates(classes * classes, wrong / sum);
  for (std::size_t k = 0; k < classes; ++k) rates[k * classes + k] = right / sum;
  return rates;
}

routing::RateTable rates_of(const routing::RunningPanel& panel,
                            const std::optional<RaterIndex>& rater) {
  return rater ? panel.rates(*rater) : prior_rates(panel);
}

// One rater's gains on all items, unit by unit, and on one that nobody has read.
class Gains {
 public:
  Gains(const ProjectVotes& votes, const std::vector<CountedUnit>& units,
        const std::optional<RaterIndex>& rater)
      : of_item_(votes.items.size(), 0.0) {
    for (const CountedUnit& counted : units) {
      if (!counted.running) continue;
      const routing::RunningPanel& panel = *counted.running;
      const routing::RateTable rates = rates_of(panel, rater);
      for (ItemIndex row = 0; row < counted.rows.size(); ++row) {
        if (counted.rows[row].settled) continue;
        of_item_[counted.unit->rows[row].item] +=
            routing::expected_gain(panel.posterior(row), rates);
      }
      if (counted.unit->kind == VotingKind::Question) {
        of_unread_ += routing::expected_gain(panel.class_shares(), rates);
      }
    }
  }
  [[nodiscard]] double of(std::size_t item) const { return of_item_[item]; }
  [[nodiscard]] double of_unread() const { return of_unread_; }

 private:
  std::vector<double> of_item_;
  double of_unread_ = 0;
};

// The same of one item alone.
double gain_on(const std::vector<CountedUnit>& units, const std::optional<RaterIndex>& rater,
               std::uint32_t item, bool has_votes) {
  double gain = 0;
  for (const CountedUnit& counted : units) {
    if (!counted.running) continue;
    const routing::RunningPanel& panel = *counted.running;
    const routing::RateTable rates = rates_of(panel, rater);
    if (!has_votes) {
      if (counted.unit->kind != VotingKind::Question) continue;
      gain += routing::expected_gain(panel.class_shares(), rates);
      continue;
    }
    const auto [first, end] = rows_of_item(*counted.unit, item);
    for (ItemIndex row = first; row < end; ++row) {
      if (!counted.rows[row].settled) {
        gain += routing::expected_gain(panel.posterior(row), rates);
      }
    }
  }
  return gain;
}

bool has_read(const VotingRater& rater, std::uint32_t item) {
  return std::ranges::find(rater.readings, item, &VotedReading::item) != rater.readings.end();
}

// Whether the one is a better next reader than the other.
bool is_better(const NextReader& one, const std::optional<NextReader>& other) {
  return !other || one.gain_bits / one.minutes > other->gain_bits / other->minutes;
}

std::vector<bool> items_read_by(const ProjectVotes& votes, RaterIndex rater) {
  std::vector<bool> is_read(votes.items.size(), false);
  for (const VotedReading& reading : votes.raters[rater].readings) is_read[reading.item] = true;
  return is_read;
}

std::optional<double> median_minutes(std::vector<double> seconds) {
  if (seconds.empty()) return std::nullopt;
  std::ranges::sort(seconds);
  const std::size_t middle = seconds.size() / 2;
  const double median =
      seconds.size() % 2 == 1 ? seconds[middle] : (seconds[middle - 1] + seconds[middle]) / 2;
  return std::max(minutes_min, median / 60);
}

}  // namespace

std::vector<double> minutes_of(const ProjectVotes& votes) {
  std::vector<double> all;
  std::vector<std::optional<double>> own;
  for (const VotingRater& rater : votes.raters) {
    std::vector<double> seconds;
    for (const VotedReading& reading : rater.readings) {
      if (reading.duration_s) seconds.push_back(*reading.duration_s);
    }
    all.insert(all.end(), seconds.begin(), seconds.end());
    own.push_back(median_minutes(std::move(seconds)));
  }
  const double common = median_minutes(std::move(all)).value_or(minutes_default);
  std::vector<double> minutes;
  for (const auto& one : own) minutes.push_back(one.value_or(common));
  return minutes;
}

std::vector<std::optional<NextReader>> next_readers(const ProjectVotes& votes,
                                                    const std::vector<CountedUnit>& units,
                                                    const std::vector<ItemState>& items,
                                                    const std::vector<bool>& may_read,
                                                    const std::vector<double>& minutes) {
  std::vector<std::optional<NextReader>> next(items.size());
  for (RaterIndex r = 0; r < votes.raters.size(); ++r) {
    if (votes.raters[r].rater.kind != RaterKind::Human || !may_read[r]) continue;
    const Gains gains(votes, units, r);
    const std::vector<bool> is_read = items_read_by(votes, r);
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!items[i].has_votes || items[i].settled || is_read[i] || gains.of(i) <= 0) continue;
      const NextReader one{
          .rater = r, .gain_bits = gains.of(i) / std::numbers::ln2, .minutes = minutes[r]};
      if (is_better(one, next[i])) next[i] = one;
    }
  }
  return next;
}

std::optional<NextReader> next_reader_of(const ProjectVotes& votes,
                                         const std::vector<CountedUnit>& units,
                                         const std::vector<ItemState>& items,
                                         const std::vector<bool>& may_read,
                                         const std::vector<double>& minutes, std::uint32_t item) {
  std::optional<NextReader> next;
  if (!items[item].has_votes || items[item].settled) return next;
  for (RaterIndex r = 0; r < votes.raters.size(); ++r) {
    if (votes.raters[r].rater.kind != RaterKind::Human || !may_read[r]) continue;
    if (has_read(votes.raters[r], item)) continue;
    const double gain = gain_on(units, r, item, true);
    if (gain <= 0) continue;
    const NextReader one{.rater = r, .gain_bits = gain / std::numbers::ln2, .minutes = minutes[r]};
    if (is_better(one, next)) next = one;
  }
  return next;
}

std::optional<ItemGain> gain_of(const ProjectVotes& votes, const std::vector<CountedUnit>& units,
                                const std::vector<ItemState>& items,
                                const std::optional<RaterIndex>& rater, std::uint32_t item) {
  if (items[item].settled || (rater && has_read(votes.raters[*rater], item))) return std::nullopt;
  return ItemGain{votes.items[item].id, votes.items[item].number,
                  gain_on(units, rater, item, items[item].has_votes)};
}

std::vector<ItemGain> gains_of(const ProjectVotes& votes, const std::vector<CountedUnit>& units,
                               const std::vector<ItemState>& items,
                               const std::optional<RaterIndex>& rater) {
  const Gains gains(votes, units, rater);
  const std::vector<bool> is_read =
      rater ? items_read_by(votes, *rater) : std::vector<bool>(items.size(), false);
  std::vector<ItemGain> ordered;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].settled || is_read[i]) continue;
    ordered.push_back({votes.items[i].id, votes.items[i].number,
                       items[i].has_votes ? gains.of(i) : gains.of_unread()});
  }
  std::ranges::stable_sort(ordered, std::greater<>{}, &ItemGain::gain_nats);
  return ordered;
}

}  // namespace consilium::service
