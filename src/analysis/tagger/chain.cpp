#include "analysis/tagger/chain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace consilium {
namespace {

constexpr float impossible = -1e30F;
constexpr float tiny = 1e-30F;

}  // namespace

std::span<float> Chain::scores(std::size_t token_count) {
  states_ = graph_.state_count();
  tokens_ = token_count;
  scores_.assign(states_ * tokens_, 0.0F);
  return scores_;
}

void Chain::best_states(std::span<const float> edge_weights, std::vector<State>& states) {
  states.resize(tokens_);
  if (tokens_ == 0) return;
  best_.resize(2 * states_);
  from_.resize(tokens_ * states_);
  float* now = best_.data();
  float* before = best_.data() + states_;
  const auto edges = graph_.edges();
  for (std::size_t s = 0; s < states_; ++s) {
    now[s] = graph_.may_begin(static_cast<State>(s)) ? scores_[s] : impossible;
  }
  for (std::size_t t = 1; t < tokens_; ++t) {
    std::swap(now, before);
    const float* score = scores_.data() + t * states_;
    for (std::size_t s = 0; s < states_; ++s) {
      float best = std::numeric_limits<float>::lowest();
      State from = 0;
      for (std::uint32_t e = graph_.first_into(s); e < graph_.first_into(s + 1); ++e) {
        const float sum = before[edges[e].from] + edge_weights[e];
        if (sum > best) {
          best = sum;
          from = edges[e].from;
        }
      }
      now[s] = best + score[s];
      from_[t * states_ + s] = from;
    }
  }
  State last = StateGraph::outside;
  for (std::size_t s = 1; s < states_; ++s) {
    if (graph_.may_end(static_cast<State>(s)) && now[s] > now[last]) last = static_cast<State>(s);
  }
  for (std::size_t t = tokens_; t-- > 0;) {
    states[t] = last;
    if (t > 0) last = from_[t * states_ + last];
  }
}

void Chain::run_forward_backward(std::span<const float> edge_weights) {
  if (tokens_ == 0) return;
  const auto edges = graph_.edges();
  edge_factors_.resize(edges.size());
  for (std::size_t e = 0; e < edges.size(); ++e) {
    edge_factors_[e] = std::exp(std::clamp(edge_weights[e], -30.0F, 30.0F));
  }
  forward_.resize(tokens_ * states_);
  backward_.resize(tokens_ * states_);
  scale_.resize(tokens_);
  for (std::size_t t = 0; t < tokens_; ++t) {
    float* factor = scores_.data() + t * states_;
    const float greatest = *std::max_element(factor, factor + states_);
    float* forward = forward_.data() + t * states_;
    float sum = 0;
    for (std::size_t s = 0; s < states_; ++s) {
      factor[s] = std::exp(factor[s] - greatest) + tiny;
      float in = 0;
      if (t == 0) {
        in = graph_.may_begin(static_cast<State>(s)) ? 1.0F : 0.0F;
      } else {
        const float* before = forward - states_;
        for (std::uint32_t e = graph_.first_into(s); e < graph_.first_into(s + 1); ++e) {
          in += before[edges[e].from] * edge_factors_[e];
        }
      }
      forward[s] = in * factor[s];
      sum += forward[s];
    }
    sum = std::max(sum, tiny);
    scale_[t] = sum;
    for (std::size_t s = 0; s < states_; ++s) forward[s] /= sum;
  }
  float* last = backward_.data() + (tokens_ - 1) * states_;
  float sum = 0;
  for (std::size_t s = 0; s < states_; ++s) {
    last[s] = graph_.may_end(static_cast<State>(s)) ? 1.0F : 0.0F;
    sum += last[s] * forward_[(tokens_ - 1) * states_ + s];
  }
  for (std::size_t s = 0; s < states_; ++s) last[s] /= std::max(sum, tiny);
  for (std::size_t t = tokens_ - 1; t-- > 0;) {
    float* backward = backward_.data() + t * states_;
    const float* next = backward + states_;
    const float* factor = scores_.data() + (t + 1) * states_;
    std::fill(backward, backward + states_, 0.0F);
    for (std::size_t s = 0; s < states_; ++s) {
      const float behind = factor[s] * next[s] / scale_[t + 1];
      for (std::uint32_t e = graph_.first_into(s); e < graph_.first_into(s + 1); ++e) {
        backward[edges[e].from] += edge_factors_[e] * behind;
      }
    }
  }
}

double Chain::span_probability(const TypedTokens& span) const {
  State state = graph_.state_in(span, span.begin_token);
  double product = forward_[span.begin_token * states_ + state];
  for (std::uint32_t t = span.begin_token + 1; t < span.end_token; ++t) {
    const State next = graph_.state_in(span, t);
    product *= edge_factors_[graph_.edge_of(state, next)] * scores_[t * states_ + next] / scale_[t];
    state = next;
  }
  const std::size_t last = span.end_token - 1;
  double behind = backward_[last * states_ + state];
  // In BIO the state does not say that the span ends here: less what goes on inside.
  if (graph_.scheme() == LabelScheme::Bio && span.end_token < tokens_) {
    const auto inside = static_cast<State>(graph_.first_of(span.type, false) + 1);
    const std::size_t at = span.end_token * states_ + inside;
    behind -= edge_factors_[graph_.edge_of(state, inside)] * scores_[at] * backward_[at] /
              scale_[span.end_token];
  }
  return std::clamp(product * behind, 0.0, 1.0);
}

double Chain::entropy() const {
  double sum = 0;
  for (std::size_t i = 0; i < tokens_ * states_; ++i) {
    const double p = forward_[i] * backward_[i];
    if (p > 1e-12) sum -= p * std::log(p);
  }
  return std::max(sum, 0.0);
}

}  // namespace consilium
