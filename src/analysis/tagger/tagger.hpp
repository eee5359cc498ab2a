// Learns from labelled texts which tokens are spans of which type, and tags other texts: a linear
// chain conditional random field over hashed features, small enough to be trained anew after every
// labelled note.
//
// Training is stochastic gradient ascent on the likelihood with a step per weight (J. Duchi, E.
// Hazan, Y. Singer, J. Mach. Learn. Res. 12 (2011) 2121-2159), sentences in an order that depends
// on nothing but their number. It runs in one thread; threads share tagging and the held-out half
// of calibration, and change no bit of any result.
//
// Probabilities are calibrated: a second model is trained without every fifth text, and what its
// span probabilities were worth on those texts is a logistic curve (J. Platt 1999) through which
// all probabilities go. Below `calibration_spans_min` held-out spans they stay as the chain has
// them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/tagger/label_scheme.hpp"
#include "analysis/tagger/token_features.hpp"
#include "analysis/text_structure/text_structure.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

// A text cut into tokens and sentences, by text_structure or by whoever labelled it. The sentences
// cover tokens in order and do not overlap; `hints` is empty or has one for each token.
struct TaggerText {
  std::string_view utf8;
  std::span<const Token> tokens;
  std::span<const TokenRange> sentences;
  std::span<const TokenHints> hints = {};
};

struct LabelledTokens {
  std::uint32_t begin_token = 0;
  std::uint32_t end_token = 0;
  std::string_view type;
};
// Spans that are empty, cross a sentence's end or another span that begins before them (of equal
// begins the longest stays) are not learnt from.
struct TaggerExample {
  TaggerText text;
  std::vector<LabelledTokens> spans;
};

struct TaggerOptions {
  LabelScheme scheme = LabelScheme::Bilou;
  std::uint32_t epochs = 10;
  float step = 0.1F;
  bool is_calibrated = true;
  std::uint64_t seed = 1;
};

struct TaggedSpan {
  TypedTokens tokens;
  float probability = 0;  // that exactly this span of this type is right
  friend bool operator==(const TaggedSpan&, const TaggedSpan&) = default;
};

struct TaggedText {
  std::vector<TaggedSpan> spans;  // sorted, disjoint
  double entropy_nats = 0;        // of the tokens' states: how unsure the model is of the text
  friend bool operator==(const TaggedText&, const TaggedText&) = default;
};

class Tagger {
 public:
  static constexpr std::size_t type_count_max = 1'000;
  static constexpr std::size_t calibration_spans_min = 30;
  static constexpr std::uint32_t row_bits_max = 20;
  static constexpr std::size_t weight_count_max = std::size_t{1} << 26U;  // 256 MiB

  // Errors: InvalidInput when no text has a span, a place is outside its text, or hints are of
  // another number than tokens; TooLarge past 1,000 types. Texts without spans teach too.
  // Cost: 2,000 sentences of one type below 1 s, with calibration.
  [[nodiscard]] static Result<Tagger> train(std::span<const TaggerExample> examples,
                                            const TaggerOptions& options = {},
                                            unsigned threads = 1);

  // Sorted by name.
  [[nodiscard]] const std::vector<std::string>& types() const { return types_; }

  // Of each text. CSL_CHECKs that sentences and hints fit the tokens.
  // Cost: about 1 us a token for one type.
  [[nodiscard]] std::vector<TaggedText> tag(std::span<const TaggerText> texts,
                                            unsigned threads = 1) const;

  // Format 2: "CSLTAG", all numbers little-endian, with a SHA-256 at its end.
  [[nodiscard]] Bytes serialise() const;
  // Errors: Corrupt when it is no such form, cut, altered or contradicts itself; Unsupported when
  // its format is a later one.
  [[nodiscard]] static Result<Tagger> parse(ByteView bytes);

  friend bool operator==(const Tagger&, const Tagger&) = default;

 private:
  friend class TaggerTrainer;
  struct Calibration {  // logit -> slope x logit + offset
    float slope = 1;
    float offset = 0;
    friend bool operator==(const Calibration&, const Calibration&) = default;
  };
  [[nodiscard]] float calibrated(double probability) const;

  std::vector<std::string> types_;
  LabelScheme scheme_ = LabelScheme::Bilou;
  StateGraph graph_;
  std::vector<float> edge_weights_;  // as graph_.edges()
  std::uint32_t row_bits_ = 0;
  std::vector<float> weights_;  // 2^row_bits rows of a weight for each state
  Calibration calibration_;
};

}  // namespace consilium
