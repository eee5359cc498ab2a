// One label for each item from many labelling functions, each right at its own unknown rate, with
// no item's true class known: weak supervision. See semantics.md.
//
// Everything is sparse: of a function only the classes that it votes for are kept, of an item only
// its votes. All sums are whole numbers, so that the number of threads and the numbering of
// functions, items and classes change no bit of the result.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/weak_supervision/function_summary.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"

namespace consilium {

// How a function's votes depend on the true class c.
// `OneCoin`: where it votes it is right with one probability a, and else equally likely to name any
//   other class. Abstaining tells nothing. O(votes) an iteration, for any number of classes.
// `Confusion`: P(votes l | c, it votes), a table of (classes it votes for) x (all classes);
//   abstaining tells nothing (Dawid & Skene 1979). A function that votes for one class only then
//   tells nothing either: it always says the same.
// `ConfusionWithAbstention`: P(votes l | c), abstaining being one more answer: silence tells.
// `HitRates`: for each class l that it votes for, P(votes l | c = l) and P(votes l | c != l), each
//   (function, class) firing on its own; silence tells. O(votes) an iteration: for many classes.
enum class FunctionModel : std::uint8_t { OneCoin, Confusion, ConfusionWithAbstention, HitRates };

struct LabelModelOptions {
  FunctionModel model = FunctionModel::ConfusionWithAbstention;
  // Pseudo-counts (Dirichlet parameter less 1) of right and of each wrong vote, of each class's
  // share, and of either outcome of HitRates taken together. They hold rare functions back.
  double right_count = 2;
  double wrong_count = 0.5;
  double class_count = 1;
  double hit_rate_count = 2;
  std::vector<double> class_prior{};  // shares that are known and held; empty: estimated
  int iterations_max = 200;
  // Ends when, from one iteration to the next, the expected right votes moved by no more a vote on
  // average, and the expected classes by no more an item.
  double tolerance = 1e-5;
  bool trace_objective = false;  // fills LabelModel::objective; costs a logarithm an item
  unsigned threads = 1;
};

// What is believed of an item. `label` is unknown_class without any vote, and where two classes are
// equally probable (to 2^-32).
struct ItemLabel {
  ClassIndex label = unknown_class;
  float probability = 0;  // of the most probable class
  friend bool operator==(const ItemLabel&, const ItemLabel&) = default;
};

struct FunctionFit {
  std::vector<ClassIndex> classes{};  // that it votes for, ascending
  // OneCoin: a. Confusion forms: P(classes[s] | c) at s * class_count + c. HitRates: of classes[s]
  // the rates given it and given others, at 2 s and 2 s + 1.
  std::vector<double> rates{};
  std::optional<double> accuracy{};  // expected share of its votes that are right; none: no votes
  friend bool operator==(const FunctionFit&, const FunctionFit&) = default;
};

struct LabelModel {
  FunctionModel model = FunctionModel::OneCoin;
  std::uint32_t class_count = 0;
  std::vector<double> class_prior{};
  std::vector<FunctionFit> functions{};
  std::vector<ItemLabel> items{};
  int iterations = 0;
  bool converged = false;
  // Log posterior of the parameters after each iteration, up to a constant; never decreases but by
  // rounding. Empty unless traced.
  std::vector<double> objective{};
  friend bool operator==(const LabelModel&, const LabelModel&) = default;
};

// Expectation maximisation from vote shares. Uncovered items count for the classes' shares as the
// model believes them to be.
// Errors: InvalidInput for fewer than two classes, no items, a function that votes twice on an
// item, pseudo-counts that are not positive and finite, a class_prior of another length, with
// entries that are not positive or a sum other than 1; TooLarge when a confusion form needs more
// than 2^26 rates (use OneCoin or HitRates).
// Cost an iteration: O(votes x classes) for the confusion forms, else O(votes + classes). Memory: 4
// bytes a vote, 8 an item, and 16 bytes a rate and thread.
[[nodiscard]] Result<LabelModel> fit_label_model(const VoteTable& votes,
                                                 const LabelModelOptions& options = {});

// Labels of items by one-coin functions whose accuracies are given (from triplets or gold items):
// the weighted vote. `accuracy[j]` in (0, 1); `class_prior` is empty for equal shares.
// Errors: InvalidInput as above, and for accuracies that are not such.
[[nodiscard]] Result<LabelModel> label_by_accuracy(const VoteTable& votes,
                                                   std::span<const double> accuracy,
                                                   std::span<const double> class_prior = {},
                                                   unsigned threads = 1);

// P(c | votes of one item) for every class. `functions` and `labels` are its votes.
// Errors: InvalidInput for votes by functions that are not there. A vote for a class that the
// function never named while the model was fitted tells nothing and is passed over.
// Cost: O(functions + votes x classes).
[[nodiscard]] Result<std::vector<double>> posterior_of(const LabelModel& model,
                                                       std::span<const RaterIndex> functions,
                                                       std::span<const ClassIndex> labels);

}  // namespace consilium
