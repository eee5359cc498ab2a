// Which given labels are likely wrong, from a model's out-of-sample probabilities: confident
// learning over sources larger than memory. See semantics.md.
//
// The source is read two times (class thresholds; confident joint, scores and the rows asked for),
// and two more times for the pruning filters: how many rows to prune is known only after the second
// pass, and the chosen rows are looked up once more. Memory: O(classes^2) and the rows asked for,
// never the source.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analysis/label_errors/confident_joint.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

// Some rows of the source: `probabilities` holds class_count numbers a row, row by row, each in
// [0, 1]; `labels` the label given to each row. Float is float or double.
template <class Float>
struct PredictionBlock {
  std::span<const Float> probabilities;
  std::span<const ClassIndex> labels;
};

// Gives the block that starts at row `first_row` (which is where the last block ended, or 0 for a
// new pass), valid until the next call; one without rows at the end. Every pass must see the same
// rows. Blocks of some 10,000 rows and more read fast.
template <class Float>
using PredictionSource = std::function<Result<PredictionBlock<Float>>(std::uint64_t first_row)>;

// A source of what is in memory already, in one block.
template <class Float>
[[nodiscard]] PredictionSource<Float> source_of(const PredictionBlock<Float>& all) {
  return [all](std::uint64_t first_row) -> Result<PredictionBlock<Float>> {
    if (first_row == 0) return all;
    return PredictionBlock<Float>{};
  };
}

// In [0, 1]; the lower, the likelier wrong. With p the row and y the given label:
// SelfConfidence: p_y. NormalizedMargin: (p_y - max of the others + 1) / 2.
// ConfidenceWeightedEntropy: ln(1 + w) / w, w = (-sum p ln p / ln K) / p_y, p_y and w at least
// 1e-6.
enum class LabelScore : std::uint8_t {
  SelfConfidence,
  NormalizedMargin,
  ConfidenceWeightedEntropy
};

// Which rows are flagged. Whatever the filter, a row is flagged only if another class is more
// probable than the given label by over 1e-6.
// PredictedNeqGiven: just that. ConfidentLearning: rows counted off the diagonal.
// PruneByClass: of each label, as many as the joint says are wrong, of least self-confidence.
// PruneByNoiseRate: of each (label, other class), as many as the joint says, of largest p_other -
// p_label. Both: by class and by noise rate.
enum class IssueFilter : std::uint8_t {
  PredictedNeqGiven,
  ConfidentLearning,
  PruneByClass,
  PruneByNoiseRate,
  Both
};

// When a row reaches several classes' thresholds: `MostProbable` counts it for the row's most
// probable class, be it among them or not (as cleanlab 2 does); `MostProbableConfident` for the
// most probable one among them (formula (1) of the paper).
enum class CollisionRule : std::uint8_t { MostProbable, MostProbableConfident };

struct LabelErrorOptions {
  CollisionRule collision = CollisionRule::MostProbable;
  LabelScore score = LabelScore::SelfConfidence;  // of the ranking
  std::uint64_t worst_count = 0;                  // rows of lowest score to return
  std::optional<IssueFilter> filter{};            // rows to flag
  double noise_share = 1;                         // of the noise to prune, in [0, 1]
  std::uint64_t kept_per_class = 1;               // labels of a class never pruned
  unsigned threads = 1;
};

struct RankedLabel {
  double score = 0;
  std::uint64_t row = 0;
  friend auto operator<=>(const RankedLabel&, const RankedLabel&) = default;
};

struct LabelErrors {
  ConfidentJoint joint;
  std::vector<RankedLabel> worst;    // lowest score first; equal ones by row
  std::vector<RankedLabel> flagged;  // the same order
  friend bool operator==(const LabelErrors&, const LabelErrors&) = default;
};

// Errors: those of the source; InvalidInput for fewer than 2 or over 16,384 classes, a label that
// is not below class_count, a probability outside [0, 1] or not a number (the row is named), a
// block whose spans do not fit, a noise_share outside [0, 1]; Conflict when a later pass sees other
// rows than the first.
// Cost: two passes at memory speed (four with pruning), O(classes) a row; each row asked for costs
// O(log of their number). The same result for any number of threads and any cut into blocks.
template <class Float>
[[nodiscard]] Result<LabelErrors> find_label_errors(const PredictionSource<Float>& source,
                                                    std::size_t class_count,
                                                    const LabelErrorOptions& options = {});

// One row's score; `row` has two or more probabilities and `label` is below their number.
template <class Float>
[[nodiscard]] double label_score(std::span<const Float> row, ClassIndex label, LabelScore score);

extern template Result<LabelErrors> find_label_errors(const PredictionSource<float>&, std::size_t,
                                                      const LabelErrorOptions&);
extern template Result<LabelErrors> find_label_errors(const PredictionSource<double>&, std::size_t,
                                                      const LabelErrorOptions&);
extern template double label_score(std::span<const float>, ClassIndex, LabelScore);
extern template double label_score(std::span<const double>, ClassIndex, LabelScore);

}  // namespace consilium
