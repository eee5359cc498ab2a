// Gradient-boosted symmetric trees for a few classes, quick enough to be trained anew at every
// stroke: features in 32 bins, each tree asks the same `depth` questions of every sample.
//
// Sources: J. Friedman, Annals of Statistics 29 (2001) 1189-1232 (boosting, softmax loss); T. Chen
// and C. Guestrin, KDD 2016 (second-order gain with a ridge on the leaves); A. Dorogush et al.,
// arXiv:1810.11363 (symmetric trees). Gradients are summed as whole numbers, so that the model is
// the same bit for bit for every thread count and any order of the samples.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium {

struct BoostingOptions {
  std::uint32_t tree_count = 40;
  std::uint32_t depth = 5;     // questions of a tree, 1 to 8
  double learning_rate = 0.3;  // of each tree's answer
  double ridge = 1;            // against leaves that few samples made
  double balance = 1;          // 1: classes count alike; 0: samples do; between: in part
};

class BoostedTrees {
 public:
  static constexpr std::uint32_t class_count_max = 16;
  static constexpr std::uint32_t sample_count_max = 1'000'000;

  // features[f * n + i] of sample i; classes 0 .. class_count - 1. How far classes
  // count alike, however many samples each has, says `balance`. Errors: InvalidInput when lengths
  // differ, a class is out of range or has no sample, or there are fewer than 2 or more than
  // class_count_max classes; TooLarge. Cost: O(trees x depth x samples x features x classes):
  // 10,000 x 18 x 3 in 0.2 s.
  [[nodiscard]] static Result<BoostedTrees> train(std::span<const std::int16_t> features,
                                                  std::span<const std::uint8_t> classes,
                                                  std::uint32_t class_count,
                                                  const BoostingOptions& options,
                                                  unsigned threads = 1);

  [[nodiscard]] std::uint32_t class_count() const { return class_count_; }
  [[nodiscard]] std::uint32_t feature_count() const { return feature_count_; }

  // Probabilities in 1/255, probabilities[k * n + i]; for each sample they add up to 255 but for
  // rounding. `features` as in training. Cost: about 60 ns a sample.
  void predict(std::span<const std::int16_t> features, std::span<std::uint8_t> probabilities) const;

  // A stored form, version 1: little endian.
  [[nodiscard]] Bytes serialise() const;
  // Errors: Corrupt when it is no such form or contradicts itself.
  [[nodiscard]] static Result<BoostedTrees> parse(ByteView bytes);

 private:
  struct Question {
    std::uint16_t feature = 0;
    std::int16_t threshold = 0;  // is the value above it?
    friend bool operator==(const Question&, const Question&) = default;
  };
  class Trainer;
  void put_shares(const std::array<std::int32_t, class_count_max>& score,
                  std::span<std::uint8_t> out, std::size_t stride) const;

  std::uint32_t class_count_ = 0;
  std::uint32_t feature_count_ = 0;
  std::uint32_t depth_ = 0;
  std::vector<Question> questions_;   // depth of each tree, one after the other
  std::vector<std::int32_t> leaves_;  // 2^depth x classes of each tree, in 2^-16
};

}  // namespace consilium
