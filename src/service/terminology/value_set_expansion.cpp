#include "service/terminology/value_set_expansion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "analysis/concept_search/expression.hpp"

namespace consilium::service {
namespace {

std::vector<std::string> listed_codes(std::string_view text) {
  std::vector<std::string> codes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view code = text.substr(0, end);
    while (code.starts_with(' ')) code.remove_prefix(1);
    while (code.ends_with(' ')) code.remove_suffix(1);
    codes.emplace_back(code);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return codes;
}

ConceptSet complement(const ConceptIndex& index, const ConceptSet& of) {
  ConceptSet rest(index.concept_count());
  rest.add_all();
  rest.subtract(of);
  return rest;
}

Result<ConceptSet> concept_filter(const ConceptIndex& index, const ValueSetFilter& filter) {
  if (filter.op == "in" || filter.op == "not-in") {
    ConceptSet found(index.concept_count());
    for (const std::string& code : listed_codes(filter.value)) {
      if (const auto at = index.find(code)) found.add(*at);
    }
    return filter.op == "in" ? found : complement(index, found);
  }
  const auto at = index.find(filter.value);
  if (!at) {
    return fail(ErrorCode::NotFound, "the terminology has no such code", filter.value,
                "check the code and the version that is loaded");
  }
  if (filter.op == "is-a" || filter.op == "is-not-a") {
    ConceptSet found = descendants(index, *at);
    found.add(*at);
    return filter.op == "is-a" ? found : complement(index, found);
  }
  if (filter.op == "descendent-of") return descendants(index, *at);
  if (filter.op == "generalizes") {
    ConceptSet found = ancestors(index, *at);
    found.add(*at);
    return found;
  }
  ConceptSet found(index.concept_count());
  if (filter.op == "child-of") {
    for (const std::uint32_t child : index.children(*at)) found.add(child);
  } else {
    found.add(*at);
  }
  return found;
}

template <class Holds>
ConceptSet those(const ConceptIndex& index, Holds&& holds) {
  ConceptSet found(index.concept_count());
  for (std::uint32_t i = 0; i < index.concept_count(); ++i) {
    if (holds(i)) found.add(i);
  }
  return found;
}

Result<ConceptSet> filtered(const ConceptIndex& index, const ValueSetFilter& filter) {
  static constexpr std::string_view operators[] = {"is-a", "is-not-a", "descendent-of", "in",
                                                   "=",    "not-in",   "generalizes",   "child-of"};
  const bool known = std::ranges::find(operators, filter.op) != std::end(operators);
  if ((filter.property == "concept" || filter.property == "code") && known) {
    return concept_filter(index, filter);
  }
  if (filter.op == "=") {
    if (filter.property == "constraint") return evaluate_expression(index, filter.value);
    if (filter.property == "parent" || filter.property == "child") {
      const auto at = index.find(filter.value);
      ConceptSet found(index.concept_count());
      if (!at) return found;
      const bool down = filter.property == "parent";
      for (const std::uint32_t i : down ? index.children(*at) : index.parents(*at)) found.add(i);
      return found;
    }
    if (filter.property == "tag" || filter.property == "semanticTag") {
      return those(index, [&](std::uint32_t i) { return index.tag(i) == filter.value; });
    }
    if (filter.property == "inactive") {
      return those(index,
                   [&](std::uint32_t i) { return index.active(i) == (filter.value == "false"); });
    }
  }
  return fail(ErrorCode::Unsupported, "the filter is not known here",
              fmt::format("{} {} {}", filter.property, filter.op, filter.value),
              "use concept with is-a, descendent-of or in, or constraint with an expression");
}

class Expander {
 public:
  explicit Expander(const TerminologyLookup& lookup) : lookup_(lookup) {}

  Result<std::vector<SystemConcepts>> run(const ValueSet& value_set) {
    constexpr std::size_t depth_max = 16;
    if (open_.size() >= depth_max || (!value_set.url.empty() && open_.contains(value_set.url))) {
      return fail(ErrorCode::InvalidInput, "value sets contain each other", value_set.url);
    }
    open_.insert(value_set.url);
    std::vector<SystemConcepts> all;
    for (const ValueSetPart& part : value_set.include) {
      for (SystemConcepts& one : CSL_TRY(concepts_of(part))) {
        SystemConcepts& into = entry_of(all, one.index);
        into.concepts.unite(one.concepts);
        into.displays.merge(one.displays);
      }
    }
    for (const ValueSetPart& part : value_set.exclude) {
      for (const SystemConcepts& one : CSL_TRY(concepts_of(part))) {
        for (SystemConcepts& from : all) {
          if (from.index == one.index) from.concepts.subtract(one.concepts);
        }
      }
    }
    if (!value_set.with_inactive) {
      for (SystemConcepts& one : all) {
        one.concepts.intersect(
            those(*one.index, [&](std::uint32_t i) { return one.index->active(i); }));
      }
    }
    open_.erase(value_set.url);
    return all;
  }

 private:
  static SystemConcepts& entry_of(std::vector<SystemConcepts>& all, const SharedIndex& index) {
    const auto found = std::ranges::find(all, index, &SystemConcepts::index);
    if (found != all.end()) return *found;
    all.push_back({.index = index, .concepts = ConceptSet(index->concept_count()), .displays = {}});
    return all.back();
  }

  Result<std::vector<SystemConcepts>> concepts_of(const ValueSetPart& part) {
    std::vector<SystemConcepts> all;
    if (!part.system.empty()) all.push_back(CSL_TRY(of_system(part)));
    bool first = part.system.empty();
    for (const std::string& url : part.value_sets) {
      const ValueSet other = CSL_TRY(lookup_.value_set(url));
      std::vector<SystemConcepts> also = CSL_TRY(run(other));
      if (std::exchange(first, false)) {
        all = std::move(also);
        continue;
      }
      for (SystemConcepts& one : all) {
        const auto same = std::ranges::find(also, one.index, &SystemConcepts::index);
        if (same == also.end()) {
          one.concepts = ConceptSet(one.index->concept_count());
          continue;
        }
        one.concepts.intersect(same->concepts);
        one.displays.merge(same->displays);
      }
    }
    return all;
  }

  Result<SystemConcepts> of_system(const ValueSetPart& part) {
    SharedIndex index = CSL_TRY(lookup_.index(part.system, part.version));
    SystemConcepts made{
        .index = index, .concepts = ConceptSet(index->concept_count()), .displays = {}};
    for (const ListedConcept& listed : part.listed) {
      const auto at = index->find(listed.code);
      if (!at) continue;
      made.concepts.add(*at);
      if (!listed.display.empty()) made.displays.emplace(*at, listed.display);
    }
    if (part.listed.empty()) made.concepts.add_all();
    for (const ValueSetFilter& filter : part.filters) {
      const ConceptSet found = CSL_TRY(filtered(*index, filter));
      made.concepts.intersect(found);
    }
    return made;
  }

  const TerminologyLookup& lookup_;
  std::set<std::string> open_;
};

}  // namespace

Result<std::vector<SystemConcepts>> expand_value_set(const ValueSet& value_set,
                                                     const TerminologyLookup& lookup) {
  return Expander(lookup).run(value_set);
}

}  // namespace consilium::service
