#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/beat_classes/beat_class_model.hpp"
#include "analysis/beat_classes/patient_labels.hpp"
#include "base/random.hpp"

using namespace consilium;

namespace {

struct Made {
  std::vector<float> lead_mv;
  std::vector<std::int64_t> beats;
  std::vector<BeatClass> classes;
};

void add_bump(std::vector<float>& lead, double centre, double width, double height) {
  for (auto i = static_cast<std::int64_t>(centre - 5 * width); i < std::llround(centre + 5 * width);
       ++i) {
    if (i < 0 || i >= std::ssize(lead)) continue;
    const double z = (static_cast<double>(i) - centre) / width;
    lead[static_cast<std::size_t>(i)] += static_cast<float>(height * std::exp(-z * z / 2));
  }
}

// A patient whose every tenth beat comes early, narrow without P (S) or wide (V) in turn.
Made made_patient(std::uint64_t seed, double scale) {
  SeededRandom random(seed);
  Made out;
  constexpr double rate_hz = 250;
  constexpr int count = 400;
  out.lead_mv.resize(static_cast<std::size_t>(count * 0.9 * rate_hz));
  double at = 200;
  for (int b = 0; b < count; ++b) {
    BeatClass kind = BeatClass::Normal;
    if (b % 20 == 9) kind = BeatClass::Supraventricular;
    if (b % 20 == 19) kind = BeatClass::Ventricular;
    at += (kind == BeatClass::Normal ? 200 : 130) + 10 * random.normal() / 3;
    if (kind == BeatClass::Ventricular) {
      add_bump(out.lead_mv, at, 10, -1.4);
      add_bump(out.lead_mv, at + 60, 20, 0.5);
    } else {
      if (kind == BeatClass::Normal) add_bump(out.lead_mv, at - 40, 6, 0.15);
      add_bump(out.lead_mv, at, 3, 1 + 0.05 * random.normal());
      add_bump(out.lead_mv, at + 70, 15, 0.3);
    }
    out.beats.push_back(std::llround(at));
    out.classes.push_back(kind);
  }
  for (float& sample : out.lead_mv) {
    sample = static_cast<float>((static_cast<double>(sample) + 0.02 * random.normal()) * scale);
  }
  return out;
}

BeatFeatures features_of(const Made& made) {
  std::vector<float> shapes;
  for (const std::int64_t beat : made.beats) append_beat_shape(made.lead_mv, 0, 250, beat, shapes);
  return beat_features(shapes, 1, beat_intervals(made.beats));
}

LabelledBeats labelled(const Made& made) {
  const auto traits = beat_traits(features_of(made), 1, made.beats, 250);
  REQUIRE(traits);
  return {.traits = *traits, .classes = made.classes};
}

double share_right(std::span<const BeatClassShares> said, std::span<const BeatClass> truth) {
  double right = 0;
  for (std::size_t b = 0; b < said.size(); ++b) right += likeliest(said[b]) == truth[b] ? 1 : 0;
  return right / static_cast<double>(said.size());
}

}  // namespace

TEST_CASE("a model learnt from some patients tells the beats of another, upside down or small") {
  const std::vector<LabelledBeats> records{labelled(made_patient(1, 1)),
                                           labelled(made_patient(2, 1))};
  const auto model = BeatClassModel::train(records);
  REQUIRE(model);
  const Made other = made_patient(3, 1);
  const LabelledBeats upright = labelled(other);
  CHECK(share_right(model->classify(upright.traits), other.classes) > 0.98);
  const LabelledBeats turned = labelled(made_patient(3, -0.25));
  CHECK(model->classify(turned.traits) == model->classify(upright.traits));
}

TEST_CASE("the same records give the same bytes, which carry their recipe") {
  const std::vector<LabelledBeats> records{labelled(made_patient(1, 1)),
                                           labelled(made_patient(2, 1))};
  const auto model = BeatClassModel::train(records);
  REQUIRE(model);
  const Bytes bytes = model->serialise();
  CHECK(BeatClassModel::train(records, 2)->serialise() == bytes);
  const auto again = BeatClassModel::parse(bytes);
  REQUIRE(again);
  CHECK(again->serialise() == bytes);
  CHECK(again->recipe().record_count == 2);
  CHECK(again->recipe().beat_counts == std::array<std::uint32_t, 5>{720, 40, 40, 0, 0});
  CHECK(again->classify(records[0].traits) == model->classify(records[0].traits));
  for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 97 + 1) {
    CHECK_FALSE(BeatClassModel::parse(ByteView(bytes).first(size)));
  }
}

TEST_CASE("beats of one class alone teach nothing") {
  Made made = made_patient(1, 1);
  std::ranges::fill(made.classes, BeatClass::Normal);
  const std::vector<LabelledBeats> records{labelled(made)};
  CHECK_FALSE(BeatClassModel::train(records));
}

TEST_CASE("beats out of order are refused, and no beat has no traits") {
  const Made made = made_patient(1, 1);
  std::vector<std::int64_t> twice = made.beats;
  twice[5] = twice[4];
  CHECK_FALSE(beat_traits(features_of(made), 1, twice, 250));
  CHECK(beat_traits(BeatFeatures{.columns = beat_shape_size + 3, .values = {}}, 1, {}, 250)
            ->beat_count() == 0);
}

TEST_CASE("a patient's own labels bend the model's word for beats that look alike") {
  const Made made = made_patient(4, 1);
  const BeatFeatures features = features_of(made);
  // A model that takes every beat for normal.
  std::vector<BeatClassShares> word(made.beats.size(),
                                    BeatClassShares{0.9F, 0.04F, 0.04F, 0.01F, 0.01F});
  const double before = share_right(word, made.classes);
  const std::vector<BeatLabel> labels{
      {9, BeatClass::Supraventricular}, {19, BeatClass::Ventricular}, {20, BeatClass::Normal}};
  const auto bent = with_labels(features, word, labels);
  REQUIRE(bent);
  CHECK(before < 0.91);
  CHECK(share_right(*bent, made.classes) > 0.98);
  CHECK(likeliest((*bent)[9]) == BeatClass::Supraventricular);
  CHECK(with_labels(features, word, {})->front() == word.front());
  const std::vector<BeatLabel> outside{{made.beats.size(), BeatClass::Normal}};
  CHECK_FALSE(with_labels(features, word, outside));
}
