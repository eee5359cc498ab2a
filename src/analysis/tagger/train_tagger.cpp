#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "analysis/parallel/parallel.hpp"
#include "analysis/tagger/chain.hpp"
#include "analysis/tagger/tagger.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t row_bits_min = 12;
constexpr std::size_t held_out_every = 5;
// Fewer texts are cut into blocks of sentences to hold out.
constexpr std::size_t texts_min = 20;
constexpr std::size_t block_sentences = 10;
// A token's weights are left alone where the model is as sure of it as this.
constexpr float gradient_min = 1e-3F;
// At every visit of a sentence each feature is left out with probability one half, so that the
// model leans on none alone: a new word has no weight of its own, only its parts and neighbours do
// (N. Srivastava et al., J. Mach. Learn. Res. 15 (2014) 1929-1958). What that teaches is too sure
// once all features speak, most of all of "outside"; this much is taken from outside's score.
// Both were chosen by cross-validation within the training parts of BC5CDR and NCBI-disease.
constexpr float outside_penalty = 1.6F;

// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, OOPSLA 2014): the order of the sentences.
std::uint64_t next_number(std::uint64_t& state) {
  state += 0x9E37'79B9'7F4A'7C15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBU;
  return z ^ (z >> 31U);
}

struct Sentence {
  bool is_held_out = false;       // from the model that calibration asks
  std::uint32_t first_hash = 0;   // into the hashes of all sentences
  std::uint32_t first_token = 0;  // into ends and states of all
  std::uint32_t token_count = 0;
};

// All that training needs of the texts, made once for both models.
struct Corpus {
  std::vector<Sentence> sentences;
  std::vector<std::uint32_t> hashes;
  std::vector<std::uint32_t> ends;  // of each token's hashes, within its sentence
  std::vector<StateGraph::State> states;
};

struct Weights {
  std::vector<float> rows;
  std::vector<float> edges;
};

// While learning a row holds its weights and, behind them, the sums of their squared gradients:
// both are always read together.
struct Learning {
  std::vector<float> rows;
  std::vector<float> edges;
  std::vector<float> edge_squares;
};

// The features of a sentence that are not left out at this visit.
struct DrawnFeatures {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> ends;  // of each token's, in `rows`
};

Status check_text(const TaggerText& text) {
  std::uint32_t end = 0;
  for (const TokenRange& sentence : text.sentences) {
    if (sentence.begin_token < end || sentence.end_token < sentence.begin_token ||
        sentence.end_token > text.tokens.size()) {
      return fail(ErrorCode::InvalidInput, "a sentence does not fit the tokens");
    }
    end = sentence.end_token;
  }
  std::uint32_t byte = 0;
  for (const Token& token : text.tokens) {
    if (token.begin_byte < byte || token.end_byte < token.begin_byte ||
        token.end_byte > text.utf8.size()) {
      return fail(ErrorCode::InvalidInput, "a token does not fit the text");
    }
    byte = token.end_byte;
  }
  if (!text.hints.empty() && text.hints.size() != text.tokens.size()) {
    return fail(ErrorCode::InvalidInput, "there are not as many hints as tokens");
  }
  return {};
}

// The spans that can be learnt, sorted, disjoint.
std::vector<TypedTokens> learnable(const TaggerExample& example,
                                   const std::map<std::string_view, std::uint32_t>& number) {
  std::vector<TypedTokens> sorted;
  for (const LabelledTokens& span : example.spans) {
    const auto sentence = std::ranges::upper_bound(example.text.sentences, span.begin_token, {},
                                                   &TokenRange::end_token);
    if (span.end_token <= span.begin_token || sentence == example.text.sentences.end() ||
        span.begin_token < sentence->begin_token || span.end_token > sentence->end_token) {
      continue;
    }
    sorted.push_back({span.begin_token, span.end_token, number.at(span.type)});
  }
  std::ranges::sort(sorted, [](const TypedTokens& a, const TypedTokens& b) {
    if (a.begin_token != b.begin_token) return a.begin_token < b.begin_token;
    if (a.end_token != b.end_token) return a.end_token > b.end_token;
    return a.type < b.type;
  });
  std::vector<TypedTokens> disjoint;
  for (const TypedTokens& span : sorted) {
    if (disjoint.empty() || disjoint.back().end_token <= span.begin_token) disjoint.push_back(span);
  }
  return disjoint;
}

}  // namespace

class TaggerTrainer {
 public:
  TaggerTrainer(std::span<const TaggerExample> examples, const TaggerOptions& options)
      : examples_(examples), options_(options) {}

  Result<Tagger> train(unsigned threads) {
    CSL_TRY(prepare());
    Weights weights;
    std::vector<std::pair<double, bool>> held_out;
    const std::size_t models = options_.is_calibrated ? 2 : 1;
    split_work(threads, models, [&](std::uint64_t begin, std::uint64_t end, std::uint64_t) {
      for (std::uint64_t model = begin; model < end; ++model) {
        if (model == 0) {
          weights = learn([](const Sentence&) { return true; });
        } else {
          held_out =
              score_held_out(learn([](const Sentence& sentence) { return !sentence.is_held_out; }));
        }
      }
    });
    tagger_.weights_ = std::move(weights.rows);
    tagger_.edge_weights_ = std::move(weights.edges);
    calibrate(held_out);
    return std::move(tagger_);
  }

 private:
  Status prepare() {
    std::set<std::string_view> names;
    std::size_t token_count = 0;
    for (const TaggerExample& example : examples_) {
      CSL_TRY(check_text(example.text));
      for (const LabelledTokens& span : example.spans) names.insert(span.type);
      token_count += example.text.tokens.size();
    }
    if (names.empty()) {
      return fail(ErrorCode::InvalidInput, "no text has a labelled span", "",
                  "label some before a tagger is trained");
    }
    if (names.size() > Tagger::type_count_max) {
      return fail(ErrorCode::TooLarge, "there are more than 1,000 types of spans");
    }
    std::map<std::string_view, std::uint32_t> number;
    for (const std::string_view name : names) {
      number.emplace(name, static_cast<std::uint32_t>(tagger_.types_.size()));
      tagger_.types_.emplace_back(name);
    }
    tagger_.scheme_ = options_.scheme;
    // About ten new features a token; fewer rows where many states make them wide.
    const auto wanted = static_cast<std::uint32_t>(std::bit_width(token_count * 10));
    tagger_.row_bits_ = std::clamp(wanted, row_bits_min, Tagger::row_bits_max);
    const StateGraph plain(options_.scheme, names.size(), {});
    while (plain.state_count() << tagger_.row_bits_ > Tagger::weight_count_max) {
      --tagger_.row_bits_;
    }
    std::set<StateGraph::Edge> adjacent;
    std::vector<StateGraph::State> states;
    std::vector<std::uint32_t> hashes;
    std::vector<std::uint32_t> ends;
    for (std::uint32_t e = 0; e < examples_.size(); ++e) {
      const TaggerText& text = examples_[e].text;
      const TokenFeatures features(text.utf8, text.tokens, text.hints);
      const std::vector<TypedTokens> spans = learnable(examples_[e], number);
      auto first = spans.begin();
      for (const TokenRange& range : text.sentences) {
        auto last = first;
        while (last != spans.end() && last->begin_token < range.end_token) ++last;
        plain.states_of(std::span(first, last), range.begin_token,
                        range.end_token - range.begin_token, states);
        first = last;
        for (std::size_t t = 1; t < states.size(); ++t) adjacent.insert({states[t - 1], states[t]});
        features.of_sentence(range, hashes, ends);
        const std::size_t group =
            examples_.size() < texts_min ? corpus_.sentences.size() / block_sentences : e;
        corpus_.sentences.push_back({group % held_out_every == held_out_every - 1,
                                     static_cast<std::uint32_t>(corpus_.hashes.size()),
                                     static_cast<std::uint32_t>(corpus_.states.size()),
                                     static_cast<std::uint32_t>(states.size())});
        const std::uint32_t shift = 32 - tagger_.row_bits_;
        for (const std::uint32_t hash : hashes) corpus_.hashes.push_back(hash >> shift);
        corpus_.ends.insert(corpus_.ends.end(), ends.begin(), ends.end());
        corpus_.states.insert(corpus_.states.end(), states.begin(), states.end());
      }
    }
    const std::vector<StateGraph::Edge> seen(adjacent.begin(), adjacent.end());
    tagger_.graph_ = StateGraph(options_.scheme, names.size(), seen);
    return {};
  }

  void fill_scores(const Sentence& sentence, const Weights& weights,
                   std::span<float> scores) const {
    const std::size_t states = tagger_.graph_.state_count();
    std::uint32_t h = 0;
    for (std::uint32_t t = 0; t < sentence.token_count; ++t) {
      float* score = scores.data() + t * states;
      for (; h < corpus_.ends[sentence.first_token + t]; ++h) {
        const float* row =
            weights.rows.data() + std::size_t{corpus_.hashes[sentence.first_hash + h]} * states;
        for (std::size_t s = 0; s < states; ++s) score[s] += row[s];
      }
    }
  }

  template <class Takes>
  Weights learn(const Takes& takes) const {
    const StateGraph& graph = tagger_.graph_;
    const std::size_t states = graph.state_count();
    const std::size_t row_count = std::size_t{1} << tagger_.row_bits_;
    Learning learning{.rows = std::vector<float>(row_count * states * 2, 0.0F),
                      .edges = std::vector<float>(graph.edges().size(), 0.0F),
                      .edge_squares = std::vector<float>(graph.edges().size(), 0.0F)};
    std::vector<std::uint32_t> order;
    for (std::uint32_t s = 0; s < corpus_.sentences.size(); ++s) {
      if (takes(corpus_.sentences[s])) order.push_back(s);
    }
    Chain chain(graph);
    std::uint64_t random = options_.seed;
    DrawnFeatures drawn;
    std::vector<float> gradient(states);
    std::vector<float> edge_gradient(graph.edges().size());
    for (std::uint32_t epoch = 0; epoch < options_.epochs; ++epoch) {
      for (std::size_t i = order.size(); i > 1; --i) {
        std::swap(order[i - 1], order[next_number(random) % i]);
      }
      for (const std::uint32_t s : order) {
        const Sentence& sentence = corpus_.sentences[s];
        draw(sentence, learning, random, drawn);
        fill_scores(drawn, learning, chain.scores(sentence.token_count));
        chain.run_forward_backward(learning.edges);
        const StateGraph::State* truth = corpus_.states.data() + sentence.first_token;
        step(truth, drawn, chain, gradient, learning);
        step_edges(truth, drawn.ends.size(), chain, edge_gradient, learning);
      }
    }
    Weights weights{.rows = std::vector<float>(row_count * states), .edges = learning.edges};
    for (std::size_t row = 0; row < row_count; ++row) {
      std::copy_n(learning.rows.data() + row * states * 2, states,
                  weights.rows.data() + row * states);
    }
    weights.rows[StateGraph::outside] -= outside_penalty;  // row 0 is seen at every token, once
    return weights;
  }

  void draw(const Sentence& sentence, const Learning& learning, std::uint64_t& random,
            DrawnFeatures& drawn) const {
    drawn.ends.clear();
    if (sentence.token_count == 0) return;
    const std::uint32_t* ends = corpus_.ends.data() + sentence.first_token;
    const std::uint32_t* hashes = corpus_.hashes.data() + sentence.first_hash;
    const std::size_t row_floats = tagger_.graph_.state_count() * 2;
    drawn.rows.resize(ends[sentence.token_count - 1]);
    std::uint32_t count = 0;
    std::uint32_t h = 0;
    std::uint64_t bits = 0;
    for (std::uint32_t t = 0; t < sentence.token_count; ++t) {
      for (; h < ends[t]; ++h) {
        if (h % 64 == 0) bits = next_number(random);
        drawn.rows[count] = hashes[h];
        count += static_cast<std::uint32_t>(bits & 1U);
        bits >>= 1U;
      }
      drawn.ends.push_back(count);
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      __builtin_prefetch(learning.rows.data() + drawn.rows[i] * row_floats);
    }
  }

  void fill_scores(const DrawnFeatures& drawn, const Learning& learning,
                   std::span<float> scores) const {
    const std::size_t states = tagger_.graph_.state_count();
    std::uint32_t i = 0;
    for (std::size_t t = 0; t < drawn.ends.size(); ++t) {
      float* score = scores.data() + t * states;
      for (; i < drawn.ends[t]; ++i) {
        const float* row = learning.rows.data() + std::size_t{drawn.rows[i]} * states * 2;
        for (std::size_t s = 0; s < states; ++s) score[s] += row[s];
      }
    }
  }

  void ascend(float& weight, float& square, float gradient) const {
    square += gradient * gradient;
    weight += options_.step * gradient / (std::sqrt(square) + 1e-3F);
  }

  void step(const StateGraph::State* truth, const DrawnFeatures& drawn, const Chain& chain,
            std::span<float> gradient, Learning& learning) const {
    const std::size_t states = gradient.size();
    std::uint32_t begin = 0;
    for (std::size_t t = 0; t < drawn.ends.size(); ++t) {
      float greatest = 0;
      for (std::size_t s = 0; s < states; ++s) {
        const float is_true = truth[t] == s ? 1.0F : 0.0F;
        gradient[s] = is_true - chain.state_probability(t, static_cast<StateGraph::State>(s));
        greatest = std::max(greatest, std::abs(gradient[s]));
      }
      const std::uint32_t end = drawn.ends[t];
      for (std::uint32_t i = begin; i < end && greatest >= gradient_min; ++i) {
        float* row = learning.rows.data() + std::size_t{drawn.rows[i]} * states * 2;
        for (std::size_t s = 0; s < states; ++s) ascend(row[s], row[states + s], gradient[s]);
      }
      begin = end;
    }
  }

  void step_edges(const StateGraph::State* truth, std::size_t token_count, const Chain& chain,
                  std::span<float> gradient, Learning& learning) const {
    std::ranges::fill(gradient, 0.0F);
    for (std::size_t t = 1; t < token_count; ++t) {
      for (std::size_t e = 0; e < gradient.size(); ++e) {
        gradient[e] -= chain.edge_probability(t, e);
      }
      gradient[tagger_.graph_.edge_of(truth[t - 1], truth[t])] += 1.0F;
    }
    for (std::size_t e = 0; e < gradient.size(); ++e) {
      if (std::abs(gradient[e]) < gradient_min) continue;
      ascend(learning.edges[e], learning.edge_squares[e], gradient[e]);
    }
  }

  // The chain's probability of each span that the model finds in the held-out texts, and whether
  // it is right.
  std::vector<std::pair<double, bool>> score_held_out(const Weights& weights) const {
    std::vector<std::pair<double, bool>> scored;
    Chain chain(tagger_.graph_);
    std::vector<StateGraph::State> states;
    std::vector<TypedTokens> found;
    std::vector<TypedTokens> right;
    for (const Sentence& sentence : corpus_.sentences) {
      if (!sentence.is_held_out) continue;
      fill_scores(sentence, weights, chain.scores(sentence.token_count));
      chain.best_states(weights.edges, states);
      found.clear();
      right.clear();
      tagger_.graph_.spans_of(states, 0, found);
      const auto truth =
          std::span(corpus_.states).subspan(sentence.first_token, sentence.token_count);
      tagger_.graph_.spans_of(truth, 0, right);
      if (found.empty()) continue;
      chain.run_forward_backward(weights.edges);
      for (const TypedTokens& span : found) {
        scored.emplace_back(chain.span_probability(span), std::ranges::binary_search(right, span));
      }
    }
    return scored;
  }

  // Newton's method on the two weights of the curve, with Platt's softened targets.
  void calibrate(const std::vector<std::pair<double, bool>>& held_out) {
    if (held_out.size() < Tagger::calibration_spans_min) return;
    double right = 0;
    for (const auto& [p, is_right] : held_out) right += is_right ? 1 : 0;
    const double wrong = static_cast<double>(held_out.size()) - right;
    const double high = (right + 1) / (right + 2);
    const double low = 1 / (wrong + 2);
    double slope = 1;
    double offset = 0;
    for (int round = 0; round < 50; ++round) {
      std::array<double, 2> gradient{};
      std::array<double, 3> hessian{1e-6, 0, 1e-6};
      for (const auto& [p, is_right] : held_out) {
        const double bounded = std::clamp(p, 1e-6, 1 - 1e-6);
        const double x = std::log(bounded / (1 - bounded));
        const double q = 1 / (1 + std::exp(-(slope * x + offset)));
        const double error = (is_right ? high : low) - q;
        gradient[0] += error * x;
        gradient[1] += error;
        hessian[0] += q * (1 - q) * x * x;
        hessian[1] += q * (1 - q) * x;
        hessian[2] += q * (1 - q);
      }
      const double determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
      if (determinant <= 1e-12) break;
      const double by_slope = (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant;
      const double by_offset = (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant;
      slope += std::clamp(by_slope, -1.0, 1.0);
      offset += std::clamp(by_offset, -1.0, 1.0);
      if (std::abs(by_slope) + std::abs(by_offset) < 1e-9) break;
    }
    // A surer chain must not be less probable.
    if (slope <= 0) return;
    tagger_.calibration_ = {static_cast<float>(slope), static_cast<float>(offset)};
  }

  std::span<const TaggerExample> examples_;
  TaggerOptions options_;
  Corpus corpus_;
  Tagger tagger_;
};

Result<Tagger> Tagger::train(std::span<const TaggerExample> examples, const TaggerOptions& options,
                             unsigned threads) {
  return TaggerTrainer(examples, options).train(threads);
}

}  // namespace consilium
