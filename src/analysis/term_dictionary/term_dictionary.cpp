#include "analysis/term_dictionary/term_dictionary.hpp"

#include <algorithm>

#include "analysis/term_dictionary/token_tree.hpp"
#include "base/check.hpp"

namespace consilium {

using term_dictionary::edge_key;
using term_dictionary::is_clitic;
using term_dictionary::is_hyphen;

std::uint32_t TermDictionary::child(std::uint32_t node, std::uint64_t hash) const {
  const std::uint64_t key = edge_key(node, hash);
  for (std::size_t slot = key & (edges_.size() - 1);; slot = (slot + 1) & (edges_.size() - 1)) {
    const Edge& edge = edges_[slot];
    if (edge.to == none) return none;
    if (edge.key == key) return edge.to;
  }
}

bool TermDictionary::may_begin(std::uint64_t hash) const {
  const std::uint64_t bit = (hash >> 20U) & (first_words_.size() * 64 - 1);
  return ((first_words_[bit / 64] >> (bit % 64)) & 1U) != 0;
}

bool TermDictionary::add_meanings(std::string_view text, bool capitals_only, const Surface& surface,
                                  TermMatches& out) const {
  const std::size_t before = out.concepts.size();
  for (std::uint32_t m = surface.meanings_begin; m < surface.meanings_end; ++m) {
    const Meaning& meaning = meanings_[m];
    if (meaning.exact != none) {
      const Spelling& spelling = spellings_[meaning.exact];
      if (spelling.text != text || (spelling.is_acronym && capitals_only)) continue;
    }
    // Meanings are sorted: the same concept by another spelling stands beside it.
    if (out.concepts.size() > before && out.concepts.back() == meaning.concept_index) continue;
    out.concepts.push_back(meaning.concept_index);
  }
  return out.concepts.size() > before;
}

void TermDictionary::find(std::string_view valid_utf8, std::span<const Token> tokens,
                          std::span<const std::uint64_t> hashes,
                          std::span<const TokenRange> sentences, TermMatches& out) const {
  CSL_CHECK(tokens.size() == hashes.size());
  out.matches.clear();
  out.concepts.clear();
  if (surfaces_.empty()) return;
  const auto word = [&](std::uint32_t i) {
    return valid_utf8.substr(tokens[i].begin_byte, tokens[i].end_byte - tokens[i].begin_byte);
  };
  const auto is_skipped = [&](std::uint32_t i) {
    // Nearly all words are longer than a clitic or begin with a letter.
    const char c = valid_utf8[tokens[i].begin_byte];
    const auto lower = static_cast<unsigned char>(c | 0x20);
    if (lower >= 'a' && lower <= 'z') return false;
    const std::string_view token = word(i);
    return is_hyphen(token) || is_clitic(token);
  };
  // Asked for acronyms alone (D7): is there no small letter in the sentence?
  const auto capitals_only = [&](TokenRange sentence) {
    const std::uint32_t byte = tokens[sentence.begin_token].begin_byte;
    return std::ranges::none_of(
        valid_utf8.substr(byte, tokens[sentence.end_token - 1].end_byte - byte),
        [](char c) { return c >= 'a' && c <= 'z'; });
  };
  for (const TokenRange& sentence : sentences) {
    for (std::uint32_t begin = sentence.begin_token; begin < sentence.end_token;) {
      if (!may_begin(hashes[begin])) {
        ++begin;
        continue;
      }
      std::uint32_t node = child(0, hashes[begin]);
      std::uint32_t end = begin + 1;
      std::uint32_t behind_match = none;
      while (node != none) {
        const std::uint32_t surface = surface_of_[node];
        if (surface != none) {
          const std::uint32_t byte = tokens[begin].begin_byte;
          const std::string_view text = valid_utf8.substr(byte, tokens[end - 1].end_byte - byte);
          const auto concepts_begin = static_cast<std::uint32_t>(out.concepts.size());
          const bool alone = begin == sentence.begin_token && end == sentence.end_token;
          const bool capitals = has_exact_[surface] && !alone && capitals_only(sentence);
          if (add_meanings(text, capitals, surfaces_[surface], out)) {
            const TermMatch match{
                {begin, end}, concepts_begin, static_cast<std::uint32_t>(out.concepts.size())};
            if (behind_match == none) {
              out.matches.push_back(match);
            } else {  // a longer one: it takes the shorter one's place
              TermMatch& shorter = out.matches.back();
              out.concepts.erase(out.concepts.begin() + shorter.concepts_begin,
                                 out.concepts.begin() + shorter.concepts_end);
              shorter = {match.tokens, shorter.concepts_begin,
                         static_cast<std::uint32_t>(out.concepts.size())};
            }
            behind_match = end;
          }
        }
        std::uint32_t next = end;
        while (next < sentence.end_token && is_skipped(next)) ++next;
        if (next >= sentence.end_token) break;
        node = child(node, hashes[next]);
        end = next + 1;
      }
      begin = behind_match == none ? begin + 1 : behind_match;
    }
  }
}

std::size_t TermDictionary::size_bytes() const {
  return edges_.capacity() * sizeof(Edge) + surface_of_.capacity() * sizeof(std::uint32_t) +
         surfaces_.capacity() * sizeof(Surface) + meanings_.capacity() * sizeof(Meaning) +
         spellings_.capacity() * sizeof(Spelling) + first_words_.capacity() * sizeof(std::uint64_t);
}

}  // namespace consilium
