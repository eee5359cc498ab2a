#include "domain/terminology/terminology.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::uint32_t dropped = 0xFFFFFFFF;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(space);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// New index of each concept in the order of codes; `dropped` where it was never declared.
std::vector<std::uint32_t> order_by_code(const std::vector<TermConcept>& concepts,
                                         const std::vector<bool>& declared) {
  std::vector<std::uint32_t> order(concepts.size());
  std::iota(order.begin(), order.end(), 0U);
  std::erase_if(order, [&](std::uint32_t i) { return !declared[i]; });
  std::ranges::sort(order, {},
                    [&](std::uint32_t i) -> std::string_view { return concepts[i].code; });
  std::vector<std::uint32_t> moved_to(concepts.size(), dropped);
  for (std::uint32_t i = 0; i < order.size(); ++i) moved_to[order[i]] = i;
  return moved_to;
}

// The terms of one concept: the preferred one first and single, none twice.
void settle_terms(std::vector<Term>& terms, const std::string& text, std::vector<Term>& out) {
  const auto said = [&](const Term& term) {
    return std::string_view(text).substr(term.offset, term.size);
  };
  std::ranges::stable_sort(terms, {}, &Term::kind);
  if (terms.front().kind != TermKind::Preferred && terms.front().kind != TermKind::Definition) {
    terms.front().kind = TermKind::Preferred;
  }
  const std::size_t begin = out.size();
  for (Term& term : terms) {
    if (term.kind == TermKind::Preferred && out.size() > begin) term.kind = TermKind::Synonym;
    const bool again = std::any_of(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [&](const Term& other) {
          return said(other) == said(term) &&
                 (other.kind == TermKind::Definition) == (term.kind == TermKind::Definition);
        });
    if (!again) out.push_back(term);
  }
}

}  // namespace

std::string_view name_of(TermKind kind) {
  switch (kind) {
    case TermKind::Preferred:
      return "preferred";
    case TermKind::Synonym:
      return "synonym";
    case TermKind::FullName:
      return "full_name";
    case TermKind::Definition:
      return "definition";
  }
  std::unreachable();
}

Result<std::uint32_t> TerminologyBuilder::at(std::string_view code) {
  if (const auto found = index_of_.find(code); found != index_of_.end()) return found->second;
  if (code.empty() || code.size() > terminology_code_bytes_max || !is_utf8(code) ||
      std::ranges::any_of(code, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return fail(ErrorCode::InvalidInput, "this is not a code", {},
                fmt::format("a code has 1 to {} bytes of text", terminology_code_bytes_max));
  }
  if (concepts_.size() >= terminology_concepts_max) {
    return fail(ErrorCode::TooLarge,
                fmt::format("the terminology has over {} concepts", terminology_concepts_max));
  }
  const auto index = static_cast<std::uint32_t>(concepts_.size());
  concepts_.push_back({.code = std::string(code), .tag = {}, .active = false});
  declared_.push_back(false);
  index_of_.emplace(code, index);
  return index;
}

const std::uint32_t* TerminologyBuilder::find(std::string_view code) const {
  const auto found = index_of_.find(code);
  return found == index_of_.end() ? nullptr : &found->second;
}

void TerminologyBuilder::declare(std::uint32_t index, bool active, std::string_view tag) {
  declared_[index] = true;
  concepts_[index].active = active;
  if (!tag.empty()) set_tag(index, tag);
}

void TerminologyBuilder::set_tag(std::uint32_t index, std::string_view tag) {
  concepts_[index].tag = tag.substr(0, terminology_code_bytes_max);
}

Status TerminologyBuilder::add_term(std::uint32_t index, TermKind kind, std::string_view term) {
  term = trimmed(term);
  if (term.empty()) return {};
  if (!is_utf8(term)) {
    return fail(ErrorCode::InvalidInput, "a term is not UTF-8", {}, "save the file as UTF-8");
  }
  if (term.size() > terminology_term_bytes_max || terms_.size() >= terminology_terms_max ||
      text_.size() + term.size() > terminology_text_bytes_max) {
    return fail(ErrorCode::TooLarge, "the terminology has too many or too long terms", {},
                fmt::format("at most {} terms of {} bytes", terminology_terms_max,
                            terminology_term_bytes_max));
  }
  terms_.push_back({.of = index,
                    .offset = static_cast<std::uint32_t>(text_.size()),
                    .size = static_cast<std::uint32_t>(term.size()),
                    .kind = kind});
  text_ += term;
  return {};
}

Status TerminologyBuilder::add_parent(std::uint32_t child, std::uint32_t parent) {
  if (child == parent) return {};
  if (parents_.size() >= terminology_terms_max) {
    return fail(ErrorCode::TooLarge, "the terminology has too many links to parents");
  }
  parents_.push_back({.child = child, .parent = parent});
  return {};
}

Result<Terminology> TerminologyBuilder::finish(std::string system, std::string version,
                                               std::string title) && {
  Terminology made{.system = std::move(system),
                   .version = std::move(version),
                   .title = std::move(title),
                   .concepts = {},
                   .terms = {},
                   .parents = {},
                   .text = std::move(text_)};
  const std::vector<std::uint32_t> moved_to = order_by_code(concepts_, declared_);
  index_of_.clear();
  made.concepts.resize(static_cast<std::size_t>(std::ranges::count(declared_, true)));
  if (made.concepts.empty()) {
    return fail(ErrorCode::InvalidInput, "the terminology has no concept", {},
                "check that these are the files of one release, and of this format");
  }
  for (std::size_t i = 0; i < concepts_.size(); ++i) {
    if (moved_to[i] != dropped) made.concepts[moved_to[i]] = std::move(concepts_[i]);
  }
  for (const ParentLink& link : parents_) {
    const ParentLink moved{.child = moved_to[link.child], .parent = moved_to[link.parent]};
    if (moved.child != dropped && moved.parent != dropped) made.parents.push_back(moved);
  }
  std::ranges::sort(made.parents);
  const auto repeated = std::ranges::unique(made.parents);
  made.parents.erase(repeated.begin(), repeated.end());

  std::erase_if(terms_, [&](const Term& term) { return moved_to[term.of] == dropped; });
  for (Term& term : terms_) term.of = moved_to[term.of];
  std::ranges::stable_sort(terms_, {}, &Term::of);
  made.terms.reserve(terms_.size());
  std::vector<Term> one;
  auto next = terms_.begin();
  for (std::uint32_t i = 0; i < made.concepts.size(); ++i) {
    one.clear();
    for (; next != terms_.end() && next->of == i; ++next) one.push_back(*next);
    const bool named =
        std::ranges::any_of(one, [](const Term& t) { return t.kind != TermKind::Definition; });
    if (!named) {
      const std::string& code = made.concepts[i].code;
      one.insert(one.begin(), Term{.of = i,
                                   .offset = static_cast<std::uint32_t>(made.text.size()),
                                   .size = static_cast<std::uint32_t>(code.size()),
                                   .kind = TermKind::Preferred});
      made.text += code;
    }
    settle_terms(one, made.text, made.terms);
  }
  return made;
}

}  // namespace consilium
