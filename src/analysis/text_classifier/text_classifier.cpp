#include "analysis/text_classifier/text_classifier.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "analysis/text_structure/normalise.hpp"
#include "base/byte_writer.hpp"
#include "base/sealed_form.hpp"

namespace consilium {
namespace {

constexpr SealedForm classifier_form{.magic = "CSLTXC",
                                     .version = 1,
                                     .name = "text classifier",
                                     .remedy = "train the classifier again"};
constexpr std::uint32_t row_bits_min = 10;
constexpr std::uint32_t row_bits_max = 18;
constexpr std::size_t weight_count_max = std::size_t{1} << 26U;
constexpr std::uint32_t bias_row = 0;
constexpr int epochs = 20;
constexpr float step = 0.3F;
constexpr std::size_t folds = 5;

// The rows of a text's distinct features, without the bias.
std::vector<std::uint32_t> rows_of(std::string_view utf8, std::span<const Token> tokens,
                                   std::uint32_t row_bits) {
  std::vector<std::uint64_t> words;
  hash_tokens(utf8, tokens, words);
  std::vector<std::uint32_t> rows;
  const auto add = [&](std::uint64_t hash) {
    hash *= 0x9E37'79B9'7F4A'7C15U;
    rows.push_back(static_cast<std::uint32_t>(hash >> (64U - row_bits)));
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    add(words[i]);
    if (i > 0) add(std::rotl(words[i - 1], 21) ^ words[i]);
  }
  std::ranges::sort(rows);
  const auto twice = std::ranges::unique(rows);
  rows.erase(twice.begin(), twice.end());
  std::erase(rows, bias_row);
  return rows;
}

void add_scores(std::span<const std::uint32_t> rows, std::span<const float> weights,
                std::span<float> scores) {
  const std::size_t width = scores.size();
  std::ranges::fill(scores, 0.0F);
  for (const std::uint32_t row : rows) {
    for (std::size_t k = 0; k < width; ++k) scores[k] += weights[row * width + k];
  }
  const float share = 1.0F / std::sqrt(static_cast<float>(std::max<std::size_t>(rows.size(), 1)));
  for (std::size_t k = 0; k < width; ++k) scores[k] = scores[k] * share + weights[k];
}

void to_probabilities(std::span<float> scores, float temperature) {
  const float greatest = std::ranges::max(scores);
  float sum = 0;
  for (float& score : scores) {
    score = std::exp((score - greatest) / temperature);
    sum += score;
  }
  for (float& score : scores) score /= sum;
}

struct Example {
  std::vector<std::uint32_t> rows;
  std::uint32_t label = 0;
};

// Texts in their order; with `without` below `folds` not those of that fold.
std::vector<float> learn(const std::vector<Example>& examples, std::size_t width,
                         std::size_t row_count, std::size_t without) {
  std::vector<float> weights(width * row_count, 0.0F);
  std::vector<float> squares(width * row_count, 0.0F);
  std::vector<float> scores(width);
  const auto ascend = [&](std::size_t at, float gradient) {
    squares[at] += gradient * gradient;
    weights[at] += step * gradient / (std::sqrt(squares[at]) + 1e-3F);
  };
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (std::size_t i = 0; i < examples.size(); ++i) {
      // Every 7th after the other, so that labels given in runs alternate.
      const std::size_t at = i * 7 % examples.size();
      const std::size_t place = examples.size() % 7 == 0 ? i : at;
      if (place % folds == without) continue;
      const Example& example = examples[place];
      add_scores(example.rows, weights, scores);
      to_probabilities(scores, 1);
      scores[example.label] -= 1;
      const float share =
          1.0F / std::sqrt(static_cast<float>(std::max<std::size_t>(example.rows.size(), 1)));
      for (std::size_t k = 0; k < width; ++k) {
        ascend(k, -scores[k]);
        for (const std::uint32_t row : example.rows) ascend(row * width + k, -scores[k] * share);
      }
    }
  }
  return weights;
}

// The temperature of the greatest likelihood of the held-out texts, by golden section.
float fitted_temperature(const std::vector<std::pair<std::vector<float>, std::uint32_t>>& said) {
  const auto loss = [&](double log_temperature) {
    double sum = 0;
    for (const auto& [scores, label] : said) {
      std::vector<float> p = scores;
      to_probabilities(p, static_cast<float>(std::exp(log_temperature)));
      sum -= std::log(std::max(double{p[label]}, 1e-12));
    }
    return sum;
  };
  double low = std::log(0.1);
  double high = std::log(20.0);
  const double ratio = (std::sqrt(5.0) - 1) / 2;
  for (int round = 0; round < 30; ++round) {
    const double left = high - ratio * (high - low);
    const double right = low + ratio * (high - low);
    if (loss(left) <= loss(right)) {
      high = right;
    } else {
      low = left;
    }
  }
  return static_cast<float>(std::exp((low + high) / 2));
}

}  // namespace

Result<TextClassifier> TextClassifier::train(std::span<const ClassifiedText> texts) {
  TextClassifier made;
  std::map<std::string_view, std::uint32_t> number;
  std::size_t token_count = 0;
  for (const ClassifiedText& text : texts) {
    number.emplace(text.label, 0);
    token_count += text.tokens.size();
    for (const Token& token : text.tokens) {
      if (token.begin_byte > token.end_byte || token.end_byte > text.utf8.size()) {
        return fail(ErrorCode::InvalidInput, "a token does not fit the text");
      }
    }
  }
  if (number.size() < 2) {
    return fail(ErrorCode::InvalidInput, "the texts have fewer than two labels to tell apart", "",
                "label texts of another kind too");
  }
  if (number.size() > label_count_max) {
    return fail(ErrorCode::TooLarge, "there are more than 1,000 labels");
  }
  for (auto& [label, at] : number) {
    at = static_cast<std::uint32_t>(made.labels_.size());
    made.labels_.emplace_back(label);
  }
  const std::size_t width = number.size();
  const auto wanted = static_cast<std::uint32_t>(std::bit_width(token_count * 4));
  made.row_bits_ = std::clamp(wanted, row_bits_min, row_bits_max);
  while (width << made.row_bits_ > weight_count_max) --made.row_bits_;
  std::vector<Example> examples;
  for (const ClassifiedText& text : texts) {
    examples.push_back({rows_of(text.utf8, text.tokens, made.row_bits_), number.at(text.label)});
  }
  const std::size_t rows = std::size_t{1} << made.row_bits_;
  made.weights_ = learn(examples, width, rows, folds);
  if (examples.size() < calibration_texts_min) return made;
  std::vector<std::pair<std::vector<float>, std::uint32_t>> said;
  for (std::size_t fold = 0; fold < folds; ++fold) {
    const std::vector<float> without = learn(examples, width, rows, fold);
    for (std::size_t i = fold; i < examples.size(); i += folds) {
      std::vector<float> scores(width);
      add_scores(examples[i].rows, without, scores);
      said.emplace_back(std::move(scores), examples[i].label);
    }
  }
  made.temperature_ = fitted_temperature(said);
  return made;
}

std::vector<LabelProbability> TextClassifier::classify(std::string_view utf8,
                                                       std::span<const Token> tokens) const {
  std::vector<float> scores(labels_.size());
  add_scores(rows_of(utf8, tokens, row_bits_), weights_, scores);
  to_probabilities(scores, temperature_);
  std::vector<LabelProbability> ordered;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    ordered.push_back({static_cast<std::uint32_t>(k), scores[k]});
  }
  std::ranges::stable_sort(ordered, std::greater<>{}, &LabelProbability::probability);
  return ordered;
}

Bytes TextClassifier::serialise() const {
  Bytes out = classifier_form.begin();
  put_number(out, static_cast<std::uint8_t>(row_bits_));
  put_number(out, static_cast<std::uint16_t>(labels_.size()));
  for (const std::string& label : labels_) {
    put_short_text(out, label);
  }
  put_number(out, temperature_);
  for (const float weight : weights_) put_number(out, weight);
  SealedForm::seal(out);
  return out;
}

Result<TextClassifier> TextClassifier::parse(ByteView bytes) {
  ByteReader reader = CSL_TRY(classifier_form.open(bytes));
  TextClassifier made;
  made.row_bits_ = CSL_TRY(reader.u8());
  const std::uint16_t label_count = CSL_TRY(reader.u16());
  if (made.row_bits_ == 0 || made.row_bits_ > row_bits_max || label_count < 2 ||
      label_count > label_count_max) {
    return classifier_form.corrupt(reader, "the text classifier's measures are out of range");
  }
  for (std::uint16_t k = 0; k < label_count; ++k) {
    const std::uint16_t length = CSL_TRY(reader.u16());
    made.labels_.emplace_back(CSL_TRY(reader.text(length)));
    if (k > 0 && made.labels_[k] <= made.labels_[k - 1U]) {
      return classifier_form.corrupt(reader, "the text classifier's labels are not in order");
    }
  }
  made.temperature_ = CSL_TRY(reader.f32());
  const std::size_t count = std::size_t{label_count} << made.row_bits_;
  if (reader.left() != count * sizeof(float)) {
    return classifier_form.corrupt(reader, "the text classifier does not have its length");
  }
  if (!std::isfinite(made.temperature_) || made.temperature_ <= 0) {
    return classifier_form.corrupt(reader, "the text classifier's temperature is out of range");
  }
  made.weights_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    made.weights_.push_back(CSL_TRY(reader.f32()));
    if (!std::isfinite(made.weights_.back()))
      return classifier_form.corrupt(reader, "a weight is no number");
  }
  return made;
}

}  // namespace consilium
