#include "analysis/label_errors/label_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "analysis/parallel/parallel.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr double slack = 1e-6;            // nearer than this counts as equal
constexpr double threshold_least = 2e-6;  // so that a threshold less the slack stays above 0
constexpr double score_clip = 1e-6;
constexpr std::size_t class_count_max = 16'384;         // the joint is then 2 GiB
constexpr std::size_t threaded_class_count_max = 1024;  // each thread has its own joint
constexpr std::size_t rows_per_thread_least = 4096;
constexpr std::size_t check_rows = 256;
constexpr std::uint64_t no_row = std::numeric_limits<std::uint64_t>::max();
constexpr double probability_unit = 0x1p60;  // sums of probabilities are whole numbers of 2^-60
constexpr double entropy_unit = 0x1p44;

template <class Float>
struct Rows {
  const Float* probabilities = nullptr;
  const ClassIndex* labels = nullptr;
  std::uint64_t first = 0;
  std::size_t count = 0;
};

// The `capacity` lowest of what is offered; equal scores by row. A heap with the highest on top.
class LowestRows {
 public:
  explicit LowestRows(std::uint64_t capacity = 0) : capacity_(capacity) {}
  void offer(RankedLabel label) {
    if (heap_.size() < capacity_) {
      heap_.push_back(label);
      std::ranges::push_heap(heap_);
    } else if (capacity_ > 0 && label < heap_.front()) {
      std::ranges::pop_heap(heap_);
      heap_.back() = label;
      std::ranges::push_heap(heap_);
    }
  }
  void merge(const LowestRows& other) {
    for (const RankedLabel& label : other.heap_) offer(label);
  }
  [[nodiscard]] std::vector<RankedLabel> take() && {
    std::ranges::sort(heap_);
    return std::move(heap_);
  }

 private:
  std::uint64_t capacity_;
  std::vector<RankedLabel> heap_;
};

// Calls `work(worker, rows)` for every part of every block. Returns the number of rows.
template <class Float, class Work>
Result<std::uint64_t> for_all_rows(const PredictionSource<Float>& source, std::size_t class_count,
                                   unsigned workers, const Work& work) {
  std::uint64_t first = 0;
  while (true) {
    const PredictionBlock<Float> block = CSL_TRY(source(first));
    const std::size_t count = block.labels.size();
    if (block.probabilities.size() != count * class_count) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("a block has {} probabilities for {} labels of {} classes",
                              block.probabilities.size(), count, class_count),
                  fmt::format("row {}", first));
    }
    if (count == 0) return first;
    const std::size_t parts = std::clamp<std::size_t>(count / rows_per_thread_least, 1, workers);
    split_work(static_cast<unsigned>(parts), count,
               [&](std::size_t begin, std::size_t end, std::size_t part) {
                 work(part,
                      Rows<Float>{.probabilities = block.probabilities.data() + begin * class_count,
                                  .labels = block.labels.data() + begin,
                                  .first = first + begin,
                                  .count = end - begin});
               });
    first += count;
  }
}

// Not (p >= 0 and p <= 1) rather than p < 0 or p > 1: NaN is refused too. The inner length is
// fixed so that the compiler makes vector code of it.
template <class Float>
bool all_probabilities(const Float* p, std::size_t count) {
  constexpr std::size_t step = 16;
  std::size_t i = 0;
  int wrong = 0;
  for (; i + step <= count; i += step) {
    for (std::size_t j = 0; j < step; ++j) {
      wrong |= static_cast<int>(!(p[i + j] >= 0)) | static_cast<int>(!(p[i + j] <= 1));
    }
  }
  for (; i < count; ++i) wrong |= static_cast<int>(!(p[i] >= 0)) | static_cast<int>(!(p[i] <= 1));
  return wrong == 0;
}

struct ThresholdSums {
  std::vector<Wide> sums;
  std::vector<std::uint64_t> counts;
  std::uint64_t wrong_row = no_row;

  template <class Float>
  void add(const Rows<Float>& rows) {
    const std::size_t k = sums.size();
    for (std::size_t begin = 0; begin < rows.count; begin += check_rows) {
      const std::size_t end = std::min(begin + check_rows, rows.count);
      const bool good = all_probabilities(rows.probabilities + begin * k, (end - begin) * k);
      for (std::size_t i = begin; i < end; ++i) {
        const ClassIndex label = rows.labels[i];
        const Float* row = rows.probabilities + i * k;
        if (label >= k || (!good && !all_probabilities(row, k))) {
          wrong_row = std::min(wrong_row, rows.first + i);
          return;
        }
        sums[label] +=
            static_cast<std::int64_t>(static_cast<double>(row[label]) * probability_unit);
        ++counts[label];
      }
    }
  }
};

template <class Float>
Result<ConfidentJoint> thresholds_of(const PredictionSource<Float>& source, std::size_t class_count,
                                     unsigned workers) {
  std::vector<ThresholdSums> parts(workers, {.sums = std::vector<Wide>(class_count, 0),
                                             .counts = std::vector<std::uint64_t>(class_count, 0)});
  ConfidentJoint joint{.class_count = class_count,
                       .row_count = 0,
                       .label_counts = std::vector<std::uint64_t>(class_count, 0),
                       .thresholds = {},
                       .counts = std::vector<std::uint64_t>(class_count * class_count, 0)};
  joint.row_count = CSL_TRY(
      for_all_rows(source, class_count, workers,
                   [&](std::size_t part, const Rows<Float>& rows) { parts[part].add(rows); }));
  std::uint64_t wrong = no_row;
  for (const ThresholdSums& part : parts) wrong = std::min(wrong, part.wrong_row);
  if (wrong != no_row) {
    return fail(ErrorCode::InvalidInput,
                "a label is not a class, or a probability is not a number in [0, 1]",
                fmt::format("row {}", wrong),
                "give out-of-sample probabilities after the softmax, and labels from 0");
  }
  for (std::size_t c = 0; c < class_count; ++c) {
    Wide sum = 0;
    for (const ThresholdSums& part : parts) {
      sum += part.sums[c];
      joint.label_counts[c] += part.counts[c];
    }
    const double mean =
        static_cast<double>(sum) / probability_unit / static_cast<double>(joint.label_counts[c]);
    joint.thresholds.push_back(joint.label_counts[c] == 0 ? std::numeric_limits<double>::infinity()
                                                          : std::max(mean, threshold_least));
  }
  return joint;
}

// The least Float whose value is not below the bound: comparing in Float is then comparing exactly.
template <class Float>
std::vector<Float> bounds_of(const std::vector<double>& thresholds) {
  std::vector<Float> bounds;
  for (const double threshold : thresholds) {
    const double exact = threshold - slack;
    auto bound = static_cast<Float>(exact);
    if (static_cast<double>(bound) < exact) {
      bound = std::nextafter(bound, std::numeric_limits<Float>::infinity());
    }
    bounds.push_back(bound);
  }
  return bounds;
}

constexpr std::size_t no_class = std::numeric_limits<std::size_t>::max();

// The most probable class, of all or of those at their bounds. Of equally probable ones the given
// label; else none, since a choice by number would depend on how classes are numbered.
template <class Float>
std::size_t most_probable(const Float* row, const std::vector<Float>& bounds, ClassIndex label,
                          CollisionRule rule) {
  std::size_t best = no_class;
  bool tied = false;
  for (std::size_t c = 0; c < bounds.size(); ++c) {
    if (rule == CollisionRule::MostProbableConfident && row[c] < bounds[c]) continue;
    if (best == no_class || row[c] > row[best]) {
      best = c;
      tied = false;
    } else if (row[c] == row[best]) {
      tied = true;
      if (c == label) best = c;
    }
  }
  return tied && best != label ? no_class : best;
}

// The class for which a row is confidently counted, if any.
template <class Float>
std::size_t confident_class(const Float* row, const std::vector<Float>& bounds, ClassIndex label,
                            CollisionRule rule) {
  const std::size_t k = bounds.size();
  const Float* bound = bounds.data();
  std::size_t reached = 0;
  std::size_t sum = 0;  // of the classes reached: the class itself when it is one
  for (std::size_t c = 0; c < k; ++c) {
    const std::size_t mask = row[c] >= bound[c] ? ~std::size_t{0} : 0;
    reached -= mask;
    sum += c & mask;
  }
  if (reached == 1) return sum;
  return reached == 0 ? no_class : most_probable(row, bounds, label, rule);
}

template <class Float>
double best_other(std::span<const Float> row, ClassIndex label) {
  Float best = -1;
  for (std::size_t c = 0; c < row.size(); ++c) {
    best = c != label && row[c] > best ? row[c] : best;
  }
  return static_cast<double>(best);
}

template <class Float>
bool another_is_likelier(std::span<const Float> row, ClassIndex label) {
  return best_other(row, label) > static_cast<double>(row[label]) + slack;
}

bool prunes(const std::optional<IssueFilter>& filter) {
  return filter == IssueFilter::PruneByClass || filter == IssueFilter::PruneByNoiseRate ||
         filter == IssueFilter::Both;
}

struct JointPart {
  std::vector<std::uint64_t> counts;
  LowestRows worst;
  std::vector<RankedLabel> flagged;
  bool changed = false;  // a label that the first pass had refused

  template <class Float>
  void add(const Rows<Float>& rows, const std::vector<Float>& bounds,
           const LabelErrorOptions& options) {
    const std::size_t k = bounds.size();
    const bool ranks = options.worst_count > 0;
    const bool by_prediction = options.filter == IssueFilter::PredictedNeqGiven;
    const bool by_joint = options.filter == IssueFilter::ConfidentLearning;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Float* row = rows.probabilities + i * k;
      const ClassIndex label = rows.labels[i];
      if (label >= k) {
        changed = true;
        return;
      }
      const std::size_t truth = confident_class(row, bounds, label, options.collision);
      if (truth != no_class) ++counts[label * k + truth];
      const bool flags = by_prediction || (by_joint && truth != no_class && truth != label);
      if (!ranks && !flags) continue;
      const std::span<const Float> all(row, k);
      const RankedLabel ranked{label_score(all, label, options.score), rows.first + i};
      if (ranks) worst.offer(ranked);
      if (flags && another_is_likelier(all, label)) flagged.push_back(ranked);
    }
  }
};

Status check_same_rows(const ConfidentJoint& joint, std::uint64_t rows, bool changed) {
  if (!changed && rows == joint.row_count) return {};
  return fail(ErrorCode::Conflict, "the source gave other rows in a later pass than in the first",
              fmt::format("{} rows, then {}", joint.row_count, rows),
              "keep the predictions unchanged while they are read");
}

template <class Float>
Result<LabelErrors> counted(const PredictionSource<Float>& source, ConfidentJoint joint,
                            const LabelErrorOptions& options, unsigned workers) {
  std::vector<JointPart> parts(
      workers, {.counts = joint.counts, .worst = LowestRows(options.worst_count), .flagged = {}});
  const std::vector<Float> bounds = bounds_of<Float>(joint.thresholds);
  const std::uint64_t rows = CSL_TRY(for_all_rows(
      source, joint.class_count, workers,
      [&](std::size_t part, const Rows<Float>& own) { parts[part].add(own, bounds, options); }));
  LabelErrors out{.joint = std::move(joint), .worst = {}, .flagged = {}};
  LowestRows worst(options.worst_count);
  bool changed = false;
  for (const JointPart& part : parts) {
    for (std::size_t e = 0; e < part.counts.size(); ++e) out.joint.counts[e] += part.counts[e];
    worst.merge(part.worst);
    out.flagged.insert(out.flagged.end(), part.flagged.begin(), part.flagged.end());
    changed = changed || part.changed;
  }
  CSL_TRY(check_same_rows(out.joint, rows, changed));
  out.worst = std::move(worst).take();
  std::ranges::sort(out.flagged);
  return out;
}

// Rows chosen for pruning: of each label, and of each label and other class with a count.
struct PruneLists {
  struct Other {
    std::size_t truth = 0;
    LowestRows rows;
  };
  std::vector<LowestRows> by_class;
  std::vector<std::vector<Other>> by_rate;
  bool changed = false;

  template <class Float>
  void add(const Rows<Float>& rows) {
    const std::size_t k = by_class.size();
    for (std::size_t i = 0; i < rows.count; ++i) {
      const Float* row = rows.probabilities + i * k;
      const ClassIndex label = rows.labels[i];
      if (label >= k) {
        changed = true;
        return;
      }
      const auto own = static_cast<double>(row[label]);
      by_class[label].offer({own, rows.first + i});
      for (Other& other : by_rate[label]) {
        other.rows.offer({own - static_cast<double>(row[other.truth]), rows.first + i});
      }
    }
  }
  void merge(const PruneLists& other) {
    changed = changed || other.changed;
    for (std::size_t c = 0; c < by_class.size(); ++c) {
      by_class[c].merge(other.by_class[c]);
      for (std::size_t o = 0; o < by_rate[c].size(); ++o) {
        by_rate[c][o].rows.merge(other.by_rate[c][o].rows);
      }
    }
  }
};

PruneLists empty_lists(const ConfidentJoint& joint, const LabelErrorOptions& options) {
  const std::size_t k = joint.class_count;
  const std::vector<std::int64_t> counts =
      prune_counts(joint, options.kept_per_class, options.noise_share);
  PruneLists lists{.by_class = std::vector<LowestRows>(k), .by_rate = {}};
  lists.by_rate.resize(k);
  for (std::size_t given = 0; given < k; ++given) {
    if (joint.label_counts[given] <= options.kept_per_class) continue;
    const std::int64_t wrong =
        static_cast<std::int64_t>(joint.label_counts[given]) - counts[given * k + given];
    if (options.filter != IssueFilter::PruneByNoiseRate && wrong > 0) {
      lists.by_class[given] = LowestRows(static_cast<std::uint64_t>(wrong));
    }
    if (options.filter == IssueFilter::PruneByClass) continue;
    for (std::size_t truth = 0; truth < k; ++truth) {
      const std::int64_t count = counts[given * k + truth];
      if (truth == given || count <= 0) continue;
      lists.by_rate[given].push_back({truth, LowestRows(static_cast<std::uint64_t>(count))});
    }
  }
  return lists;
}

void add_rows(std::vector<std::uint64_t>& rows, LowestRows&& lowest) {
  for (const RankedLabel& label : std::move(lowest).take()) rows.push_back(label.row);
}

std::vector<std::uint64_t> chosen_rows(PruneLists&& lists, IssueFilter filter) {
  std::vector<std::uint64_t> by_class;
  std::vector<std::uint64_t> by_rate;
  for (std::size_t c = 0; c < lists.by_class.size(); ++c) {
    add_rows(by_class, std::move(lists.by_class[c]));
    for (PruneLists::Other& other : lists.by_rate[c]) add_rows(by_rate, std::move(other.rows));
  }
  std::ranges::sort(by_class);
  std::ranges::sort(by_rate);
  by_rate.erase(std::ranges::unique(by_rate).begin(), by_rate.end());
  if (filter == IssueFilter::PruneByClass) return by_class;
  if (filter == IssueFilter::PruneByNoiseRate) return by_rate;
  std::vector<std::uint64_t> both;
  std::ranges::set_intersection(by_class, by_rate, std::back_inserter(both));
  return both;
}

template <class Float>
Status add_pruned(const PredictionSource<Float>& source, const LabelErrorOptions& options,
                  unsigned workers, LabelErrors& errors) {
  const std::size_t k = errors.joint.class_count;
  std::vector<PruneLists> parts(workers, empty_lists(errors.joint, options));
  std::uint64_t rows = CSL_TRY(for_all_rows(
      source, k, workers, [&](std::size_t part, const Rows<Float>& own) { parts[part].add(own); }));
  for (std::size_t part = 1; part < parts.size(); ++part) parts[0].merge(parts[part]);
  CSL_TRY(check_same_rows(errors.joint, rows, parts[0].changed));
  const std::vector<std::uint64_t> chosen = chosen_rows(std::move(parts[0]), *options.filter);
  // A fourth, short look at the chosen rows alone: their scores, and whether another class is
  // likelier. It asks the source only where something was chosen.
  std::uint64_t first = 0;
  for (std::size_t next = 0; next < chosen.size();) {
    const PredictionBlock<Float> block = CSL_TRY(source(first));
    const std::uint64_t end = first + block.labels.size();
    if (block.labels.empty() || block.probabilities.size() != block.labels.size() * k) {
      return check_same_rows(errors.joint, first, true);
    }
    for (; next < chosen.size() && chosen[next] < end; ++next) {
      const std::size_t i = chosen[next] - first;
      const auto row = block.probabilities.subspan(i * k, k);
      const ClassIndex label = block.labels[i];
      if (label >= k) return check_same_rows(errors.joint, first, true);
      if (!another_is_likelier(row, label)) continue;
      errors.flagged.push_back({label_score(row, label, options.score), chosen[next]});
    }
    first = end;
  }
  std::ranges::sort(errors.flagged);
  return {};
}

}  // namespace

template <class Float>
double label_score(std::span<const Float> row, ClassIndex label, LabelScore score) {
  const auto own = static_cast<double>(row[label]);
  if (score == LabelScore::SelfConfidence) return own;
  if (score == LabelScore::NormalizedMargin) return (own - best_other(row, label) + 1) / 2;
  std::int64_t sum = 0;  // whole, so that the classes' order does not matter
  for (const Float entry : row) {
    const auto p = static_cast<double>(entry);
    if (p > 0) sum += std::llrint(-p * std::log(p) * entropy_unit);
  }
  // The limits of the formula, which itself is 0/0: sure of the label, or sure of another.
  if (sum <= 0) return own > 0 ? 1 : 0;
  const double entropy =
      static_cast<double>(sum) / entropy_unit / std::log(static_cast<double>(row.size()));
  const double weighted = std::max(entropy / std::max(own, score_clip), score_clip);
  return std::log1p(weighted) / weighted;
}

template <class Float>
Result<LabelErrors> find_label_errors(const PredictionSource<Float>& source,
                                      std::size_t class_count, const LabelErrorOptions& options) {
  if (class_count < 2 || class_count > class_count_max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} classes; label errors need 2 to {}", class_count, class_count_max));
  }
  if (!(options.noise_share >= 0 && options.noise_share <= 1)) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("a noise share of {} is not in [0, 1]", options.noise_share));
  }
  const unsigned workers =
      class_count > threaded_class_count_max ? 1 : std::max(options.threads, 1U);
  ConfidentJoint joint = CSL_TRY(thresholds_of(source, class_count, workers));
  LabelErrors out = CSL_TRY(counted(source, std::move(joint), options, workers));
  if (prunes(options.filter)) CSL_TRY(add_pruned(source, options, workers, out));
  return out;
}

template Result<LabelErrors> find_label_errors(const PredictionSource<float>&, std::size_t,
                                               const LabelErrorOptions&);
template Result<LabelErrors> find_label_errors(const PredictionSource<double>&, std::size_t,
                                               const LabelErrorOptions&);
template double label_score(std::span<const float>, ClassIndex, LabelScore);
template double label_score(std::span<const double>, ClassIndex, LabelScore);

}  // namespace consilium
