#include "service/panel/panel_json.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace consilium::service {
namespace json = boost::json;

namespace {

constexpr std::size_t uncertain_items_max = 500;
constexpr std::size_t differs_max = 500;
constexpr int bins_a_bit = 20;

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? json::value(*value) : json::value(nullptr);
}

json::object estimate_json(const PanelEstimate& estimate) {
  return json::object{{"value", or_null(estimate.value)},
                      {"low", or_null(estimate.low)},
                      {"high", or_null(estimate.high)},
                      {"undefined", or_null(estimate.undefined)}};
}

std::string name_of(VotingKind kind) {
  switch (kind) {
    case VotingKind::Question:
      return "question";
    case VotingKind::Label:
      return "label";
    case VotingKind::Mask:
      return "mask";
  }
  return "label";
}

std::string method_name(ConsensusMethod method) {
  switch (method) {
    case ConsensusMethod::Auto:
      return "auto";
    case ConsensusMethod::Majority:
      return "majority";
    case ConsensusMethod::WeightedMajority:
      return "weighted-majority";
    case ConsensusMethod::PooledCoin:
      return "pooled-coin";
    case ConsensusMethod::OneCoin:
      return "one-coin";
    case ConsensusMethod::DawidSkene:
      return "dawid-skene";
    case ConsensusMethod::Map:
      return "map";
    case ConsensusMethod::Ibcc:
      return "ibcc";
    case ConsensusMethod::Hierarchical:
      return "hierarchical";
    case ConsensusMethod::HierarchicalSymmetric:
      return "hierarchical-symmetric";
  }
  return "auto";
}

constexpr std::size_t masks_listed_max = 200;

std::optional<double> dice_target_of(const Protocol& protocol, const VotingUnit& unit) {
  for (const AgreementTarget& target : protocol.quality_plan.targets) {
    if (target.metric != "dice") continue;
    for (const VotingClass& one : unit.classes) {
      if (one.id == target.of) return target.at_least;
    }
  }
  return std::nullopt;
}

// Krippendorff's alpha of the votes; of masks that two raters drew, how far these overlap.
json::object agreement_json(const CountedPanel& panel, const CountedUnit& counted) {
  const auto masks = panel.masks.find(counted.unit->id);
  if (masks != panel.masks.end() && !masks->second.items.empty()) {
    return json::object{
        {"metric", "dice"},
        {"level", ""},
        {"interval",
         "median of the items; 95 % percentile bootstrap, 1,000 replicates of patients"},
        {"estimate", estimate_json(masks->second.median)},
        {"target", or_null(dice_target_of(panel.votes->protocol->protocol, *counted.unit))}};
  }
  return json::object{{"metric", "krippendorff_alpha"},
                      {"level", counted.level},
                      {"interval", counted.interval},
                      {"estimate", estimate_json(counted.agreement)},
                      {"target", or_null(counted.target)}};
}

json::value masks_json(const CountedPanel& panel, const CountedUnit& counted) {
  const VotingUnit& unit = *counted.unit;
  const auto found = panel.masks.find(unit.id);
  if (found == panel.masks.end()) return nullptr;
  const CountedMasks& masks = found->second;
  const auto rater = [&](RaterIndex r) { return to_string(panel.votes->raters[r].rater.id); };
  json::array pairs;
  for (const MaskRaterPair& pair : masks.pairs) {
    pairs.push_back(json::object{{"first", rater(pair.first)},
                                 {"second", rater(pair.second)},
                                 {"median", pair.median},
                                 {"items", pair.items}});
  }
  json::array lowest;
  for (const MaskItem& one : masks.items) {
    if (lowest.size() == masks_listed_max) break;
    const VotedItem& item = panel.votes->items[one.item];
    json::array of;
    for (const MaskPair& pair : one.pairs) {
      of.push_back(json::object{
          {"first", rater(pair.first)}, {"second", rater(pair.second)}, {"dice", pair.dice}});
    }
    lowest.push_back(json::object{{"item_id", to_string(item.id)},
                                  {"number", item.number},
                                  {"pseudonym", item.pseudonym},
                                  {"title", item.title},
                                  {"dice", one.dice},
                                  {"pairs", std::move(of)}});
  }
  return json::object{{"dice", estimate_json(masks.median)},
                      {"presence", estimate_json(counted.agreement)},
                      {"items", masks.items.size()},
                      {"pairs", std::move(pairs)},
                      {"lowest", std::move(lowest)}};
}

json::value next_reader_json(const CountedPanel& panel, const std::optional<NextReader>& next) {
  if (!next) return nullptr;
  const VotingRater& rater = panel.votes->raters[next->rater];
  return json::object{{"rater_id", to_string(rater.rater.id)},
                      {"name", rater.rater.display_name},
                      {"gain_bits", next->gain_bits},
                      {"minutes", next->minutes}};
}

json::object unit_json(const CountedPanel& panel, const CountedUnit& counted) {
  const VotingUnit& unit = *counted.unit;
  json::array classes;
  json::array by_class;
  for (std::size_t k = 0; k < unit.classes.size(); ++k) {
    classes.push_back(json::object{{"id", unit.classes[k].id}, {"title", unit.classes[k].title}});
    by_class.push_back(json::object{{"class", unit.classes[k].id},
                                    {"estimate", estimate_json(counted.by_class[k])}});
  }
  std::int64_t items = 0;
  for (std::size_t row = 0; row < unit.rows.size(); ++row) {
    items += row == 0 || unit.rows[row].item != unit.rows[row - 1].item ? 1 : 0;
  }
  const ConsensusResult& consensus = counted.consensus;
  return json::object{
      {"id", unit.id},
      {"kind", name_of(unit.kind)},
      {"title", unit.title},
      {"classes", std::move(classes)},
      {"items", items},
      {"units", unit.rows.size()},
      {"votes", unit.table.vote_count()},
      {"agreement", agreement_json(panel, counted)},
      {"by_class", std::move(by_class)},
      {"masks", masks_json(panel, counted)},
      {"consensus", json::object{{"method", method_name(consensus.method)},
                                 {"log_likelihood", consensus.log_likelihood},
                                 {"iterations", consensus.iterations},
                                 {"converged", consensus.converged},
                                 {"modes", consensus.modes.size()},
                                 {"prevalence", json::array(consensus.prevalence.begin(),
                                                            consensus.prevalence.end())}}}};
}

// One rater's classes x classes numbers of a table that holds all raters'.
json::array matrix_json(const std::vector<double>& values, std::size_t classes, RaterIndex rater) {
  json::array rows;
  for (std::size_t k = 0; k < classes; ++k) {
    const auto first =
        values.begin() + static_cast<std::ptrdiff_t>((rater * classes + k) * classes);
    rows.push_back(json::array(first, first + static_cast<std::ptrdiff_t>(classes)));
  }
  return rows;
}

json::object drift_json(const RaterDrift& drift) {
  return json::object{
      {"values", json::array(drift.values.begin(), drift.values.end())},
      {"since", drift.since ? json::value(to_rfc3339(*drift.since)) : json::value(nullptr)},
      {"flagged", drift.flagged},
      {"words", drift.words}};
}

ClassIndex likeliest(const CountedUnit& unit, ItemIndex row) {
  const auto posterior = unit.consensus.posterior.of(row);
  return static_cast<ClassIndex>(std::ranges::max_element(posterior) - posterior.begin());
}

// The rater's votes that are not on the consensus class.
json::array differs_json(const CountedPanel& panel, RaterIndex rater) {
  json::array differs;
  for (const CountedUnit& counted : panel.units) {
    const VotingUnit& unit = *counted.unit;
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      const ClassIndex consensus = likeliest(counted, row);
      for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
        if (unit.table.rater[v] != rater || unit.table.label[v] == consensus) continue;
        if (differs.size() == differs_max) return differs;
        const VotedItem& item = panel.votes->items[unit.rows[row].item];
        differs.push_back(json::object{{"unit", unit.id},
                                       {"item_id", to_string(item.id)},
                                       {"number", item.number},
                                       {"said", unit.classes[unit.table.label[v]].id},
                                       {"consensus", unit.classes[consensus].id}});
      }
    }
  }
  return differs;
}

json::object rater_json(const CountedPanel& panel, RaterIndex number) {
  const VotingRater& rater = panel.votes->raters[number];
  const CountedRater& counted = panel.raters[number];
  json::value gold = nullptr;
  if (counted.gold) {
    gold = json::object{
        {"right", counted.gold->right},
        {"of", counted.gold->of},
        {"estimate", estimate_json(rate_estimate(counted.gold->right, counted.gold->of))}};
  }
  json::array confusion;
  for (const CountedUnit& unit : panel.units) {
    const RaterTable& raters = unit.consensus.raters;
    if (raters.vote_count[number] == 0) continue;
    const std::size_t classes = raters.class_count;
    confusion.push_back(
        json::object{{"unit", unit.unit->id},
                     {"counts", matrix_json(raters.expected_count, classes, number)},
                     {"rates", matrix_json(raters.confusion, classes, number)},
                     {"low", matrix_json(raters.lower, classes, number)},
                     {"high", matrix_json(raters.upper, classes, number)}});
  }
  return json::object{{"rater_id", to_string(rater.rater.id)},
                      {"name", rater.rater.display_name},
                      {"kind", std::string(name_of(rater.rater.kind))},
                      {"items", rater.readings.size()},
                      {"votes", counted.votes},
                      {"reliability", estimate_json(counted.reliability)},
                      {"gold", std::move(gold)},
                      {"median_s", or_null(counted.median_s)},
                      {"drift", drift_json(counted.drift)},
                      {"confusion", std::move(confusion)},
                      {"differs", differs_json(panel, number)}};
}

json::object item_json(const CountedPanel& panel, std::size_t number) {
  const VotedItem& item = panel.votes->items[number];
  const ItemState& state = panel.items[number];
  const CountedUnit& unit = panel.units[state.unit];
  const ClassIndex top = likeliest(unit, state.row);
  return json::object{
      {"item_id", to_string(item.id)},
      {"number", item.number},
      {"pseudonym", item.pseudonym},
      {"title", item.title},
      {"unit", unit.unit->id},
      {"top", json::object{{"class", unit.unit->classes[top].id},
                           {"probability", unit.consensus.posterior.of(state.row)[top]}}},
      {"entropy_bits", state.entropy_bits},
      {"votes", unit.unit->table.labels_of(state.row).size()},
      {"votes_needed", or_null(state.votes_needed)},
      {"next_reader", next_reader_json(panel, panel.next_reader[number])},
      {"settled", state.settled}};
}

json::array uncertain_json(const CountedPanel& panel) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < panel.items.size(); ++i) {
    if (panel.items[i].has_votes) order.push_back(i);
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    return panel.items[a].entropy_bits > panel.items[b].entropy_bits;
  });
  if (order.size() > uncertain_items_max) order.resize(uncertain_items_max);
  json::array items;
  for (const std::size_t number : order) items.push_back(item_json(panel, number));
  return items;
}

json::object uncertainty_json(const CountedPanel& panel) {
  std::vector<double> edges;
  for (int i = 0; i <= bins_a_bit; ++i) edges.push_back(static_cast<double>(i) / bins_a_bit);
  double greatest = 0;
  for (const ItemState& item : panel.items) greatest = std::max(greatest, item.entropy_bits);
  while (edges.back() < greatest) edges.push_back(edges.back() + 0.5);
  std::vector<std::int64_t> counts(edges.size() - 1, 0);
  for (const ItemState& item : panel.items) {
    if (!item.has_votes) continue;
    const auto above = std::ranges::upper_bound(edges, item.entropy_bits);
    const auto bin = std::min<std::ptrdiff_t>(above - edges.begin() - 1,
                                              static_cast<std::ptrdiff_t>(counts.size()) - 1);
    ++counts[static_cast<std::size_t>(bin)];
  }
  return json::object{{"edges_bits", json::array(edges.begin(), edges.end())},
                      {"counts", json::array(counts.begin(), counts.end())}};
}

json::array gold_json(const CountedPanel& panel) {
  json::array gold;
  const ProjectVotes& votes = *panel.votes;
  for (const VotingUnit& unit : votes.units) {
    for (ItemIndex row = 0; row < unit.rows.size(); ++row) {
      const VotedItem& item = votes.items[unit.rows[row].item];
      if (!item.is_gold || !unit.rows[row].truth) continue;
      const ClassIndex truth = *unit.rows[row].truth;
      json::array answers;
      for (std::size_t v = 0; v < unit.table.labels_of(row).size(); ++v) {
        const ClassIndex said = unit.table.labels_of(row)[v];
        answers.push_back(json::object{
            {"rater_id", to_string(votes.raters[unit.table.raters_of(row)[v]].rater.id)},
            {"said", unit.classes[said].id},
            {"right", said == truth}});
      }
      gold.push_back(json::object{{"item_id", to_string(item.id)},
                                  {"number", item.number},
                                  {"unit", unit.id},
                                  {"truth", unit.classes[truth].id},
                                  {"answers", std::move(answers)}});
    }
  }
  return gold;
}

json::object items_json(const CountedPanel& panel) {
  std::int64_t with_votes = 0;
  std::int64_t complete = 0;
  std::int64_t unsettled = 0;
  for (std::size_t i = 0; i < panel.items.size(); ++i) {
    with_votes += panel.items[i].has_votes ? 1 : 0;
    complete += panel.votes->items[i].is_done ? 1 : 0;
    unsettled += panel.items[i].has_votes && !panel.items[i].settled ? 1 : 0;
  }
  return json::object{{"total", panel.items.size()},
                      {"with_votes", with_votes},
                      {"complete", complete},
                      {"unsettled", unsettled}};
}

json::object effort_json(const Effort& effort) {
  json::array curve;
  for (const auto& [hours, share] : effort.curve) {
    curve.push_back(json::object{{"hours", hours}, {"share", share}});
  }
  return json::object{{"settled_share", effort.settled_share},
                      {"votes_more", effort.votes_more},
                      {"hours", estimate_json(effort.hours)},
                      {"curve", std::move(curve)}};
}

}  // namespace

json::object panel_json(const CountedPanel& panel) {
  const Protocol& protocol = panel.votes->protocol->protocol;
  json::array units;
  for (const CountedUnit& unit : panel.units) units.push_back(unit_json(panel, unit));
  json::array raters;
  for (RaterIndex r = 0; r < panel.raters.size(); ++r) raters.push_back(rater_json(panel, r));
  return json::object{
      {"counted_at", to_rfc3339(panel.counted_at)},
      {"protocol", json::object{{"id", protocol.id}, {"version", to_string(protocol.version)}}},
      {"items", items_json(panel)},
      {"settled_at", settled_at(protocol)},
      {"cluster", "patient"},
      {"units", std::move(units)},
      {"raters", std::move(raters)},
      {"uncertainty", uncertainty_json(panel)},
      {"uncertain_items", uncertain_json(panel)},
      {"gold", gold_json(panel)},
      {"effort", effort_json(panel.effort)}};
}

}  // namespace consilium::service
