#include "analysis/span_scores/span_scores.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "analysis/span_scores/reliability.hpp"

using namespace consilium;

namespace {

ScoredSpan span(std::uint64_t begin, std::uint64_t end, const char* type = "A") {
  return {.ranges = {{begin, end}}, .type = type};
}

// Ten tokens of one code point with a blank behind each.
std::vector<TextSpan> ten_tokens() {
  std::vector<TextSpan> tokens;
  for (std::uint64_t i = 0; i < 10; ++i) tokens.push_back({2 * i, 2 * i + 1});
  return tokens;
}

}  // namespace

TEST_CASE("spans are scored by equality, by overlap and by tokens") {
  const std::vector<ScoredText> texts = {
      {.reference = {span(0, 3), span(6, 9), span(12, 13), span(16, 19, "B")},
       .predicted = {span(0, 3), span(8, 11), span(16, 19), span(0, 3)},
       .tokens = ten_tokens()}};
  const TypedSpanScores scores = score_spans(texts);
  // A: (0,3) is right; (8,11) meets (6,9); (16,19) is a B.
  const SpanScores& a = scores.types.at("A");
  CHECK(a.strict == HitCount{3, 3, 1, 1});
  CHECK(a.overlap == HitCount{3, 3, 2, 2});
  // Tokens of A: reference 0 1 3 4 6, predicted 0 1 4 5 8 9.
  CHECK(a.token == HitCount{5, 6, 3, 3});
  CHECK(scores.types.at("B").strict == HitCount{1, 0, 0, 0});
  CHECK(scores.micro.strict == HitCount{4, 3, 1, 1});
  CHECK(scores.micro.strict.precision().value() == doctest::Approx(1.0 / 3));
  CHECK(scores.micro.strict.recall().value() == doctest::Approx(0.25));
  CHECK(scores.micro.strict.f1().value() == doctest::Approx(2.0 / 7));
}

TEST_CASE("one predicted span may meet several, so that overlap counts each side by itself") {
  const std::vector<ScoredText> texts = {
      {.reference = {span(0, 3), span(4, 7)}, .predicted = {span(0, 7)}, .tokens = ten_tokens()}};
  CHECK(score_spans(texts).micro.overlap == HitCount{2, 1, 2, 1});
}

TEST_CASE("spans with gaps are equal only part by part, and meet where a part does") {
  const ScoredSpan parted{.ranges = {{0, 1}, {8, 9}}, .type = "A"};
  const std::vector<ScoredText> texts = {
      {.reference = {parted}, .predicted = {span(0, 9), span(2, 5)}, .tokens = ten_tokens()}};
  const SpanScores scores = score_spans(texts).micro;
  CHECK(scores.strict.predicted_hit == 0);
  CHECK(scores.overlap == HitCount{1, 2, 1, 1});
}

TEST_CASE("nothing to score is undefined, all wrong is 0") {
  CHECK_FALSE(score_spans({}).micro.strict.f1());
  const std::vector<ScoredText> texts = {
      {.reference = {span(0, 1)}, .predicted = {}, .tokens = {}}};
  CHECK(score_spans(texts).micro.strict.f1().value() == 0);
  CHECK_FALSE(score_spans(texts).micro.strict.precision());
}

TEST_CASE("overlap is what comparing each pair gives") {
  std::uint64_t state = 5;
  const auto next = [&](std::uint64_t limit) {
    state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return (state >> 33U) % limit;
  };
  for (int round = 0; round < 200; ++round) {
    ScoredText text;
    for (auto* side : {&text.reference, &text.predicted}) {
      for (std::uint64_t i = next(8); i-- > 0;) {
        const std::uint64_t begin = next(30);
        side->push_back(span(begin, begin + 1 + next(6)));
      }
    }
    const auto hits = [](const std::vector<ScoredSpan>& of, const std::vector<ScoredSpan>& others) {
      std::uint64_t count = 0;
      for (const ScoredSpan& one : std::set<ScoredSpan>(of.begin(), of.end())) {
        bool meets = false;
        for (const ScoredSpan& other : others) {
          meets |= one.ranges[0].begin < other.ranges[0].end &&
                   other.ranges[0].begin < one.ranges[0].end;
        }
        count += meets ? 1 : 0;
      }
      return count;
    };
    const HitCount overlap = score_spans(std::vector{text}).micro.overlap;
    CHECK(overlap.reference_hit == hits(text.reference, text.predicted));
    CHECK(overlap.predicted_hit == hits(text.predicted, text.reference));
  }
}

TEST_CASE("the calibration error is the bins' mean distance from their word, by cases") {
  Reliability reliability;
  CHECK_FALSE(reliability.expected_calibration_error());
  // Three cases called .9 of which two are right, one called 1 and right, one called .05, wrong.
  for (const bool is_right : {true, true, false}) reliability.add(0.9, is_right);
  reliability.add(1.0, true);
  reliability.add(0.05, false);
  CHECK(reliability.bins[9].cases == 4);
  CHECK(reliability.bins[9].right == 3);
  CHECK(reliability.bins[0].cases == 1);
  CHECK(*reliability.expected_calibration_error() == doctest::Approx((0.7 + 0.05) / 5));
}
