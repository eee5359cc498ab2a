// Lays a terminology out as a form.
#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "analysis/concept_search/concept_index.hpp"
#include "analysis/concept_search/concept_sections.hpp"
#include "analysis/concept_search/words.hpp"

namespace consilium {
namespace {

static_assert(std::endian::native == std::endian::little, "the form is used as it lies in memory");

using Numbers = std::vector<std::uint32_t>;

// Lists of numbers, one after another, with where each begins.
struct Lists {
  Numbers offsets{0};
  Numbers values;
  void close() { offsets.push_back(static_cast<std::uint32_t>(values.size())); }
};

struct Texts {
  Numbers offsets{0};
  std::string text;
  void add(std::string_view one) {
    text += one;
    offsets.push_back(static_cast<std::uint32_t>(text.size()));
  }
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
using WordNumbers = std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>>;

// Terms in the order in which a search shows them.
Numbers rank_order(const Terminology& terminology) {
  Numbers order(terminology.terms.size());
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::uint64_t> key(order.size());
  for (std::size_t i = 0; i < key.size(); ++i) {
    const Term& term = terminology.terms[i];
    const std::uint64_t definition = term.kind == TermKind::Definition ? 1 : 0;
    const std::uint64_t inactive = terminology.concepts[term.of].active ? 0 : 1;
    key[i] = definition << 63U | inactive << 62U |
             std::uint64_t{static_cast<std::uint8_t>(term.kind)} << 56U |
             std::min<std::uint64_t>(term.size, 0xFFFF) << 32U | term.of;
  }
  std::ranges::stable_sort(order, {}, [&](std::uint32_t i) { return key[i]; });
  return order;
}

struct WordLists {
  Texts words;
  Lists of_terms;  // word numbers of each term, in the order of its text
  Lists postings;  // term numbers of each word
};

WordLists index_words(const Terminology& terminology, const Numbers& order) {
  WordLists made;
  WordNumbers number_of;
  std::string scratch;
  for (const std::uint32_t i : order) {
    const Term& term = terminology.terms[i];
    if (term.kind != TermKind::Definition) {
      each_word(terminology.text_of(term), scratch, [&](std::string_view word) {
        auto found = number_of.find(word);
        if (found == number_of.end()) {
          found = number_of.emplace(word, static_cast<std::uint32_t>(number_of.size())).first;
        }
        made.of_terms.values.push_back(found->second);
      });
    }
    made.of_terms.close();
  }
  std::vector<const WordNumbers::value_type*> sorted;
  sorted.reserve(number_of.size());
  for (const auto& word : number_of) sorted.push_back(&word);
  std::ranges::sort(sorted, {}, [](const auto* word) -> const std::string& { return word->first; });
  Numbers moved_to(sorted.size());
  for (std::uint32_t i = 0; i < sorted.size(); ++i) {
    moved_to[sorted[i]->second] = i;
    made.words.add(sorted[i]->first);
  }
  for (std::uint32_t& word : made.of_terms.values) word = moved_to[word];

  // Postings by counting: terms come in ascending order, so each word's list is sorted.
  Numbers count(sorted.size() + 1);
  Numbers last(sorted.size(), 0xFFFFFFFF);
  const auto each = [&](auto&& use) {
    std::ranges::fill(last, 0xFFFFFFFF);
    for (std::uint32_t term = 0; term + 1 < made.of_terms.offsets.size(); ++term) {
      for (std::uint32_t at = made.of_terms.offsets[term]; at < made.of_terms.offsets[term + 1];
           ++at) {
        const std::uint32_t word = made.of_terms.values[at];
        if (std::exchange(last[word], term) != term) use(word, term);
      }
    }
  };
  each([&](std::uint32_t word, std::uint32_t) { ++count[word + 1]; });
  std::partial_sum(count.begin(), count.end(), count.begin());
  made.postings.offsets = count;
  made.postings.values.resize(count.back());
  each([&](std::uint32_t word, std::uint32_t term) { made.postings.values[count[word]++] = term; });
  return made;
}

Lists links(const std::vector<ParentLink>& parents, std::size_t concept_count, bool upward) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  pairs.reserve(parents.size());
  for (const ParentLink& link : parents) {
    pairs.emplace_back(upward ? link.child : link.parent, upward ? link.parent : link.child);
  }
  std::ranges::sort(pairs);
  Lists made;
  auto next = pairs.begin();
  for (std::uint32_t i = 0; i < concept_count; ++i) {
    for (; next != pairs.end() && next->first == i; ++next) made.values.push_back(next->second);
    made.close();
  }
  return made;
}

class FormWriter {
 public:
  FormWriter() : form_(concept_header_bytes) {
    std::memcpy(form_.data(), concept_form_magic.data(), concept_form_magic.size());
    put(8, concept_form_version);
    put(12, static_cast<std::uint32_t>(concept_section_count));
  }
  void add(ConceptSection section, ByteView bytes) {
    form_.resize((form_.size() + 7) / 8 * 8);
    const std::size_t entry = 16 + 16 * static_cast<std::size_t>(section);
    put(entry, static_cast<std::uint64_t>(form_.size()));
    put(entry + 8, static_cast<std::uint64_t>(bytes.size()));
    form_.insert(form_.end(), bytes.begin(), bytes.end());
  }
  void add(ConceptSection section, const Numbers& numbers) {
    add(section, std::as_bytes(std::span(numbers)));
  }
  void add(ConceptSection section, std::string_view text) { add(section, bytes_of(text)); }
  void reserve(std::size_t bytes) { form_.reserve(bytes); }
  Bytes take() && { return std::move(form_); }

 private:
  template <class T>
  void put(std::size_t at, T value) {
    std::memcpy(form_.data() + at, &value, sizeof value);
  }
  Bytes form_;
};

void add_concepts(FormWriter& form, const Terminology& terminology, const Numbers& order) {
  Texts codes;
  Texts tags;
  Numbers tag_of;
  std::string flags;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> tag_number;
  for (const TermConcept& one : terminology.concepts) {
    codes.add(one.code);
    flags.push_back(one.active ? '\1' : '\0');
    const auto [at, added] =
        tag_number.emplace(one.tag, static_cast<std::uint32_t>(tag_number.size()));
    if (added) tags.add(one.tag);
    tag_of.push_back(at->second);
  }
  Numbers rank(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
  Lists terms;
  auto next = std::size_t{0};
  for (std::uint32_t i = 0; i < terminology.concepts.size(); ++i) {
    for (; next < terminology.terms.size() && terminology.terms[next].of == i; ++next) {
      terms.values.push_back(rank[next]);
    }
    terms.close();
  }
  form.add(ConceptSection::CodeOffsets, codes.offsets);
  form.add(ConceptSection::CodeText, codes.text);
  form.add(ConceptSection::ConceptFlags, flags);
  form.add(ConceptSection::ConceptTag, tag_of);
  form.add(ConceptSection::TagOffsets, tags.offsets);
  form.add(ConceptSection::TagText, tags.text);
  form.add(ConceptSection::ConceptTermOffsets, terms.offsets);
  form.add(ConceptSection::ConceptTerms, terms.values);
  const Lists up = links(terminology.parents, terminology.concepts.size(), true);
  form.add(ConceptSection::ParentOffsets, up.offsets);
  form.add(ConceptSection::Parents, up.values);
  const Lists down = links(terminology.parents, terminology.concepts.size(), false);
  form.add(ConceptSection::ChildOffsets, down.offsets);
  form.add(ConceptSection::Children, down.values);
}

void add_terms(FormWriter& form, const Terminology& terminology, const Numbers& order) {
  Texts texts;
  texts.text.reserve(terminology.text.size());
  Numbers concept_of;
  std::string kinds;
  for (const std::uint32_t i : order) {
    const Term& term = terminology.terms[i];
    texts.add(terminology.text_of(term));
    concept_of.push_back(term.of);
    kinds.push_back(static_cast<char>(term.kind));
  }
  form.add(ConceptSection::TermOffsets, texts.offsets);
  form.add(ConceptSection::TermText, texts.text);
  form.add(ConceptSection::TermConcept, concept_of);
  form.add(ConceptSection::TermKind, kinds);
}

}  // namespace

Result<Bytes> ConceptIndex::build(const Terminology& terminology) {
  // Words are at most as many as bytes of text, so this bounds every 32-bit offset below.
  if (terminology.text.size() > terminology_text_bytes_max) {
    return fail(ErrorCode::TooLarge, "the terminology has over 2 GiB of text");
  }
  const std::vector<std::uint32_t> order = rank_order(terminology);
  FormWriter form;
  form.reserve(terminology.text.size() * 3 + terminology.terms.size() * 64);
  std::string identity;
  for (const std::string& one : {terminology.system, terminology.version, terminology.title}) {
    identity += one.substr(0, one.find('\0'));
    identity += '\0';
  }
  form.add(ConceptSection::Identity, identity);
  add_concepts(form, terminology, order);
  add_terms(form, terminology, order);
  const WordLists words = index_words(terminology, order);
  form.add(ConceptSection::TermWordOffsets, words.of_terms.offsets);
  form.add(ConceptSection::TermWords, words.of_terms.values);
  form.add(ConceptSection::WordOffsets, words.words.offsets);
  form.add(ConceptSection::WordText, words.words.text);
  form.add(ConceptSection::PostingOffsets, words.postings.offsets);
  form.add(ConceptSection::Postings, words.postings.values);
  return std::move(form).take();
}

}  // namespace consilium
