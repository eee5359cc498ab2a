// A term list of a project: a table of terms (CSV), or concepts of a terminology that the site has
// loaded.
//
// Columns of the table: `term` (needed), `label` (else the list's), `code`, `system`, `display`,
// `case` ("automatic", "folded", "exact"), `order` ("given", "free"). A file of one column whose
// first line is not "term" is a plain list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analysis/concept_search/concept_set.hpp"
#include "analysis/term_dictionary/term_dictionary.hpp"
#include "analysis/text_suggestions/text_suggestions.hpp"
#include "base/result.hpp"

namespace consilium::service {

struct TermList {
  std::vector<DictionaryTerm> terms;
  std::vector<DictionaryConcept> concepts;  // by concept index; a code is empty where none is given
};

// `label` is that of terms which name none. Errors: InvalidInput with line and column.
[[nodiscard]] Result<TermList> read_term_list(std::string_view csv, const std::string& label);

// Names of the concepts, but for definitions and concepts that are not used any more. Names without
// a word, or with over 24, are left out: a dictionary holds no others.
[[nodiscard]] TermList terms_of_concepts(const ConceptIndex& index, const ConceptSet& among,
                                         const std::string& label);

}  // namespace consilium::service
