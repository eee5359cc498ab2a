#include "analysis/matching/bipartite.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace consilium {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

class HopcroftKarp {
 public:
  HopcroftKarp(std::uint32_t first_count, std::uint32_t second_count, std::span<const Match> edges)
      : first_(first_count + std::size_t{1}, 0),
        partner_of_first_(first_count, none),
        partner_of_second_(second_count, none),
        layer_(first_count, none),
        next_(first_count) {
    for (const Match& edge : edges) ++first_[edge.first + std::size_t{1}];
    for (std::size_t i = 0; i < first_count; ++i) first_[i + 1] += first_[i];
    seconds_.reserve(edges.size());
    for (const Match& edge : edges) seconds_.push_back(edge.second);
  }

  std::vector<Match> solve() {
    take_what_is_free();
    while (build_layers()) {
      for (std::uint32_t i = 0; i < layer_.size(); ++i) next_[i] = first_[i];
      for (std::uint32_t i = 0; i < layer_.size(); ++i) {
        if (partner_of_first_[i] == none) augment(i);
      }
    }
    std::vector<Match> pairs;
    for (std::uint32_t i = 0; i < partner_of_first_.size(); ++i) {
      if (partner_of_first_[i] != none) pairs.push_back({i, partner_of_first_[i]});
    }
    return pairs;
  }

 private:
  void take_what_is_free() {
    for (std::uint32_t i = 0; i < partner_of_first_.size(); ++i) {
      for (std::size_t e = first_[i]; e < first_[i + std::size_t{1}]; ++e) {
        if (partner_of_second_[seconds_[e]] != none) continue;
        partner_of_first_[i] = seconds_[e];
        partner_of_second_[seconds_[e]] = i;
        break;
      }
    }
  }

  // Breadth first from all free marks; whether a free mark of the other side can be reached.
  bool build_layers() {
    queue_.clear();
    for (std::uint32_t i = 0; i < layer_.size(); ++i) {
      layer_[i] = partner_of_first_[i] == none ? 0 : none;
      if (layer_[i] == 0 && first_[i] != first_[i + std::size_t{1}]) queue_.push_back(i);
    }
    bool found = false;
    for (std::size_t q = 0; q < queue_.size(); ++q) {
      const std::uint32_t i = queue_[q];
      for (std::size_t e = first_[i]; e < first_[i + std::size_t{1}]; ++e) {
        const std::uint32_t back = partner_of_second_[seconds_[e]];
        if (back == none) {
          found = true;
        } else if (layer_[back] == none) {
          layer_[back] = layer_[i] + 1;
          queue_.push_back(back);
        }
      }
    }
    return found;
  }

  // Depth first along the layers, with a stack of its own: paths can be as long as the list.
  void augment(std::uint32_t start) {
    path_.assign(1, start);
    while (!path_.empty()) {
      const std::uint32_t i = path_.back();
      if (next_[i] == first_[i + std::size_t{1}]) {
        layer_[i] = none;
        path_.pop_back();
        if (!path_.empty()) ++next_[path_.back()];
        continue;
      }
      const std::uint32_t back = partner_of_second_[seconds_[next_[i]]];
      if (back == none) return flip();
      if (layer_[back] != none && layer_[back] == layer_[i] + 1) {
        path_.push_back(back);
      } else {
        ++next_[i];
      }
    }
  }

  void flip() {
    for (const std::uint32_t i : path_) {
      partner_of_first_[i] = seconds_[next_[i]];
      partner_of_second_[seconds_[next_[i]]] = i;
      layer_[i] = none;  // a path uses no mark of another one
    }
  }

  std::vector<std::size_t> first_;
  std::vector<std::uint32_t> seconds_;
  std::vector<std::uint32_t> partner_of_first_;
  std::vector<std::uint32_t> partner_of_second_;
  std::vector<std::uint32_t> layer_;
  std::vector<std::size_t> next_;
  std::vector<std::uint32_t> queue_;
  std::vector<std::uint32_t> path_;
};

}  // namespace

Result<std::vector<Match>> maximum_matching(std::uint32_t first_count, std::uint32_t second_count,
                                            std::span<const Match> edges) {
  for (std::size_t e = 0; e < edges.size(); ++e) {
    if (edges[e].first >= first_count || edges[e].second >= second_count) {
      return fail(ErrorCode::InvalidInput, "an edge ends outside of its list",
                  fmt::format("edge {}", e), "mend its index");
    }
  }
  if (std::ranges::is_sorted(edges)) {
    return HopcroftKarp(first_count, second_count, edges).solve();
  }
  std::vector<Match> sorted(edges.begin(), edges.end());
  std::ranges::sort(sorted);
  return HopcroftKarp(first_count, second_count, sorted).solve();
}

}  // namespace consilium
