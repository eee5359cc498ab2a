// Label Studio's tasks as JSON (labelstud.io/guide/export, .../task_format): annotations and
// predictions over a text; also its short form JSON-MIN. Offsets count code points, or UTF-16 units
// where the regions' text tells so.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/labelled_text/fit.hpp"

namespace consilium {

inline constexpr TextAbilities label_studio_abilities{
    .ids = true,
    .overlapping = true,
    .attributes = true,
    .comments = true,
    .raters = true,
    .probabilities = true,
    .relations = true,
    .answers = true,
    .answer_names = true,
    .metadata = true,
};

// The text is data.text, else the longest string of data; the other members become metadata. All
// annotations are read, each mention with its rater (of a prediction: the model's version, and its
// score as probability); those that were skipped are left out and told. Per-region choices, text
// and numbers become attributes, those of the whole task answers; a region's notes its comment. A
// region of several labels becomes a mention for each. Regions of images, audio and HTML are not
// read and told. Errors: those of parse_json; InvalidInput when no task has a text.
[[nodiscard]] Result<std::vector<LabelledText>> read_label_studio(std::string_view bytes);

struct LabelStudioFile {
  std::string bytes;
  std::vector<TextLoss> losses;
};

// The texts were fitted. An annotation for each rater, a prediction for each rater of mentions with
// a probability; relations between mentions of two of them cannot be said and are counted.
[[nodiscard]] LabelStudioFile write_label_studio(std::span<const LabelledText> texts);

// The labeling interface that shows them: every type, attribute and answer that occurs.
[[nodiscard]] std::string label_studio_config(std::span<const LabelledText> texts);

}  // namespace consilium
