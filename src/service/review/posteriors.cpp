#include "service/review/posteriors.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "analysis/consensus/consensus.hpp"

namespace consilium::service {
namespace {

// "problem?assertion=negated" is a way of saying "problem".
std::string_view base_class(std::string_view class_id) {
  return class_id.substr(0, class_id.find('?'));
}

Result<ConsensusResult> consensus_of(const VotingUnit& unit) {
  ConsensusOptions options;
  options.intervals = RaterIntervals::None;  // the items are asked about, not the raters
  for (std::uint32_t row = 0; row < unit.rows.size(); ++row) {
    if (unit.rows[row].truth) {
      options.gold.push_back({.item = row, .label = *unit.rows[row].truth});
    }
  }
  return find_consensus(unit.table, options);
}

}  // namespace

Result<std::shared_ptr<const Posteriors>> Posteriors::of_project(const storage::Reader& reader,
                                                                 ProtocolCache& protocols,
                                                                 const ProjectId& project) {
  auto posteriors = std::make_shared<Posteriors>();
  const ProjectVotes votes = CSL_TRY(gather_votes(reader, protocols, project));
  for (const VotingUnit& unit : votes.units) {
    const ConsensusResult consensus = CSL_TRY(consensus_of(unit));
    for (std::uint32_t row = 0; row < unit.rows.size(); ++row) {
      if (consensus.has_vote[row] == 0) continue;
      const auto probability = consensus.posterior.of(row);
      Row& classes = posteriors->rows_.emplace_back();
      for (std::size_t c = 0; c < probability.size(); ++c) {
        classes.emplace(unit.classes[c].id, probability[c]);
      }
      for (std::uint64_t v = unit.table.first[row]; v < unit.table.first[row + 1]; ++v) {
        const auto& annotation = unit.sources[v].annotation;
        if (!annotation) continue;
        posteriors->row_of_.emplace(std::pair{*annotation, unit.id}, posteriors->rows_.size() - 1);
      }
      Doubt& doubt = posteriors->doubts_[votes.items[unit.rows[row].item].id];
      doubt.entropy_bits =
          std::max(doubt.entropy_bits, consensus.entropy_nats[row] / std::log(2.0));
      doubt.top_least = std::min(doubt.top_least, std::ranges::max(probability));
    }
  }
  return std::shared_ptr<const Posteriors>(std::move(posteriors));
}

void Posteriors::apply(Difference& difference) const {
  std::set<std::size_t> rows;
  for (const DifferenceChoice& choice : difference.choices) {
    for (const Said& said : choice.said) {
      if (said.annotation == nullptr) continue;
      const auto found = row_of_.find({said.annotation->id, difference.unit});
      if (found == row_of_.end()) return;
      rows.insert(found->second);
    }
  }
  if (rows.size() != 1) return;
  const Row& classes = rows_[*rows.begin()];
  std::map<std::string_view, double> votes;
  for (const DifferenceChoice& choice : difference.choices) {
    votes[base_class(choice.class_id)] += static_cast<double>(choice.said.size());
  }
  double sum = 0;
  std::vector<double> probability;
  for (const DifferenceChoice& choice : difference.choices) {
    const std::string_view base = base_class(choice.class_id);
    const auto found = classes.find(base);
    const double own = found == classes.end() ? 0 : found->second;
    probability.push_back(own * static_cast<double>(choice.said.size()) / votes[base]);
    sum += probability.back();
  }
  if (sum <= 0) return;
  difference.entropy_bits = 0;
  for (std::size_t c = 0; c < probability.size(); ++c) {
    difference.choices[c].probability = probability[c];
    if (probability[c] > 0) difference.entropy_bits -= probability[c] * std::log2(probability[c]);
  }
  difference.entropy_bits = std::max(difference.entropy_bits, 0.0);
  std::ranges::stable_sort(difference.choices, std::greater<>(), &DifferenceChoice::probability);
}

std::optional<Posteriors::Doubt> Posteriors::doubt_of(const ItemId& item) const {
  const auto found = doubts_.find(item);
  return found == doubts_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace consilium::service
