#include "analysis/crowd/signature.hpp"

#include <algorithm>
#include <numeric>

namespace consilium::crowd {
namespace {

constexpr int rounds = 4;  // enough for what is near to reach what is apart in crowds' small worlds

std::uint64_t mix(std::uint64_t first, std::uint64_t second) {
  return scatter(scatter(first + 0x9E3779B97F4A7C15ULL) ^ second);
}

// The sum of the ties joins the colour; sums do not know the order of their terms.
void recolour(std::vector<std::uint64_t>& colours, std::vector<std::uint64_t>& sums) {
  for (std::size_t i = 0; i < colours.size(); ++i) {
    colours[i] = mix(colours[i], sums[i]);
    sums[i] = 0;
  }
}

}  // namespace

std::uint64_t scatter(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
  return value ^ (value >> 31U);
}

double uniform_of(std::uint64_t seed, std::uint64_t first, std::uint64_t second,
                  std::uint64_t third) {
  return static_cast<double>(mix(mix(mix(seed, first), second), third) >> 11U) * 0x1p-53;
}

std::vector<std::uint32_t> canonical_order(std::span<const std::uint64_t> signature) {
  std::vector<std::uint32_t> order(signature.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return signature[i]; });
  return order;
}

VoteSignatures vote_signatures(const VoteTable& votes) {
  VoteSignatures colours{std::vector<std::uint64_t>(votes.item_count(), 1),
                         std::vector<std::uint64_t>(votes.rater_count, 2),
                         std::vector<std::uint64_t>(votes.class_count, 3)};
  VoteSignatures sums{std::vector<std::uint64_t>(votes.item_count()),
                      std::vector<std::uint64_t>(votes.rater_count),
                      std::vector<std::uint64_t>(votes.class_count)};
  std::vector<std::uint64_t> of_label(votes.class_count);  // on this item, and how many said so
  std::vector<std::uint64_t> times(votes.class_count);
  for (int round = 0; round < rounds; ++round) {
    for (ItemIndex i = 0; i < votes.item_count(); ++i) {
      const auto raters = votes.raters_of(i);
      const auto labels = votes.labels_of(i);
      for (const ClassIndex label : labels) of_label[label] = times[label] = 0;
      for (std::size_t v = 0; v < raters.size(); ++v) {
        const std::uint64_t tie = mix(colours.rater[raters[v]], colours.class_of[labels[v]]);
        sums.item[i] += tie;
        of_label[labels[v]] += tie;
        ++times[labels[v]];
      }
      for (std::size_t v = 0; v < raters.size(); ++v) {
        // Who said the same on this item takes part, so that classes are told apart by it.
        const std::uint64_t seen = mix(mix(colours.item[i], of_label[labels[v]]), times[labels[v]]);
        sums.rater[raters[v]] += mix(seen, colours.class_of[labels[v]]);
        sums.class_of[labels[v]] += mix(seen, colours.rater[raters[v]]);
      }
    }
    recolour(colours.item, sums.item);
    recolour(colours.rater, sums.rater);
    recolour(colours.class_of, sums.class_of);
  }
  return colours;
}

EdgeSignatures edge_signatures(std::span<const SignedEdge> edges, std::uint32_t a_count,
                               std::uint32_t b_count) {
  EdgeSignatures colours{std::vector<std::uint64_t>(a_count, 1),
                         std::vector<std::uint64_t>(b_count, 2)};
  EdgeSignatures sums{std::vector<std::uint64_t>(a_count), std::vector<std::uint64_t>(b_count)};
  for (int round = 0; round < rounds; ++round) {
    for (const SignedEdge& edge : edges) {
      sums.a[edge.a] += mix(colours.b[edge.b], edge.tag);
      sums.b[edge.b] += mix(colours.a[edge.a], edge.tag);
    }
    recolour(colours.a, sums.a);
    recolour(colours.b, sums.b);
  }
  return colours;
}

}  // namespace consilium::crowd
