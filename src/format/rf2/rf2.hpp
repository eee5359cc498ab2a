// SNOMED CT as published: Release Format 2, the snapshot files. Source: SNOMED CT Release File
// Specification, chapter 4 (concept, description, relationship) and 5.2.1 (language reference set).
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/terminology/terminology.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium {

struct Rf2Files {
  std::vector<TerminologyFile> concepts;       // sct2_Concept_Snapshot_*
  std::vector<TerminologyFile> descriptions;   // sct2_Description_Snapshot-*, one a language
  std::vector<TerminologyFile> relationships;  // sct2_Relationship_Snapshot_*; none: no hierarchy
  std::vector<TerminologyFile> languages;      // der2_cRefset_LanguageSnapshot-*
};

struct Rf2Options {
  std::string version;  // "20260101"
  // Reference set that says which synonym is preferred: 900000000000509007 US English,
  // 900000000000508004 British English. Empty: every one in the files counts.
  std::string language_set = {};
};

// Which of the four a file is by its name, as the specification's naming rules have it (delta and
// full files, text definitions and all else are none): puts it there and returns whether it did.
[[nodiscard]] bool sort_rf2_file(const TerminologyFile& file, Rf2Files& files);

// Active descriptions of all concepts; the is-a links (116680003) that are active. The semantic tag
// is what stands in the last brackets of the fully specified name. Where no language set names a
// preferred synonym, it is the fully specified name without its tag.
// Errors: InvalidInput when concept or description files are missing; Corrupt with file and line
// when a row does not fit its header; TooLarge. Cost: about 150 MB/s; memory: the terminology.
[[nodiscard]] Result<Terminology> read_rf2(const Rf2Files& files, const Rf2Options& options);

}  // namespace consilium
