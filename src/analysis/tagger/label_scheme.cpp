#include "analysis/tagger/label_scheme.hpp"

#include <algorithm>

namespace consilium {
namespace {

// Places within a type. BIO has the first two only.
constexpr std::uint32_t part_begin = 0;
constexpr std::uint32_t part_inside = 1;
constexpr std::uint32_t part_last = 2;
constexpr std::uint32_t part_unit = 3;

}  // namespace

StateGraph::StateGraph(LabelScheme scheme, std::size_t type_count, std::span<const Edge> adjacent)
    : scheme_(scheme) {
  state_count_ = 1 + type_count * states_of_type();
  edges_.push_back({outside, outside});
  const auto state = [&](std::size_t type, std::uint32_t part) {
    return static_cast<State>(1 + type * states_of_type() + part);
  };
  for (std::size_t t = 0; t < type_count; ++t) {
    const State begin = state(t, part_begin);
    const State inside = state(t, part_inside);
    edges_.insert(edges_.end(), {{outside, begin}, {begin, inside}, {inside, inside}});
    if (scheme_ == LabelScheme::Bio) {
      edges_.insert(edges_.end(), {{begin, outside}, {inside, outside}});
      continue;
    }
    const State last = state(t, part_last);
    const State unit = state(t, part_unit);
    edges_.insert(
        edges_.end(),
        {{begin, last}, {inside, last}, {last, outside}, {outside, unit}, {unit, outside}});
  }
  for (const Edge& edge : adjacent) {
    if (edge.from != outside && edge.to != outside && may_end(edge.from) && may_begin(edge.to)) {
      edges_.push_back(edge);
    }
  }
  std::ranges::sort(edges_, [](const Edge& a, const Edge& b) {
    return a.to != b.to ? a.to < b.to : a.from < b.from;
  });
  const auto twice = std::ranges::unique(edges_);
  edges_.erase(twice.begin(), twice.end());
  first_into_.assign(state_count_ + 1, 0);
  for (const Edge& edge : edges_) ++first_into_[edge.to + 1U];
  for (std::size_t s = 0; s < state_count_; ++s) first_into_[s + 1] += first_into_[s];
}

std::size_t StateGraph::edge_of(State from, State to) const {
  for (std::uint32_t e = first_into_[to]; e < first_into_[to + 1U]; ++e) {
    if (edges_[e].from == from) return e;
  }
  return edges_.size();
}

bool StateGraph::may_begin(State state) const { return state == outside || !goes_on(state); }

bool StateGraph::may_end(State state) const {
  if (state == outside || scheme_ == LabelScheme::Bio) return true;
  return part_of(state) == part_last || part_of(state) == part_unit;
}

bool StateGraph::goes_on(State state) const {
  if (state == outside) return false;
  return part_of(state) == part_inside || part_of(state) == part_last;
}

std::uint32_t StateGraph::type_of(State state) const { return (state - 1U) / states_of_type(); }

StateGraph::State StateGraph::first_of(std::uint32_t type, bool is_one_token) const {
  const bool is_unit = is_one_token && scheme_ == LabelScheme::Bilou;
  return static_cast<State>(1 + type * states_of_type() + (is_unit ? part_unit : part_begin));
}

StateGraph::State StateGraph::state_in(const TypedTokens& span, std::uint32_t token) const {
  if (token == span.begin_token) {
    return first_of(span.type, span.end_token - span.begin_token == 1);
  }
  const bool is_last = token + 1 == span.end_token && scheme_ == LabelScheme::Bilou;
  return static_cast<State>(1 + span.type * states_of_type() + (is_last ? part_last : part_inside));
}

void StateGraph::states_of(std::span<const TypedTokens> spans, std::uint32_t first_token,
                           std::size_t token_count, std::vector<State>& states) const {
  states.assign(token_count, outside);
  for (const TypedTokens& span : spans) {
    for (std::uint32_t t = span.begin_token; t < span.end_token; ++t) {
      states[t - first_token] = state_in(span, t);
    }
  }
}

void StateGraph::spans_of(std::span<const State> states, std::uint32_t first_token,
                          std::vector<TypedTokens>& spans) const {
  bool is_open = false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto token = first_token + static_cast<std::uint32_t>(i);
    if (is_open && goes_on(states[i])) {
      spans.back().end_token = token + 1;
      continue;
    }
    is_open = states[i] != outside;
    if (is_open) spans.push_back({token, token + 1, type_of(states[i])});
  }
}

}  // namespace consilium
