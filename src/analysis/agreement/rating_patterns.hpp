// How often each pattern of ratings occurs. With few raters and classes a million items show a few
// hundred patterns, and every coefficient of agreement, its standard error and its bootstrap need
// only the patterns and how many items show each: one pass over the votes, then next to nothing.
//
// A pattern is a multiset of symbols. For coefficients that take raters as exchangeable (Fleiss,
// Gwet, alpha, ...) a symbol is a class; for Conger's kappa it is a rater's word,
// rater x class_count + class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

// What two votes by one rater on one item mean. They are not two independent opinions, so by
// default they are refused; as separate codings each counts like another rater's vote, which is
// how Krippendorff treats a coder who codes a unit twice (his alpha asks for codings, not coders).
enum class Repeats { Refuse, SeparateCodings };

struct RatingPatterns {
  std::uint32_t symbol_count = 0;
  // Pattern p holds symbol[e], times[e] times, for e in [first[p], first[p + 1]); symbols ascend.
  std::vector<std::size_t> first{0};
  std::vector<std::uint32_t> symbol;
  std::vector<std::uint32_t> times;
  std::vector<std::uint64_t> items;    // how many items show the pattern
  std::vector<std::uint32_t> of_item;  // the pattern of each item; of an item without votes, an
                                       // empty pattern

  [[nodiscard]] std::size_t count() const { return items.size(); }
  [[nodiscard]] std::span<const std::uint32_t> symbols_of(std::size_t pattern) const {
    return std::span(symbol).subspan(first[pattern], first[pattern + 1] - first[pattern]);
  }
  [[nodiscard]] std::span<const std::uint32_t> times_of(std::size_t pattern) const {
    return std::span(times).subspan(first[pattern], first[pattern + 1] - first[pattern]);
  }
  // The number of ratings in a pattern.
  [[nodiscard]] std::uint64_t ratings_of(std::size_t pattern) const {
    std::uint64_t sum = 0;
    for (const std::uint32_t n : times_of(pattern)) sum += n;
    return sum;
  }
};

// Patterns of classes. Errors: InvalidInput on a repeat that is refused (item and rater are named).
// Cost: one pass; about 2 ns a vote where the patterns possible are at most a million (5 raters and
// 8 classes, say), else a sort and a hash of each item's votes, about 100 ns an item.
[[nodiscard]] Result<RatingPatterns> class_patterns(const VoteTable& votes,
                                                    Repeats repeats = Repeats::Refuse);

// Patterns of (rater, class). Errors: InvalidInput on any repeat; TooLarge when raters x classes
// reach 2^32. Cost: a sort and a hash of each item's votes.
[[nodiscard]] Result<RatingPatterns> rater_patterns(const VoteTable& votes);

// Patterns of the distinct values in a table of `item_count` rows and `rater_count` columns, row by
// row; NaN is a missing rating. `values` receives the distinct values, ascending: symbol s is
// values[s]. Errors: InvalidInput on a wrong size or a rating beyond `measured_value_max`.
// Cost: a sort of all ratings.
[[nodiscard]] Result<RatingPatterns> value_patterns(std::span<const double> ratings,
                                                    std::size_t item_count, std::size_t rater_count,
                                                    std::vector<double>& values);

// The same items with class `kept` as symbol 1 and every other class as 0.
[[nodiscard]] RatingPatterns one_against_rest(const RatingPatterns& patterns, ClassIndex kept);

}  // namespace consilium
