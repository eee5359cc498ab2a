// Ontologies in OBO flat files, above all the Human Phenotype Ontology. Source: OBO Flat File
// Format 1.4 (owlcollab.github.io/oboformat/doc/obo-syntax.html).
#pragma once

#include <string>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium {

struct OboOptions {
  std::string system;   // empty: that of HPO where the ids begin with "HP:", else
                        // "http://purl.obolibrary.org/obo/PREFIX.owl" by the first id's prefix
  std::string version;  // empty: data-version of the header
};

// Term stanzas: id, name, synonyms of every scope, definition, is_a, is_obsolete. An alt_id (what a
// merged term was called) is an inactive concept with the same name. The tag is the namespace.
// Errors: Corrupt with file and line; InvalidInput when there is no term; TooLarge.
[[nodiscard]] Result<Terminology> read_obo(const TerminologyFile& file, const OboOptions& options);

}  // namespace consilium
