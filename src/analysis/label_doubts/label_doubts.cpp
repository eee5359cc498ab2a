#include "analysis/label_doubts/label_doubts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "analysis/parallel/parallel.hpp"
#include "analysis/ridge_classifier/ridge_classifier.hpp"

namespace consilium {
namespace {

// Labels as 0, 1, ..., and how many items bear each.
struct Classes {
  std::vector<std::uint32_t> of;
  std::vector<std::uint32_t> label;
  std::vector<std::size_t> size;
};

Classes classes_of(std::span<const std::uint32_t> labels) {
  std::map<std::uint32_t, std::uint32_t> number;
  for (const std::uint32_t label : labels) number.emplace(label, 0);
  Classes classes;
  for (auto& [label, n] : number) {
    n = static_cast<std::uint32_t>(classes.label.size());
    classes.label.push_back(label);
  }
  classes.size.assign(number.size(), 0);
  for (const std::uint32_t label : labels) {
    classes.of.push_back(number[label]);
    ++classes.size[classes.of.back()];
  }
  return classes;
}

// In lanes of their own number, so that the sum is the same on every processor.
[[gnu::target_clones("avx2", "default")]] float square_distance(const float* a, const float* b,
                                                                std::size_t count) {
  using Lanes [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;
  Lanes sum = {};
  const std::size_t whole = count / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    const Lanes step =
        *reinterpret_cast<const Lanes*>(a + i) - *reinterpret_cast<const Lanes*>(b + i);
    sum += step * step;
  }
  float total = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
  for (std::size_t i = whole; i < count; ++i) total += (a[i] - b[i]) * (a[i] - b[i]);
  return total;
}

struct Near {
  float distance = 0;
  std::size_t item = 0;
  friend auto operator<=>(const Near&, const Near&) = default;
};

// The item's nearest others among `pool`, each with its label's share of the votes: items x
// classes.
std::vector<float> neighbour_votes(std::span<const float> features, std::size_t columns,
                                   const Classes& classes, unsigned threads) {
  const std::size_t count = classes.of.size();
  std::vector<std::size_t> pool(std::min(count, neighbour_items_max));
  for (std::size_t i = 0; i < pool.size(); ++i) pool[i] = i * count / pool.size();
  std::vector<float> votes(count * classes.size.size(), 0.0F);
  split_work(threads, count, [&](std::uint64_t begin, std::uint64_t end, std::uint64_t) {
    std::vector<Near> near;
    for (std::uint64_t i = begin; i < end; ++i) {
      near.clear();
      for (const std::size_t j : pool) {
        if (j == i) continue;
        near.push_back(
            {square_distance(features.data() + i * columns, features.data() + j * columns, columns),
             j});
      }
      const std::size_t nearest = std::min(neighbour_count, near.size());
      std::ranges::partial_sort(near, near.begin() + static_cast<std::ptrdiff_t>(nearest));
      for (std::size_t k = 0; k < nearest; ++k) {
        votes[i * classes.size.size() + classes.of[near[k].item]] +=
            1.0F / static_cast<float>(nearest);
      }
    }
  });
  return votes;
}

}  // namespace

Result<LabelDoubts> label_doubts(std::span<const float> features, std::size_t columns,
                                 std::span<const std::uint32_t> labels, unsigned threads) {
  const Classes classes = classes_of(labels);
  LabelDoubts found{.doubt = std::vector<float>(labels.size(), 0.0F),
                    .likelier = std::vector<std::uint32_t>(labels.begin(), labels.end()),
                    .disputed = {}};
  const auto class_count = static_cast<std::uint32_t>(classes.label.size());
  if (class_count < 2) return found;
  const RidgeClassifier model =
      CSL_TRY(RidgeClassifier::train(features, columns, classes.of, class_count, threads));
  const std::vector<float> votes = neighbour_votes(features, columns, classes, threads);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::uint32_t own = classes.of[i];
    if (classes.size[own] < 2) continue;
    const auto said =
        model.probabilities(std::span(model.left_out()).subspan(i * class_count, class_count));
    const auto near = std::span(votes).subspan(i * class_count, class_count);
    std::uint32_t best = own;
    const auto held = [&](std::uint32_t k) { return (said[k] + double{near[k]}) / 2; };
    for (std::uint32_t k = 0; k < class_count; ++k) {
      if (held(k) > held(best)) best = k;
    }
    found.doubt[i] = static_cast<float>(1 - held(own));
    found.likelier[i] = classes.label[best];
    // Both have to hold another label likelier than this one.
    if (best != own && said[own] < std::ranges::max(said) && near[own] < std::ranges::max(near)) {
      found.disputed.push_back(i);
    }
  }
  std::ranges::stable_sort(found.disputed, std::ranges::greater{},
                           [&](std::size_t i) { return found.doubt[i]; });
  return found;
}

}  // namespace consilium
