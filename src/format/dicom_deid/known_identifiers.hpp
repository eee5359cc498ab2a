// What is known of the people in a file, sought in texts whatever their case, order and separators.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace consilium {

class KnownIdentifiers {
 public:
  // Each part of a person's name of three characters or more counts by itself; "^", "=", "," and
  // blanks part it. A part of digits alone is no name.
  void add_name(std::string_view utf8);
  // A number, address or institution: counts as a whole, from three characters on, whatever
  // separators it is written with; at most eight words.
  void add_phrase(std::string_view utf8);

  // The text with everything known cut out, and all that reads as a date, an e-mail address or a
  // web address; unchanged when there is nothing.
  [[nodiscard]] std::string scrubbed(std::string_view utf8) const;
  // As `scrubbed`, and of the rest only words of the field (clean_words.txt) and numbers of up to
  // three digits: the text says what was done, and nobody's name.
  [[nodiscard]] std::string cleaned(std::string_view utf8) const;

 private:
  struct Word {
    std::size_t begin = 0;  // bytes
    std::size_t end = 0;
    std::string folded;
  };
  [[nodiscard]] static std::vector<Word> words_of(std::string_view utf8);
  void mark(std::string_view text, const std::vector<Word>& words, std::vector<bool>& out) const;

  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> phrases_;  // folded, without separators
};

// The name of a field's word list, one a line, compiled in.
namespace detail {
[[nodiscard]] std::string_view embedded_clean_words();
}

}  // namespace consilium
