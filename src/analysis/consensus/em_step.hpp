// One EM step over all votes: posteriors of the items under given log parameters (E), and the
// expected counts that the next parameters are made of (the sums of M). Internal to the module.
//
// Numbers are fixed point in doubles: log parameters are multiples of 2^-log_bits, responsibilities
// of 2^-share_bits, chosen so that no sum exceeds 53 bits. Sums are then exact, whatever their
// order. -infinity (an impossible vote) adds as it should.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "analysis/consensus/consensus.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

inline constexpr double log_least = -1024.0;     // finite log parameters are not below
inline constexpr std::size_t cell_padding = 32;  // cells of no vote after the last, read ahead

// The votes as the step reads them: items without a vote are left out.
struct EmProblem {
  std::uint32_t class_count = 0;
  std::uint32_t lane_count = 0;  // class_count padded: 2, or a multiple of 4
  std::uint32_t rater_count = 0;
  std::vector<std::uint64_t> first;  // row_count + 1
  std::vector<std::uint32_t> cell;   // rater x class_count + label, one a vote
  std::vector<ItemIndex> item;       // of each row
  std::vector<ClassIndex> gold;      // of each row, `no_label` if unknown; empty without gold
  std::vector<std::uint64_t> rater_votes;
  std::uint64_t row_votes_max = 0;
  int log_bits = 40;
  int share_bits = 40;
  unsigned threads = 1;
  bool may_use_avx2 = true;  // where the machine has it; the bits are the same without

  [[nodiscard]] std::size_t row_count() const { return item.size(); }
  [[nodiscard]] std::size_t cell_count() const { return std::size_t{rater_count} * class_count; }
  [[nodiscard]] ClassIndex gold_of(std::size_t row) const {
    return gold.empty() ? no_label : gold[row];
  }
};

// Errors: see find_consensus.
[[nodiscard]] Result<EmProblem> make_em_problem(const VoteTable& votes,
                                                std::span<const GoldLabel> gold, unsigned threads);

// Expected counts, or parameters of the same shape: `cell` is (rater, label said, true class),
// `lane_count` doubles a cell; `prevalence` is by true class. Lanes above the classes are 0.
struct Counts {
  std::vector<double> cell;
  std::vector<double> prevalence;
};
[[nodiscard]] Counts make_counts(const EmProblem& problem);

// Responsibilities by row, `lane_count` doubles each.
using Shares = std::vector<double>;

// Tables where each cell's log parameters stand beside the counts that they gather: one cache line
// with four classes, so that a rater seldom met costs one miss. One table a thread; kept between
// steps.
class StepTables {
 public:
  explicit StepTables(const EmProblem& problem);
  [[nodiscard]] double* of(std::size_t thread) { return table_[thread].get(); }
  [[nodiscard]] std::size_t size() const { return size_; }  // doubles a table

 private:
  struct Free {
    void operator()(double* table) const;
  };
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<double[], Free>> table_;
};

struct StepOutcome {
  double log_evidence = 0.0;  // sum over rows of log sum_k p_k prod confusion: nats
  double move = 0.0;          // greatest change of a responsibility
};

// E step and sums. `logs` holds log parameters (rounded to multiples of 2^-log_bits by the callee);
// `shares` holds the previous responsibilities and receives the new ones; `counts` the sums.
StepOutcome em_step(const EmProblem& problem, StepTables& tables, const Counts& logs,
                    Shares& shares, Counts& counts);

// The sum over a row's votes of their cells' values, `lane_count` of them each.
void sum_of_cells(const EmProblem& problem, std::size_t row, const double* cells, double* sum);

// Adds a row's values (`lane_count` of them) to each of the cells of its votes.
void add_to_cells(const EmProblem& problem, std::size_t row, const double* values, double* cells);

// The sums alone, of responsibilities given (multiples of 2^-share_bits).
void sum_shares(const EmProblem& problem, const Shares& shares, Counts& counts);

}  // namespace consilium
