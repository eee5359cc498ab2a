#include "analysis/weak_supervision/item_pass.hpp"

#include <algorithm>
#include <numeric>

#include "analysis/parallel/parallel.hpp"
#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium::weak {
namespace {

constexpr std::int64_t one = std::int64_t{1} << 40U;  // of exponentials and log units alike
constexpr std::int64_t whole_share = std::int64_t{1} << 32U;
constexpr std::int64_t vanishing = -29 * one;  // exp of less rounds to 0 of 2^-40

// exp of a whole logarithm <= 0, in 2^-40.
std::int64_t whole_exp(std::int64_t log) {
  if (log == 0) return one;
  if (log < vanishing) return 0;
  return std::llrint(std::exp(static_cast<double>(log) / log_unit) * static_cast<double>(one));
}

std::int64_t share_of(std::int64_t part, std::int64_t whole) {
  return std::llrint(static_cast<double>(part) / static_cast<double>(whole) * share_unit);
}

std::int64_t log_of_sum(std::int64_t sum) {
  return std::llrint(std::log(static_cast<double>(sum) / static_cast<double>(one)) * log_unit);
}

float probability(std::int64_t share) {
  return static_cast<float>(static_cast<double>(share) / share_unit);
}

struct Job {
  const VoteTable& votes;
  const VoteSlots& slots;
  const ItemWeights& weights;
  std::span<ItemLabel> items;
};

// The most probable class; none where two share the first place or nothing was voted.
void write_label(const Job& job, ItemIndex item, std::span<const std::int64_t> shares) {
  if (job.items.empty()) return;
  const auto best = std::ranges::max_element(shares);
  const bool tied = std::ranges::count(shares, *best) > 1;
  const bool voted = job.votes.first[item] != job.votes.first[item + 1];
  job.items[item] = {
      tied || !voted ? unknown_class : static_cast<ClassIndex>(best - shares.begin()),
      probability(*best)};
}

// `Fixed` is the number of classes, or 0 for any: the common case of two is unrolled.
template <std::size_t Fixed>
void dense_items(const Job& job, std::size_t classes, ItemIndex begin, ItemIndex end,
                 PassSums& sums) {
  const std::size_t k = Fixed != 0 ? Fixed : classes;
  std::vector<std::int64_t> scores(k);
  std::vector<std::int64_t> shares(k);
  std::int64_t* score = scores.data();
  std::int64_t* share = shares.data();
  const std::int64_t* weight = job.weights.weight.data();
  const std::uint32_t* slot = job.slots.of_vote.data();
  for (ItemIndex i = begin; i < end; ++i) {
    std::copy(job.weights.base.begin(), job.weights.base.end(), score);
    for (std::uint64_t v = job.votes.first[i]; v < job.votes.first[i + 1]; ++v) {
      const std::int64_t* own = weight + slot[v] * k;
      for (std::size_t c = 0; c < k; ++c) score[c] += own[c];
    }
    std::int64_t most = score[0];
    for (std::size_t c = 1; c < k; ++c) most = std::max(most, score[c]);
    std::int64_t sum = 0;
    for (std::size_t c = 0; c < k; ++c) sum += share[c] = whole_exp(score[c] - most);
    if (job.weights.with_likelihood) sums.log_likelihood += most + log_of_sum(sum);
    for (std::size_t c = 0; c < k; ++c) {
      share[c] = share_of(share[c], sum);
      sums.of_class[c] += share[c];
    }
    for (std::uint64_t v = job.votes.first[i]; v < job.votes.first[i + 1]; ++v) {
      std::int64_t* own = sums.of_slot.data() + slot[v] * k;
      for (std::size_t c = 0; c < k; ++c) own[c] += share[c];
    }
    write_label(job, i, shares);
  }
}

// Classes by base score, most probable first, and their exponentials: what an item without votes
// believes, and what any item believes of the classes that nobody named.
struct BaseShares {
  std::vector<ClassIndex> order;
  std::vector<std::int64_t> exponential;  // of base less the greatest
  std::int64_t greatest = 0;
  std::int64_t sum = 0;

  explicit BaseShares(const std::vector<std::int64_t>& base)
      : order(base.size()), exponential(base.size()), greatest(*std::ranges::max_element(base)) {
    std::iota(order.begin(), order.end(), ClassIndex{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](ClassIndex c) { return base[c]; });
    for (std::size_t c = 0; c < base.size(); ++c) {
      exponential[c] = whole_exp(base[c] - greatest);
      sum += exponential[c];
    }
  }
};

// Sums over items by which the unnamed classes' shares are made up after the pass.
struct UnnamedSums {
  Wide all = 0;             // of (share of a class with exponential `one`), in 2^-40
  std::vector<Wide> named;  // the same over items that named the class
};

struct Candidate {
  ClassIndex label = 0;
  std::int64_t score = 0;
  std::int64_t share = 0;
};

// The classes named on an item, and the place of each among them: found at once, also where an item
// has a thousand votes.
class Candidates {
 public:
  explicit Candidates(std::size_t classes) : place_(classes, 0) {}
  [[nodiscard]] bool has(ClassIndex label) const { return place_[label] != 0; }
  [[nodiscard]] Candidate& at(ClassIndex label) { return list_[place_[label] - 1]; }
  void add(ClassIndex label, std::int64_t score) {
    list_.push_back({label, score, 0});
    place_[label] = static_cast<std::uint32_t>(list_.size());
  }
  void clear() {
    for (const Candidate& candidate : list_) place_[candidate.label] = 0;
    list_.clear();
  }
  [[nodiscard]] std::span<Candidate> all() { return list_; }
  [[nodiscard]] std::span<const Candidate> all() const { return list_; }

 private:
  std::vector<std::uint32_t> place_;  // 0, or 1 more than the place
  std::vector<Candidate> list_;
};

void write_sparse_label(const Job& job, const BaseShares& base, ItemIndex item,
                        const Candidates& candidates, std::int64_t unnamed_scale_share) {
  if (job.items.empty()) return;
  std::int64_t best = -1;
  ClassIndex label = unknown_class;
  const auto offer = [&](ClassIndex c, std::int64_t share) {
    if (share == best) label = unknown_class;
    if (share > best) {
      best = share;
      label = c;
    }
  };
  for (const Candidate& candidate : candidates.all()) offer(candidate.label, candidate.share);
  // The two first of the classes that nobody named are enough to know the best and a tie.
  int unnamed = 0;
  for (const ClassIndex c : base.order) {
    if (unnamed == 2) break;
    if (candidates.has(c)) continue;
    ++unnamed;
    offer(c, std::llrint(static_cast<double>(base.exponential[c]) / static_cast<double>(one) *
                         static_cast<double>(unnamed_scale_share)));
  }
  job.items[item] = {candidates.all().empty() ? unknown_class : label, probability(best)};
}

void sparse_items(const Job& job, const BaseShares& base, ItemIndex begin, ItemIndex end,
                  PassSums& sums, UnnamedSums& unnamed) {
  Candidates candidates(base.exponential.size());
  for (ItemIndex i = begin; i < end; ++i) {
    candidates.clear();
    std::int64_t shared = 0;
    std::int64_t most = base.greatest;
    std::int64_t unnamed_sum = base.sum;
    for (std::uint64_t v = job.votes.first[i]; v < job.votes.first[i + 1]; ++v) {
      const ClassIndex label = job.votes.label[v];
      const std::uint32_t slot = job.slots.of_vote[v];
      if (!candidates.has(label)) {
        unnamed_sum -= base.exponential[label];
        candidates.add(label, job.weights.base[label]);
      }
      candidates.at(label).score += job.weights.weight[slot];
      shared += job.weights.vote_log[slot];
    }
    for (const Candidate& candidate : candidates.all()) most = std::max(most, candidate.score);
    const std::int64_t scale = whole_exp(base.greatest - most);
    std::int64_t sum = std::llrint(static_cast<double>(unnamed_sum) * static_cast<double>(scale) /
                                   static_cast<double>(one));
    for (Candidate& candidate : candidates.all()) {
      candidate.share = whole_exp(candidate.score - most);
      sum += candidate.share;
    }
    if (job.weights.with_likelihood) sums.log_likelihood += most + shared + log_of_sum(sum);
    const std::int64_t scale_share = std::llrint(
        static_cast<double>(scale) / static_cast<double>(sum) * static_cast<double>(one));
    unnamed.all += scale_share;
    for (Candidate& candidate : candidates.all()) {
      candidate.share = share_of(candidate.share, sum);
      sums.of_class[candidate.label] += candidate.share;
      unnamed.named[candidate.label] += scale_share;
    }
    for (std::uint64_t v = job.votes.first[i]; v < job.votes.first[i + 1]; ++v) {
      sums.of_slot[job.slots.of_vote[v]] += candidates.at(job.votes.label[v]).share;
    }
    write_sparse_label(job, base, i, candidates, scale_share >> 8U);
  }
}

PassSums empty_sums(std::size_t classes, std::size_t slot_sums) {
  return {.of_class = std::vector<std::int64_t>(classes, 0),
          .of_slot = std::vector<std::int64_t>(slot_sums, 0)};
}

// Runs `work(first item, last item, sums, part)` on equal parts of the items and adds up.
template <class Work>
PassSums in_parts(const VoteTable& votes, std::size_t slot_sums, unsigned threads,
                  const Work& work) {
  const std::uint64_t count = votes.item_count();
  const std::uint64_t parts = std::max(threads, 1U);
  std::vector<PassSums> sums(parts, empty_sums(votes.class_count, slot_sums));
  split_work(threads, count, [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
    work(static_cast<ItemIndex>(begin), static_cast<ItemIndex>(end), sums[part], part);
  });
  for (std::uint64_t part = 1; part < parts; ++part) {
    for (std::size_t c = 0; c < sums[0].of_class.size(); ++c) {
      sums[0].of_class[c] += sums[part].of_class[c];
    }
    for (std::size_t s = 0; s < sums[0].of_slot.size(); ++s) {
      sums[0].of_slot[s] += sums[part].of_slot[s];
    }
    sums[0].log_likelihood += sums[part].log_likelihood;
  }
  return std::move(sums[0]);
}

}  // namespace

PassSums pass_over_items(const VoteTable& votes, const VoteSlots& slots, const ItemWeights& weights,
                         unsigned threads, std::span<ItemLabel> items) {
  const Job job{.votes = votes, .slots = slots, .weights = weights, .items = items};
  const std::size_t k = votes.class_count;
  if (weights.dense) {
    return in_parts(votes, slots.count() * k, threads,
                    [&](ItemIndex begin, ItemIndex end, PassSums& sums, std::uint64_t) {
                      if (k == 2) {
                        dense_items<2>(job, k, begin, end, sums);
                      } else {
                        dense_items<0>(job, k, begin, end, sums);
                      }
                    });
  }
  const BaseShares base(weights.base);
  std::vector<UnnamedSums> unnamed(std::max(threads, 1U),
                                   {.all = 0, .named = std::vector<Wide>(k, 0)});
  PassSums sums = in_parts(votes, slots.count(), threads,
                           [&](ItemIndex begin, ItemIndex end, PassSums& own, std::uint64_t part) {
                             sparse_items(job, base, begin, end, own, unnamed[part]);
                           });
  for (std::size_t part = 1; part < unnamed.size(); ++part) {
    unnamed[0].all += unnamed[part].all;
    for (std::size_t c = 0; c < k; ++c) unnamed[0].named[c] += unnamed[part].named[c];
  }
  for (std::size_t c = 0; c < k; ++c) {
    const auto scale = static_cast<double>(unnamed[0].all - unnamed[0].named[c]) / log_unit;
    sums.of_class[c] += std::llrint(static_cast<double>(base.exponential[c]) /
                                    static_cast<double>(one) * scale * share_unit);
  }
  return sums;
}

PassSums vote_shares(const VoteTable& votes, const VoteSlots& slots, bool dense, unsigned threads) {
  const std::size_t k = votes.class_count;
  const auto work = [&](ItemIndex begin, ItemIndex end, PassSums& sums, std::uint64_t) {
    std::vector<std::int64_t> share(k, 0);
    std::vector<ClassIndex> named;
    std::int64_t without_votes = 0;
    for (ItemIndex i = begin; i < end; ++i) {
      const auto labels = votes.labels_of(i);
      without_votes += labels.empty() ? 1 : 0;
      named.clear();
      for (const ClassIndex label : labels) {
        if (share[label] == 0) named.push_back(label);
        share[label] += whole_share / static_cast<std::int64_t>(labels.size());
      }
      for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
        const std::size_t slot = slots.of_vote[v];
        if (!dense) sums.of_slot[slot] += share[votes.label[v]];
        for (std::size_t n = 0; dense && n < named.size(); ++n) {
          sums.of_slot[slot * k + named[n]] += share[named[n]];
        }
      }
      for (const ClassIndex label : named) {
        sums.of_class[label] += share[label];
        share[label] = 0;
      }
    }
    for (std::int64_t& own : sums.of_class) {
      own += whole_share / static_cast<std::int64_t>(k) * without_votes;
    }
  };
  return in_parts(votes, dense ? slots.count() * k : slots.count(), threads, work);
}

}  // namespace consilium::weak
