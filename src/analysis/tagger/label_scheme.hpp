// The states that a tagger gives tokens, and which may follow which. Used inside this module.
//
// With T types BILOU has 1 + 4T states: outside, and of each type begin, inside, last and unit (a
// span of one token); BIO has 1 + 2T: outside, begin, inside. A state follows another only by an
// edge. Edges within a span and to and from outside are always there; between the end of one span
// and the begin of the next only where the training texts have them. So the work of a token grows
// with the edges that occur and not with the square of the states.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace consilium {

enum class LabelScheme : std::uint8_t { Bio = 0, Bilou = 1 };

// Tokens, half open; `type` is an index into the tagger's types.
struct TypedTokens {
  std::uint32_t begin_token = 0;
  std::uint32_t end_token = 0;
  std::uint32_t type = 0;
  friend auto operator<=>(const TypedTokens&, const TypedTokens&) = default;
};

class StateGraph {
 public:
  using State = std::uint16_t;
  struct Edge {
    State from = 0;
    State to = 0;
    friend auto operator<=>(const Edge&, const Edge&) = default;
  };
  static constexpr State outside = 0;

  StateGraph() = default;
  friend bool operator==(const StateGraph&, const StateGraph&) = default;
  // `adjacent` are edges from ends to begins that occur; others in it are left out.
  StateGraph(LabelScheme scheme, std::size_t type_count, std::span<const Edge> adjacent);

  [[nodiscard]] LabelScheme scheme() const { return scheme_; }
  [[nodiscard]] std::size_t state_count() const { return state_count_; }
  [[nodiscard]] std::span<const Edge> edges() const { return edges_; }  // by `to`, then `from`
  // The edges into a state are [first_into(s), first_into(s + 1)).
  [[nodiscard]] std::uint32_t first_into(std::size_t state) const { return first_into_[state]; }
  // The edge's place among edges(), or edge_count when there is none.
  [[nodiscard]] std::size_t edge_of(State from, State to) const;

  [[nodiscard]] bool may_begin(State state) const;         // a sentence, or after an end
  [[nodiscard]] bool may_end(State state) const;           // a sentence, or before a begin
  [[nodiscard]] bool goes_on(State state) const;           // is inside the span of the token before
  [[nodiscard]] std::uint32_t type_of(State state) const;  // of a state that is not outside
  [[nodiscard]] State first_of(std::uint32_t type, bool is_one_token) const;
  // The state of a span's token.
  [[nodiscard]] State state_in(const TypedTokens& span, std::uint32_t token) const;

  // The states of `token_count` tokens from `first_token`; spans are sorted, disjoint and within.
  void states_of(std::span<const TypedTokens> spans, std::uint32_t first_token,
                 std::size_t token_count, std::vector<State>& states) const;
  // Appends the spans that legal states spell.
  void spans_of(std::span<const State> states, std::uint32_t first_token,
                std::vector<TypedTokens>& spans) const;

 private:
  [[nodiscard]] std::uint32_t states_of_type() const { return scheme_ == LabelScheme::Bio ? 2 : 4; }
  [[nodiscard]] std::uint32_t part_of(State state) const { return (state - 1U) % states_of_type(); }
  LabelScheme scheme_ = LabelScheme::Bilou;
  std::size_t state_count_ = 1;
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> first_into_;
};

}  // namespace consilium
