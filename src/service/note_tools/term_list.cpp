#include "service/note_tools/term_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <tuple>

#include "domain/label/coded_concept.hpp"
#include "format/terminology_text/table_lines.hpp"

namespace consilium::service {
namespace {

constexpr std::array<std::string_view, 7> column_names{"term",    "label", "code", "system",
                                                       "display", "case",  "order"};

std::unexpected<Error> refuse_at(const LineReader& at, std::size_t column, std::string what,
                                 std::string remedy) {
  return fail(ErrorCode::InvalidInput, std::move(what),
              fmt::format("line {}, column {}", at.line_number(), column + 1), std::move(remedy));
}

std::size_t word_count(std::string_view text) {
  std::vector<Token> tokens;
  tokenize(text, tokens);
  return tokens.size();
}

bool has_word(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
  });
}

class ListReader {
 public:
  explicit ListReader(const std::string& label) : label_(label) {}

  Status row(const LineReader& at, std::span<const std::string> fields) {
    if (!is_begun_) {
      is_begun_ = true;
      if (fields.size() > 1 || fields.front() == column_names[0]) return header(at, fields);
      places_[0] = 0;
    }
    if (fields.size() > column_count_) {
      return refuse_at(at, column_count_, "the row has more fields than the header",
                       "quote fields that hold commas");
    }
    const auto field = [&](std::size_t name) -> std::string {
      const auto place = places_[name];
      return place && *place < fields.size() ? fields[*place] : std::string();
    };
    return add(at, field);
  }

  TermList take() && { return std::move(list_); }

 private:
  template <class Field>
  Status add(const LineReader& at, const Field& field) {
    DictionaryTerm term{.surface = field(0)};
    if (term.surface.empty()) return {};  // a line that only parts the list
    if (!has_word(term.surface) || word_count(term.surface) > TermDictionary::term_tokens_max) {
      return refuse_at(at, places_[0].value_or(0), "this is no term: it has no word, or over 24",
                       "shorten it, or leave it out");
    }
    const std::string label = field(1).empty() ? label_ : field(1);
    if (label.empty()) {
      return refuse_at(at, places_[1].value_or(0), "the term has no label",
                       "name one in the column \"label\", or one for the whole list");
    }
    constexpr std::array<std::string_view, 3> cases{"automatic", "folded", "exact"};
    constexpr std::array<std::string_view, 2> orders{"given", "free"};
    const auto letter_case = CSL_TRY(one_of(at, 5, field(5), cases));
    const auto order = CSL_TRY(one_of(at, 6, field(6), orders));
    term.letter_case = static_cast<TermCase>(letter_case);
    term.order = order == 0 ? WordOrder::AsGiven : WordOrder::Free;
    const auto key = std::tuple(field(3), field(2), label);
    const auto [known, is_new] =
        concepts_.try_emplace(key, static_cast<std::uint32_t>(list_.concepts.size()));
    if (is_new) {
      list_.concepts.push_back(
          {.code = {.system = field(3), .code = field(2), .display = field(4)}, .label = label});
    }
    term.concept_index = known->second;
    list_.terms.push_back(std::move(term));
    return {};
  }

  template <std::size_t Count>
  Result<std::size_t> one_of(const LineReader& at, std::size_t column, const std::string& said,
                             const std::array<std::string_view, Count>& choices) const {
    if (said.empty()) return std::size_t{0};
    const auto found = std::ranges::find(choices, said);
    if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
    return refuse_at(at, places_[column].value_or(0), "\"" + said + "\" is none of the choices",
                     fmt::format("write {}", fmt::join(choices, " or ")));
  }

  Status header(const LineReader& at, std::span<const std::string> fields) {
    column_count_ = fields.size();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto found = std::ranges::find(column_names, fields[i]);
      if (found == column_names.end()) {
        return refuse_at(at, i, "there is no column \"" + fields[i] + "\"",
                         fmt::format("name columns {}", fmt::join(column_names, ", ")));
      }
      places_[static_cast<std::size_t>(found - column_names.begin())] = i;
    }
    if (places_[0]) return {};
    return refuse_at(at, 0, "there is no column \"term\"", "name the column of the terms so");
  }

  const std::string& label_;
  bool is_begun_ = false;
  std::size_t column_count_ = 1;
  std::array<std::optional<std::size_t>, column_names.size()> places_{};
  std::map<std::tuple<std::string, std::string, std::string>, std::uint32_t> concepts_;
  TermList list_;
};

}  // namespace

Result<TermList> read_term_list(std::string_view csv, const std::string& label) {
  const auto bytes = view_source(bytes_of(csv));
  ListReader reader(label);
  CSL_TRY(read_csv({.name = "the list", .bytes = bytes.get()},
                   [&](const LineReader& at, std::span<const std::string> fields) {
                     return reader.row(at, fields);
                   }));
  TermList list = std::move(reader).take();
  if (list.terms.empty()) {
    return fail(ErrorCode::InvalidInput, "the list has no term", "the whole list",
                "write one term a line, or a table with a column \"term\"");
  }
  return list;
}

TermList terms_of_concepts(const ConceptIndex& index, const ConceptSet& among,
                           const std::string& label) {
  TermList list;
  among.each([&](std::uint32_t at) {
    if (!index.active(at)) return;
    const auto number = static_cast<std::uint32_t>(list.concepts.size());
    bool has_term = false;
    for (const std::uint32_t term : index.terms_of(at)) {
      const std::string_view text = index.term(term);
      if (index.kind(term) == TermKind::Definition || !has_word(text) ||
          word_count(text) > TermDictionary::term_tokens_max) {
        continue;
      }
      has_term = true;
      list.terms.push_back({.surface = std::string(text), .concept_index = number});
    }
    if (!has_term) return;
    list.concepts.push_back({.code = {.system = std::string(system_name(index.system())),
                                      .code = std::string(index.code(at)),
                                      .display = std::string(index.display(at))},
                             .label = label});
  });
  return list;
}

}  // namespace consilium::service
