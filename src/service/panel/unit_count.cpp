#include "service/panel/unit_count.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/agreement/agreement.hpp"
#include "analysis/agreement/bootstrap.hpp"

namespace consilium::service {
namespace {

constexpr double settled_at_default = 0.95;
// EM of the running panel, as far as the figures are shown.
constexpr double move_max = 1e-6;
constexpr int rounds_max = 500;

bool is_reserved(const VotingClass& one) {
  return one.id == value_unsure || one.id == value_absent;
}

std::vector<std::uint32_t> clusters_of(const ProjectVotes& votes, const VotingUnit& unit) {
  std::vector<std::uint32_t> cluster;
  cluster.reserve(unit.rows.size());
  for (const VotedRow& row : unit.rows) cluster.push_back(votes.items[row.item].cluster);
  return cluster;
}

// The table without the reserved answers, which have no place on a scale. They stand last.
Result<VoteTable> scale_votes(const VotingUnit& unit) {
  const auto scale = static_cast<std::uint32_t>(std::ranges::count_if(
      unit.classes, [](const VotingClass& one) { return !is_reserved(one); }));
  if (scale == unit.classes.size()) return unit.table;
  VoteColumns columns;
  for (ItemIndex i = 0; i < unit.table.item_count(); ++i) {
    for (std::size_t v = 0; v < unit.table.labels_of(i).size(); ++v) {
      if (unit.table.labels_of(i)[v] >= scale) continue;
      columns.item.push_back(i);
      columns.rater.push_back(unit.table.raters_of(i)[v]);
      columns.label.push_back(unit.table.labels_of(i)[v]);
    }
  }
  return make_vote_table(std::move(columns), unit.table.item_count(), unit.table.rater_count,
                         scale);
}

PanelEstimate bootstrapped(const Result<AgreementModel>& model,
                           std::span<const std::uint32_t> cluster) {
  PanelEstimate shown;
  if (!model) {
    shown.undefined = model.error().what;
    return shown;
  }
  const auto plain = estimate(*model);
  if (!plain) {
    shown.undefined = plain.error().what;
    return shown;
  }
  shown.value = plain->coefficient;
  const auto interval = bootstrap(*model, {.cluster = cluster});
  if (!interval) {
    shown.undefined = "no interval: " + interval.error().what;
    return shown;
  }
  shown.low = interval->percentile.lower;
  shown.high = interval->percentile.upper;
  return shown;
}

Status count_agreement(const ProjectVotes& votes, CountedUnit& counted) {
  const VotingUnit& unit = *counted.unit;
  const std::vector<std::uint32_t> cluster = clusters_of(votes, unit);
  const AgreementRequest nominal{.metric = AgreementMetric::Alpha};
  counted.level = unit.ordinal ? "ordinal" : "nominal";
  counted.interval = "95 % percentile bootstrap, 1,000 replicates of patients";
  if (unit.ordinal) {
    const VoteTable scale = CSL_TRY(scale_votes(unit));
    if (scale.class_count < unit.classes.size()) {
      counted.interval += "; answers off the scale (unsure, absent) are left out";
    }
    counted.agreement =
        bootstrapped(agreement_model(scale, {.metric = AgreementMetric::AlphaOrdinal}), cluster);
  } else {
    counted.agreement = bootstrapped(agreement_model(unit.table, nominal), cluster);
  }
  for (std::size_t k = 0; k < unit.classes.size(); ++k) {
    counted.by_class.push_back(bootstrapped(
        class_agreement_model(unit.table, nominal, static_cast<ClassIndex>(k)), cluster));
  }
  return {};
}

std::optional<double> target_of(const Protocol& protocol, const VotingUnit& unit) {
  for (const AgreementTarget& target : protocol.quality_plan.targets) {
    if (!target.metric.starts_with("krippendorff_alpha")) continue;
    const bool is_one_of = std::ranges::any_of(
        unit.classes, [&](const VotingClass& one) { return one.id == target.of; });
    if (target.of == unit.id || (unit.kind != VotingKind::Question && is_one_of)) {
      return target.at_least;
    }
  }
  return std::nullopt;
}

std::vector<GoldLabel> known_truths(const VotingUnit& unit) {
  std::vector<GoldLabel> known;
  for (std::uint32_t row = 0; row < unit.rows.size(); ++row) {
    if (unit.rows[row].truth) known.push_back({.item = row, .label = *unit.rows[row].truth});
  }
  return known;
}

// Everyone said one and the same: a row is as sure as its readers were many.
RowState state_of_single_class(const ProjectVotes& votes, const VotingUnit& unit, ItemIndex row) {
  RowState state;
  const auto said = static_cast<std::int64_t>(unit.table.labels_of(row).size());
  const std::int64_t wanted = votes.items[unit.rows[row].item].readers_wanted;
  state.settled = unit.rows[row].truth.has_value() || said >= wanted;
  state.votes_needed = static_cast<int>(state.settled ? 0 : wanted - said);
  return state;
}

}  // namespace

PanelEstimate rate_estimate(double hits, double trials) {
  PanelEstimate shown;
  const auto bounds = routing::rate_bounds(std::min(hits, trials), trials, 0.975);
  if (!bounds) {
    shown.undefined = "no votes to count";
    return shown;
  }
  shown.value = bounds->estimate;
  shown.low = bounds->lower;
  shown.high = bounds->upper;
  return shown;
}

double settled_at(const Protocol& protocol) {
  const ReaderPlan& plan = protocol.reader_plan;
  const bool has_own = plan.adjudication == AdjudicationRule::PosteriorBelow &&
                       plan.adjudication_threshold > 0.5 && plan.adjudication_threshold < 1;
  return has_own ? plan.adjudication_threshold : settled_at_default;
}

Result<std::optional<routing::RunningPanel>> running_panel(const VotingUnit& unit,
                                                           std::optional<Timestamp> until) {
  if (unit.classes.size() < 2) return std::optional<routing::RunningPanel>{};
  routing::RunningPanel panel = CSL_TRY(routing::RunningPanel::make(
      static_cast<std::uint32_t>(unit.rows.size()), unit.table.rater_count,
      static_cast<std::uint32_t>(unit.classes.size()), {}));
  for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
    for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
      if (until && *until < unit.sources[v].at) continue;
      CSL_TRY(panel.set_vote(
          {.item = row, .rater = unit.table.rater[v], .label = unit.table.label[v]}));
    }
    if (unit.rows[row].truth) CSL_TRY(panel.set_truth(row, *unit.rows[row].truth));
  }
  panel.settle(move_max, rounds_max);
  return std::optional<routing::RunningPanel>{std::move(panel)};
}

Status weigh_rows(const ProjectVotes& votes, CountedUnit& counted, ItemIndex first, ItemIndex end) {
  const VotingUnit& unit = *counted.unit;
  const auto& panel = counted.running;
  const routing::StopRule rule{.error_max = 1 - settled_at(votes.protocol->protocol)};
  std::vector<ItemIndex> open;
  for (ItemIndex row = first; row < end; ++row) {
    if (!panel) {
      counted.rows[row] = state_of_single_class(votes, unit, row);
      continue;
    }
    RowState state{.evidence = CSL_TRY(routing::weigh_item(*panel, row, rule)), .votes_needed = 0};
    state.settled = unit.rows[row].truth.has_value() || state.evidence.stop;
    if (!state.settled) open.push_back(row);
    counted.rows[row] = state;
  }
  std::vector<RaterIndex> humans;
  for (RaterIndex r = 0; r < votes.raters.size(); ++r) {
    if (votes.raters[r].rater.kind == RaterKind::Human) humans.push_back(r);
  }
  if (open.empty() || humans.empty()) return {};
  const routing::VotesForecast forecast =
      CSL_TRY(routing::forecast_votes(*panel, open, humans, votes_needed_max, rule));
  for (std::size_t o = 0; o < open.size(); ++o) {
    std::optional<int>& needed = counted.rows[open[o]].votes_needed;
    needed = std::nullopt;
    // What is not settled needs one vote at least, whatever the approximation says.
    if (forecast.reachable[o]) {
      needed = std::max(1, static_cast<int>(std::ceil(forecast.of_item[o])));
    }
  }
  return {};
}

Result<CountedUnit> count_unit(const ProjectVotes& votes, const VotingUnit& unit) {
  CountedUnit counted;
  counted.unit = &unit;
  counted.target = target_of(votes.protocol->protocol, unit);
  CSL_TRY(count_agreement(votes, counted));
  ConsensusOptions options;
  options.gold = known_truths(unit);
  counted.consensus = CSL_TRY(find_consensus(unit.table, options));
  counted.running = CSL_TRY(running_panel(unit, std::nullopt));
  counted.rows.resize(unit.rows.size());
  CSL_TRY(weigh_rows(votes, counted, 0, static_cast<ItemIndex>(unit.rows.size())));
  return counted;
}

}  // namespace consilium::service
