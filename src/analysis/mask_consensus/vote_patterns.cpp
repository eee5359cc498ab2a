#include "analysis/mask_consensus/vote_patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <unordered_map>

#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

// Voxels are shared out among threads in parts of this many.
constexpr std::size_t part_voxels = 1UL << 16U;
// Up to here a pattern's number is its votes, a bit a rater.
constexpr std::size_t bit_raters_max = 16;

std::size_t part_count(std::size_t voxels) { return (voxels + part_voxels - 1) / part_voxels; }

template <class Voxel>
Status check_volumes(std::span<const std::span<const Voxel>> volumes) {
  if (volumes.empty()) return fail(ErrorCode::InvalidInput, "there is no rater's mask");
  if (volumes.size() > mask_raters_max) {
    return fail(ErrorCode::TooLarge, "there are too many raters",
                fmt::format("{}; at most {}", volumes.size(), mask_raters_max));
  }
  for (std::size_t r = 0; r < volumes.size(); ++r) {
    if (volumes[r].size() != volumes[0].size()) {
      return fail(ErrorCode::InvalidInput, "the masks are of different lengths",
                  fmt::format("rater {}: {} voxels, the first: {}", r, volumes[r].size(),
                              volumes[0].size()),
                  "bring all masks onto one grid");
    }
  }
  if (volumes[0].empty()) return fail(ErrorCode::InvalidInput, "the masks have no voxels");
  return {};
}

// bits[v] gets bit r where masks[r] is not 0, for at most 8 masks.
[[gnu::always_inline]] inline void gather_bits(std::span<const std::span<const std::uint8_t>> masks,
                                               std::size_t begin, std::size_t count,
                                               std::uint8_t* bits) {
  using Bytes [[gnu::vector_size(32)]] = std::uint8_t;
  std::size_t v = 0;
  for (; v + sizeof(Bytes) <= count; v += sizeof(Bytes)) {
    Bytes gathered{};
    for (std::size_t r = 0; r < masks.size(); ++r) {
      Bytes mask;
      std::memcpy(&mask, masks[r].data() + begin + v, sizeof mask);
      Bytes bit;
      std::memset(&bit, 1 << r, sizeof bit);
      gathered |= mask != Bytes{} ? bit : Bytes{};
    }
    std::memcpy(bits + v, &gathered, sizeof gathered);
  }
  for (; v < count; ++v) {
    unsigned gathered = 0;
    for (std::size_t r = 0; r < masks.size(); ++r) {
      gathered |= static_cast<unsigned>(masks[r][begin + v] != 0) << r;
    }
    bits[v] = static_cast<std::uint8_t>(gathered);
  }
}

void gather_plain(std::span<const std::span<const std::uint8_t>> masks, std::size_t begin,
                  std::size_t count, std::uint8_t* bits) {
  gather_bits(masks, begin, count, bits);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void gather_avx2(std::span<const std::span<const std::uint8_t>> masks,
                                         std::size_t begin, std::size_t count, std::uint8_t* bits) {
  gather_bits(masks, begin, count, bits);
}
#endif

void gather(std::span<const std::span<const std::uint8_t>> masks, std::size_t begin,
            std::size_t count, std::uint8_t* bits) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) return gather_avx2(masks, begin, count, bits);
#endif
  gather_plain(masks, begin, count, bits);
}

// Most voxels stand among their like: eight of one pattern are counted at once. Four tables, so
// that equal neighbours that are not eight need not wait for one another.
void count_bytes(const std::uint8_t* patterns, std::size_t count, std::uint64_t* totals) {
  std::array<std::array<std::uint32_t, 256>, 4> tables{};
  std::size_t v = 0;
  for (; v + 8 <= count; v += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, patterns + v, 8);
    if (word == (word & 255U) * 0x0101010101010101ULL) {
      tables[0][word & 255U] += 8;
      continue;
    }
    for (std::size_t i = 0; i < 8; ++i) ++tables[i % 4][word >> (8 * i) & 255U];
  }
  for (; v < count; ++v) ++tables[0][patterns[v]];
  for (const auto& table : tables) {
    for (std::size_t p = 0; p < table.size(); ++p) totals[p] += table[p];
  }
}

VotePatterns bit_patterns(std::span<const std::span<const std::uint8_t>> masks, unsigned threads) {
  const std::size_t raters = masks.size();
  const std::size_t voxels = masks[0].size();
  const bool bytes = raters <= 8;
  std::vector<std::uint8_t> low(bytes ? voxels : 0);
  std::vector<std::uint16_t> wide(bytes ? 0 : voxels);
  const std::size_t pattern_count = 1UL << raters;
  // Each part counts for itself; whole numbers add up the same in any order.
  const std::size_t parts = part_count(voxels);
  std::vector<std::atomic<std::uint64_t>> counts(pattern_count);
  for_each_part(parts, threads, [&] {
    return [&, totals = std::vector<std::uint64_t>(bytes ? 256 : pattern_count),
            halves =
                std::vector<std::uint8_t>(bytes ? 0 : 2 * part_voxels)](std::size_t part) mutable {
      const std::size_t begin = part * part_voxels;
      const std::size_t count = std::min(part_voxels, voxels - begin);
      std::ranges::fill(totals, 0);
      if (bytes) {
        gather(masks, begin, count, low.data() + begin);
        count_bytes(low.data() + begin, count, totals.data());
      } else {
        gather(masks.first(8), begin, count, halves.data());
        gather(masks.subspan(8), begin, count, halves.data() + part_voxels);
        for (std::size_t v = 0; v < count; ++v) {
          const unsigned pattern = halves[v] | static_cast<unsigned>(halves[part_voxels + v]) << 8U;
          wide[begin + v] = static_cast<std::uint16_t>(pattern);
          ++totals[pattern];
        }
      }
      for (std::size_t p = 0; p < pattern_count; ++p) {
        if (totals[p] != 0) counts[p].fetch_add(totals[p], std::memory_order_relaxed);
      }
    };
  });
  VotePatterns result{.rater_count = raters, .labels = {0, 1}};
  result.voxel_counts.assign(counts.begin(), counts.end());
  result.votes.reserve(pattern_count * raters);
  for (std::size_t p = 0; p < pattern_count; ++p) {
    for (std::size_t r = 0; r < raters; ++r) {
      result.votes.push_back(static_cast<std::uint16_t>(p >> r & 1U));
    }
  }
  if (bytes) {
    result.pattern_of_voxel = std::move(low);
  } else {
    result.pattern_of_voxel = std::move(wide);
  }
  return result;
}

// A tree of votes: from a node, the next rater's vote leads to a child. Leaves are patterns.
class PatternTree {
 public:
  // The pattern's number, new or known; patterns are numbered as they first occur.
  std::uint32_t number_of(std::span<const std::uint16_t> votes) {
    std::uint64_t node = 0;
    for (std::size_t r = 0; r + 1 < votes.size(); ++r) {
      const auto [place, is_new] = children_.try_emplace(node << 16U | votes[r], node_count_);
      if (is_new) ++node_count_;
      node = place->second;
    }
    const auto [place, is_new] =
        leaves_.try_emplace(node << 16U | votes.back(), static_cast<std::uint32_t>(leaf_count_));
    if (is_new) {
      ++leaf_count_;
      votes_.insert(votes_.end(), votes.begin(), votes.end());
    }
    return place->second;
  }
  [[nodiscard]] std::size_t leaf_count() const { return leaf_count_; }
  std::vector<std::uint16_t> take_votes() { return std::move(votes_); }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> children_;
  std::unordered_map<std::uint64_t, std::uint32_t> leaves_;
  std::uint64_t node_count_ = 1;
  std::size_t leaf_count_ = 0;
  std::vector<std::uint16_t> votes_;
};

// Where the run of equal voxels from `begin` ends.
template <class Voxel>
std::size_t run_end(std::span<const Voxel> volume, std::size_t begin) {
  constexpr std::size_t step = 8 / sizeof(Voxel);
  const Voxel* data = volume.data();
  const Voxel value = data[begin];
  std::size_t v = begin + 1;
  // Eight bytes equal to those one voxel before them are eight bytes more of the run.
  for (; v + step <= volume.size(); v += step) {
    std::uint64_t here = 0;
    std::uint64_t before = 0;
    std::memcpy(&here, data + v, 8);
    std::memcpy(&before, data + v - 1, 8);
    if (here != before) break;
  }
  while (v < volume.size() && data[v] == value) ++v;
  return v;
}

// The volumes' patterns by runs in which no rater's vote changes. `vote_of(voxel)` is the vote.
template <class Voxel, class VoteOf>
Result<VotePatterns> run_patterns(std::span<const std::span<const Voxel>> volumes,
                                  const VoteOf& vote_of) {
  const std::size_t raters = volumes.size();
  const std::size_t voxels = volumes[0].size();
  PatternTree tree;
  VotePatterns result{.rater_count = raters};
  std::vector<std::uint32_t> pattern_of(voxels);
  std::vector<std::size_t> ends(raters);
  std::vector<std::uint16_t> votes(raters);
  for (std::size_t v = 0; v < voxels;) {
    std::size_t end = voxels;
    for (std::size_t r = 0; r < raters; ++r) {
      if (ends[r] == v) {
        ends[r] = run_end(volumes[r], v);
        votes[r] = vote_of(volumes[r][v]);
      }
      end = std::min(end, ends[r]);
    }
    if (tree.leaf_count() == std::numeric_limits<std::uint32_t>::max()) {
      return fail(ErrorCode::TooLarge, "the masks differ in too many ways",
                  fmt::format("voxel {}", v), "cut the volume into parts");
    }
    const std::uint32_t pattern = tree.number_of(votes);
    if (pattern == result.voxel_counts.size()) result.voxel_counts.push_back(0);
    result.voxel_counts[pattern] += end - v;
    std::fill(pattern_of.begin() + static_cast<std::ptrdiff_t>(v),
              pattern_of.begin() + static_cast<std::ptrdiff_t>(end), pattern);
    v = end;
  }
  result.votes = tree.take_votes();
  result.pattern_of_voxel = std::move(pattern_of);
  return result;
}

template <class Value>
Status write_values(const VotePatterns& patterns, std::span<const Value> values,
                    std::span<Value> out, unsigned threads) {
  if (values.size() != patterns.pattern_count() || out.size() != patterns.voxel_count()) {
    return fail(ErrorCode::InvalidInput, "the output does not fit the patterns",
                fmt::format("{} values for {} patterns, {} places for {} voxels", values.size(),
                            patterns.pattern_count(), out.size(), patterns.voxel_count()));
  }
  std::visit(
      [&](const auto& pattern_of) {
        for_each_part(part_count(out.size()), threads, [&] {
          return [&](std::size_t part) {
            const std::size_t begin = part * part_voxels;
            const std::size_t end = std::min(begin + part_voxels, out.size());
            for (std::size_t v = begin; v < end; ++v) out[v] = values[pattern_of[v]];
          };
        });
      },
      patterns.pattern_of_voxel);
  return {};
}

}  // namespace

std::size_t VotePatterns::voxel_count() const {
  return std::visit([](const auto& pattern_of) { return pattern_of.size(); }, pattern_of_voxel);
}

Result<VotePatterns> binary_patterns(std::span<const std::span<const std::uint8_t>> masks,
                                     unsigned threads) {
  CSL_TRY(check_volumes(masks));
  if (masks.size() <= bit_raters_max) return bit_patterns(masks, threads);
  VotePatterns result = CSL_TRY(run_patterns(
      masks, [](std::uint8_t voxel) { return static_cast<std::uint16_t>(voxel != 0); }));
  result.labels = {0, 1};
  return result;
}

Result<VotePatterns> label_patterns(std::span<const std::span<const std::uint16_t>> volumes) {
  CSL_TRY(check_volumes(volumes));
  VotePatterns result = CSL_TRY(run_patterns(volumes, [](std::uint16_t voxel) { return voxel; }));
  // Labels give way to their places among those that occur.
  result.labels = result.votes;
  std::ranges::sort(result.labels);
  result.labels.erase(std::ranges::unique(result.labels).begin(), result.labels.end());
  std::vector<std::uint16_t> place_of(65'536);
  for (std::size_t i = 0; i < result.labels.size(); ++i) {
    place_of[result.labels[i]] = static_cast<std::uint16_t>(i);
  }
  for (std::uint16_t& vote : result.votes) vote = place_of[vote];
  return result;
}

Status write_by_pattern(const VotePatterns& patterns, std::span<const float> values,
                        std::span<float> out, unsigned threads) {
  return write_values(patterns, values, out, threads);
}

Status write_by_pattern(const VotePatterns& patterns, std::span<const std::uint8_t> values,
                        std::span<std::uint8_t> out, unsigned threads) {
  return write_values(patterns, values, out, threads);
}

Status write_by_pattern(const VotePatterns& patterns, std::span<const std::uint16_t> values,
                        std::span<std::uint16_t> out, unsigned threads) {
  return write_values(patterns, values, out, threads);
}

}  // namespace consilium
