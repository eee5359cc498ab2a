// What pairs of labelling functions tell: accuracies from triplets without iteration, and which
// functions agree more than the model of independent functions allows. See semantics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analysis/weak_supervision/label_model.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

inline constexpr std::uint32_t paired_functions_max = 8192;

// How often each two functions vote on the same item, and for the same class.
struct FunctionPairs {
  std::uint32_t function_count = 0;
  std::vector<std::uint32_t> together;  // of a < b at index_of(a, b)
  std::vector<std::uint32_t> agreeing;
  [[nodiscard]] std::size_t index_of(RaterIndex a, RaterIndex b) const {
    const std::size_t low = a < b ? a : b;
    const std::size_t high = a < b ? b : a;
    return high * (high - 1) / 2 + low;
  }
};

// Errors: InvalidInput when a function votes twice on an item; TooLarge past 8,192 functions (the
// pairs would take over 256 MB). Cost: O(sum over items of votes squared).
[[nodiscard]] Result<FunctionPairs> count_pairs(const VoteTable& votes);

// How a triplet accuracy came about. `Clamped`: the triplets ask for more than 1 or less than
// chance's worst; the nearest possible value stands. `NotEstimable`: too few other functions vote
// beside it; the accuracy stands as assumed.
enum class TripletState : std::uint8_t { Estimated, Clamped, NotEstimable };

struct TripletAccuracy {
  double accuracy = 0;
  TripletState state = TripletState::NotEstimable;
  std::uint32_t triplets = 0;  // that the median is over
  friend bool operator==(const TripletAccuracy&, const TripletAccuracy&) = default;
};

struct TripletOptions {
  std::uint32_t together_min = 20;  // items that a pair needs in common
  std::uint32_t partners_max = 64;  // other functions a function is triangulated by
  double assumed_accuracy = 0.7;    // where nothing can be estimated
};

// P(right | votes) of each function by the method of moments (Fu et al., "Fast and three-rious",
// ICML 2020): with b = (K a - 1) / (K - 1), independent one-coin functions have chance-corrected
// agreement c_ij = (K A_ij - 1) / (K - 1) = b_i b_j, so b_i^2 = c_ij c_ik / c_jk. The median over
// triplets; signs are chosen so that functions are right rather than wrong by weight of agreement.
// For two classes this is FlyingSquid's triplet of products; for more it extends it, exact where
// wrong votes are spread evenly. Functions that vote for one class only break its premises.
// Errors: those of count_pairs; InvalidInput for fewer than two classes.
// Cost: that of the pairs, and O(functions x partners^2).
[[nodiscard]] Result<std::vector<TripletAccuracy>> triplet_accuracies(
    const VoteTable& votes, const TripletOptions& options = {});

struct DependentPair {
  RaterIndex first = 0;
  RaterIndex second = 0;
  std::uint32_t together = 0;  // items both vote on
  double agreement = 0;        // share of those on which they agree
  double expected = 0;         // by the model, were they independent given the class
  double z = 0;                // excess in standard errors, scaled as below
  double p = 0;                // one-sided
  friend bool operator==(const DependentPair&, const DependentPair&) = default;
};

struct DependenceOptions {
  double level = 0.01;              // of at least one false pair, over all pairs tested
  double excess_min = 0.02;         // of agreement; less is of no consequence
  std::uint32_t together_min = 30;  // items that a pair needs in common to be tested
};

// Pairs of functions that agree more often than functions do that are independent given the true
// class: copies of each other, or shared sources of error. Most significant pair first, equal ones
// by function.
//
// The excess of agreement over what the accuracies imply, in binomial standard errors, is scaled by
// the middle of all pairs' values (an empirical null), since rates are estimated and models are not
// quite true; then Bonferroni's correction. Level measured: semantics.md.
//
// The form with triplet accuracies is the one to begin with: a median over triplets does not follow
// a few dependent functions. It takes functions for one-coins. A function of which no triplet tells
// is not tested.
// Errors: those of count_pairs; InvalidInput when the accuracies are of other functions, or level
// is outside (0, 1). Cost: that of the pairs.
[[nodiscard]] Result<std::vector<DependentPair>> find_dependent_pairs(
    const VoteTable& votes, std::span<const TripletAccuracy> accuracies,
    const DependenceOptions& options = {});

// The same against a fitted model, whose functions may be right more often on one class than on
// another. Expectation maximisation can take a copied pair's own view for the truth and then finds
// fault with the rest; so this form is for panels in which the other form found nothing gross.
// Errors: as above, for a model of other functions or classes. Cost: that of the pairs, and for
// each tested pair O(classes they vote for x classes) for the confusion forms, else O(classes they
// vote for).
[[nodiscard]] Result<std::vector<DependentPair>> find_dependent_pairs(
    const VoteTable& votes, const LabelModel& model, const DependenceOptions& options = {});

}  // namespace consilium
