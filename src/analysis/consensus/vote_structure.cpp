#include "analysis/consensus/vote_structure.hpp"

namespace consilium {

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = (a ^ (b * 0x9E3779B97F4A7C15ULL)) + 0x632BE59BD9B4E019ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

VoteStructure find_structure(const EmProblem& problem) {
  constexpr int round_count = 4;
  constexpr std::uint64_t gold_mark = 77;
  VoteStructure now{std::vector<std::uint64_t>(problem.row_count(), 1),
                    std::vector<std::uint64_t>(problem.rater_count, 2),
                    std::vector<std::uint64_t>(problem.class_count, 3)};
  for (int round = 0; round < round_count; ++round) {
    VoteStructure sum{std::vector<std::uint64_t>(now.row.size()),
                      std::vector<std::uint64_t>(now.rater.size()),
                      std::vector<std::uint64_t>(now.label.size())};
    for (std::size_t row = 0; row < problem.row_count(); ++row) {
      for (std::uint64_t v = problem.first[row]; v < problem.first[row + 1]; ++v) {
        const std::uint32_t rater = problem.cell[v] / problem.class_count;
        const std::uint32_t label = problem.cell[v] % problem.class_count;
        sum.row[row] += mixed(now.rater[rater], now.label[label]);
        sum.rater[rater] += mixed(now.label[label], now.row[row]);
        sum.label[label] += mixed(now.row[row], now.rater[rater]);
      }
      if (const ClassIndex gold = problem.gold_of(row); gold != no_label) {
        sum.row[row] += mixed(now.label[gold], gold_mark);
        sum.label[gold] += mixed(now.row[row], gold_mark);
      }
    }
    const auto refine = [](std::vector<std::uint64_t>& names, const auto& sums) {
      for (std::size_t i = 0; i < names.size(); ++i) names[i] = mixed(names[i], sums[i]);
    };
    refine(now.row, sum.row);
    refine(now.rater, sum.rater);
    refine(now.label, sum.label);
  }
  return now;
}

}  // namespace consilium
