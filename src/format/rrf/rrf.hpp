// RxNorm as published: Rich Release Format. Source: RxNorm Technical Documentation, sections 12.4
// (RXNCONSO) and 12.6 (RXNREL).
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium {

// Atoms of the source RXNORM. SY, TMSY, PSN and ET are synonyms; the name of any other term type is
// preferred and its type ("SCD", "IN", "BN") the tag. A concept is active when one of its names is
// not suppressed. Hierarchy: relations "isa" between concepts (CUI2 isa CUI1). The attributes of
// RXNSAT are not needed for coding.
// Errors: Corrupt with file and line; TooLarge.
[[nodiscard]] Result<Terminology> read_rxnorm(const TerminologyFile& names,
                                              const std::optional<TerminologyFile>& relations,
                                              std::string version);

}  // namespace consilium
