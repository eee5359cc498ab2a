// Learns labels of whole texts or sentences from labelled ones: multinomial logistic regression
// over hashed words and word pairs, trained anew in milliseconds after every labelled note.
//
// Weights are learnt by stochastic gradient ascent with a step per weight (Duchi et al., J. Mach.
// Learn. Res. 12 (2011) 2121-2159). The features of a text are its distinct folded words and
// pairs of neighbouring words; each weighs 1 / sqrt(count) so that long notes do not shout.
// Probabilities are sharpened or flattened by one temperature (C. Guo et al., ICML 2017) that fits
// what models trained without a fifth of the texts said of it.
//
// One thread; the result depends on the texts and their order alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/text_structure/text_structure.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

struct ClassifiedText {
  std::string_view utf8;
  std::span<const Token> tokens;
  std::string_view label;
};

struct LabelProbability {
  std::uint32_t label = 0;  // index into labels()
  float probability = 0;
  friend bool operator==(const LabelProbability&, const LabelProbability&) = default;
};

class TextClassifier {
 public:
  static constexpr std::size_t label_count_max = 1'000;
  static constexpr std::size_t calibration_texts_min = 10;

  // Errors: InvalidInput with fewer than two labels among the texts, or a token outside its text;
  // TooLarge past 1,000 labels.
  [[nodiscard]] static Result<TextClassifier> train(std::span<const ClassifiedText> texts);

  // Sorted by name.
  [[nodiscard]] const std::vector<std::string>& labels() const { return labels_; }

  // All labels, the likeliest first, equal ones by name; they sum to 1.
  [[nodiscard]] std::vector<LabelProbability> classify(std::string_view utf8,
                                                       std::span<const Token> tokens) const;

  // Format 1: "CSLTXC", little-endian, with a SHA-256 at its end.
  [[nodiscard]] Bytes serialise() const;
  // Errors: Corrupt when it is no such form, cut, altered or contradicts itself; Unsupported when
  // its format is a later one.
  [[nodiscard]] static Result<TextClassifier> parse(ByteView bytes);

  friend bool operator==(const TextClassifier&, const TextClassifier&) = default;

 private:
  std::vector<std::string> labels_;
  std::uint32_t row_bits_ = 0;
  std::vector<float> weights_;  // 2^row_bits rows of a weight for each label; row 0 is the bias
  float temperature_ = 1;
};

}  // namespace consilium
