#include "analysis/weak_supervision/function_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/weak_supervision/vote_slots.hpp"

namespace consilium {
namespace {

Status check_known(const VoteTable& votes, std::span<const ClassIndex> known) {
  if (!known.empty() && known.size() != votes.item_count()) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} known classes for {} items", known.size(), votes.item_count()));
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] != unknown_class && known[i] >= votes.class_count) {
      return fail(ErrorCode::InvalidInput, "a known class is not there", fmt::format("item {}", i));
    }
  }
  return {};
}

}  // namespace

Result<VoteSummary> summarise_functions(const VoteTable& votes, std::span<const ClassIndex> known) {
  CSL_TRY(check_known(votes, known));
  const weak::VoteSlots slots = CSL_TRY(weak::slots_of(votes));
  VoteSummary out{.item_count = votes.item_count(),
                  .functions = std::vector<FunctionSummary>(votes.rater_count)};
  for (RaterIndex j = 0; j < votes.rater_count; ++j) {
    out.functions[j].polarity.assign(slots.label.begin() + slots.first[j],
                                     slots.label.begin() + slots.first[j + 1]);
  }
  for (ItemIndex i = 0; i < votes.item_count(); ++i) {
    const auto functions = votes.raters_of(i);
    const auto labels = votes.labels_of(i);
    if (functions.empty()) continue;
    // With two classes on an item, every vote on it meets a vote for another class.
    const bool overlap = functions.size() > 1;
    const bool conflict = std::ranges::any_of(labels, [&](ClassIndex l) { return l != labels[0]; });
    out.covered += 1;
    out.overlapping += overlap ? 1 : 0;
    out.conflicting += conflict ? 1 : 0;
    const ClassIndex truth = known.empty() ? unknown_class : known[i];
    for (std::size_t v = 0; v < functions.size(); ++v) {
      FunctionSummary& own = out.functions[functions[v]];
      own.covered += 1;
      own.overlapping += overlap ? 1 : 0;
      own.conflicting += conflict ? 1 : 0;
      own.judged += truth != unknown_class ? 1 : 0;
      own.correct += truth == labels[v] ? 1 : 0;
    }
  }
  return out;
}

}  // namespace consilium
