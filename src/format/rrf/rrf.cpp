#include "format/rrf/rrf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace consilium {
namespace {

// Each field is ended by a bar, the last one too.
constexpr std::size_t names_fields = 18 + 1;
constexpr std::size_t relations_fields = 16 + 1;

constexpr std::array synonym_types{"SY", "TMSY", "PSN", "ET"};

bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= 8 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

template <class Use>
Status each_row(const TerminologyFile& file, std::size_t field_count, Use&& use) {
  LineReader lines(file);
  std::vector<std::string_view> fields;
  while (const std::string_view* line = CSL_TRY(lines.next())) {
    if (line->empty()) continue;
    split_fields(*line, '|', fields);
    if (fields.size() != field_count) {
      return lines.refuse(
          fmt::format("the row has {} fields, {} are due", fields.size() - 1, field_count - 1),
          "give RXNCONSO.RRF and RXNREL.RRF of one release as they are");
    }
    if (const Status done = use(lines, fields); !done) {
      return std::unexpected(done.error().where.empty() ? lines.placed(done.error())
                                                        : done.error());
    }
  }
  return {};
}

}  // namespace

Result<Terminology> read_rxnorm(const TerminologyFile& names,
                                const std::optional<TerminologyFile>& relations,
                                std::string version) {
  TerminologyBuilder builder;
  using Fields = std::vector<std::string_view>;
  CSL_TRY(each_row(names, names_fields, [&](const LineReader& lines, const Fields& f) -> Status {
    if (!is_identifier(f[0])) return lines.refuse("RXCUI is no number");
    if (f[11] != "RXNORM") return {};
    const std::uint32_t at = CSL_TRY(builder.at(f[0]));
    const bool synonym = std::ranges::find(synonym_types, f[12]) != synonym_types.end();
    const bool active = builder.at_index(at).active || f[16] == "N";
    builder.declare(at, active, synonym ? std::string_view{} : f[12]);
    return builder.add_term(at, synonym ? TermKind::Synonym : TermKind::Preferred, f[14]);
  }));
  if (relations) {
    CSL_TRY(each_row(*relations, relations_fields,
                     [&](const LineReader& lines, const Fields& f) -> Status {
                       if (f[7] != "isa" || f[2] != "CUI") return {};
                       if (!is_identifier(f[0]) || !is_identifier(f[4]))
                         return lines.refuse("RXCUI is no number");
                       const std::uint32_t* parent = builder.find(f[0]);
                       const std::uint32_t* child = builder.find(f[4]);
                       if (parent == nullptr || child == nullptr)
                         return {};  // of a source left out
                       return builder.add_parent(*child, *parent);
                     }));
  }
  return std::move(builder).finish("http://www.nlm.nih.gov/research/umls/rxnorm",
                                   std::move(version), "RxNorm");
}

}  // namespace consilium
