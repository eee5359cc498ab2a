#include "analysis/consensus/vote_share.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/statistics/exact_sum.hpp"
#include "analysis/statistics/special_functions.hpp"

namespace consilium {
namespace {

std::span<double> row_of(const EmProblem& problem, Shares& shares, std::size_t row) {
  return std::span(shares).subspan(row * problem.lane_count, problem.class_count);
}
std::span<const double> row_of(const EmProblem& problem, const Shares& shares, std::size_t row) {
  return std::span(shares).subspan(row * problem.lane_count, problem.class_count);
}

void set_gold(const EmProblem& problem, Shares& shares) {
  if (problem.gold.empty()) return;
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    if (problem.gold[row] == no_label) continue;
    const std::span<double> share = row_of(problem, shares, row);
    std::ranges::fill(share, 0.0);
    share[problem.gold[row]] = 1.0;
  }
}

// The counts of a row's labels, 16 bits each, where they fit: one addition a vote.
constexpr std::size_t packed_classes_max = 4;
constexpr std::uint64_t packed_votes_max = 0xFFFF;

Shares equal_vote_shares(const EmProblem& problem, double shift) {
  std::vector<std::uint64_t> one(problem.cell_count());
  for (std::size_t cell = 0; cell < one.size(); ++cell) {
    one[cell] = std::uint64_t{1} << (cell % problem.class_count * 16);
  }
  Shares shares(problem.row_count() * problem.lane_count);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    std::uint64_t counts = 0;
    for (std::uint64_t v = problem.first[row]; v < problem.first[row + 1]; ++v) {
      counts += one[problem.cell[v]];
    }
    const auto total = static_cast<double>(problem.first[row + 1] - problem.first[row]);
    for (double& share : row_of(problem, shares, row)) {
      share = rounded(static_cast<double>(counts & packed_votes_max) / total, shift);
      counts >>= 16U;
    }
  }
  return shares;
}

}  // namespace

Shares vote_shares(const EmProblem& problem, std::span<const double> weight) {
  const double shift = rounding_shift(problem.share_bits);
  if (weight.empty() && problem.class_count <= packed_classes_max &&
      problem.row_votes_max <= packed_votes_max) {
    Shares shares = equal_vote_shares(problem, shift);
    set_gold(problem, shares);
    return shares;
  }
  // Weights relative to the greatest, as multiples of 2^-30: sums of them are exact.
  std::vector<double> unit(problem.rater_count, 1.0);
  if (!weight.empty()) {
    const double greatest = *std::ranges::max_element(weight);
    for (std::size_t rater = 0; rater < unit.size(); ++rater) {
      unit[rater] = greatest > 0.0 ? std::rint(weight[rater] / greatest * 0x1p30) * 0x1p-30 : 0.0;
    }
  }
  // What a vote of each cell adds.
  std::vector<double> said(problem.cell_count() * problem.lane_count);
  for (std::size_t cell = 0; cell < problem.cell_count(); ++cell) {
    said[cell * problem.lane_count + cell % problem.class_count] = unit[cell / problem.class_count];
  }
  Shares shares(problem.row_count() * problem.lane_count);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const std::span<double> share = row_of(problem, shares, row);
    sum_of_cells(problem, row, said.data(), share.data());
    double total = 0.0;
    for (const double value : share) total += value;
    for (double& value : share) {
      value = rounded(total > 0.0 ? value / total : 1.0 / problem.class_count, shift);
    }
  }
  set_gold(problem, shares);
  return shares;
}

Shares sharpened(const EmProblem& problem, const Shares& shares) {
  const double shift = rounding_shift(problem.share_bits);
  Shares sharp(shares.size());
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const auto from = row_of(problem, shares, row);
    const auto to = row_of(problem, sharp, row);
    const double greatest = *std::ranges::max_element(from);
    const double part = rounded(1.0 / tied_count(from), shift);
    for (std::size_t k = 0; k < from.size(); ++k) {
      to[k] = from[k] >= greatest - tie_tolerance ? part : 0.0;
    }
  }
  return sharp;
}

Shares perturbed(const EmProblem& problem, const Shares& shares, const VoteStructure& structure,
                 std::uint64_t seed) {
  const double shift = rounding_shift(problem.share_bits);
  Shares noisy(shares.size());
  std::vector<std::uint64_t> voters(problem.class_count);
  std::vector<double> draw(problem.class_count);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    std::ranges::fill(voters, 0);
    for (std::uint64_t v = problem.first[row]; v < problem.first[row + 1]; ++v) {
      voters[problem.cell[v] % problem.class_count] +=
          mixed(structure.rater[problem.cell[v] / problem.class_count], 1);
    }
    double total = 0.0;
    for (std::size_t k = 0; k < draw.size(); ++k) {
      const std::uint64_t name =
          mixed(mixed(seed, structure.row[row]), mixed(structure.label[k], voters[k]));
      const double uniform = (static_cast<double>(name >> 11) + 0.5) * 0x1p-53;
      draw[k] = std::rint(-exact_log(uniform) * 0x1p30) * 0x1p-30;  // exponential; sums exactly
      total += draw[k];
    }
    const auto from = row_of(problem, shares, row);
    const auto to = row_of(problem, noisy, row);
    for (std::size_t k = 0; k < draw.size(); ++k) {
      to[k] = rounded(0.5 * from[k] + 0.5 * (draw[k] / total), shift);
    }
  }
  set_gold(problem, noisy);
  return noisy;
}

std::vector<double> agreement_weights(const EmProblem& problem, TiePolicy ties) {
  const Shares shares = vote_shares(problem, {});
  std::vector<ExactSum> right(problem.rater_count);
  std::vector<std::uint64_t> counted(problem.rater_count);
  for (std::size_t row = 0; row < problem.row_count(); ++row) {
    const auto share = row_of(problem, shares, row);
    if (ties == TiePolicy::Abstain && tied_count(share) > 1) continue;
    for (std::uint64_t v = problem.first[row]; v < problem.first[row + 1]; ++v) {
      const std::uint32_t rater = problem.cell[v] / problem.class_count;
      const auto label = static_cast<ClassIndex>(problem.cell[v] % problem.class_count);
      right[rater].add(tied_credit(share, label, ties));
      ++counted[rater];
    }
  }
  std::vector<double> weight(problem.rater_count);
  for (std::size_t rater = 0; rater < weight.size(); ++rater) {
    if (counted[rater] > 0) {
      weight[rater] = right[rater].value() / static_cast<double>(counted[rater]);
    }
  }
  return weight;
}

std::uint32_t tied_count(std::span<const double> posterior) {
  const double least = *std::ranges::max_element(posterior) - tie_tolerance;
  return static_cast<std::uint32_t>(
      std::ranges::count_if(posterior, [least](double value) { return value >= least; }));
}

}  // namespace consilium
