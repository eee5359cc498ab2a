#include "analysis/beat_classes/beat_class_model.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/byte_writer.hpp"
#include "base/check.hpp"
#include "base/sealed_form.hpp"

namespace consilium {
namespace {

// Set by leaving records out (bench/signals/class_study.cpp).
constexpr BoostingOptions boosting{
    .tree_count = 50, .depth = 5, .learning_rate = 0.3, .ridge = 3, .balance = 0.3};
constexpr std::uint32_t normal_step = 5;
constexpr std::array<float, beat_class_count> weights{1, 11, 2, 0.15F, 1};
// Of S, between these irregularities ever less.
constexpr float irregular_from = 0.08F;
constexpr float irregular_to = 0.10F;
constexpr float hardly_ever = 0.0025F;

constexpr SealedForm model_form{
    .magic = "CSLBCM", .version = 1, .name = "model of beat classes", .remedy = "train it again"};

// Column after column, as the trees take them.
std::vector<std::int16_t> columns_of(std::span<const LabelledBeats> records, std::size_t count) {
  std::vector<std::int16_t> out(count * BeatTraits::columns);
  std::size_t row = 0;
  for (const LabelledBeats& record : records) {
    for (std::size_t at = 0; at < record.traits.values.size(); at += BeatTraits::columns, ++row) {
      for (std::size_t c = 0; c < BeatTraits::columns; ++c) {
        out[c * count + row] = record.traits.values[at + c];
      }
    }
  }
  return out;
}

BeatClassRecipe recipe_of(std::span<const LabelledBeats> records) {
  BeatClassRecipe recipe{.record_count = static_cast<std::uint32_t>(records.size()),
                         .boosting = boosting,
                         .normal_step = normal_step,
                         .weights = weights};
  Sha256 hash;
  Bytes table;
  for (const LabelledBeats& record : records) {
    table.clear();
    put_number(table, static_cast<std::uint32_t>(record.classes.size()));
    for (const std::int16_t value : record.traits.values) put_number(table, value);
    for (const BeatClass each : record.classes) {
      put_number(table, static_cast<std::uint8_t>(each));
      ++recipe.beat_counts[static_cast<std::size_t>(each)];
    }
    hash.update(table);
  }
  recipe.data = hash.finish();
  return recipe;
}

}  // namespace

BeatClass likeliest(const BeatClassShares& shares) {
  return static_cast<BeatClass>(std::ranges::max_element(shares) - shares.begin());
}

Result<BeatClassModel> BeatClassModel::train(std::span<const LabelledBeats> records,
                                             unsigned threads) {
  for (const LabelledBeats& record : records) {
    if (record.classes.size() == record.traits.beat_count()) continue;
    return fail(ErrorCode::InvalidInput, "a record has classes of another number than beats");
  }
  BeatClassModel model;
  model.recipe_ = recipe_of(records);
  std::array<std::uint8_t, beat_class_count> place{};
  for (std::size_t k = 0; k < beat_class_count; ++k) {
    if (model.recipe_.beat_counts[k] < class_beats_min) continue;
    place[k] = static_cast<std::uint8_t>(model.classes_.size());
    model.classes_.push_back(static_cast<BeatClass>(k));
  }
  if (model.classes_.size() < 2) {
    return fail(ErrorCode::InvalidInput, "beats of one class alone teach nothing", "records",
                "give records with 20 beats or more of at least two classes (N, S, V, F, Q)");
  }
  std::vector<LabelledBeats> used;
  std::size_t normal_count = 0;
  std::vector<std::uint8_t> classes;
  for (const LabelledBeats& record : records) {
    LabelledBeats& kept = used.emplace_back();
    for (std::size_t b = 0; b < record.classes.size(); ++b) {
      const auto k = static_cast<std::size_t>(record.classes[b]);
      if (model.recipe_.beat_counts[k] < class_beats_min) continue;
      const bool is_normal = record.classes[b] == BeatClass::Normal;
      if (is_normal && normal_count++ % normal_step != 0) continue;
      classes.push_back(place[k]);
      const auto row =
          record.traits.values.begin() + static_cast<std::ptrdiff_t>(b * BeatTraits::columns);
      kept.traits.values.insert(kept.traits.values.end(), row, row + BeatTraits::columns);
    }
  }
  model.trees_ = CSL_TRY(BoostedTrees::train(columns_of(used, classes.size()), classes,
                                             static_cast<std::uint32_t>(model.classes_.size()),
                                             boosting, threads));
  return model;
}

std::vector<BeatClassShares> BeatClassModel::classify(const BeatTraits& traits) const {
  const std::size_t count = traits.beat_count();
  const LabelledBeats rows{.traits = traits, .classes = {}};
  std::vector<std::uint8_t> shares(count * classes_.size());
  trees_.predict(columns_of(std::span(&rows, 1), count), shares);
  std::vector<BeatClassShares> out(count, BeatClassShares{});
  for (std::size_t b = 0; b < count; ++b) {
    const auto irregularity =
        static_cast<float>(BeatTraits::unit) *
        static_cast<float>(
            traits.values[b * BeatTraits::columns + BeatTraits::irregularity_column]);
    const float way =
        std::clamp((irregularity - irregular_from) / (irregular_to - irregular_from), 0.0F, 1.0F);
    float sum = 0;
    for (std::size_t k = 0; k < classes_.size(); ++k) {
      const auto place = static_cast<std::size_t>(classes_[k]);
      float share = (static_cast<float>(shares[k * count + b]) + 0.05F) * recipe_.weights[place];
      if (classes_[k] == BeatClass::Supraventricular) share *= std::pow(hardly_ever, way);
      out[b][place] = share;
      sum += share;
    }
    for (float& share : out[b]) share /= sum;
  }
  return out;
}

Bytes BeatClassModel::serialise() const {
  Bytes out = model_form.begin();
  put_number(out, recipe_.record_count);
  for (const std::uint32_t count : recipe_.beat_counts) put_number(out, count);
  put_number(out, recipe_.boosting.tree_count);
  put_number(out, recipe_.boosting.depth);
  put_number(out, static_cast<float>(recipe_.boosting.learning_rate));
  put_number(out, static_cast<float>(recipe_.boosting.ridge));
  put_number(out, static_cast<float>(recipe_.boosting.balance));
  put_number(out, recipe_.normal_step);
  for (const float weight : recipe_.weights) put_number(out, weight);
  out.insert(out.end(), recipe_.data.begin(), recipe_.data.end());
  put_number(out, static_cast<std::uint8_t>(classes_.size()));
  for (const BeatClass each : classes_) put_number(out, static_cast<std::uint8_t>(each));
  const Bytes trees = trees_.serialise();
  out.insert(out.end(), trees.begin(), trees.end());
  SealedForm::seal(out);
  return out;
}

Result<BeatClassModel> BeatClassModel::parse(ByteView bytes) {
  ByteReader reader = CSL_TRY(model_form.open(bytes));
  BeatClassModel model;
  BeatClassRecipe& recipe = model.recipe_;
  recipe.record_count = CSL_TRY(reader.u32());
  for (std::uint32_t& count : recipe.beat_counts) count = CSL_TRY(reader.u32());
  recipe.boosting.tree_count = CSL_TRY(reader.u32());
  recipe.boosting.depth = CSL_TRY(reader.u32());
  recipe.boosting.learning_rate = static_cast<double>(CSL_TRY(reader.f32()));
  recipe.boosting.ridge = static_cast<double>(CSL_TRY(reader.f32()));
  recipe.boosting.balance = static_cast<double>(CSL_TRY(reader.f32()));
  recipe.normal_step = CSL_TRY(reader.u32());
  for (float& weight : recipe.weights) weight = CSL_TRY(reader.f32());
  std::ranges::copy(CSL_TRY(reader.take(recipe.data.size())), recipe.data.begin());
  const std::uint8_t class_count = CSL_TRY(reader.u8());
  for (std::uint8_t k = 0; k < class_count; ++k) {
    const std::uint8_t each = CSL_TRY(reader.u8());
    if (each >= beat_class_count) return model_form.corrupt(reader, "a class is none of the five");
    model.classes_.push_back(static_cast<BeatClass>(each));
  }
  model.trees_ = CSL_TRY(BoostedTrees::parse(CSL_TRY(reader.take(reader.left()))));
  if (model.trees_.class_count() != model.classes_.size() ||
      model.trees_.feature_count() != BeatTraits::columns ||
      std::ranges::any_of(recipe.weights, [](float weight) { return !(weight > 0); })) {
    return model_form.corrupt(reader, "the trees are of other classes or traits");
  }
  return model;
}

}  // namespace consilium
