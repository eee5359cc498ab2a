#include "analysis/pixel_classifier/boosted_trees.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "analysis/parallel/parallel.hpp"
#include "base/byte_reader.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t bin_count = 32;
constexpr std::int32_t leaf_one = 1 << 16;
// Weighted gradients lie in [-weight_max, weight_max]; so many samples' sums stay within 63 bits.
constexpr double gradient_one = 1 << 20;
constexpr double weight_max = 64;
// With fewer samples starting threads for each level takes longer than the level.
constexpr std::size_t worth_threads = 50'000;

// Thresholds between bins: at equal shares of the training samples, each once.
std::vector<std::int16_t> thresholds_of(std::span<const std::int16_t> values) {
  std::vector<std::int16_t> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  std::vector<std::int16_t> thresholds;
  for (std::size_t bin = 1; bin < bin_count; ++bin) {
    const std::int16_t value = sorted[bin * sorted.size() / bin_count];
    // "Above the threshold" must part the samples: the value below it stays on the other side.
    if (value > sorted.front() && (thresholds.empty() || value - 1 > thresholds.back())) {
      thresholds.push_back(static_cast<std::int16_t>(value - 1));
    }
  }
  return thresholds;
}

}  // namespace

// Holds what training needs beside the model; one tree after the other.
class BoostedTrees::Trainer {
 public:
  Trainer(std::span<const std::int16_t> features, std::span<const std::uint8_t> classes,
          std::uint32_t class_count, const BoostingOptions& options, unsigned threads)
      : classes_(classes),
        class_count_(class_count),
        feature_count_(static_cast<std::uint32_t>(features.size() / classes.size())),
        options_(options),
        threads_(classes.size() < worth_threads ? 1 : threads),
        scores_(classes.size() * class_count),
        gradients_(2 * classes.size() * class_count),
        leaf_of_(classes.size()) {
    const std::size_t n = classes.size();
    std::vector<std::size_t> counts(class_count);
    for (const std::uint8_t each : classes) ++counts[each];
    for (const std::size_t count : counts) {
      const double equal = static_cast<double>(n) / (class_count * static_cast<double>(count));
      weights_.push_back(std::min(std::pow(equal, options.balance), weight_max));
    }
    bins_.resize(features.size());
    for (std::uint32_t f = 0; f < feature_count_; ++f) {
      const auto values = features.subspan(f * n, n);
      thresholds_.push_back(thresholds_of(values));
      for (std::size_t i = 0; i < n; ++i) {
        const auto above = std::ranges::lower_bound(thresholds_[f], values[i]);
        bins_[f * n + i] = static_cast<std::uint8_t>(above - thresholds_[f].begin());
      }
    }
  }

  BoostedTrees train() {
    BoostedTrees model;
    model.class_count_ = class_count_;
    model.feature_count_ = feature_count_;
    model.depth_ = options_.depth;
    for (std::uint32_t tree = 0; tree < options_.tree_count; ++tree) {
      put_gradients();
      std::ranges::fill(leaf_of_, 0);
      for (std::uint32_t level = 0; level < options_.depth; ++level) {
        const Split split = best_split(1U << level);
        model.questions_.push_back({.feature = static_cast<std::uint16_t>(split.feature),
                                    .threshold = thresholds_[split.feature].empty()
                                                     ? std::int16_t{0}
                                                     : thresholds_[split.feature][split.bin]});
        for (std::size_t i = 0; i < leaf_of_.size(); ++i) {
          const bool is_above = bins_[split.feature * leaf_of_.size() + i] > split.bin;
          leaf_of_[i] = static_cast<std::uint16_t>(leaf_of_[i] | (is_above ? 1U << level : 0U));
        }
      }
      put_leaves(model);
    }
    return model;
  }

 private:
  struct Split {
    double gain = -1;
    std::uint32_t feature = 0;
    std::uint32_t bin = 0;
  };

  // Gradient and curvature of the softmax loss, for each sample side by side.
  void put_gradients() {
    split_work(
        threads_, classes_.size(), [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
          std::vector<double> share(class_count_);
          for (std::uint64_t i = first; i < last; ++i) {
            const std::int64_t* score = scores_.data() + i * class_count_;
            const std::int64_t highest = *std::max_element(score, score + class_count_);
            double sum = 0;
            for (std::uint32_t k = 0; k < class_count_; ++k) {
              share[k] = std::exp(static_cast<double>(score[k] - highest) / leaf_one);
              sum += share[k];
            }
            const double weight = weights_[classes_[i]] * gradient_one;
            for (std::uint32_t k = 0; k < class_count_; ++k) {
              const double p = share[k] / sum;
              const double truth = classes_[i] == k ? 1 : 0;
              gradients_[2 * i * class_count_ + k] = std::llround((p - truth) * weight);
              gradients_[(2 * i + 1) * class_count_ + k] = std::llround(p * (1 - p) * weight);
            }
          }
        });
  }

  [[nodiscard]] double gain_of(const std::int64_t* gradient, const std::int64_t* curvature) const {
    double gain = 0;
    for (std::uint32_t k = 0; k < class_count_; ++k) {
      const auto g = static_cast<double>(gradient[k]) / gradient_one;
      const auto h = static_cast<double>(curvature[k]) / gradient_one;
      gain += g * g / (h + options_.ridge);
    }
    return gain;
  }

  [[nodiscard]] Split best_of_feature(std::uint32_t feature, std::uint32_t leaf_count,
                                      std::vector<std::int64_t>& sums) const {
    const std::size_t width = 2 * std::size_t{class_count_};
    const std::size_t n = classes_.size();
    const auto split_count = static_cast<std::uint32_t>(thresholds_[feature].size());
    sums.assign(std::size_t{leaf_count} * bin_count * width, 0);
    const std::uint8_t* bins = bins_.data() + feature * n;
    for (std::size_t i = 0; i < n; ++i) {
      std::int64_t* sum = sums.data() + (std::size_t{leaf_of_[i]} * bin_count + bins[i]) * width;
      const std::int64_t* own = gradients_.data() + i * width;
      for (std::size_t j = 0; j < width; ++j) sum[j] += own[j];
    }
    std::vector<double> gains(split_count);
    std::vector<std::int64_t> all(width);
    std::vector<std::int64_t> below(width);
    std::vector<std::int64_t> above(width);
    for (std::uint32_t leaf = 0; leaf < leaf_count; ++leaf) {
      const std::int64_t* of_leaf = sums.data() + std::size_t{leaf} * bin_count * width;
      std::ranges::fill(all, 0);
      for (std::uint32_t bin = 0; bin <= split_count; ++bin) {
        for (std::size_t j = 0; j < width; ++j) all[j] += of_leaf[bin * width + j];
      }
      std::ranges::fill(below, 0);
      for (std::uint32_t bin = 0; bin < split_count; ++bin) {
        for (std::size_t j = 0; j < width; ++j) {
          below[j] += of_leaf[bin * width + j];
          above[j] = all[j] - below[j];
        }
        gains[bin] += gain_of(below.data(), below.data() + class_count_) +
                      gain_of(above.data(), above.data() + class_count_);
      }
    }
    Split best{.gain = -1, .feature = feature, .bin = 0};
    for (std::uint32_t bin = 0; bin < split_count; ++bin) {
      if (gains[bin] > best.gain) best = {.gain = gains[bin], .feature = feature, .bin = bin};
    }
    return best;
  }

  [[nodiscard]] Split best_split(std::uint32_t leaf_count) const {
    std::vector<Split> found(feature_count_);
    for_each_part(feature_count_, threads_, [&] {
      return [this, leaf_count, &found, sums = std::vector<std::int64_t>()](std::size_t f) mutable {
        found[f] = best_of_feature(static_cast<std::uint32_t>(f), leaf_count, sums);
      };
    });
    // Of equal gains the first feature's.
    return *std::ranges::max_element(found, {}, &Split::gain);
  }

  void put_leaves(BoostedTrees& model) {
    const std::size_t leaf_count = std::size_t{1} << options_.depth;
    std::vector<std::int64_t> sums(leaf_count * 2 * class_count_);
    for (std::size_t i = 0; i < leaf_of_.size(); ++i) {
      for (std::size_t j = 0; j < 2 * std::size_t{class_count_}; ++j) {
        sums[std::size_t{leaf_of_[i]} * 2 * class_count_ + j] +=
            gradients_[2 * i * class_count_ + j];
      }
    }
    const std::size_t first = model.leaves_.size();
    for (std::size_t leaf = 0; leaf < leaf_count; ++leaf) {
      for (std::uint32_t k = 0; k < class_count_; ++k) {
        const auto g = static_cast<double>(sums[leaf * 2 * class_count_ + k]) / gradient_one;
        const auto h = static_cast<double>(sums[(leaf * 2 + 1) * class_count_ + k]) / gradient_one;
        const double answer = -options_.learning_rate * g / (h + options_.ridge);
        constexpr double answer_max = 8;
        model.leaves_.push_back(static_cast<std::int32_t>(
            std::lround(std::clamp(answer, -answer_max, answer_max) * leaf_one)));
      }
    }
    for (std::size_t i = 0; i < leaf_of_.size(); ++i) {
      for (std::uint32_t k = 0; k < class_count_; ++k) {
        scores_[i * class_count_ + k] +=
            model.leaves_[first + std::size_t{leaf_of_[i]} * class_count_ + k];
      }
    }
  }

  std::span<const std::uint8_t> classes_;
  std::uint32_t class_count_;
  std::uint32_t feature_count_;
  BoostingOptions options_;
  unsigned threads_;
  std::vector<double> weights_;                        // of a class
  std::vector<std::vector<std::int16_t>> thresholds_;  // of a feature
  std::vector<std::uint8_t> bins_;                     // as the features
  std::vector<std::int64_t> scores_;                   // classes of each sample
  std::vector<std::int64_t> gradients_;                // gradients, then curvatures of each sample
  std::vector<std::uint16_t> leaf_of_;
};

Result<BoostedTrees> BoostedTrees::train(std::span<const std::int16_t> features,
                                         std::span<const std::uint8_t> classes,
                                         std::uint32_t class_count, const BoostingOptions& options,
                                         unsigned threads) {
  if (classes.empty() || features.empty() || features.size() % classes.size() != 0) {
    return fail(ErrorCode::InvalidInput, "the training samples and their classes differ in number");
  }
  if (classes.size() > sample_count_max) {
    return fail(ErrorCode::TooLarge, "there are more than 1,000,000 training samples");
  }
  if (class_count < 2 || class_count > class_count_max) {
    return fail(ErrorCode::InvalidInput, "a classifier needs 2 to 16 classes",
                std::to_string(class_count), "mark at least two structures, or one and background");
  }
  std::vector<bool> seen(class_count);
  for (const std::uint8_t each : classes) {
    if (each >= class_count)
      return fail(ErrorCode::InvalidInput, "a sample's class is out of range");
    seen[each] = true;
  }
  if (std::ranges::find(seen, false) != seen.end()) {
    return fail(ErrorCode::InvalidInput, "a class has no training sample");
  }
  constexpr std::uint32_t depth_max = 8;
  if (options.depth < 1 || options.depth > depth_max || options.tree_count < 1 ||
      !(options.ridge > 0) || !(options.learning_rate > 0) ||
      !(options.balance >= 0 && options.balance <= 1)) {
    return fail(ErrorCode::InvalidInput,
                "the trees' number, depth, rate, ridge or balance is out of range");
  }
  return Trainer(features, classes, class_count, options, threads).train();
}

namespace {

// Sixteen samples side by side, and four classes.
using Samples = std::int16_t __attribute__((vector_size(32)));
using Scores = std::int32_t __attribute__((vector_size(16)));
constexpr std::size_t lane_count = 16;
constexpr std::size_t score_lanes = 4;
constexpr std::size_t chunk_size = 128;  // whose leaves of all trees stay in the first cache

// leaf |= bit where the value is above the threshold.
void ask(std::span<const std::int16_t> values, std::int16_t threshold, std::int16_t bit,
         std::span<std::int16_t> leaf) {
  std::size_t i = 0;
  for (; i + lane_count <= values.size(); i += lane_count) {
    Samples value;
    Samples answer;
    std::memcpy(&value, values.data() + i, sizeof(value));
    std::memcpy(&answer, leaf.data() + i, sizeof(answer));
    answer |= (value > threshold) & bit;
    std::memcpy(leaf.data() + i, &answer, sizeof(answer));
  }
  for (; i < values.size(); ++i) {
    leaf[i] = static_cast<std::int16_t>(leaf[i] | (values[i] > threshold ? bit : 0));
  }
}

}  // namespace

void BoostedTrees::predict(std::span<const std::int16_t> features,
                           std::span<std::uint8_t> probabilities) const {
  const std::size_t n = features.size() / feature_count_;
  const std::size_t leaf_count = std::size_t{1} << depth_;
  const std::size_t tree_count = questions_.size() / depth_;
  // Answers by tree and leaf, classes in whole groups of lanes.
  const std::size_t groups = (class_count_ + score_lanes - 1) / score_lanes;
  std::vector<Scores> answers(tree_count * leaf_count * groups);
  for (std::size_t leaf = 0; leaf < tree_count * leaf_count; ++leaf) {
    std::memcpy(&answers[leaf * groups], leaves_.data() + leaf * class_count_,
                class_count_ * sizeof(std::int32_t));
  }
  std::vector<std::int16_t> leaves(tree_count * chunk_size);
  std::vector<Scores> sums(chunk_size * groups);
  for (std::size_t first = 0; first < n; first += chunk_size) {
    const std::size_t count = std::min(chunk_size, n - first);
    std::ranges::fill(leaves, std::int16_t{0});
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      const auto bit = static_cast<std::int16_t>(1U << (i % depth_));
      ask(features.subspan(questions_[i].feature * n + first, count), questions_[i].threshold, bit,
          std::span(leaves).subspan(i / depth_ * chunk_size, count));
    }
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t group = 0; group < groups; ++group) {
        Scores sum{};
        for (std::size_t tree = 0; tree < tree_count; ++tree) {
          const auto leaf = static_cast<std::size_t>(leaves[tree * chunk_size + i]);
          sum += answers[(tree * leaf_count + leaf) * groups + group];
        }
        sums[i * groups + group] = sum;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::array<std::int32_t, class_count_max> score{};
      std::memcpy(score.data(), &sums[i * groups], groups * sizeof(Scores));
      put_shares(score, probabilities.subspan(first + i), n);
    }
  }
}

// Softmax of an item's scores, in 1/255; one class every `stride` places.
void BoostedTrees::put_shares(const std::array<std::int32_t, class_count_max>& score,
                              std::span<std::uint8_t> out, std::size_t stride) const {
  std::array<float, class_count_max> share{};
  const std::int32_t highest = *std::max_element(score.begin(), score.begin() + class_count_);
  float sum = 0;
  for (std::uint32_t k = 0; k < class_count_; ++k) {
    share[k] = std::exp(static_cast<float>(score[k] - highest) / leaf_one);
    sum += share[k];
  }
  for (std::uint32_t k = 0; k < class_count_; ++k) {
    out[k * stride] = static_cast<std::uint8_t>(std::lround(share[k] / sum * 255));
  }
}

namespace {
constexpr std::string_view form_name("CSLBT1\0\0", 8);

void append(Bytes& out, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::byte>((value >> shift) & 0xFFU));
  }
}
}  // namespace

Bytes BoostedTrees::serialise() const {
  const ByteView name = bytes_of(form_name);
  Bytes out(name.begin(), name.end());
  const auto tree_count = static_cast<std::uint32_t>(questions_.size() / depth_);
  for (const std::uint32_t value : {class_count_, feature_count_, depth_, tree_count}) {
    append(out, value);
  }
  for (const Question& question : questions_) {
    append(out, std::uint32_t{question.feature} |
                    (std::uint32_t{static_cast<std::uint16_t>(question.threshold)} << 16U));
  }
  for (const std::int32_t leaf : leaves_) append(out, static_cast<std::uint32_t>(leaf));
  return out;
}

Result<BoostedTrees> BoostedTrees::parse(ByteView bytes) {
  const auto broken = [] {
    return fail(ErrorCode::Corrupt, "the classifier's stored form is damaged", "",
                "train it again from the strokes");
  };
  constexpr std::size_t head_size = 24;
  constexpr std::uint32_t tree_count_max = 10'000;
  if (bytes.size() < head_size ||
      std::memcmp(bytes.data(), form_name.data(), form_name.size()) != 0) {
    return broken();
  }
  std::size_t at = 8;
  const auto next = [&] {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
      value |= std::to_integer<std::uint32_t>(bytes[at++]) << (8 * i);
    }
    return value;
  };
  BoostedTrees model;
  model.class_count_ = next();
  model.feature_count_ = next();
  model.depth_ = next();
  const std::uint32_t tree_count = next();
  constexpr std::uint32_t depth_max = 8;
  if (model.class_count_ < 2 || model.class_count_ > class_count_max || model.depth_ < 1 ||
      model.depth_ > depth_max || model.feature_count_ == 0 || tree_count > tree_count_max) {
    return broken();
  }
  const std::size_t question_count = std::size_t{tree_count} * model.depth_;
  const std::size_t leaf_count = (std::size_t{tree_count} << model.depth_) * model.class_count_;
  if (bytes.size() != head_size + 4 * (question_count + leaf_count)) return broken();
  for (std::size_t i = 0; i < question_count; ++i) {
    const std::uint32_t value = next();
    const Question question{.feature = static_cast<std::uint16_t>(value & 0xFFFFU),
                            .threshold = static_cast<std::int16_t>(value >> 16U)};
    if (question.feature >= model.feature_count_) return broken();
    model.questions_.push_back(question);
  }
  for (std::size_t i = 0; i < leaf_count; ++i) {
    model.leaves_.push_back(static_cast<std::int32_t>(next()));
  }
  return model;
}

}  // namespace consilium
