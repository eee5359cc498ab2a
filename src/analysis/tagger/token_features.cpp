#include "analysis/tagger/token_features.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace consilium {
namespace {

constexpr std::uint32_t seed = 0x9E37'79B9U;
constexpr std::size_t short_form_bytes_max = 12;
constexpr std::size_t part_bytes = 4;
constexpr std::size_t parts_word_bytes_max = 40;  // longer ones are no words
constexpr std::size_t repeated_bytes_min = 4;     // shorter words only where they have a capital
constexpr std::uint8_t has_capital = 1;
constexpr std::uint8_t has_letter = 3;

constexpr std::uint32_t mixed(std::uint32_t a, std::uint32_t b) {
  std::uint32_t h = (a ^ (b * 0x85EB'CA6BU)) + seed + (b << 6U) + (b >> 2U);
  h ^= h >> 15U;
  h *= 0x2C1B'3C6DU;
  return h ^ (h >> 13U);
}

constexpr bool is_upper(unsigned char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(unsigned char c) { return (c >= 'a' && c <= 'z') || c >= 0x80; }
constexpr bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
constexpr unsigned char lower(unsigned char c) {
  return is_upper(c) ? static_cast<unsigned char>(c + 32) : c;
}
constexpr bool is_letter_or_digit(unsigned char c) {
  return is_upper(c) || is_lower(c) || is_digit(c);
}

constexpr std::uint32_t hash_step(std::uint32_t h, unsigned char c) {
  return (h ^ c) * 0x0100'0193U;  // FNV-1a
}
constexpr std::uint32_t hash_begin = 0x811C'9DC5U;

constexpr unsigned char folded(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return is_digit(byte) ? '0' : lower(byte);
}

std::string_view word_at(std::string_view utf8, const Token& token) {
  return utf8.substr(token.begin_byte, token.end_byte - token.begin_byte);
}

std::uint32_t shape_hash(std::string_view word, std::uint8_t& kind) {
  std::uint32_t h = hash_begin;
  unsigned char last = 0;
  for (const char raw : word) {
    const auto c = static_cast<unsigned char>(raw);
    const unsigned char now = is_upper(c) ? 'X' : is_lower(c) ? 'x' : is_digit(c) ? '0' : c;
    kind |= now == 'X' ? 1U : now == 'x' ? 2U : now == '0' ? 4U : 8U;
    if (now == last) continue;
    h = hash_step(h, now);
    last = now;
  }
  // One capital is another thing than many.
  return mixed(h, word.size() == 1 ? 1 : word.size() <= 3 ? 2 : 3);
}

// Whether the words' text is a long form of the short one, from its first byte: the short form's
// letters occur in it in order, matched from behind, the first at a word's begin.
std::size_t long_form_begin(std::string_view before, std::string_view short_form) {
  std::size_t at = before.size();
  for (std::size_t s = short_form.size(); s-- > 0;) {
    const unsigned char wanted = lower(static_cast<unsigned char>(short_form[s]));
    if (!is_letter_or_digit(wanted)) continue;
    for (;;) {
      if (at == 0) return std::string_view::npos;
      --at;
      const auto here = static_cast<unsigned char>(before[at]);
      const bool begins_word =
          at == 0 || !is_letter_or_digit(static_cast<unsigned char>(before[at - 1]));
      if (lower(here) == wanted && (s > 0 || begins_word)) break;
    }
  }
  return at;
}

// Calls push(hash, number) for each stretch of four bytes within the word.
template <class Push>
void add_parts(std::string_view word, std::uint32_t number, const Push& push) {
  if (word.size() <= part_bytes || word.size() > parts_word_bytes_max) return;
  for (std::size_t begin = 0; begin + part_bytes <= word.size(); ++begin) {
    std::uint32_t h = hash_begin;
    for (const char c : word.substr(begin, part_bytes)) h = hash_step(h, folded(c));
    push(h, number);
  }
}

}  // namespace

TokenFeatures::TokenFeatures(std::string_view utf8, std::span<const Token> tokens,
                             std::span<const TokenHints> hints)
    : utf8_(utf8), tokens_(tokens), words_(tokens.size()), hints_(hints) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view text = word_at(utf8, tokens[i]);
    Word& word = words_[i];
    word.shape = shape_hash(text, word.kind);
    std::uint32_t h = hash_begin;
    for (std::size_t b = 0; b < text.size(); ++b) {
      h = hash_step(h, folded(text[b]));
      if (b >= 1 && b <= 3) word.prefix[b - 1] = h;
    }
    word.lower = mixed(h, 1);
    h = hash_begin;
    for (std::size_t b = 0; b < std::min<std::size_t>(text.size(), 5); ++b) {
      h = hash_step(h, folded(text[text.size() - 1 - b]));
      if (b >= 1) word.suffix[b - 1] = h;
    }
    for (std::size_t b = std::max<std::size_t>(text.size(), 1); b < 5; ++b) {
      if (b >= 1) word.suffix[b - 1] = mixed(h, 7);
    }
  }
  find_abbreviations(utf8, tokens);
  find_repeats(tokens);
}

void TokenFeatures::find_repeats(std::span<const Token> tokens) {
  std::unordered_map<std::uint32_t, std::uint32_t> last;
  for (std::uint32_t i = 0; i < tokens.size(); ++i) {
    Word& word = words_[i];
    if ((word.kind & has_letter) == 0 ||
        ((word.kind & has_capital) == 0 &&
         tokens[i].end_byte - tokens[i].begin_byte < repeated_bytes_min)) {
      continue;
    }
    const auto [at, is_first] = last.try_emplace(word.lower, i);
    if (is_first) continue;
    if (i - at->second <= elsewhere_tokens_max) {
      word.before = at->second + 1;
      words_[at->second].behind = i + 1;
    }
    at->second = i;
  }
}

void TokenFeatures::find_abbreviations(std::string_view utf8, std::span<const Token> tokens) {
  struct Definition {
    std::uint32_t token = 0;
    std::uint32_t last_word = 0;
  };
  std::unordered_map<std::string_view, std::vector<Definition>> definitions;
  for (std::size_t i = 1; i + 2 < tokens.size(); ++i) {
    if (word_at(utf8, tokens[i]) != "(") continue;
    const std::string_view closing = word_at(utf8, tokens[i + 2]);
    if (closing != ")" && closing != "," && closing != ";") continue;
    const std::string_view short_form = word_at(utf8, tokens[i + 1]);
    if (short_form.size() < 2 || short_form.size() > short_form_bytes_max) continue;
    if ((words_[i + 1].kind & has_capital) == 0) continue;
    const std::size_t words = std::min(short_form.size() + 5, short_form.size() * 2);
    const std::size_t first = i > words ? i - words : 0;
    const std::uint32_t from = tokens[first].begin_byte;
    const std::string_view before = utf8.substr(from, tokens[i - 1].end_byte - from);
    if (before.size() <= short_form.size() ||
        long_form_begin(before, short_form) == std::string_view::npos) {
      continue;
    }
    definitions[short_form].push_back(
        {static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(i - 1)});
  }
  if (definitions.empty()) return;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if ((words_[i].kind & has_capital) == 0 || words_[i].lower == 0) continue;
    const std::string_view text = word_at(utf8, tokens[i]);
    if (text.size() < 2 || text.size() > short_form_bytes_max) continue;
    const auto found = definitions.find(text);
    if (found == definitions.end()) continue;
    // The definition before it, else the first after it.
    const std::vector<Definition>& all = found->second;
    auto after = std::ranges::upper_bound(all, i, {}, &Definition::token);
    if (after != all.begin()) --after;
    words_[i].long_form = words_[after->last_word].lower;
    words_[i].long_suffix = words_[after->last_word].suffix[2];
  }
}

void TokenFeatures::of_sentence(TokenRange sentence, std::vector<std::uint32_t>& hashes,
                                std::vector<std::uint32_t>& ends) const {
  hashes.clear();
  ends.clear();
  static constexpr Word edge{.lower = 0x1234'5678U, .shape = 0x8765'4321U};
  const auto at = [&](std::int64_t i) -> const Word& {
    return i < sentence.begin_token || i >= sentence.end_token
               ? edge
               : words_[static_cast<std::size_t>(i)];
  };
  for (std::int64_t i = sentence.begin_token; i < sentence.end_token; ++i) {
    const Word& b2 = at(i - 2);
    const Word& b1 = at(i - 1);
    const Word& w = at(i);
    const Word& a1 = at(i + 1);
    const Word& a2 = at(i + 2);
    std::uint32_t number = 0;
    const auto push = [&](std::uint32_t value, std::uint32_t of_number) {
      hashes.push_back(std::max(mixed(value, of_number), hash_min));
    };
    const auto add = [&](std::uint32_t value) { push(value, ++number); };
    hashes.push_back(0);
    add(w.lower);
    add(b1.lower);
    add(a1.lower);
    add(b2.lower);
    add(a2.lower);
    add(mixed(b1.lower, w.lower));
    add(mixed(w.lower, a1.lower));
    add(mixed(b1.lower, a1.lower));
    add(mixed(b2.lower, b1.lower));
    add(mixed(a1.lower, a2.lower));
    add(w.shape);
    add(mixed(b1.shape, w.shape));
    add(mixed(w.shape, a1.shape));
    add(mixed(b1.shape, mixed(w.shape, a1.shape)));
    add(mixed(b2.shape, mixed(b1.shape, w.shape)));
    for (const std::uint32_t prefix : w.prefix) add(prefix);
    for (const std::uint32_t suffix : w.suffix) add(suffix);
    add(b1.suffix[1]);
    add(a1.suffix[1]);
    add(b1.suffix[2]);
    add(a1.suffix[2]);
    add(mixed(b1.suffix[1], w.suffix[1]));
    add(mixed(w.suffix[1], a1.suffix[1]));
    add(b2.suffix[2]);
    add(a2.suffix[2]);
    const auto optional = [&](bool is_there, std::uint32_t value) {
      ++number;
      if (is_there) push(value, number);
    };
    optional(w.long_form != 0, w.long_form);
    optional(w.long_form != 0, w.long_suffix);
    optional(b1.long_form != 0, b1.long_suffix);
    optional(a1.long_form != 0, a1.long_suffix);
    ++number;
    add_parts(word_at(utf8_, tokens_[static_cast<std::size_t>(i)]), number, push);
    for (const std::uint32_t place : {w.before, w.behind}) {
      if (place == 0) continue;
      if (place > 1) {
        push(words_[place - 2].lower, number + 1);
        push(words_[place - 2].suffix[1], number + 2);
      }
      if (place < words_.size()) {
        push(words_[place].lower, number + 3);
        push(words_[place].suffix[1], number + 4);
      }
    }
    number += 4;
    if (!hints_.empty()) {
      const auto hint = [&](std::int64_t j) {
        return j < sentence.begin_token || j >= sentence.end_token
                   ? TokenHints{}
                   : hints_[static_cast<std::size_t>(j)];
      };
      const TokenHints own = hint(i);
      optional(own.section != 0, own.section);
      optional(own.section != 0, mixed(own.section, w.lower));
      optional(own.dictionary != 0, own.dictionary);
      optional(hint(i - 1).dictionary != 0, hint(i - 1).dictionary);
      optional(hint(i + 1).dictionary != 0, hint(i + 1).dictionary);
    }
    ends.push_back(static_cast<std::uint32_t>(hashes.size()));
  }
}

}  // namespace consilium
