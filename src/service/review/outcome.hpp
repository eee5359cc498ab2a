// What an adjudicator's decisions come to: the labels that stand in the end. Used inside this
// module.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/label/violation.hpp"
#include "service/review/differences.hpp"

namespace consilium::service {

enum class Take {
  Choice,  // what one of the opinions says
  Edited,  // what stands instead
  Unsure,  // nobody can tell
  Drawn,   // what stands already, drawn in the workspace
};

struct Decision {
  std::string difference_id;
  Take take = Take::Choice;
  std::string class_id;                  // of the choice
  std::string rater;                     // the key of whose annotation; empty: the choice's first
  std::optional<Annotation> annotation;  // edited
};

// Reads the body's "decisions", whose form the schema has checked already. Errors: InvalidInput on
// an edited annotation that cannot be read.
[[nodiscard]] Result<std::vector<Decision>> read_decisions(const boost::json::array& decisions);

// Whose voxels a mask takes.
struct VoxelSource {
  RaterId rater;
  std::uint16_t segment = 1;
};

struct OutcomeLabel {
  Annotation body;                      // with the id that it gets as the adjudicator's
  std::optional<std::size_t> decision;  // that made it; none: agreed and taken along
  std::optional<VoxelSource> voxels;
};

// The labels that stand, and whose they are.
struct Standing {
  RaterId adjudicator;
  std::span<const Annotation> labels;
};

struct OutcomeInput {
  ItemId item;
  RaterId adjudicator;
  std::span<const Opinion* const> opinions;
  std::span<const std::string> keys;  // of the opinions, in their order
  std::span<const Difference> differences;
  std::span<const Decision> decisions;
  std::optional<Standing> standing;
};

// The id of an adjudicator's label for a difference (its id as `slot`) or another slot.
[[nodiscard]] AnnotationId outcome_id(const ItemId& item, const RaterId& adjudicator,
                                      std::string_view slot);
// The slot of a word on the whole item ("absent", "unsure"); none of other labels.
[[nodiscard]] std::optional<std::string> whole_vote_slot(const Annotation& annotation);

// One label for each difference that comes to one; where a difference stays as drawn, also what was
// drawn beside all differences. Ids follow from the item, the adjudicator and
// the difference, so that deciding anew revises what was decided before. Relations join what became
// of their ends; masks get segments 1, 2, ... of their grid.
// Refused: what is not decided, decided twice, or names what is not there. A decision on a
// difference that there is not (any more) has the path "/decisions/N/difference_id".
[[nodiscard]] std::expected<std::vector<OutcomeLabel>, std::vector<Violation>> outcome_of(
    const OutcomeInput& input);

}  // namespace consilium::service
