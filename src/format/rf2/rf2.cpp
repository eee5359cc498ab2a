#include "format/rf2/rf2.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace consilium {
namespace {

constexpr std::string_view type_full_name = "900000000000003001";
constexpr std::string_view type_synonym = "900000000000013009";
constexpr std::string_view is_a = "116680003";
constexpr std::string_view is_preferred = "900000000000548007";
constexpr std::string_view system_uri = "http://snomed.info/sct";

constexpr std::string_view concept_header =
    "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId";
constexpr std::string_view description_header =
    "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\tcaseSignificanceI"
    "d";
constexpr std::string_view relationship_header =
    "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\t"
    "characteristicTypeId\tmodifierId";
constexpr std::string_view language_header =
    "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId";

using Fields = std::vector<std::string_view>;

bool is_identifier(std::string_view text) {
  return text.size() >= 6 && text.size() <= 18 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Calls `row` with the fields of each row; the header must be `header`.
Status each_row(const TerminologyFile& file, std::string_view header,
                const std::function<Status(const LineReader&, const Fields&)>& row) {
  LineReader lines(file);
  const std::string_view* line = CSL_TRY(lines.next());
  if (line == nullptr || *line != header) {
    return fail(ErrorCode::Corrupt, "the first line is not this file's header",
                file.name + ", line 1", "take the snapshot files of an RF2 release as they are");
  }
  Fields fields;
  Fields names;
  split_fields(header, '\t', names);
  while ((line = CSL_TRY(lines.next())) != nullptr) {
    if (line->empty()) continue;
    split_fields(*line, '\t', fields);
    if (fields.size() != names.size()) {
      return lines.refuse(
          fmt::format("the row has {} fields, and the header {}", fields.size(), names.size()),
          "the file may be cut short or damaged in transfer");
    }
    if (fields[2] != "0" && fields[2] != "1") return lines.refuse("'active' is neither 0 nor 1");
    if (Status done = row(lines, fields); !done) {
      return std::unexpected(done.error().where.empty() ? lines.placed(done.error())
                                                        : done.error());
    }
  }
  return {};
}

std::uint64_t number_of(std::string_view identifier) {
  std::uint64_t number = 0;
  std::from_chars(identifier.data(), identifier.data() + identifier.size(), number);
  return number;
}

// Descriptions that a language set calls preferred, sorted.
Result<std::vector<std::uint64_t>> read_preferred(const Rf2Files& files,
                                                  const Rf2Options& options) {
  std::vector<std::uint64_t> preferred;
  for (const TerminologyFile& file : files.languages) {
    CSL_TRY(
        each_row(file, language_header, [&](const LineReader& lines, const Fields& f) -> Status {
          if (!is_identifier(f[5])) return lines.refuse("'referencedComponentId' is no identifier");
          const bool counts = options.language_set.empty() || f[4] == options.language_set;
          if (f[2] == "1" && f[6] == is_preferred && counts) {
            if (preferred.size() >= terminology_terms_max) {
              return fail(ErrorCode::TooLarge, "the language set has too many rows");
            }
            preferred.push_back(number_of(f[5]));
          }
          return {};
        }));
  }
  std::ranges::sort(preferred);
  return preferred;
}

struct NameAndTag {
  std::string_view name;
  std::string_view tag;
};

// "Myocardial infarction (disorder)"
NameAndTag cut_tag(std::string_view full_name) {
  const std::size_t open = full_name.rfind('(');
  if (!full_name.ends_with(')') || open == std::string_view::npos || open == 0) {
    return {.name = full_name, .tag = {}};
  }
  return {.name = full_name.substr(0, open),
          .tag = full_name.substr(open + 1, full_name.size() - open - 2)};
}

Status read_description(TerminologyBuilder& builder, const std::vector<std::uint64_t>& preferred,
                        const LineReader& lines, const Fields& f) {
  if (!is_identifier(f[0]) || !is_identifier(f[4])) {
    return lines.refuse("'id' or 'conceptId' is no identifier");
  }
  if (f[2] == "0" || (f[6] != type_full_name && f[6] != type_synonym)) return {};
  const std::uint32_t at = CSL_TRY(builder.at(f[4]));
  if (f[6] == type_synonym) {
    const bool first = std::ranges::binary_search(preferred, number_of(f[0]));
    return builder.add_term(at, first ? TermKind::Preferred : TermKind::Synonym, f[7]);
  }
  const NameAndTag cut = cut_tag(f[7]);
  // A release with several languages has several full names; the first one's tag is kept.
  if (builder.at_index(at).tag.empty() && !cut.tag.empty()) builder.set_tag(at, cut.tag);
  return builder.add_term(at, TermKind::FullName, f[7]);
}

// Whoever has no preferred synonym is called by the full name without its tag.
Terminology name_the_rest(Terminology made) {
  for (Term& term : made.terms) {
    const bool tagged = term.kind == TermKind::Preferred && !made.concepts[term.of].tag.empty() &&
                        made.text_of(term).ends_with(')');
    if (!tagged) continue;
    const NameAndTag cut = cut_tag(made.text_of(term));
    if (cut.tag != made.concepts[term.of].tag) continue;
    std::size_t size = cut.name.size();
    while (size > 0 && cut.name[size - 1] == ' ') --size;
    if (size > 0) term.size = static_cast<std::uint32_t>(size);
  }
  return made;
}

}  // namespace

bool sort_rf2_file(const TerminologyFile& file, Rf2Files& files) {
  const std::string_view name = file.name;
  if (!name.ends_with(".txt") || !name.contains("Snapshot")) return false;
  if (name.contains("_Concept_")) {
    files.concepts.push_back(file);
  } else if (name.contains("_Description_")) {
    files.descriptions.push_back(file);
  } else if (name.contains("_Relationship_")) {
    files.relationships.push_back(file);
  } else if (name.contains("Refset_Language")) {
    files.languages.push_back(file);
  } else {
    return false;
  }
  return true;
}

Result<Terminology> read_rf2(const Rf2Files& files, const Rf2Options& options) {
  if (files.concepts.empty() || files.descriptions.empty()) {
    return fail(ErrorCode::InvalidInput, "the release has no concept or no description file", {},
                "give the folder with the Snapshot files: sct2_Concept_Snapshot_..., "
                "sct2_Description_Snapshot-...");
  }
  TerminologyBuilder builder;
  for (const TerminologyFile& file : files.concepts) {
    CSL_TRY(each_row(file, concept_header, [&](const LineReader& lines, const Fields& f) -> Status {
      if (!is_identifier(f[0])) return lines.refuse("'id' is no identifier");
      const std::uint32_t at = CSL_TRY(builder.at(f[0]));
      builder.declare(at, f[2] == "1");
      return {};
    }));
  }
  {
    const std::vector<std::uint64_t> preferred = CSL_TRY(read_preferred(files, options));
    for (const TerminologyFile& file : files.descriptions) {
      CSL_TRY(each_row(file, description_header, [&](const LineReader& lines, const Fields& f) {
        return read_description(builder, preferred, lines, f);
      }));
    }
  }
  for (const TerminologyFile& file : files.relationships) {
    CSL_TRY(each_row(file, relationship_header,
                     [&](const LineReader& lines, const Fields& f) -> Status {
                       if (!is_identifier(f[4]) || !is_identifier(f[5])) {
                         return lines.refuse("'sourceId' or 'destinationId' is no identifier");
                       }
                       if (f[2] == "0" || f[7] != is_a) return {};
                       const std::uint32_t child = CSL_TRY(builder.at(f[4]));
                       const std::uint32_t parent = CSL_TRY(builder.at(f[5]));
                       return builder.add_parent(child, parent);
                     }));
  }
  Terminology made =
      CSL_TRY(std::move(builder).finish(std::string(system_uri), options.version, "SNOMED CT"));
  return name_the_rest(std::move(made));
}

}  // namespace consilium
