#include "analysis/agreement/rating_patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/agreement/agreement_model.hpp"

namespace consilium {
namespace {

// Direct tables of at most so many keys: 8 MiB of counts.
constexpr std::uint64_t direct_keys_max = 1ULL << 20U;

std::unexpected<Error> repeat_refused(const VoteTable& votes, ItemIndex item) {
  const auto of_item = votes.raters_of(item);
  std::vector<RaterIndex> raters(of_item.begin(), of_item.end());
  std::ranges::sort(raters);
  const auto twice = std::ranges::adjacent_find(raters);
  return fail(ErrorCode::InvalidInput, "a rater voted more than once on one item",
              fmt::format("item {}, rater {}", item, twice == raters.end() ? 0 : *twice),
              "keep one vote of each rater and item, or ask for alpha with repeats as separate "
              "codings");
}

bool has_repeat(std::span<const RaterIndex> raters) {
  std::vector<RaterIndex> sorted(raters.begin(), raters.end());
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

Status check_repeats(const VoteTable& votes) {
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    const std::span<const RaterIndex> raters = votes.raters_of(i);
    bool ascending = true;
    for (std::size_t v = 1; v < raters.size(); ++v) ascending &= raters[v - 1] < raters[v];
    if (!ascending && has_repeat(raters)) return repeat_refused(votes, i);
  }
  return {};
}

// Gives equal multisets one number.
class PatternTable {
 public:
  explicit PatternTable(std::uint32_t symbol_count) : slots_(64, none) {
    patterns_.symbol_count = symbol_count;
  }

  // Sorts `symbols`.
  std::uint32_t add(std::vector<std::uint32_t>& symbols) {
    sort(symbols);
    run_symbol_.clear();
    run_times_.clear();
    std::uint64_t hash = 0;
    for (std::size_t i = 0; i < symbols.size();) {
      std::size_t end = i + 1;
      while (end < symbols.size() && symbols[end] == symbols[i]) ++end;
      run_symbol_.push_back(symbols[i]);
      run_times_.push_back(static_cast<std::uint32_t>(end - i));
      hash = (hash ^ (std::uint64_t{symbols[i]} << 24U) ^ (end - i)) * 0x9E3779B97F4A7C15ULL;
      hash ^= hash >> 29U;
      i = end;
    }
    return number(hash);
  }
  void add_item(std::uint32_t pattern, std::uint64_t count = 1) {
    patterns_.items[pattern] += count;
  }
  RatingPatterns& patterns() { return patterns_; }

 private:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  static void sort(std::vector<std::uint32_t>& symbols) {
    if (symbols.size() > 24) {
      std::ranges::sort(symbols);
      return;
    }
    for (std::size_t i = 1; i < symbols.size(); ++i) {
      const std::uint32_t symbol = symbols[i];
      std::size_t at = i;
      for (; at > 0 && symbols[at - 1] > symbol; --at) symbols[at] = symbols[at - 1];
      symbols[at] = symbol;
    }
  }
  std::uint32_t number(std::uint64_t hash) {
    if ((patterns_.count() + 1) * 2 > slots_.size()) grow();
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != none; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t pattern = slots_[at];
      if (hashes_[pattern] == hash &&
          std::ranges::equal(patterns_.symbols_of(pattern), run_symbol_) &&
          std::ranges::equal(patterns_.times_of(pattern), run_times_)) {
        return pattern;
      }
    }
    const auto pattern = static_cast<std::uint32_t>(patterns_.count());
    slots_[at] = pattern;
    hashes_.push_back(hash);
    patterns_.symbol.insert(patterns_.symbol.end(), run_symbol_.begin(), run_symbol_.end());
    patterns_.times.insert(patterns_.times.end(), run_times_.begin(), run_times_.end());
    patterns_.first.push_back(patterns_.symbol.size());
    patterns_.items.push_back(0);
    return pattern;
  }
  void grow() {
    std::vector<std::uint32_t> slots(slots_.size() * 4, none);
    for (std::uint32_t p = 0; p < patterns_.count(); ++p) {
      std::size_t at = hashes_[p] & (slots.size() - 1);
      while (slots[at] != none) at = (at + 1) & (slots.size() - 1);
      slots[at] = p;
    }
    slots_ = std::move(slots);
  }

  RatingPatterns patterns_;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> run_symbol_;
  std::vector<std::uint32_t> run_times_;
};

template <class SymbolOf>
RatingPatterns hashed_patterns(const VoteTable& votes, std::uint32_t symbol_count,
                               const SymbolOf& symbol_of) {
  PatternTable table(symbol_count);
  std::vector<std::uint32_t> of_item(votes.item_count());
  std::vector<std::uint32_t> symbols;
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    symbols.clear();
    for (std::uint64_t v = votes.first[i]; v < votes.first[i + 1]; ++v) {
      symbols.push_back(symbol_of(votes.rater[v], votes.label[v]));
    }
    of_item[i] = table.add(symbols);
    table.add_item(of_item[i]);
  }
  table.patterns().of_item = std::move(of_item);
  return std::move(table.patterns());
}

// Counts written as the digits of one number in base (most votes of an item + 1), so that adding a
// vote is adding its class's power of the base. 0 when there are too many numbers for a table.
std::vector<std::uint32_t> digit_powers(const VoteTable& votes) {
  std::uint64_t most = 0;
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    most = std::max(most, votes.first[i + 1] - votes.first[i]);
  }
  std::vector<std::uint32_t> powers;
  std::uint64_t power = 1;
  for (std::uint32_t k = 0; k <= votes.class_count; ++k) {
    if (power > direct_keys_max) return {};
    powers.push_back(static_cast<std::uint32_t>(power));
    power *= most + 1;
  }
  return powers;
}

Result<RatingPatterns> direct_patterns(const VoteTable& votes, Repeats repeats,
                                       const std::vector<std::uint32_t>& powers) {
  const std::uint32_t item_count = votes.item_count();
  RatingPatterns patterns{.symbol_count = votes.class_count,
                          .first = {0},
                          .symbol = {},
                          .times = {},
                          .items = {},
                          .of_item = std::vector<std::uint32_t>(item_count)};
  std::vector<std::uint32_t> items_of_key(powers.back(), 0);
  const ClassIndex* const label = votes.label.data();
  const RaterIndex* const rater = votes.rater.data();
  const bool refuse = repeats == Repeats::Refuse;
  std::uint64_t v = 0;
  for (ItemIndex i = 0; i < item_count; ++i) {
    const std::uint64_t end = votes.first[std::size_t{i} + 1];
    std::uint32_t key = 0;
    std::int64_t before = -1;
    bool ascending = true;  // the usual order of a file, in which repeats are seen at once
    for (; v < end; ++v) {
      key += powers[label[v]];
      ascending &= before < std::int64_t{rater[v]};
      before = rater[v];
    }
    if (refuse && !ascending && has_repeat(votes.raters_of(i))) return repeat_refused(votes, i);
    patterns.of_item[i] = key;
    ++items_of_key[key];
  }
  std::vector<std::uint32_t> pattern_of_key(powers.back());
  for (std::uint32_t key = 0; key < powers.back(); ++key) {
    if (items_of_key[key] == 0) continue;
    pattern_of_key[key] = static_cast<std::uint32_t>(patterns.count());
    patterns.items.push_back(items_of_key[key]);
    for (std::uint32_t k = 0; k < votes.class_count; ++k) {
      const std::uint32_t times = key % powers[k + 1] / powers[k];
      if (times == 0) continue;
      patterns.symbol.push_back(k);
      patterns.times.push_back(times);
    }
    patterns.first.push_back(patterns.symbol.size());
  }
  for (std::uint32_t& key : patterns.of_item) key = pattern_of_key[key];
  return patterns;
}

}  // namespace

Result<RatingPatterns> class_patterns(const VoteTable& votes, Repeats repeats) {
  const std::vector<std::uint32_t> powers = digit_powers(votes);
  if (!powers.empty()) return direct_patterns(votes, repeats, powers);
  if (repeats == Repeats::Refuse) CSL_TRY(check_repeats(votes));
  return hashed_patterns(votes, votes.class_count,
                         [](RaterIndex, ClassIndex label) { return std::uint32_t{label}; });
}

Result<RatingPatterns> rater_patterns(const VoteTable& votes) {
  CSL_TRY(check_repeats(votes));
  const std::uint64_t symbols = std::uint64_t{votes.rater_count} * votes.class_count;
  if (symbols >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(ErrorCode::TooLarge, "raters times classes reach 2^32", {},
                "use a coefficient that takes raters as exchangeable");
  }
  const std::uint32_t classes = votes.class_count;
  return hashed_patterns(
      votes, static_cast<std::uint32_t>(symbols),
      [classes](RaterIndex rater, ClassIndex label) { return rater * classes + label; });
}

Result<RatingPatterns> value_patterns(std::span<const double> ratings, std::size_t item_count,
                                      std::size_t rater_count, std::vector<double>& values) {
  if (rater_count == 0 || ratings.size() / rater_count != item_count ||
      ratings.size() % rater_count != 0) {
    return fail(ErrorCode::InvalidInput, "the ratings are not items times raters");
  }
  values.clear();
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    if (std::abs(ratings[i]) > measured_value_max) {
      return fail(ErrorCode::InvalidInput, "a rating is infinite or beyond 1e100",
                  fmt::format("item {}, rater {}", i / rater_count, i % rater_count));
    }
    if (!std::isnan(ratings[i])) values.push_back(ratings[i] == 0 ? 0 : ratings[i]);  // -0 is 0
  }
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  PatternTable table(static_cast<std::uint32_t>(values.size()));
  std::vector<std::uint32_t> of_item(item_count);
  std::vector<std::uint32_t> symbols;
  for (std::size_t i = 0; i < item_count; ++i) {
    symbols.clear();
    for (const double rating : ratings.subspan(i * rater_count, rater_count)) {
      if (std::isnan(rating)) continue;
      const auto place = std::ranges::lower_bound(values, rating) - values.begin();
      symbols.push_back(static_cast<std::uint32_t>(place));
    }
    of_item[i] = table.add(symbols);
    table.add_item(of_item[i]);
  }
  table.patterns().of_item = std::move(of_item);
  return std::move(table.patterns());
}

RatingPatterns one_against_rest(const RatingPatterns& patterns, ClassIndex kept) {
  PatternTable table(2);
  std::vector<std::uint32_t> new_number(patterns.count());
  std::vector<std::uint32_t> symbols;
  for (std::size_t p = 0; p < patterns.count(); ++p) {
    symbols.clear();
    for (std::size_t e = patterns.first[p]; e < patterns.first[p + 1]; ++e) {
      symbols.insert(symbols.end(), patterns.times[e], patterns.symbol[e] == kept ? 1U : 0U);
    }
    new_number[p] = table.add(symbols);
    table.add_item(new_number[p], patterns.items[p]);
  }
  std::vector<std::uint32_t> of_item(patterns.of_item.size());
  for (std::size_t i = 0; i < of_item.size(); ++i) of_item[i] = new_number[patterns.of_item[i]];
  table.patterns().of_item = std::move(of_item);
  return std::move(table.patterns());
}

}  // namespace consilium
