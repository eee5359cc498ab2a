#include "service/panel/rater_count.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "analysis/routing/drift.hpp"

namespace consilium::service {
namespace {

constexpr double sure_at = 0.95;
constexpr std::size_t windows_max = 12;
constexpr std::size_t window_votes_min = 10;
// Older votes tell nothing of how somebody reads now, and the test's cost grows with them.
constexpr std::size_t tested_votes_max = 2000;
constexpr std::size_t class_votes_min = 10;
constexpr double significance = 0.05;

// A vote on a row of known class.
struct Judged {
  Timestamp at;
  std::size_t unit = 0;
  ClassIndex truth = 0;
  bool is_right = false;
};

// The class that the others are sure of: Bayes' rule backwards takes the own vote's likelihood out
// of the posterior.
std::optional<ClassIndex> class_by_others(const CountedUnit& counted, ItemIndex row,
                                          RaterIndex rater, ClassIndex said) {
  const auto posterior = counted.consensus.posterior.of(row);
  const auto confusion = counted.consensus.raters.confusion_of(rater);
  const std::size_t classes = posterior.size();
  std::vector<double> others(classes, 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    const double likelihood = confusion[k * classes + said];
    others[k] = likelihood > 0 ? posterior[k] / likelihood : 0;
    sum += others[k];
  }
  const auto best = std::ranges::max_element(others);
  if (!(sum > 0) || *best < sure_at * sum) return std::nullopt;
  return static_cast<ClassIndex>(best - others.begin());
}

std::vector<Judged> judged_votes(const std::vector<CountedUnit>& units, RaterIndex rater) {
  std::vector<Judged> judged;
  for (std::size_t u = 0; u < units.size(); ++u) {
    const VotingUnit& unit = *units[u].unit;
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
        const bool is_alone = unit.table.first[row + 1] - unit.table.first[row] < 2;
        if (unit.table.rater[v] != rater) continue;
        std::optional<ClassIndex> truth = unit.rows[row].truth;
        if (!truth && is_alone) continue;  // nobody else says anything of it
        if (!truth) truth = class_by_others(units[u], row, rater, unit.table.label[v]);
        if (!truth) continue;
        judged.push_back({.at = unit.sources[v].at,
                          .unit = u,
                          .truth = *truth,
                          .is_right = *truth == unit.table.label[v]});
      }
    }
  }
  std::ranges::stable_sort(judged, {}, &Judged::at);
  return judged;
}

std::vector<double> window_shares(const std::vector<Judged>& judged) {
  std::vector<double> shares;
  const std::size_t windows = std::min(windows_max, judged.size() / window_votes_min);
  for (std::size_t w = 0; w < windows; ++w) {
    const std::size_t begin = judged.size() * w / windows;
    const std::size_t end = judged.size() * (w + 1) / windows;
    const auto right = std::count_if(judged.begin() + static_cast<std::ptrdiff_t>(begin),
                                     judged.begin() + static_cast<std::ptrdiff_t>(end),
                                     [](const Judged& one) { return one.is_right; });
    shares.push_back(static_cast<double>(right) / static_cast<double>(end - begin));
  }
  return shares;
}

// All votes together, then those on one class of one unit.
struct Series {
  std::string of;
  std::vector<routing::RatedEvent> events;  // class 0: whether it was right is what is looked at
};

std::vector<Series> series_of(const std::vector<CountedUnit>& units,
                              const std::vector<Judged>& judged) {
  std::vector<Series> all{{.of = "all labels", .events = {}}};
  std::vector<std::vector<std::size_t>> number(units.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    for (const VotingClass& one : units[u].unit->classes) {
      number[u].push_back(all.size());
      all.push_back({.of = units[u].unit->title + ": " + one.title, .events = {}});
    }
  }
  const std::size_t first = judged.size() > tested_votes_max ? judged.size() - tested_votes_max : 0;
  for (std::size_t j = first; j < judged.size(); ++j) {
    const routing::RatedEvent event{.time = judged[j].at.ms,
                                    .truth = 0,
                                    .label = static_cast<ClassIndex>(judged[j].is_right ? 0 : 1)};
    all.front().events.push_back(event);
    all[number[judged[j].unit][judged[j].truth]].events.push_back(event);
  }
  std::erase_if(all, [](const Series& one) { return one.events.size() < class_votes_min; });
  return all;
}

Result<RaterDrift> find_drift(const std::vector<CountedUnit>& units,
                              const std::vector<Judged>& judged) {
  RaterDrift drift{.values = window_shares(judged), .since = {}, .words = {}};
  const std::vector<Series> series = series_of(units, judged);
  double best_ratio = 0;
  for (const Series& one : series) {
    const auto change = CSL_TRY(routing::sensitivity_change(one.events, 0, {}));
    if (!change || change->p_value * static_cast<double>(series.size()) > significance) continue;
    const bool falls = change->after.estimate < change->before.estimate;
    // Of several changes the clearest fall; a rise is told only when nothing falls.
    const bool is_better = falls == drift.flagged ? change->log_likelihood_ratio > best_ratio
                                                  : falls || drift.words.empty();
    if (!is_better) continue;
    best_ratio = change->log_likelihood_ratio;
    drift.flagged = falls;
    drift.since = Timestamp{change->since};
    drift.words = fmt::format(
        "{} {} from {:.0f} % to {:.0f} % of the votes ({} before, {} since {})", one.of,
        falls ? "fell" : "rose", change->before.estimate * 100, change->after.estimate * 100,
        change->votes_before, change->votes_after, to_rfc3339({change->since}).substr(0, 10));
  }
  return drift;
}

std::optional<double> median_duration(const VotingRater& rater) {
  std::vector<double> durations;
  for (const VotedReading& reading : rater.readings) {
    if (reading.duration_s) durations.push_back(*reading.duration_s);
  }
  if (durations.empty()) return std::nullopt;
  std::ranges::sort(durations);
  const std::size_t middle = durations.size() / 2;
  if (durations.size() % 2 == 1) return durations[middle];
  return (durations[middle - 1] + durations[middle]) / 2;
}

}  // namespace

Result<CountedRater> count_rater(const ProjectVotes& votes, const std::vector<CountedUnit>& units,
                                 const std::vector<bool>& is_gold, RaterIndex rater) {
  CountedRater counted;
  double right = 0;
  double all = 0;
  for (const CountedUnit& one : units) {
    const VotingUnit& unit = *one.unit;
    const std::size_t classes = unit.classes.size();
    const std::size_t begin = rater * classes * classes;
    for (std::size_t k = 0; k < classes; ++k) {
      for (std::size_t l = 0; l < classes; ++l) {
        const double count = one.consensus.raters.expected_count[begin + k * classes + l];
        all += count;
        if (k == l) right += count;
      }
    }
    counted.votes += one.consensus.raters.vote_count[rater];
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      if (!unit.rows[row].truth || !is_gold[unit.rows[row].item]) continue;
      const auto raters = unit.table.raters_of(row);
      const auto own = std::ranges::find(raters, rater);
      if (own == raters.end()) continue;
      if (!counted.gold) counted.gold = GoldScore{};
      const ClassIndex said =
          unit.table.labels_of(row)[static_cast<std::size_t>(own - raters.begin())];
      counted.gold->right += said == *unit.rows[row].truth ? 1 : 0;
      ++counted.gold->of;
    }
  }
  counted.reliability = rate_estimate(right, all);
  counted.median_s = median_duration(votes.raters[rater]);
  counted.drift = CSL_TRY(find_drift(units, judged_votes(units, rater)));
  return counted;
}

}  // namespace consilium::service
