#include "analysis/slice_fill/shape_match.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <utility>

#include "analysis/matching/disjoint_sets.hpp"

namespace consilium::slice_fill {
namespace {

constexpr double overlap_share_min = 1.0 / 7;
constexpr double reach_in_radii = 1.5;

// Where noise was drawn, the nearest of very many parts is not looked for.
constexpr std::size_t pairs_max = 10'000;

// (part of the first slice, part of the second) -> the voxels that they share.
using Overlaps = std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t>;

Overlaps overlaps(const DrawnSlice& first, const DrawnSlice& second) {
  Overlaps shared;
  // Runs come row by row: those of one row of the other slice are found by walking along.
  auto begin = second.components.runs.begin();
  const auto end = second.components.runs.end();
  for (const ComponentRun& run : first.components.runs) {
    const std::int64_t v = std::int64_t{first.v_first} + run.row;
    while (begin != end && std::int64_t{second.v_first} + begin->row < v) ++begin;
    for (auto other = begin; other != end && std::int64_t{second.v_first} + other->row == v;
         ++other) {
      const std::int64_t left = std::max(std::int64_t{first.u_first} + run.begin,
                                         std::int64_t{second.u_first} + other->begin);
      const std::int64_t right = std::min(std::int64_t{first.u_first} + run.end,
                                          std::int64_t{second.u_first} + other->end);
      if (right > left) {
        shared[{run.component, other->component}] += static_cast<std::uint64_t>(right - left);
      }
    }
  }
  return shared;
}

double radius_mm(const Part& part, const SliceFrame& frame) {
  return std::sqrt(static_cast<double>(part.area) * frame.u_mm * frame.v_mm / std::numbers::pi);
}

double apart_mm(const Part& a, const Part& b, const SliceFrame& frame) {
  const auto of = [](double sum, const Part& part) { return sum / static_cast<double>(part.area); };
  return std::hypot((of(a.sum.u, a) - of(b.sum.u, b)) * frame.u_mm,
                    (of(a.sum.v, a) - of(b.sum.v, b)) * frame.v_mm);
}

class Matcher {
 public:
  Matcher(const DrawnSlice& first, const DrawnSlice& second, const SliceFrame& frame)
      : first_(first),
        second_(second),
        frame_(frame),
        rows_(first.parts.size()),
        columns_(second.parts.size()),
        sets_(rows_ + columns_),
        tied_(rows_ + columns_) {}

  std::vector<ShapePair> pairs() {
    tie_overlapping();
    tie_nearest();
    std::vector<ShapePair> result;
    std::vector<std::size_t> number(rows_ + columns_, rows_ + columns_);
    for (std::uint32_t i = 0; i < rows_ + columns_; ++i) {
      const std::uint32_t root = sets_.root_of(i);
      if (number[root] == rows_ + columns_) {
        number[root] = result.size();
        result.push_back(
            {.first = {.slice = &first_, .parts = {}}, .second = {.slice = &second_, .parts = {}}});
      }
      ShapePair& pair = result[number[root]];
      if (i < rows_) {
        pair.first.parts.push_back(i);
      } else {
        pair.second.parts.push_back(i - static_cast<std::uint32_t>(rows_));
      }
    }
    return result;
  }

 private:
  void tie(std::size_t i, std::size_t j) {
    sets_.join(static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(rows_ + j));
    tied_[i] = 1;
    tied_[rows_ + j] = 1;
  }

  void tie_overlapping() {
    const Overlaps shared = overlaps(first_, second_);
    for (const auto& [parts, voxels] : shared) {
      const auto [i, j] = parts;
      const auto smaller = std::min(first_.parts[i].area, second_.parts[j].area);
      if (static_cast<double>(voxels) > overlap_share_min * static_cast<double>(smaller)) tie(i, j);
    }
    // What overlaps others by little only goes to that which it overlaps most.
    std::vector<std::pair<std::uint64_t, std::uint32_t>> most(rows_);
    for (const auto& [parts, voxels] : shared) {
      if (voxels > most[parts.first].first) most[parts.first] = {voxels, parts.second};
    }
    for (std::size_t i = 0; i < rows_; ++i) {
      const auto [voxels, j] = most[i];
      if (voxels > 0 && tied_[i] == 0 && tied_[rows_ + j] == 0) tie(i, j);
    }
  }

  void tie_nearest() {
    struct Candidate {
      double apart_mm;
      std::size_t i, j;
    };
    const auto count = [&](std::size_t begin, std::size_t end) {
      return static_cast<std::size_t>(std::count(tied_.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 tied_.begin() + static_cast<std::ptrdiff_t>(end),
                                                 std::uint8_t{0}));
    };
    if (count(0, rows_) * count(rows_, rows_ + columns_) > pairs_max) return;
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_ && tied_[i] == 0; ++j) {
        if (tied_[rows_ + j] != 0) continue;
        const Part& a = first_.parts[i];
        const Part& b = second_.parts[j];
        const double apart = apart_mm(a, b, frame_);
        const double reach = reach_in_radii * (radius_mm(a, frame_) + radius_mm(b, frame_));
        if (apart <= reach) candidates.push_back({.apart_mm = apart, .i = i, .j = j});
      }
    }
    std::ranges::stable_sort(candidates, {}, &Candidate::apart_mm);
    for (const Candidate& one : candidates) {
      if (tied_[one.i] == 0 && tied_[rows_ + one.j] == 0) tie(one.i, one.j);
    }
  }

  const DrawnSlice& first_;
  const DrawnSlice& second_;
  const SliceFrame& frame_;
  std::size_t rows_;
  std::size_t columns_;
  matching::DisjointSets sets_;
  std::vector<std::uint8_t> tied_;
};

}  // namespace

std::vector<ShapePair> match_shapes(const DrawnSlice& first, const DrawnSlice& second,
                                    const SliceFrame& frame) {
  return Matcher(first, second, frame).pairs();
}

}  // namespace consilium::slice_fill
