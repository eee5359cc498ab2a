// A terminology as a reader of some format found it: concepts with their codes, the terms people
// use for them, and which concept is a kind of which. It is what the search index
// (analysis/concept_search) is made from; it is not patient data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"

namespace consilium {

// In the order in which a search prefers them. A definition explains and is never searched.
enum class TermKind : std::uint8_t { Preferred, Synonym, FullName, Definition };
[[nodiscard]] std::string_view name_of(TermKind kind);  // "preferred"

struct TermConcept {
  std::string code;
  std::string tag;  // "disorder", "LP7786-9", "SCD": what the terminology calls its kind; or empty
  bool active = true;
  friend bool operator==(const TermConcept&, const TermConcept&) = default;
};

struct Term {
  std::uint32_t of = 0;      // index of the concept
  std::uint32_t offset = 0;  // bytes into Terminology::text
  std::uint32_t size = 0;
  TermKind kind = TermKind::Synonym;
  friend bool operator==(const Term&, const Term&) = default;
};

struct ParentLink {
  std::uint32_t child = 0;
  std::uint32_t parent = 0;
  friend auto operator<=>(const ParentLink&, const ParentLink&) = default;
};

struct Terminology {
  std::string system;   // the URI that FHIR names it by: "http://snomed.info/sct"
  std::string version;  // "20260101", as its publisher writes it
  std::string title;
  std::vector<TermConcept> concepts;  // ascending by code, each code once
  std::vector<Term> terms;            // ascending by concept; the preferred one first
  std::vector<ParentLink> parents;    // ascending, each once
  std::string text;

  [[nodiscard]] std::string_view text_of(const Term& term) const {
    return std::string_view(text).substr(term.offset, term.size);
  }
};

inline constexpr std::size_t terminology_concepts_max = 4'000'000;
inline constexpr std::size_t terminology_terms_max = 20'000'000;
inline constexpr std::size_t terminology_text_bytes_max = std::size_t{2} << 30;
inline constexpr std::size_t terminology_term_bytes_max = 32'768;
inline constexpr std::size_t terminology_code_bytes_max = 128;

// Takes concepts, terms and links in any order, as files have them.
class TerminologyBuilder {
 public:
  // The index of the concept with this code, added as inactive when it is new: a code that only a
  // link or a term names was never declared. Errors: InvalidInput on an empty or too long code or
  // one with control characters, TooLarge.
  [[nodiscard]] Result<std::uint32_t> at(std::string_view code);
  // The same, but null when there is none.
  [[nodiscard]] const std::uint32_t* find(std::string_view code) const;
  void declare(std::uint32_t index, bool active, std::string_view tag = {});
  void set_tag(std::uint32_t index, std::string_view tag);
  [[nodiscard]] const TermConcept& at_index(std::uint32_t index) const { return concepts_[index]; }
  // White space at both ends is dropped and an empty term is no term. Errors: InvalidInput when it
  // is not UTF-8, TooLarge.
  [[nodiscard]] Status add_term(std::uint32_t index, TermKind kind, std::string_view term);
  // A link of a concept to itself is dropped.
  [[nodiscard]] Status add_parent(std::uint32_t child, std::uint32_t parent);
  [[nodiscard]] std::size_t concept_count() const { return concepts_.size(); }

  // Sorts, drops what was said twice, drops concepts that were never declared with their links, and
  // gives each concept without a preferred term its first one (else its code). Further preferred
  // terms become synonyms. Errors: InvalidInput when there is no concept. Cost: O(n log n).
  [[nodiscard]] Result<Terminology> finish(std::string system, std::string version,
                                           std::string title) &&;

 private:
  struct CodeHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view code) const {
      return std::hash<std::string_view>{}(code);
    }
  };
  std::unordered_map<std::string, std::uint32_t, CodeHash, std::equal_to<>> index_of_;
  std::vector<TermConcept> concepts_;
  std::vector<bool> declared_;
  std::vector<Term> terms_;
  std::vector<ParentLink> parents_;
  std::string text_;
};

}  // namespace consilium
