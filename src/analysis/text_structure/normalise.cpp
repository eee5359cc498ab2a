#include "analysis/text_structure/normalise.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>

#include <algorithm>
#include <cstring>

#include "analysis/text_structure/character_class.hpp"
#include "base/check.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

using text_structure::CharacterClass;
using text_structure::class_at;
using text_structure::is_ascii;

const icu::Normalizer2& folder() {
  UErrorCode problem = U_ZERO_ERROR;
  const icu::Normalizer2* instance = icu::Normalizer2::getNFKCCasefoldInstance(problem);
  CSL_CHECK(U_SUCCESS(problem) && instance != nullptr);  // its data is compiled into ICU
  return *instance;
}

void append_folded(std::string_view utf8, std::string& out) {
  UErrorCode problem = U_ZERO_ERROR;
  icu::StringByteSink<std::string> sink(&out);
  folder().normalizeUTF8(0, icu::StringPiece(utf8.data(), static_cast<std::int32_t>(utf8.size())),
                         sink, nullptr, problem);
  CSL_CHECK(U_SUCCESS(problem));
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// The end of the characters that must be folded together with the one at `at`.
std::size_t end_of_segment(std::string_view text, std::size_t at) {
  std::size_t end = at;
  (void)next_code_point(text, end);
  while (end < text.size() && !is_ascii(text[end])) {
    std::size_t next = end;
    const char32_t c = next_code_point(text, next);
    if (folder().hasBoundaryBefore(static_cast<UChar32>(c)) != 0) break;
    end = next;
  }
  return end;
}

// Lower-cases the ASCII capitals of eight bytes that are all ASCII.
std::uint64_t folded_word(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  const std::uint64_t at_least_a = word + ones * (0x80 - 'A');
  const std::uint64_t above_z = word + ones * (0x80 - 'Z' - 1);
  return word | (((at_least_a ^ above_z) & (ones * 0x80)) >> 2);
}

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

constexpr std::uint64_t first_odd = 0x9E3779B97F4A7C15U;
constexpr std::uint64_t second_odd = 0xD6E8FEB86659FD93U;

enum class Folding { Ascii, Done };

// False when bytes above ASCII were seen.
template <Folding folding>
bool hash_bytes(std::string_view word, std::uint64_t& hash) {
  std::uint64_t state = first_odd ^ (word.size() * second_odd);
  std::uint64_t seen = 0;
  std::size_t at = 0;
  do {
    std::uint64_t eight = 0;
    std::memcpy(&eight, word.data() + at, std::min<std::size_t>(8, word.size() - at));
    seen |= eight;
    state = mixed(state ^ (folding == Folding::Ascii ? folded_word(eight) : eight), second_odd);
    at += 8;
  } while (at < word.size());
  hash = mixed(state, first_odd);
  return (seen & 0x8080808080808080U) == 0;
}

}  // namespace

bool NormalisedText::ends_blank() const { return utf8_.empty() || utf8_.back() == ' '; }

void NormalisedText::add_piece(std::size_t original, bool in_step) {
  const Piece piece{static_cast<std::uint32_t>(utf8_.size()), static_cast<std::uint32_t>(original),
                    in_step};
  if (!pieces_.empty() && pieces_.back().normalised == piece.normalised) {
    // The piece before came to nothing (leading white space, a character folded away); what it
    // held belongs to no byte of the result.
    pieces_.back() = piece;
    return;
  }
  pieces_.push_back(piece);
}

NormalisedText NormalisedText::of(std::string_view valid_utf8) {
  CSL_CHECK(valid_utf8.size() <= structured_text_bytes_max);
  NormalisedText result;
  result.utf8_.reserve(valid_utf8.size());
  bool in_step = false;
  for (std::size_t at = 0; at < valid_utf8.size();) {
    const char c = valid_utf8[at];
    const auto [kind, size] = class_at(valid_utf8, at);
    std::size_t end = at + size;
    if (kind == CharacterClass::Space) {
      while (end < valid_utf8.size()) {
        const auto next = class_at(valid_utf8, end);
        if (next.kind != CharacterClass::Space) break;
        end += next.size_bytes;
      }
      const bool wanted = !result.ends_blank() && end < valid_utf8.size();
      const bool step = wanted && end - at == 1;
      if (!step || !in_step) result.add_piece(at, step);
      if (wanted) result.utf8_.push_back(' ');
      in_step = step;
    } else if (is_ascii(c) && (end == valid_utf8.size() || is_ascii(valid_utf8[end]))) {
      if (!in_step) result.add_piece(at, true);
      result.utf8_.push_back(folded(c));
      in_step = true;
    } else {
      end = end_of_segment(valid_utf8, at);
      result.add_piece(at, false);
      const std::size_t before = result.utf8_.size();
      const bool after_blank = result.ends_blank();
      append_folded(valid_utf8.substr(at, end - at), result.utf8_);
      // A spacing accent folds to a blank and its mark.
      if (after_blank && result.utf8_.substr(before, 1) == " ") result.utf8_.erase(before, 1);
      in_step = false;
    }
    at = end;
  }
  // A blank before what folded away ("a \u00ad") stands at the end after all.
  if (!result.utf8_.empty() && result.utf8_.back() == ' ') {
    result.utf8_.pop_back();
    while (!result.pieces_.empty() && result.pieces_.back().normalised > result.utf8_.size()) {
      result.pieces_.pop_back();
    }
  }
  result.pieces_.push_back({static_cast<std::uint32_t>(result.utf8_.size()),
                            static_cast<std::uint32_t>(valid_utf8.size()), false});
  return result;
}

Token NormalisedText::original_bytes(std::uint32_t begin, std::uint32_t end) const {
  CSL_CHECK(begin <= end && end <= utf8_.size());
  const auto piece_at = [this](std::uint32_t byte) {
    return std::prev(std::upper_bound(
        pieces_.begin(), pieces_.end(), byte,
        [](std::uint32_t value, const Piece& piece) { return value < piece.normalised; }));
  };
  const auto first = piece_at(begin);
  Token place;
  place.begin_byte =
      first->in_step ? first->original + (begin - first->normalised) : first->original;
  if (begin == end) return {place.begin_byte, place.begin_byte};
  const auto last = piece_at(end - 1);
  place.end_byte =
      last->in_step ? last->original + (end - last->normalised) : std::next(last)->original;
  return place;
}

std::uint64_t folded_hash(std::string_view valid_utf8_word) {
  std::uint64_t hash = 0;
  if (hash_bytes<Folding::Ascii>(valid_utf8_word, hash)) return hash;
  std::string folded_text;
  append_folded(valid_utf8_word, folded_text);
  (void)hash_bytes<Folding::Done>(folded_text, hash);
  return hash;
}

void hash_tokens(std::string_view valid_utf8, std::span<const Token> tokens,
                 std::vector<std::uint64_t>& out) {
  out.resize(tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    out[i] = folded_hash(
        valid_utf8.substr(tokens[i].begin_byte, tokens[i].end_byte - tokens[i].begin_byte));
  }
}

}  // namespace consilium
