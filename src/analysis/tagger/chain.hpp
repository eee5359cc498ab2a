// Exact inference in a linear chain: the likeliest states of a sentence and the probabilities of
// states, edges and spans (forward-backward). Used inside this module.
// Source: J. Lafferty, A. McCallum, F. Pereira, Proc. ICML 2001, 282-289.
//
// Cost: O(tokens x edges). The buffers are kept from sentence to sentence.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/tagger/label_scheme.hpp"

namespace consilium {

class Chain {
 public:
  using State = StateGraph::State;
  explicit Chain(const StateGraph& graph) : graph_(graph) {}

  // Score of each state of each token, states fastest; filled by the caller.
  [[nodiscard]] std::span<float> scores(std::size_t token_count);

  // The states of the greatest sum of scores and edge weights; ties: the smaller state.
  void best_states(std::span<const float> edge_weights, std::vector<State>& states);

  // After this the probabilities below are known. Destroys the scores.
  void run_forward_backward(std::span<const float> edge_weights);
  // P(state of the token).
  [[nodiscard]] float state_probability(std::size_t token, State state) const {
    const std::size_t at = token * states_ + state;
    return forward_[at] * backward_[at];
  }
  // P(edge into the token), edge by its place.
  [[nodiscard]] float edge_probability(std::size_t token, std::size_t edge) const {
    const StateGraph::Edge& e = graph_.edges()[edge];
    return forward_[(token - 1) * states_ + e.from] * edge_factors_[edge] *
           scores_[token * states_ + e.to] * backward_[token * states_ + e.to] / scale_[token];
  }
  // P(exactly these tokens are a span of the type). `span` is counted from the sentence's begin.
  [[nodiscard]] double span_probability(const TypedTokens& span) const;
  // Sum over the tokens of the entropy of their states, in nats.
  [[nodiscard]] double entropy() const;

 private:
  const StateGraph& graph_;
  std::size_t states_ = 0;
  std::size_t tokens_ = 0;
  std::vector<float> scores_;  // after forward-backward: factors, the greatest of a token 1
  std::vector<float> edge_factors_;
  std::vector<float> forward_;   // each token's sum is 1
  std::vector<float> backward_;  // forward x backward is a probability
  std::vector<float> scale_;
  std::vector<float> best_;
  std::vector<State> from_;
};

}  // namespace consilium
