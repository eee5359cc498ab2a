// How well predicted spans of texts are those of a reference: precision, recall and F1 three ways,
// for each type and for all (micro).
//
// strict   the same ranges and type; what is said twice counts once
// overlap  a span is right when it shares a code point with one of its type on the other side; so
//          precision and recall count hits of their own (MUC's "partial" without half marks)
// token    the tokens that a type's spans cover or touch, each a case of its own
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/text/canonical_text.hpp"

namespace consilium {

struct ScoredSpan {
  std::vector<TextSpan> ranges;  // sorted, disjoint, at least one
  std::string type;
  friend auto operator<=>(const ScoredSpan&, const ScoredSpan&) = default;
};

struct ScoredText {
  std::vector<ScoredSpan> reference;
  std::vector<ScoredSpan> predicted;
  std::vector<TextSpan> tokens;  // sorted, disjoint
};

struct HitCount {
  std::uint64_t reference = 0;
  std::uint64_t predicted = 0;
  std::uint64_t reference_hit = 0;
  std::uint64_t predicted_hit = 0;
  // None without cases; F1 is 0 when both are.
  [[nodiscard]] std::optional<double> precision() const;
  [[nodiscard]] std::optional<double> recall() const;
  [[nodiscard]] std::optional<double> f1() const;  // none when there is nothing on either side
  friend auto operator<=>(const HitCount&, const HitCount&) = default;
};

struct SpanScores {
  HitCount strict;
  HitCount overlap;
  HitCount token;
  friend auto operator<=>(const SpanScores&, const SpanScores&) = default;
};

struct TypedSpanScores {
  SpanScores micro;
  std::map<std::string, SpanScores> types;
};

// Cost: O(spans x log + overlapping pairs + tokens).
[[nodiscard]] TypedSpanScores score_spans(std::span<const ScoredText> texts);

}  // namespace consilium
