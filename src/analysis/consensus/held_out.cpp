#include "analysis/consensus/held_out.hpp"

#include <algorithm>
#include <array>

#include "analysis/consensus/em_run.hpp"
#include "analysis/consensus/vote_share.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium {
namespace {

// All but the last have a prior that favours the diagonal, fixed or of two numbers. Hierarchical
// does not: its prior can take up what the whole crowd confuses, which foretells votes better while
// it moves what a class means, and votes alone cannot tell; so it stands only where gold judges.
constexpr std::array candidate_methods{ConsensusMethod::PooledCoin,
                                       ConsensusMethod::OneCoin,
                                       ConsensusMethod::Map,
                                       ConsensusMethod::Ibcc,
                                       ConsensusMethod::HierarchicalSymmetric,
                                       ConsensusMethod::Hierarchical};
constexpr std::uint32_t fitting_iteration_max = 200;
constexpr std::size_t no_row = ~std::size_t{0};

struct Fold {
  EmProblem training;
  std::vector<std::size_t> training_row;  // by row of the whole, `no_row` when nothing is left
  std::vector<std::uint64_t> held_votes;  // indices of the whole
  std::vector<std::size_t> held_gold;     // rows of the whole
};

// The fold of a vote hangs on who and what it connects, not on numbers: permuted votes fall alike.
std::uint64_t fold_of(std::uint64_t seed, std::uint64_t a, std::uint64_t b, std::uint32_t folds) {
  return mixed(mixed(seed, a), b) % folds;
}

Fold make_fold(const EmProblem& whole, const VoteStructure& structure, std::uint64_t seed,
               std::uint32_t fold, std::uint32_t folds) {
  Fold made;
  EmProblem& training = made.training;
  training = {.class_count = whole.class_count,
              .lane_count = whole.lane_count,
              .rater_count = whole.rater_count,
              .first = {0},
              .cell = {},
              .item = {},
              .gold = {},
              .rater_votes = std::vector<std::uint64_t>(whole.rater_count),
              .log_bits = whole.log_bits,
              .share_bits = whole.share_bits,
              .threads = whole.threads,
              .may_use_avx2 = whole.may_use_avx2};
  made.training_row.assign(whole.row_count(), no_row);
  for (std::size_t row = 0; row < whole.row_count(); ++row) {
    const std::size_t before = training.cell.size();
    for (std::uint64_t v = whole.first[row]; v < whole.first[row + 1]; ++v) {
      const std::uint32_t rater = whole.cell[v] / whole.class_count;
      const std::uint64_t vote =
          mixed(structure.rater[rater], structure.label[whole.cell[v] % whole.class_count]);
      if (fold_of(seed, structure.row[row], vote, folds) == fold) {
        made.held_votes.push_back(v);
      } else {
        training.cell.push_back(whole.cell[v]);
        ++training.rater_votes[rater];
      }
    }
    ClassIndex gold = whole.gold_of(row);
    if (gold != no_label && fold_of(seed, structure.row[row], 1, folds) == fold) {
      made.held_gold.push_back(row);
      gold = no_label;
    }
    if (training.cell.size() == before) continue;
    made.training_row[row] = training.row_count();
    training.item.push_back(whole.item[row]);
    training.first.push_back(training.cell.size());
    if (!whole.gold.empty()) training.gold.push_back(gold);
  }
  training.cell.resize(training.cell.size() + cell_padding, 0);
  return made;
}

struct Tally {
  ExactSum votes;
  ExactSum gold;
};

void score_fold(const EmProblem& whole, const Fold& fold, const EmRun& run,
                const Counts& parameters, Tally& tally) {
  const std::size_t lanes = whole.lane_count;
  const auto posterior_of = [&](std::size_t row) {
    const std::size_t at = fold.training_row[row];
    return at == no_row ? parameters.prevalence.data() : run.shares.data() + at * lanes;
  };
  std::size_t row = 0;
  for (const std::uint64_t vote : fold.held_votes) {
    while (vote >= whole.first[row + 1]) ++row;
    const double* const posterior = posterior_of(row);
    const double* const said = parameters.cell.data() + std::size_t{whole.cell[vote]} * lanes;
    ExactSum probability;
    for (std::size_t k = 0; k < whole.class_count; ++k) probability.add(posterior[k] * said[k]);
    tally.votes.add(exact_log(std::max(probability.value(), 0x1p-40)));
  }
  for (const std::size_t gold_row : fold.held_gold) {
    tally.gold.add(exact_log(std::max(posterior_of(gold_row)[whole.gold_of(gold_row)], 0x1p-40)));
  }
}

}  // namespace

std::vector<CandidateScore> score_candidates(const EmProblem& problem,
                                             const VoteStructure& structure,
                                             const ConsensusOptions& options) {
  const auto gold_known = static_cast<std::size_t>(
      std::ranges::count_if(problem.gold, [](ClassIndex label) { return label != no_label; }));
  const bool by_gold = gold_known >= gold_count_min;
  const auto methods =
      std::span(candidate_methods).first(candidate_methods.size() - (by_gold ? 0 : 1));
  std::vector<Tally> tallies(methods.size());
  std::uint64_t vote_count = 0;
  std::size_t gold_count = 0;
  StepTables tables(problem);
  Counts parameters = make_counts(problem);
  ConsensusOptions fitting = options;
  // Scores do not hang on further digits.
  fitting.tolerance = std::max(options.tolerance, 1e-4);
  fitting.iteration_max = std::min(options.iteration_max, fitting_iteration_max);
  for (std::uint32_t fold = 0; fold < options.fold_count; ++fold) {
    const Fold part = make_fold(problem, structure, options.seed, fold, options.fold_count);
    if (part.training.row_count() == 0) continue;
    vote_count += part.held_votes.size();
    gold_count += part.held_gold.size();
    const Shares start = vote_shares(part.training, {});
    for (std::size_t i = 0; i < methods.size(); ++i) {
      ConfusionModel model(part.training, options, methods[i]);
      const EmRun run = run_em(part.training, tables, model, start, fitting);
      model.set_prior_votes(run.prior_votes);
      model.estimate(run.at, parameters);
      score_fold(problem, part, run, parameters, tallies[i]);
    }
  }
  std::vector<CandidateScore> scores;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    CandidateScore score{.method = methods[i], .vote_score = 0.0, .gold_score = {}};
    if (vote_count > 0) {
      score.vote_score = tallies[i].votes.value() / static_cast<double>(vote_count);
    }
    if (gold_count > 0) {
      score.gold_score = tallies[i].gold.value() / static_cast<double>(gold_count);
    }
    scores.push_back(score);
  }
  std::ranges::stable_sort(scores, [by_gold](const CandidateScore& a, const CandidateScore& b) {
    return by_gold ? a.gold_score > b.gold_score : a.vote_score > b.vote_score;
  });
  return scores;
}

}  // namespace consilium
