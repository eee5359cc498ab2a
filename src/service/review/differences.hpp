// In what the opinions on one item differ, and in what they agree.
//
// A difference is one thing that is to be settled:
//   question  an answer to a question on the item or on one series;
//   label     a label on one place, matched across readers (service/panel/place_matching.hpp), on
//             the whole item or on a series, or a relation between two such places;
//   mask      a label drawn as voxels on one grid, matched by label and then by overlap.
// `what` says how the opinions part: "answer", "label" (another label on the same place), "missing"
// (not everybody put it there), "attribute" (the same label with other attributes or another value)
// or "extent" (the same label, but places further apart than the label's tolerance allows; of masks
// a Dice below 0.7, or below what the label's overlap tolerance comes to). It is empty where all
// said the same.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/protocol/protocol.hpp"
#include "service/panel/opinions.hpp"
#include "storage/store.hpp"

namespace consilium::service {

enum class DifferenceKind { Question, Label, Mask };
[[nodiscard]] std::string_view name_of(DifferenceKind kind);

// What one opinion says where opinions are compared.
struct Said {
  std::size_t opinion = 0;                 // its place in the list that was compared
  const Annotation* annotation = nullptr;  // none: nothing was put there
};

struct DifferenceChoice {
  std::string class_id;  // answer or label; "absent" where nothing was put
  std::string title;
  double probability = 0;  // the share of the opinions that say so, or the posterior
  std::vector<Said> said;  // in the order of the opinions
};

struct Difference {
  // Stays as long as the opinions that it rests on: a hash of what was compared.
  std::string id;
  DifferenceKind kind = DifferenceKind::Question;
  std::string unit;   // as the panel names it; of a relation the label's id
  std::string title;  // the question's or the labels' names
  std::string what;
  double entropy_bits = 0;  // of the choices' probabilities
  bool agreed = false;
  std::vector<DifferenceChoice> choices;  // most probable first
};

// `opinions` in the order of their keys; they outlive the result, which points into them. Worst
// first: those that are not agreed before those that are, by falling entropy, then by place.
// Errors: those of reading the catalog and masks. Cost: that of matching; of masks, their bricks.
[[nodiscard]] Result<std::vector<Difference>> differences_of(
    storage::Store& store, const storage::Reader& reader, const Protocol& protocol,
    const storage::ItemRow& item, std::span<const Opinion* const> opinions);

// The same order again, after probabilities changed.
void sort_worst_first(std::vector<Difference>& differences);

}  // namespace consilium::service
