#include "analysis/tagger/tagger.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"
#include "analysis/tagger/chain.hpp"
#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "base/sealed_form.hpp"

namespace consilium {
namespace {

// The version is of the features too: weights of others would say nothing.
constexpr SealedForm tagger_form{
    .magic = "CSLTAG", .version = 2, .name = "tagger", .remedy = "train the tagger again"};
constexpr std::size_t type_bytes_max = 4'096;

Result<float> finite(ByteReader& reader) {
  const float number = CSL_TRY(reader.f32());
  if (!std::isfinite(number)) {
    return fail(ErrorCode::Corrupt, "a weight of the tagger is no number", reader.where());
  }
  return number;
}

}  // namespace

float Tagger::calibrated(double probability) const {
  const double bounded = std::clamp(probability, 1e-6, 1 - 1e-6);
  const double logit = std::log(bounded / (1 - bounded));
  return static_cast<float>(
      1 / (1 + std::exp(-(double{calibration_.slope} * logit + double{calibration_.offset}))));
}

std::vector<TaggedText> Tagger::tag(std::span<const TaggerText> texts, unsigned threads) const {
  std::vector<TaggedText> tagged(texts.size());
  const std::size_t state_count = graph_.state_count();
  const std::uint32_t shift = 32 - row_bits_;
  for_each_part(texts.size(), threads, [&] {
    return [&, chain = Chain(graph_), hashes = std::vector<std::uint32_t>{},
            ends = std::vector<std::uint32_t>{}, states = std::vector<StateGraph::State>{},
            spans = std::vector<TypedTokens>{}](std::size_t i) mutable {
      const TaggerText& text = texts[i];
      CSL_CHECK(text.hints.empty() || text.hints.size() == text.tokens.size());
      const TokenFeatures features(text.utf8, text.tokens, text.hints);
      for (const TokenRange& sentence : text.sentences) {
        CSL_CHECK(sentence.begin_token <= sentence.end_token &&
                  sentence.end_token <= text.tokens.size());
        if (sentence.begin_token == sentence.end_token) continue;
        features.of_sentence(sentence, hashes, ends);
        const std::span<float> scores = chain.scores(ends.size());
        std::size_t h = 0;
        for (const std::uint32_t hash : hashes) {
          __builtin_prefetch(weights_.data() + std::size_t{hash >> shift} * state_count);
        }
        for (std::size_t t = 0; t < ends.size(); ++t) {
          float* score = scores.data() + t * state_count;
          for (; h < ends[t]; ++h) {
            const float* row = weights_.data() + std::size_t{hashes[h] >> shift} * state_count;
            for (std::size_t s = 0; s < state_count; ++s) score[s] += row[s];
          }
        }
        chain.best_states(edge_weights_, states);
        chain.run_forward_backward(edge_weights_);
        tagged[i].entropy_nats += chain.entropy();
        spans.clear();
        graph_.spans_of(states, 0, spans);
        for (TypedTokens span : spans) {
          const float probability = calibrated(chain.span_probability(span));
          span.begin_token += sentence.begin_token;
          span.end_token += sentence.begin_token;
          tagged[i].spans.push_back({span, probability});
        }
      }
    };
  });
  return tagged;
}

Bytes Tagger::serialise() const {
  Bytes out = tagger_form.begin();
  put_number(out, static_cast<std::uint8_t>(scheme_));
  put_number(out, static_cast<std::uint8_t>(row_bits_));
  put_number(out, static_cast<std::uint16_t>(types_.size()));
  for (const std::string& type : types_) {
    put_short_text(out, type);
  }
  put_number(out, calibration_.slope);
  put_number(out, calibration_.offset);
  put_number(out, static_cast<std::uint32_t>(edge_weights_.size()));
  for (std::size_t e = 0; e < edge_weights_.size(); ++e) {
    put_number(out, graph_.edges()[e].from);
    put_number(out, graph_.edges()[e].to);
    put_number(out, edge_weights_[e]);
  }
  const std::size_t width = graph_.state_count();
  const auto is_used = [&](std::size_t row) {
    const auto begin = weights_.begin() + static_cast<std::ptrdiff_t>(row * width);
    return std::any_of(begin, begin + static_cast<std::ptrdiff_t>(width),
                       [](float weight) { return weight != 0; });
  };
  std::uint32_t used = 0;
  for (std::size_t row = 0; row < weights_.size() / width; ++row) used += is_used(row) ? 1 : 0;
  put_number(out, used);
  for (std::size_t row = 0; row < weights_.size() / width; ++row) {
    if (!is_used(row)) continue;
    put_number(out, static_cast<std::uint32_t>(row));
    for (std::size_t s = 0; s < width; ++s) put_number(out, weights_[row * width + s]);
  }
  SealedForm::seal(out);
  return out;
}

Result<Tagger> Tagger::parse(ByteView bytes) {
  ByteReader reader = CSL_TRY(tagger_form.open(bytes));
  Tagger tagger;
  const std::uint8_t scheme = CSL_TRY(reader.u8());
  tagger.row_bits_ = CSL_TRY(reader.u8());
  const std::uint16_t type_count = CSL_TRY(reader.u16());
  if (scheme > 1 || tagger.row_bits_ == 0 || tagger.row_bits_ > row_bits_max || type_count == 0 ||
      type_count > type_count_max) {
    return tagger_form.corrupt(reader, "the tagger's measures are out of range");
  }
  tagger.scheme_ = static_cast<LabelScheme>(scheme);
  for (std::uint16_t t = 0; t < type_count; ++t) {
    const std::uint16_t length = CSL_TRY(reader.u16());
    tagger.types_.emplace_back(CSL_TRY(reader.text(length)));
    if (length > type_bytes_max || (t > 0 && tagger.types_[t] <= tagger.types_[t - 1U])) {
      return tagger_form.corrupt(reader, "the tagger's types are not in order");
    }
  }
  tagger.calibration_.slope = CSL_TRY(finite(reader));
  tagger.calibration_.offset = CSL_TRY(finite(reader));
  const std::uint32_t edge_count = CSL_TRY(reader.u32());
  if (edge_count > reader.left() / 8)
    return tagger_form.corrupt(reader, "the tagger's edges are cut");
  std::vector<StateGraph::Edge> edges(edge_count);
  const std::size_t width = StateGraph(tagger.scheme_, type_count, {}).state_count();
  for (StateGraph::Edge& edge : edges) {
    edge.from = CSL_TRY(reader.u16());
    edge.to = CSL_TRY(reader.u16());
    if (edge.from >= width || edge.to >= width)
      return tagger_form.corrupt(reader, "an edge leads nowhere");
    tagger.edge_weights_.push_back(CSL_TRY(finite(reader)));
  }
  tagger.graph_ = StateGraph(tagger.scheme_, type_count, edges);
  if (!std::ranges::equal(tagger.graph_.edges(), edges)) {
    return tagger_form.corrupt(reader, "the tagger's edges are not those of its types");
  }
  const std::uint32_t used = CSL_TRY(reader.u32());
  const std::size_t rows = std::size_t{1} << tagger.row_bits_;
  if (used > rows || reader.left() != std::size_t{used} * (4 + 4 * width)) {
    return tagger_form.corrupt(reader, "the tagger does not have its length");
  }
  if (rows * width > weight_count_max) {
    return fail(ErrorCode::TooLarge, "the tagger needs more than 256 MiB", reader.where());
  }
  tagger.weights_.assign(rows * width, 0.0F);
  std::int64_t last = -1;
  for (std::uint32_t r = 0; r < used; ++r) {
    const std::uint32_t row = CSL_TRY(reader.u32());
    if (row >= rows || row <= last)
      return tagger_form.corrupt(reader, "the tagger's rows are not in order");
    last = row;
    for (std::size_t s = 0; s < width; ++s) {
      tagger.weights_[row * width + s] = CSL_TRY(finite(reader));
    }
  }
  return tagger;
}

}  // namespace consilium
