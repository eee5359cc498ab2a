// Says of every beat of a record which AAMI class it is of, by what was learnt from other patients'
// records: boosted trees (pixel_classifier/boosted_trees.hpp) over the beats' traits, of normal
// beats every fifth; then weighed by class, so that rare ones are said often enough to be found. In
// atrial fibrillation, where intervals repeat at no distance (ecg_rhythm.hpp), no beat is premature
// from above: there S is hardly ever said.
//
// Learnt from records at hand by a command, never shipped. The stored form carries its recipe: how
// many records and beats of which class, every setting, and the hash of what was learnt from, so
// that whoever has the records can make the same bytes again.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/beat_classes/beat_class.hpp"
#include "analysis/beat_classes/beat_traits.hpp"
#include "analysis/pixel_classifier/boosted_trees.hpp"
#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"

namespace consilium {

using BeatClassShares = std::array<float, beat_class_count>;  // of sum 1

struct LabelledBeats {
  BeatTraits traits;
  std::vector<BeatClass> classes;  // of each beat
};

struct BeatClassRecipe {
  std::uint32_t record_count = 0;
  std::array<std::uint32_t, beat_class_count> beat_counts{};
  BoostingOptions boosting{};
  std::uint32_t normal_step = 1;                  // of normal beats every so many one is learnt
  std::array<float, beat_class_count> weights{};  // by which shares are multiplied
  Sha256Digest data{};  // of all traits and classes, in the records' order
};

class BeatClassModel {
 public:
  // A class with fewer beats is not learnt, and never said.
  static constexpr std::uint32_t class_beats_min = 20;

  // Errors: InvalidInput when classes are of another number than beats, or fewer than two classes
  // have enough; TooLarge past 1,000,000 beats.
  [[nodiscard]] static Result<BeatClassModel> train(std::span<const LabelledBeats> records,
                                                    unsigned threads = 1);

  // Of each beat how likely each class is.
  [[nodiscard]] std::vector<BeatClassShares> classify(const BeatTraits& traits) const;

  [[nodiscard]] const BeatClassRecipe& recipe() const { return recipe_; }

  // Format 1: "CSLBCM", little-endian, with a SHA-256 at its end.
  [[nodiscard]] Bytes serialise() const;
  // Errors: Corrupt when it is no such form, cut, altered or contradicts itself; Unsupported when
  // its format is another one.
  [[nodiscard]] static Result<BeatClassModel> parse(ByteView bytes);

 private:
  BeatClassRecipe recipe_;
  std::vector<BeatClass> classes_;  // those learnt, in the trees' order
  BoostedTrees trees_;
};

// The likeliest one; of equal ones the first.
[[nodiscard]] BeatClass likeliest(const BeatClassShares& shares);

}  // namespace consilium
