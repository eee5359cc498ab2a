// What a project's pixel classifier knows: samples of the strokes that its people drew, kept with
// the item they are of, and the classifier that follows from them. Used inside this module.
//
// Samples carry label ids and not the numbers of segments, which mean something within one mask
// only. The classifier is made of the items kept last, in a fixed order, and training is the same
// bit for bit, so its version (a hash of it) says what it is; nothing else needs to be stored, and
// with a patient's key their part in it goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/pixel_classifier/pixel_classifier.hpp"
#include "base/bytes.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/access/access.hpp"
#include "storage/catalog.hpp"
#include "storage/store.hpp"

namespace consilium::service {

inline constexpr std::uint8_t background_class = 255;
inline constexpr std::size_t label_count_max = BoostedTrees::class_count_max - 1;
inline constexpr std::size_t samples_of_item_max = 6'000;
inline constexpr std::int64_t items_learnt_max = 12;

// `samples.labels` are 1 + the place in `labels`, or background_class.
struct LabelledSamples {
  std::vector<std::string> labels;
  PixelSamples samples;

  // Adds the other's, by label id. Errors: TooLarge past label_count_max labels.
  [[nodiscard]] Status append(const LabelledSamples& other);
};

[[nodiscard]] Bytes packed(const LabelledSamples& samples);
// Errors: Corrupt when it is no such form or contradicts itself.
[[nodiscard]] Result<LabelledSamples> read_samples(ByteView bytes);

// The items kept last, but for this one, whose own strokes speak for it (and where another's would
// tell the one who draws now). Items of erased patients are left out.
[[nodiscard]] Result<LabelledSamples> kept_samples(storage::Store& store,
                                                   const storage::Reader& reader,
                                                   const ProjectId& project,
                                                   const std::optional<ItemId>& but);

[[nodiscard]] Status keep_samples(storage::Store& store, const Access& access,
                                  const storage::ItemRow& item, const LabelledSamples& samples);

struct PixelModel {
  std::vector<std::string> labels;  // label k + 1 of the classifier
  PixelClassifier classifier;
  std::string version;  // SHA-256 of the classifier and its labels, hexadecimal
};
// Errors: InvalidInput with fewer than two labels (background counts).
[[nodiscard]] Result<PixelModel> train_model(const LabelledSamples& samples, unsigned threads);

// Whether the protocol lets models suggest labels: its assist policy says "never" for all, or for
// models, where the lead wants none.
[[nodiscard]] bool allows_models(const Protocol& protocol);

}  // namespace consilium::service
