// Sets of concepts by expression: the part of SNOMED's Expression Constraint Language (ECL 2.1,
// confluence.ihtsdotools.org/display/DOCECL) that needs the hierarchy alone, for any terminology.
//
//   73211009 |Diabetes mellitus|     the concept itself (the term between bars is skipped)
//   < C   << C                       its descendants; with itself
//   > C   >> C                       its ancestors; with itself
//   <! C  >! C                       its children; its parents
//   *                                all
//   A AND B   A, B   A OR B   A MINUS B   ( ... )
// AND binds no tighter than OR: as in ECL a mix of operators wants brackets, and MINUS takes two.
#pragma once

#include <string_view>

#include "analysis/concept_search/concept_set.hpp"

namespace consilium {

inline constexpr std::size_t expression_bytes_max = 16'384;
inline constexpr std::size_t expression_depth_max = 32;

// Errors: InvalidInput where it is not such an expression (`where` is "character 12"), Unsupported
// on refinements and reference sets (":" and "^"), NotFound when the terminology has no such code.
[[nodiscard]] Result<ConceptSet> evaluate_expression(const ConceptIndex& index,
                                                     std::string_view expression);
// Whether it could be evaluated, for a protocol that is written before its terminology is loaded.
[[nodiscard]] Status check_expression(std::string_view expression);

}  // namespace consilium
