#include "analysis/consensus/em_step.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/lanes.hpp"
#include "analysis/statistics/special_functions.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::size_t block_rows = 32;  // of ten votes: their cells fit the first-level cache
constexpr std::size_t prefetch_votes = 24;
constexpr std::size_t near_bytes =
    std::size_t{256} * 1024;  // less than the second-level cache of any server
static_assert(prefetch_votes <= cell_padding);

// Everything the inner loops read, as plain pointers: what a function compiled for another
// instruction set may touch without calling back into code compiled for the baseline.
struct Work {
  const std::uint64_t* first;
  const std::uint32_t* cell;
  const ClassIndex* gold;  // null without gold
  double* table;
  const double* prior;  // lanes; -infinity above the classes
  double* shares;
  double* scratch;           // block_rows x lanes
  std::int64_t* prevalence;  // lanes
  std::size_t row_begin;
  std::size_t row_end;
  std::size_t lanes;
  std::size_t classes;
  bool is_far;         // the table is larger than the caches near the core
  double share_shift;  // rounds to 2^-share_bits
  double sum_shift;    // rounds what is summed over classes
  double share_scale;  // 2^share_bits
  double log_scale;    // 2^log_bits
  Wide log_peak;       // out: sum of the rows' greatest scores, in 2^-log_bits
  Wide log_rest;       // out: sum of the rows' log sum exp(score - greatest), in 2^-40
  double move;         // out
};

// LANES is the padded class count, or 0: it is read from the work. FAR says that the table is
// larger than the caches near the core, so that its cells are fetched ahead. A group is what one
// register holds: four lanes, or both of two classes. (A vector size that hangs on a template's
// argument is silently ignored by g++ 12, hence two types written out.)
#define CSL_INNER [[gnu::always_inline]] inline

template <std::size_t LANES>
struct Group {
  static constexpr std::size_t width = 4;
  using Vector = lanes::Four;
  // The other half's, then the neighbour's value in each lane: two steps reach all four.
  CSL_INNER static void swap(const Vector& x, Vector& halves) {
    halves = __builtin_shufflevector(x, x, 2, 3, 0, 1);
  }
  CSL_INNER static void swap_near(const Vector& x, Vector& pairs) {
    pairs = __builtin_shufflevector(x, x, 1, 0, 3, 2);
  }
};
template <>
struct Group<2> {
  static constexpr std::size_t width = 2;
  using Vector = double __attribute__((vector_size(16)));
  CSL_INNER static void swap(const Vector& x, Vector& other) { other = x; }
  CSL_INNER static void swap_near(const Vector& x, Vector& other) {
    other = __builtin_shufflevector(x, x, 1, 0);
  }
};

// All lanes become the greatest, or the sum (exact, so that its order is free).
template <std::size_t LANES, class Vector>
CSL_INNER void spread_greatest(Vector& x) {
  Vector other;
  Group<LANES>::swap(x, other);
  x = x > other ? x : other;
  Group<LANES>::swap_near(x, other);
  x = x > other ? x : other;
}
template <std::size_t LANES, class Vector>
CSL_INNER void spread_sum(Vector& x) {
  Vector other;
  if (Group<LANES>::width > 2) {
    Group<LANES>::swap(x, other);
    x += other;
  }
  Group<LANES>::swap_near(x, other);
  x += other;
}

template <std::size_t LANES, bool FAR>
CSL_INNER void score_row(const Work& work, std::size_t row, double* score) {
  using Vector = typename Group<LANES>::Vector;
  constexpr std::size_t width = Group<LANES>::width;
  const std::size_t lanes = LANES != 0 ? LANES : work.lanes;
  const std::uint32_t* const begin = work.cell + work.first[row];
  const std::uint32_t* const end = work.cell + work.first[row + 1];
  // Two groups at a time: two chains of sums in one walk over the votes.
  std::size_t lane = 0;
  if (LANES == 0 || LANES >= 2 * width) {
    for (; lane + 2 * width <= lanes; lane += 2 * width) {
      Vector low;
      Vector high;
      std::memcpy(&low, work.prior + lane, sizeof low);
      std::memcpy(&high, work.prior + lane + width, sizeof high);
      for (const std::uint32_t* cell = begin; cell != end; ++cell) {
        if (FAR) {
          const double* const ahead =
              work.table + std::size_t{cell[prefetch_votes]} * 2 * lanes + lane;
          __builtin_prefetch(ahead, 1);
          __builtin_prefetch(ahead + lanes, 1);
        }
        const double* const at = work.table + std::size_t{*cell} * 2 * lanes + lane;
        Vector log_low;
        Vector log_high;
        std::memcpy(&log_low, at, sizeof log_low);
        std::memcpy(&log_high, at + width, sizeof log_high);
        low += log_low;
        high += log_high;
      }
      std::memcpy(score + lane, &low, sizeof low);
      std::memcpy(score + lane + width, &high, sizeof high);
    }
  }
  if (lane == lanes) return;
  Vector sum;
  std::memcpy(&sum, work.prior + lane, sizeof sum);
  for (const std::uint32_t* cell = begin; cell != end; ++cell) {
    if (FAR) {
      __builtin_prefetch(work.table + std::size_t{cell[prefetch_votes]} * 2 * lanes + lane, 1);
    }
    Vector log;
    std::memcpy(&log, work.table + std::size_t{*cell} * 2 * lanes + lane, sizeof log);
    sum += log;
  }
  std::memcpy(score + lane, &sum, sizeof sum);
}

// Adds `values` to the cells of the votes [begin, end), which stand `stride` doubles apart.
template <std::size_t LANES>
CSL_INNER void add_row(const std::uint32_t* begin, const std::uint32_t* end, std::size_t lane_count,
                       std::size_t stride, const double* values, double* cells) {
  using Vector = typename Group<LANES>::Vector;
  constexpr std::size_t width = Group<LANES>::width;
  const std::size_t lanes = LANES != 0 ? LANES : lane_count;
  for (std::size_t lane = 0; lane < lanes; lane += width) {
    Vector part;
    std::memcpy(&part, values + lane, sizeof part);
    for (const std::uint32_t* cell = begin; cell != end; ++cell) {
      double* const at = cells + std::size_t{*cell} * stride + lane;
      Vector count;
      std::memcpy(&count, at, sizeof count);
      count += part;
      std::memcpy(at, &count, sizeof count);
    }
  }
}

// The counterpart: `sum` becomes the sum of the cells' values.
template <std::size_t LANES>
CSL_INNER void sum_row(const std::uint32_t* begin, const std::uint32_t* end, std::size_t lane_count,
                       const double* cells, double* sum) {
  using Vector = typename Group<LANES>::Vector;
  constexpr std::size_t width = Group<LANES>::width;
  const std::size_t lanes = LANES != 0 ? LANES : lane_count;
  for (std::size_t lane = 0; lane < lanes; lane += width) {
    Vector total = {};
    for (const std::uint32_t* cell = begin; cell != end; ++cell) {
      Vector value;
      std::memcpy(&value, cells + std::size_t{*cell} * lanes + lane, sizeof value);
      total += value;
    }
    std::memcpy(sum + lane, &total, sizeof total);
  }
}

// Scores of one row become their distance below the greatest, cut at 40 nats: what is further
// below rounds to 0 in any case. Returns the greatest.
template <std::size_t LANES>
CSL_INNER double below_peak(const Work& work, std::size_t row, double* score) {
  using Vector = typename Group<LANES>::Vector;
  constexpr std::size_t width = Group<LANES>::width;
  const std::size_t lanes = LANES != 0 ? LANES : work.lanes;
  constexpr double impossible = -std::numeric_limits<double>::infinity();
  if (work.gold != nullptr && work.gold[row] != no_label) {
    for (std::size_t k = 0; k < lanes; ++k) {
      if (k != work.gold[row]) score[k] = impossible;
    }
  }
  Vector peak;
  std::memcpy(&peak, score, sizeof peak);
  for (std::size_t lane = width; lane < lanes; lane += width) {
    Vector more;
    std::memcpy(&more, score + lane, sizeof more);
    peak = more > peak ? more : peak;
  }
  spread_greatest<LANES>(peak);
  if (!(peak[0] > impossible)) {  // votes that the parameters exclude altogether tell nothing
    for (std::size_t k = 0; k < lanes; ++k) score[k] = k < work.classes ? log_least : impossible;
    peak = Vector{} + log_least;
  }
  for (std::size_t lane = 0; lane < lanes; lane += width) {
    Vector below;
    std::memcpy(&below, score + lane, sizeof below);
    below -= peak;
    const Vector least = Vector{} - 40.0;
    below = below > least ? below : least;
    std::memcpy(score + lane, &below, sizeof below);
  }
  return peak[0];
}

// exp(score - peak) become responsibilities, in place and in the table of shares. Returns their sum
// before normalisation.
template <std::size_t LANES, class Vector>
CSL_INNER double normalise_row(Work& work, std::size_t row, double* score, double* prevalence,
                               Vector& move) {
  constexpr std::size_t width = Group<LANES>::width;
  const std::size_t lanes = LANES != 0 ? LANES : work.lanes;
  Vector sum = {};
  for (std::size_t lane = 0; lane < lanes; lane += width) {
    Vector part;
    std::memcpy(&part, score + lane, sizeof part);
    part = (part + work.sum_shift) - work.sum_shift;
    sum += part;
    std::memcpy(score + lane, &part, sizeof part);
  }
  spread_sum<LANES>(sum);
  const Vector inverse = 1.0 / sum;
  double* const kept = work.shares + row * lanes;
  for (std::size_t lane = 0; lane < lanes; lane += width) {
    Vector share;
    Vector before;
    Vector total;
    std::memcpy(&share, score + lane, sizeof share);
    std::memcpy(&before, kept + lane, sizeof before);
    std::memcpy(&total, prevalence + lane, sizeof total);
    share = (share * inverse + work.share_shift) - work.share_shift;
    const Vector change = share > before ? share - before : before - share;
    move = change > move ? change : move;
    total += share;
    std::memcpy(kept + lane, &share, sizeof share);
    std::memcpy(score + lane, &share, sizeof share);
    std::memcpy(prevalence + lane, &total, sizeof total);
  }
  return sum[0];
}

template <std::size_t LANES, bool FAR>
CSL_INNER void walk(Work& work) {
  using Vector = typename Group<LANES>::Vector;
  const std::size_t lanes = LANES != 0 ? LANES : work.lanes;
  double sums[block_rows];
  double* const scores = work.scratch;
  double* const prevalence = scores + block_rows * lanes;
  Vector move = {};
  for (std::size_t begin = work.row_begin; begin < work.row_end; begin += block_rows) {
    const std::size_t rows = work.row_end - begin < block_rows ? work.row_end - begin : block_rows;
    std::int64_t peaks = 0;  // of 32 rows below 2^53 each
    for (std::size_t i = 0; i < rows; ++i) {
      double* const score = scores + i * lanes;
      score_row<LANES, FAR>(work, begin + i, score);
      peaks +=
          static_cast<std::int64_t>(below_peak<LANES>(work, begin + i, score) * work.log_scale);
    }
    work.log_peak += peaks;
    lanes::exp_in_place(scores, block_rows * lanes);
    for (std::size_t k = 0; k < lanes; ++k) prevalence[k] = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      double* const share = scores + i * lanes;
      sums[i] = normalise_row<LANES>(work, begin + i, share, prevalence, move);
      add_row<LANES>(work.cell + work.first[begin + i], work.cell + work.first[begin + i + 1],
                     lanes, 2 * lanes, share, work.table + lanes);
    }
    for (std::size_t k = 0; k < lanes; ++k) {
      work.prevalence[k] += static_cast<std::int64_t>(prevalence[k] * work.share_scale);
    }
    for (std::size_t i = rows; i < block_rows; ++i) sums[i] = 1.0;
    lanes::log_in_place(sums, block_rows);
    std::int64_t rest = 0;
    for (std::size_t i = 0; i < block_rows; ++i) {
      rest += static_cast<std::int64_t>(sums[i] * 0x1p40);
    }
    work.log_rest += rest;
  }
  spread_greatest<LANES>(move);
  work.move = move[0];
}

template <bool FAR>
CSL_INNER void walk_lanes(Work& work) {
  switch (work.lanes) {
    case 2:
      return walk<2, FAR>(work);
    case 4:
      return walk<4, FAR>(work);
    case 8:
      return walk<8, FAR>(work);
    default:
      return walk<0, FAR>(work);
  }
}

#undef CSL_INNER

// The same source for two instruction sets. AVX2 without FMA does what SSE2 does, four at a time.
__attribute__((target("avx2"))) void walk_avx2(Work& work) {
  work.is_far ? walk_lanes<true>(work) : walk_lanes<false>(work);
}
void walk_baseline(Work& work) { work.is_far ? walk_lanes<true>(work) : walk_lanes<false>(work); }

// First row of part `part` of `parts`, so that parts have about equal votes.
std::size_t part_begin(const EmProblem& problem, std::size_t part, std::size_t parts) {
  if (part >= parts) return problem.row_count();
  const std::uint64_t vote = problem.first.back() / parts * part;
  return static_cast<std::size_t>(
      std::lower_bound(problem.first.begin(), problem.first.end() - 1, vote) -
      problem.first.begin());
}

void add_counts(const EmProblem& problem, const double* table, Counts& counts) {
  const std::size_t lanes = problem.lane_count;
  for (std::size_t cell = 0; cell < problem.cell_count(); ++cell) {
    for (std::size_t k = 0; k < lanes; ++k) {
      counts.cell[cell * lanes + k] += table[cell * 2 * lanes + lanes + k];
    }
  }
}

}  // namespace

Counts make_counts(const EmProblem& problem) {
  return {std::vector<double>(problem.cell_count() * problem.lane_count),
          std::vector<double>(problem.lane_count)};
}

void StepTables::Free::operator()(double* table) const { std::free(table); }

StepTables::StepTables(const EmProblem& problem)
    : size_(problem.cell_count() * 2 * problem.lane_count) {
  for (unsigned thread = 0; thread < problem.threads; ++thread) {
    const std::size_t bytes = (size_ * sizeof(double) + 63) / 64 * 64;
    auto* const table = static_cast<double*>(std::aligned_alloc(64, bytes));
    if (table == nullptr) throw std::bad_alloc();
    table_.emplace_back(table);
  }
}

StepOutcome em_step(const EmProblem& problem, StepTables& tables, const Counts& logs,
                    Shares& shares, Counts& counts) {
  const std::size_t lanes = problem.lane_count;
  const double log_shift = rounding_shift(problem.log_bits);
  std::vector<double> prior(lanes, -std::numeric_limits<double>::infinity());
  for (std::size_t k = 0; k < problem.class_count; ++k) {
    prior[k] = rounded(logs.prevalence[k], log_shift);
  }
  const bool wide = problem.may_use_avx2 && __builtin_cpu_supports("avx2") != 0;
  std::vector<Work> works(problem.threads);
  std::vector<std::vector<std::int64_t>> prevalence(problem.threads,
                                                    std::vector<std::int64_t>(lanes));
  run_parts(problem.threads, [&](std::size_t part) {
    double* const table = tables.of(part);
    for (std::size_t cell = 0; cell < problem.cell_count(); ++cell) {
      for (std::size_t k = 0; k < lanes; ++k) {
        table[cell * 2 * lanes + k] = rounded(logs.cell[cell * lanes + k], log_shift);
        table[cell * 2 * lanes + lanes + k] = 0.0;
      }
    }
    std::vector<double> scratch((block_rows + 1) * lanes);
    Work work{.first = problem.first.data(),
              .cell = problem.cell.data(),
              .gold = problem.gold.empty() ? nullptr : problem.gold.data(),
              .table = table,
              .prior = prior.data(),
              .shares = shares.data(),
              .scratch = scratch.data(),
              .prevalence = prevalence[part].data(),
              .row_begin = part_begin(problem, part, problem.threads),
              .row_end = part_begin(problem, part + 1, problem.threads),
              .lanes = lanes,
              .classes = problem.class_count,
              .is_far = tables.size() * sizeof(double) > near_bytes,
              .share_shift = rounding_shift(problem.share_bits),
              .sum_shift = rounding_shift(50 - bits_above(problem.class_count)),
              .share_scale = std::ldexp(1.0, problem.share_bits),
              .log_scale = std::ldexp(1.0, problem.log_bits),
              .log_peak = 0,
              .log_rest = 0,
              .move = 0.0};
    wide ? walk_avx2(work) : walk_baseline(work);
    works[part] = work;
  });

  std::fill(counts.cell.begin(), counts.cell.end(), 0.0);
  Wide log_peak = 0;
  Wide log_rest = 0;
  std::vector<std::int64_t> prevalence_sum(lanes);
  StepOutcome outcome;
  for (unsigned part = 0; part < problem.threads; ++part) {
    add_counts(problem, tables.of(part), counts);
    log_peak += works[part].log_peak;
    log_rest += works[part].log_rest;
    outcome.move = std::max(outcome.move, works[part].move);
    for (std::size_t k = 0; k < lanes; ++k) prevalence_sum[k] += prevalence[part][k];
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    counts.prevalence[k] = std::ldexp(static_cast<double>(prevalence_sum[k]), -problem.share_bits);
  }
  outcome.log_evidence = std::ldexp(static_cast<double>(log_peak), -problem.log_bits) +
                         static_cast<double>(log_rest) * 0x1p-40;
  return outcome;
}

[[gnu::target_clones("avx2", "default")]] void sum_of_cells(const EmProblem& problem,
                                                            std::size_t row, const double* cells,
                                                            double* sum) {
  const std::uint32_t* const begin = problem.cell.data() + problem.first[row];
  const std::uint32_t* const end = problem.cell.data() + problem.first[row + 1];
  switch (problem.lane_count) {
    case 2:
      return sum_row<2>(begin, end, 2, cells, sum);
    case 4:
      return sum_row<4>(begin, end, 4, cells, sum);
    default:
      return sum_row<0>(begin, end, problem.lane_count, cells, sum);
  }
}

[[gnu::target_clones("avx2", "default")]] void add_to_cells(const EmProblem& problem,
                                                            std::size_t row, const double* values,
                                                            double* cells) {
  const std::uint32_t* const begin = problem.cell.data() + problem.first[row];
  const std::uint32_t* const end = problem.cell.data() + problem.first[row + 1];
  switch (problem.lane_count) {
    case 2:
      return add_row<2>(begin, end, 2, 2, values, cells);
    case 4:
      return add_row<4>(begin, end, 4, 4, values, cells);
    default:
      return add_row<0>(begin, end, problem.lane_count, problem.lane_count, values, cells);
  }
}

void sum_shares(const EmProblem& problem, const Shares& shares, Counts& counts) {
  const std::size_t lanes = problem.lane_count;
  std::fill(counts.cell.begin(), counts.cell.end(), 0.0);
  std::vector<Wide> prevalence(lanes);
  const double scale = std::ldexp(1.0, problem.share_bits);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const double* const share = shares.data() + row * lanes;
    for (std::size_t k = 0; k < lanes; ++k) {
      prevalence[k] += static_cast<std::int64_t>(share[k] * scale);
    }
    add_to_cells(problem, row, share, counts.cell.data());
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    counts.prevalence[k] = std::ldexp(static_cast<double>(prevalence[k]), -problem.share_bits);
  }
}

}  // namespace consilium
