// The sections of the form, in their order in the file. Appending one is a new version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace consilium {

inline constexpr std::string_view concept_form_magic = "CSLTERM\n";

enum class ConceptSection : std::uint32_t {
  Identity,  // system, version, title: each ended by a NUL
  CodeOffsets,
  CodeText,
  ConceptFlags,  // a byte: 1 is active
  ConceptTag,
  TagOffsets,
  TagText,
  ConceptTermOffsets,
  ConceptTerms,
  ParentOffsets,
  Parents,
  ChildOffsets,
  Children,
  TermOffsets,
  TermText,
  TermConcept,
  TermKind,  // a byte
  TermWordOffsets,
  TermWords,
  WordOffsets,
  WordText,
  PostingOffsets,
  Postings,
};
inline constexpr std::size_t concept_section_count = 23;
// Magic, version, count, then an offset and a size for each section; every section starts at a
// multiple of 8.
inline constexpr std::size_t concept_header_bytes = 16 + 16 * concept_section_count;

}  // namespace consilium
