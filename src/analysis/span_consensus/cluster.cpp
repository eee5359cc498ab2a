#include "analysis/span_consensus/cluster.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

#include "analysis/matching/disjoint_sets.hpp"
#include "analysis/matching/packing.hpp"

namespace consilium::span_consensus_detail {
namespace {

constexpr std::size_t groups_max = std::size_t{1} << 18U;

struct Near {
  std::uint32_t item = 0;
  std::int64_t weight = 0;
};

// Units of one continuum along the axis, and who is close to whom.
struct Graph {
  std::vector<std::uint32_t> unit;
  std::vector<std::uint32_t> rater;
  std::vector<std::vector<Near>> later;  // close items with a higher number, rising
};

// Raters by what they marked, so that a tie does not hang on their numbers.
std::vector<std::uint32_t> rater_ranks(const UnitStudy& study, const UnitOrder& order,
                                       std::uint32_t continuum,
                                       const std::vector<std::uint32_t>& readers) {
  using Content = std::vector<std::pair<std::vector<Part>, std::uint32_t>>;
  std::vector<std::pair<Content, std::uint32_t>> by_content;
  for (const std::uint32_t r : readers) {
    Content content;
    for (const std::uint32_t u : order.of(continuum, r)) {
      content.emplace_back(study.units[u].parts, study.units[u].category);
    }
    by_content.emplace_back(std::move(content), r);
  }
  std::ranges::sort(by_content);
  std::vector<std::uint32_t> rank(study.rater_count, 0);
  for (std::uint32_t k = 0; k < by_content.size(); ++k) rank[by_content[k].second] = k;
  return rank;
}

Result<Graph> graph_of(const UnitStudy& study, const UnitOrder& order, std::uint32_t continuum,
                       const Closeness& closeness) {
  Graph graph;
  const std::vector<std::uint32_t> readers = order.readers(continuum);
  for (const std::uint32_t r : readers) {
    const auto own = order.of(continuum, r);
    graph.unit.insert(graph.unit.end(), own.begin(), own.end());
  }
  const std::vector<std::uint32_t> rank = rater_ranks(study, order, continuum, readers);
  std::ranges::sort(graph.unit, [&](std::uint32_t a, std::uint32_t b) {
    const Unit& x = study.units[a];
    const Unit& y = study.units[b];
    return std::tie(x.parts, rank[x.rater], x.category, a) <
           std::tie(y.parts, rank[y.rater], y.category, b);
  });
  std::vector<std::vector<std::uint32_t>> numbers(study.rater_count);
  for (std::uint32_t i = 0; i < graph.unit.size(); ++i) {
    graph.rater.push_back(study.units[graph.unit[i]].rater);
    numbers[graph.rater.back()].push_back(i);
  }
  graph.later.resize(graph.unit.size());
  for (std::size_t a = 0; a < readers.size(); ++a) {
    for (std::size_t b = a + 1; b < readers.size(); ++b) {
      for (const WeightedMatch& pair :
           CSL_TRY(close_pairs(study.units, order.of(continuum, readers[a]),
                               order.of(continuum, readers[b]), closeness))) {
        const std::uint32_t i = numbers[readers[a]][pair.first];
        const std::uint32_t j = numbers[readers[b]][pair.second];
        graph.later[std::min(i, j)].push_back({std::max(i, j), pair.weight});
      }
    }
  }
  for (std::vector<Near>& list : graph.later) std::ranges::sort(list, {}, &Near::item);
  return graph;
}

std::int64_t weight_of(const Graph& graph, std::uint32_t i, std::uint32_t j) {
  const std::vector<Near>& list = graph.later[std::min(i, j)];
  const auto found = std::ranges::lower_bound(list, std::max(i, j), {}, &Near::item);
  return found == list.end() || found->item != std::max(i, j) ? 0 : found->weight;
}

// Whether the items may be one cluster as they are: one a rater, each two close.
bool is_cluster(const Graph& graph, const std::vector<std::uint32_t>& items) {
  for (std::size_t a = 0; a < items.size(); ++a) {
    for (std::size_t b = a + 1; b < items.size(); ++b) {
      if (graph.rater[items[a]] == graph.rater[items[b]] ||
          weight_of(graph, items[a], items[b]) == 0) {
        return false;
      }
    }
  }
  return true;
}

// All clusters of two or more that begin with an item.
class Cliques {
 public:
  Cliques(const Graph& graph, const std::vector<std::uint32_t>& items)
      : graph_(graph), items_(items) {}

  // False when there are too many.
  bool collect(GroupList& groups) {
    for (const std::uint32_t i : items_) {
      members_.assign(1, i);
      if (!extend(0, 0, groups)) return false;
    }
    return true;
  }

 private:
  bool extend(std::size_t from, std::int64_t saving, GroupList& groups) {
    const std::vector<Near>& list = graph_.later[members_.front()];
    for (std::size_t n = from; n < list.size(); ++n) {
      const std::uint32_t item = list[n].item;
      std::int64_t sum = saving;
      bool fits = true;
      for (const std::uint32_t m : members_) {
        const std::int64_t weight = weight_of(graph_, m, item);
        fits = fits && weight > 0 && graph_.rater[m] != graph_.rater[item];
        sum += weight;
      }
      if (!fits) continue;
      members_.push_back(item);
      add(sum, groups);
      if (groups.size() > groups_max || !extend(n + 1, sum, groups)) return false;
      members_.pop_back();
    }
    return true;
  }

  // In numbers within the connected part.
  void add(std::int64_t saving, GroupList& groups) {
    own_.clear();
    for (const std::uint32_t m : members_) {
      own_.push_back(
          static_cast<std::uint32_t>(std::ranges::lower_bound(items_, m) - items_.begin()));
    }
    groups.add(own_, saving);
  }

  const Graph& graph_;
  const std::vector<std::uint32_t>& items_;
  std::vector<std::uint32_t> members_;
  std::vector<std::uint32_t> own_;
};

// Joins the closest pairs first, where trying all clusters would take too long.
std::vector<std::vector<std::uint32_t>> joined_greedily(const Graph& graph,
                                                        const std::vector<std::uint32_t>& items) {
  std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t>> pairs;
  for (const std::uint32_t i : items) {
    for (const Near& near : graph.later[i]) pairs.emplace_back(-near.weight, i, near.item);
  }
  std::ranges::sort(pairs);
  std::vector<std::vector<std::uint32_t>> clusters;
  std::vector<std::size_t> cluster(items.size());
  const auto place = [&](std::uint32_t item) {
    return static_cast<std::size_t>(std::ranges::lower_bound(items, item) - items.begin());
  };
  for (std::size_t k = 0; k < items.size(); ++k) {
    clusters.push_back({items[k]});
    cluster[k] = k;
  }
  for (const auto& [weight, i, j] : pairs) {
    const std::size_t a = cluster[place(i)];
    const std::size_t b = cluster[place(j)];
    if (a == b) continue;
    std::vector<std::uint32_t> both = clusters[a];
    both.insert(both.end(), clusters[b].begin(), clusters[b].end());
    if (!is_cluster(graph, both)) continue;
    for (const std::uint32_t item : clusters[b]) cluster[place(item)] = a;
    clusters[b].clear();
    clusters[a] = std::move(both);
  }
  std::erase_if(clusters, [](const auto& members) { return members.empty(); });
  return clusters;
}

Status solve_part(const Graph& graph, const std::vector<std::uint32_t>& items,
                  std::vector<std::vector<std::uint32_t>>& clusters, bool& exact) {
  if (is_cluster(graph, items)) {
    clusters.push_back(items);
    return {};
  }
  GroupList groups;
  if (!Cliques(graph, items).collect(groups)) {
    exact = false;
    for (auto& cluster : joined_greedily(graph, items)) clusters.push_back(std::move(cluster));
    return {};
  }
  const Packing packing = CSL_TRY(pack_groups(static_cast<std::uint32_t>(items.size()), groups));
  exact = exact && packing.saving == packing.saving_bound;
  std::vector<std::uint8_t> taken(items.size(), 0);
  for (const std::uint32_t g : packing.groups) {
    std::vector<std::uint32_t>& cluster = clusters.emplace_back();
    for (const std::uint32_t m : groups.members(g)) {
      taken[m] = 1;
      cluster.push_back(items[m]);
    }
  }
  for (std::size_t m = 0; m < items.size(); ++m) {
    if (taken[m] == 0) clusters.push_back({items[m]});
  }
  return {};
}

}  // namespace

Result<Clusters> cluster_units(const UnitStudy& study, const UnitOrder& order,
                               std::uint32_t continuum, const Closeness& closeness) {
  const Graph graph = CSL_TRY(graph_of(study, order, continuum, closeness));
  matching::DisjointSets sets(graph.unit.size());
  for (std::uint32_t i = 0; i < graph.unit.size(); ++i) {
    for (const Near& near : graph.later[i]) sets.join(i, near.item);
  }
  std::vector<std::vector<std::uint32_t>> parts(graph.unit.size());
  for (std::uint32_t i = 0; i < graph.unit.size(); ++i) parts[sets.root_of(i)].push_back(i);
  std::vector<std::vector<std::uint32_t>> clusters;
  Clusters result;
  for (const std::vector<std::uint32_t>& items : parts) {
    if (!items.empty()) CSL_TRY(solve_part(graph, items, clusters, result.exact));
  }
  for (std::vector<std::uint32_t>& cluster : clusters) std::ranges::sort(cluster);
  std::ranges::sort(clusters);
  for (std::vector<std::uint32_t>& cluster : clusters) {
    for (std::uint32_t& item : cluster) item = graph.unit[item];
    std::ranges::sort(cluster, {}, [&](std::uint32_t u) { return study.units[u].rater; });
    result.members.push_back(std::move(cluster));
  }
  return result;
}

}  // namespace consilium::span_consensus_detail
