#include "analysis/span_scores/span_scores.hpp"

#include <algorithm>
#include <set>

namespace consilium {
namespace {

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Piece {
  TextSpan range;
  std::size_t span = 0;
};

// The ranges of spans by begin, with the greatest end up to each, so that a search can stop early.
class Pieces {
 public:
  explicit Pieces(const std::vector<const ScoredSpan*>& spans) {
    for (std::size_t i = 0; i < spans.size(); ++i) {
      for (const TextSpan& range : spans[i]->ranges) pieces_.push_back({range, i});
    }
    std::ranges::sort(pieces_, {}, &Piece::range);
    std::uint64_t end = 0;
    for (const Piece& piece : pieces_) ends_.push_back(end = std::max(end, piece.range.end));
  }
  [[nodiscard]] bool meets(const ScoredSpan& span) const {
    return std::ranges::any_of(span.ranges, [&](const TextSpan& range) {
      auto at = std::ranges::lower_bound(pieces_, range.end, {},
                                         [](const Piece& piece) { return piece.range.begin; });
      while (at != pieces_.begin()) {
        --at;
        if (ends_[static_cast<std::size_t>(at - pieces_.begin())] <= range.begin) return false;
        if (at->range.end > range.begin) return true;
      }
      return false;
    });
  }

 private:
  std::vector<Piece> pieces_;
  std::vector<std::uint64_t> ends_;
};

std::set<std::size_t> tokens_met(const std::vector<const ScoredSpan*>& spans,
                                 const std::vector<TextSpan>& tokens) {
  std::set<std::size_t> met;
  for (const ScoredSpan* span : spans) {
    for (const TextSpan& range : span->ranges) {
      auto token = std::ranges::upper_bound(tokens, range.begin, {}, &TextSpan::end);
      for (; token != tokens.end() && token->begin < range.end; ++token) {
        met.insert(static_cast<std::size_t>(token - tokens.begin()));
      }
    }
  }
  return met;
}

void add(HitCount& sum, const HitCount& more) {
  sum.reference += more.reference;
  sum.predicted += more.predicted;
  sum.reference_hit += more.reference_hit;
  sum.predicted_hit += more.predicted_hit;
}

void add(SpanScores& sum, const SpanScores& more) {
  add(sum.strict, more.strict);
  add(sum.overlap, more.overlap);
  add(sum.token, more.token);
}

// Of one text and type; both lists are sorted and have no doubles.
SpanScores scores_of(const std::vector<const ScoredSpan*>& reference,
                     const std::vector<const ScoredSpan*>& predicted,
                     const std::vector<TextSpan>& tokens) {
  SpanScores scores;
  scores.strict.reference = scores.overlap.reference = reference.size();
  scores.strict.predicted = scores.overlap.predicted = predicted.size();
  const Pieces reference_pieces(reference);
  const Pieces predicted_pieces(predicted);
  for (const ScoredSpan* span : predicted) {
    const bool is_equal = std::ranges::binary_search(
        reference, *span, {}, [](const ScoredSpan* one) -> const ScoredSpan& { return *one; });
    scores.strict.predicted_hit += is_equal ? 1 : 0;
    scores.overlap.predicted_hit += reference_pieces.meets(*span) ? 1 : 0;
  }
  scores.strict.reference_hit = scores.strict.predicted_hit;
  for (const ScoredSpan* span : reference) {
    scores.overlap.reference_hit += predicted_pieces.meets(*span) ? 1 : 0;
  }
  const std::set<std::size_t> reference_tokens = tokens_met(reference, tokens);
  const std::set<std::size_t> predicted_tokens = tokens_met(predicted, tokens);
  scores.token.reference = reference_tokens.size();
  scores.token.predicted = predicted_tokens.size();
  for (const std::size_t token : predicted_tokens) {
    scores.token.predicted_hit += reference_tokens.contains(token) ? 1 : 0;
  }
  scores.token.reference_hit = scores.token.predicted_hit;
  return scores;
}

}  // namespace

std::optional<double> HitCount::precision() const { return share(predicted_hit, predicted); }
std::optional<double> HitCount::recall() const { return share(reference_hit, reference); }
std::optional<double> HitCount::f1() const {
  if (reference + predicted == 0) return std::nullopt;
  const double p = precision().value_or(0);
  const double r = recall().value_or(0);
  return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

TypedSpanScores score_spans(std::span<const ScoredText> texts) {
  TypedSpanScores scores;
  for (const ScoredText& text : texts) {
    struct Sides {
      std::set<ScoredSpan> reference;
      std::set<ScoredSpan> predicted;
    };
    std::map<std::string, Sides> by_type;
    for (const ScoredSpan& span : text.reference) by_type[span.type].reference.insert(span);
    for (const ScoredSpan& span : text.predicted) by_type[span.type].predicted.insert(span);
    for (const auto& [type, sides] : by_type) {
      std::vector<const ScoredSpan*> reference;
      std::vector<const ScoredSpan*> predicted;
      for (const ScoredSpan& span : sides.reference) reference.push_back(&span);
      for (const ScoredSpan& span : sides.predicted) predicted.push_back(&span);
      const SpanScores one = scores_of(reference, predicted, text.tokens);
      add(scores.types[type], one);
      add(scores.micro, one);
    }
  }
  return scores;
}

}  // namespace consilium
