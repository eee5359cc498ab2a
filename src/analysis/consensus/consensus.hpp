// The consensus of several raters' votes on one class per item (the panel): who is how reliable for
// which class, and what each item therefore is, with the uncertainty of both.
//
// The model of Dawid and Skene: item i has one true class z_i, drawn with the prevalence p_k; rater
// w says l of an item of class k with the probability confusion_w(k, l), independently of the other
// votes given z_i. A rater's repeated votes on one item are rows of their own, independent given
// the truth (the convention of the 1979 paper, whose first observer read three times): repeats that
// copy each other therefore count for more than they should.
//
// Sources: A. P. Dawid, A. M. Skene, Applied Statistics 28 (1979) 20-28; H.-C. Kim, Z. Ghahramani,
// AISTATS 2012 (IBCC, here by variational Bayes as E. Simpson et al. 2013); R. Varadhan, C. Roland,
// Scand. J. Statist. 35 (2008) 335-353 (SQUAREM); T. A. Louis, JRSS B 44 (1982) 226-233;
// T. P. Minka, Estimating a Dirichlet distribution (2000).
//
// Results are the same bit for bit for any number of threads, and permuting raters, items or
// classes permutes them exactly: every sum is over multiples of one power of two and therefore
// exact (semantics.md).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

enum class ConsensusMethod : std::uint8_t {
  Auto,      // the one of PooledCoin, OneCoin, Map, Ibcc and HierarchicalSymmetric that best
             // foretells held-out votes; with 30 gold items or more, of these and
             // Hierarchical the one that best foretells held-out gold
  Majority,  // share of the votes
  WeightedMajority,  // share of the votes, each with its rater's weight
  PooledCoin,        // every rater alike is right with one probability q, classes are equally
                     // frequent: Majority's labels with a calibrated posterior
  OneCoin,           // rater w is right with probability q_w, else says any other class alike
  DawidSkene,        // a confusion matrix per rater, maximum likelihood by EM
  Map,               // the same, maximum a posteriori under a Dirichlet prior
  Ibcc,              // the same, variational Bayes under a Dirichlet prior
  Hierarchical,      // Ibcc whose Dirichlet prior, one row a class, is estimated from the raters
                     // (empirical Bayes)
  HierarchicalSymmetric,  // the same with two numbers estimated: on the diagonal and off it, so
                          // that the prior cannot learn a bias of the whole crowd and move the
                          // classes
};

enum class ConsensusStart : std::uint8_t {
  VoteShare,  // responsibilities are the item's vote shares
  Majority,   // all to the most frequent class; alike among tied ones
  Random,     // vote shares mixed half and half with a draw from the flat Dirichlet
};

// What becomes of an item whose best classes are equal (posteriors within `tie_tolerance`).
enum class TiePolicy : std::uint8_t {
  Abstain,     // no label: it goes to adjudication
  Lowest,      // the lowest class number: the one place where class order matters
  Fractional,  // no single label; `tied_credit` shares 1 among the tied classes
};

// Whether the raters' confusion matrices get intervals. On small votes of many raters and classes
// these take longer than all else together.
enum class RaterIntervals : std::uint8_t {
  Beta,  // see RaterTable
  None,  // `lower` and `upper` stay empty
};

inline constexpr ClassIndex no_label = 65'535;  // above every class: vote tables hold fewer
inline constexpr double tie_tolerance = 1e-9;

struct GoldLabel {
  ItemIndex item = 0;
  ClassIndex label = 0;
  friend bool operator==(const GoldLabel&, const GoldLabel&) = default;
};

// Pseudo-votes added to every rater's confusion matrix, and pseudo-items added to each class. For
// Map they are added to the expected counts (a Dirichlet prior with 1 + these as parameters, at
// its mode). For Ibcc they are the Dirichlet parameters themselves. For OneCoin: `diagonal` right
// votes and `off_diagonal` wrong ones.
struct ConfusionPrior {
  double diagonal = 4.0;
  double off_diagonal = 1.0;
  double prevalence = 1.0;
  friend bool operator==(const ConfusionPrior&, const ConfusionPrior&) = default;
};

struct ConsensusOptions {
  ConsensusMethod method = ConsensusMethod::Auto;
  TiePolicy ties = TiePolicy::Abstain;
  ConsensusStart start = ConsensusStart::VoteShare;
  std::uint32_t restarts = 0;  // further runs from perturbed starts; the best run is the result
  std::uint64_t seed = 1;      // of perturbed starts and folds
  ConfusionPrior prior;        // Map, Ibcc, OneCoin; the start of Hierarchical
  double smoothing = 0.0;      // pseudo-votes per cell of DawidSkene; 0 is maximum likelihood
  double tolerance = 1e-6;     // stop when no posterior moves by more in one EM step
  std::uint32_t iteration_max = 2'000;  // EM steps per run
  bool accelerate = true;               // SQUAREM; never lets the objective fall
  unsigned threads = 1;                 // 0 and 1: none are started
  RaterIntervals intervals = RaterIntervals::Beta;
  double interval_level = 0.95;      // of the raters' intervals; in (0, 1)
  double mode_margin_nats = 2.0;     // modes this close to the best are reported
  std::uint32_t fold_count = 5;      // of Auto; at least 2
  std::vector<double> rater_weight;  // WeightedMajority: one a rater, >= 0; empty: by agreement
  std::vector<GoldLabel> gold;       // truths that are known: held fixed inside the model
};

// Posterior probabilities, one row of `class_count` per item.
struct PosteriorTable {
  std::uint32_t class_count = 0;
  std::vector<double> value;
  [[nodiscard]] std::uint32_t item_count() const {
    return class_count == 0 ? 0 : static_cast<std::uint32_t>(value.size() / class_count);
  }
  [[nodiscard]] std::span<const double> of(ItemIndex item) const {
    return std::span(value).subspan(std::size_t{item} * class_count, class_count);
  }
  friend bool operator==(const PosteriorTable&, const PosteriorTable&) = default;
};

// What the panel knows of its raters. A matrix has one row per true class and one column per class
// said, and rater w's begins at w x K x K.
//
// The interval of a cell is the central one of a Beta distribution with the estimate p: of
// n p + e and n (1 - p) + e, where n is the prior's votes and the effective number of votes, that
// is the observed information of the cell times p (1 - p) (Louis 1982: complete less missing, the
// other cells held). e is 1/2 (Jeffreys); for Ibcc and the hierarchical methods 0, since their
// prior is in p already. It is a credible interval there, an approximate confidence interval
// elsewhere.
struct RaterTable {
  std::uint32_t class_count = 0;
  std::vector<double> confusion;  // rows sum to 1
  std::vector<double> lower;      // interval of `confusion`; none are made with None
  std::vector<double> upper;
  std::vector<double> expected_count;    // expected votes per cell; no prior in them
  std::vector<double> information_nats;  // I(truth; vote) under the prevalence; in [0, log K]
  std::vector<double> weight;  // WeightedMajority: the weight used; else information_nats / log K
  std::vector<std::uint64_t> vote_count;
  [[nodiscard]] std::span<const double> confusion_of(RaterIndex rater) const {
    const std::size_t cells = std::size_t{class_count} * class_count;
    return std::span(confusion).subspan(rater * cells, cells);
  }
  friend bool operator==(const RaterTable&, const RaterTable&) = default;
};

// One place where EM came to rest.
struct ConsensusMode {
  double objective = 0.0;       // nats; what the method climbs (see ConsensusResult)
  double below_best = 0.0;      // nats
  std::uint32_t run_count = 0;  // runs that ended here
  bool is_chosen = false;
  friend bool operator==(const ConsensusMode&, const ConsensusMode&) = default;
};

// Held-out score of one candidate of Auto.
struct CandidateScore {
  ConsensusMethod method = ConsensusMethod::PooledCoin;
  double vote_score = 0.0;           // mean log probability of a held-out vote, nats
  std::optional<double> gold_score;  // mean log probability of a held-out gold label, nats
  friend bool operator==(const CandidateScore&, const CandidateScore&) = default;
};

struct ConsensusResult {
  ConsensusMethod method = ConsensusMethod::Majority;  // the one used, never Auto
  PosteriorTable posterior;            // items without a vote: the prevalence; gold: 1 on its class
  std::vector<ClassIndex> label;       // `no_label` where the tie policy gives none
  std::vector<double> entropy_nats;    // of the posterior
  std::vector<std::uint8_t> has_vote;  // 0: nothing was said, the posterior is the prior
  std::vector<std::uint8_t> is_tied;   // 1: the best class is not alone
  std::vector<double> prevalence;      // of the items that have votes
  RaterTable raters;

  // The observed-data log-likelihood of the votes (and gold) at the parameters of the result, nats.
  // For Majority and WeightedMajority the parameters are the counts under their posterior.
  double log_likelihood = 0.0;
  // What the method climbs, after each EM step of the chosen run, never falling: the observed
  // log-likelihood (DawidSkene without smoothing), with the log prior up to a constant (OneCoin,
  // Map), or the evidence lower bound (Ibcc, Hierarchical). Empty for the majorities.
  std::vector<double> objective_trace;
  std::uint32_t iterations = 0;  // EM steps of the chosen run
  bool converged = true;
  std::vector<ConsensusMode> modes;             // within the margin, best first; one at least
  std::vector<ItemIndex> mode_dependent_items;  // those whose label differs between these modes
  std::vector<CandidateScore> candidates;       // Auto: every candidate, best first
};

// The consensus.
// Errors: InvalidInput when there is no class or no vote at all, a gold label or weight is out of
// range or doubly given with different classes, an option is not finite or out of its range
// (named); TooLarge when raters x classes^2 exceeds 2^27. Cost: O(votes x classes + raters x
// classes^2) per EM step; memory 16 bytes x raters x classes^2 per thread and 8 bytes x items x
// classes. Auto costs about 5 x fold_count runs more.
[[nodiscard]] Result<ConsensusResult> find_consensus(const VoteTable& votes,
                                                     const ConsensusOptions& options);

// Credit of saying `label` of an item with this posterior, under the policy: 1 or 0 when its best
// class is alone; 1 / tied classes (Fractional), 1 for the lowest (Lowest), 0 (Abstain) else.
[[nodiscard]] double tied_credit(std::span<const double> posterior, ClassIndex label,
                                 TiePolicy policy);

}  // namespace consilium
