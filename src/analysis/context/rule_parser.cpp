#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "analysis/context/context.hpp"
#include "analysis/text_structure/normalise.hpp"
#include "base/utf8.hpp"

namespace consilium {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{16} << 20U;
constexpr std::size_t phrases_per_line_max = 4096;
constexpr std::size_t phrase_tokens_max = 12;
constexpr std::uint32_t reach_max = 255;
constexpr std::uint32_t whole_sentence = 0xFFFFFFFF;

struct ValueName {
  std::string_view name;
  ContextDimension dimension;
  std::uint8_t value;
};
constexpr std::array value_names{
    ValueName{"affirmed", ContextDimension::Negation, 0},
    ValueName{"negated", ContextDimension::Negation, 1},
    ValueName{"recent", ContextDimension::Temporality, 0},
    ValueName{"historical", ContextDimension::Temporality, 1},
    ValueName{"hypothetical", ContextDimension::Temporality, 2},
    ValueName{"patient", ContextDimension::Experiencer, 0},
    ValueName{"other", ContextDimension::Experiencer, 1},
    ValueName{"certain", ContextDimension::Certainty, 0},
    ValueName{"uncertain", ContextDimension::Certainty, 1},
};

struct Word {
  std::string_view text;
  std::size_t column_number = 0;  // 1-based, bytes
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    if (line[at] == '#') break;
    std::size_t end = at;
    while (end < line.size() && line[end] != ' ' && line[end] != '\t') ++end;
    words.push_back({line.substr(at, end - at), at + 1});
    at = end;
  }
  return words;
}

using Phrase = std::vector<std::uint64_t>;

// One word of a phrase: its alternatives ("a|b?"), each as the tokens that it is cut into.
struct Alternatives {
  std::vector<Phrase> choices;
  bool optional = false;
};

Phrase tokens_of(const std::string& word) {
  std::vector<Token> tokens;
  tokenize(word, tokens);
  Phrase hashes;
  hash_tokens(word, tokens, hashes);
  return hashes;
}

Alternatives alternatives_of(std::string_view word) {
  Alternatives result;
  std::string choice;
  const auto add = [&] {
    result.choices.push_back(tokens_of(choice));
    choice.clear();
  };
  if (word == "*") return {{Phrase{PhraseTrie::any_token}}, false};
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char c = word[at];
    if (c == '\\' && at + 1 < word.size()) {
      choice += word[++at];
    } else if (c == '|') {
      add();
    } else if (c == '?' && at + 1 == word.size()) {
      result.optional = true;
    } else {
      choice += c;
    }
  }
  add();
  return result;
}

}  // namespace

class ContextRuleParser {
 public:
  Result<ContextRules> parse(std::string_view file) {
    if (file.size() > file_bytes_max) {
      return fail(ErrorCode::TooLarge, "the rule file is over 16 MiB");
    }
    if (!is_utf8(file)) return fail(ErrorCode::InvalidInput, "the rule file is not UTF-8");
    while (!file.empty()) {
      const std::size_t end = std::min(file.find('\n'), file.size());
      std::string_view line = file.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      file.remove_prefix(std::min(end + 1, file.size()));
      ++line_number_;
      CSL_TRY(read_line(line));
    }
    if (rules_.language_.empty()) {
      return refuse({"", 1}, "no language is named", "begin the file with a line \"language en\"");
    }
    return std::move(rules_);
  }

 private:
  using Direction = ContextRules::Direction;

  [[nodiscard]] std::unexpected<Error> refuse(const Word& word, std::string what,
                                              std::string remedy) const {
    return fail(ErrorCode::InvalidInput, std::move(what),
                fmt::format("line {}, column {}", line_number_, word.column_number),
                std::move(remedy));
  }

  Status read_line(std::string_view line) {
    const std::vector<Word> words = words_of(line);
    if (words.empty()) return {};
    if (words[0].text.starts_with('[')) return read_group(line, words);
    const bool setting = groups_.empty() && words.size() == 2 &&
                         (words[0].text == "language" || words[0].text == "version");
    if (setting) {
      (words[0].text == "language" ? rules_.language_ : rules_.version_) = words[1].text;
      return {};
    }
    if (groups_.empty()) {
      return refuse(words[0], "a phrase stands before the first group",
                    "put a line such as [negated forward] before it");
    }
    if (in_sections_) return read_section(words);
    return read_phrase(words);
  }

  Status read_group(std::string_view line, const std::vector<Word>& words) {
    groups_.clear();
    in_sections_ = false;
    const std::size_t close = line.find(']');
    if (close == std::string_view::npos) {
      return refuse(words[0], "the group's bracket is not closed", "end the line with ]");
    }
    const std::size_t open = line.find('[');
    std::vector<Word> parts = words_of(line.substr(open + 1, close - open - 1));
    for (Word& part : parts) part.column_number += open + 1;
    name_.clear();
    for (const Word& part : parts) (name_ += name_.empty() ? "" : " ") += part.text;
    if (parts.size() == 1 && parts[0].text == "stop") {
      for (std::size_t d = 0; d < context_dimension_count; ++d) {
        groups_.push_back({static_cast<ContextDimension>(d), ContextRules::every_value,
                           Direction::Stop, whole_sentence});
      }
      return {};
    }
    return read_value_group(words[0], parts);
  }

  Status read_value_group(const Word& bracket, const std::vector<Word>& parts) {
    if (parts.size() != 2 && parts.size() != 4) {
      return refuse(bracket, "a group is a value and a place",
                    "write it as [negated forward] or [negated backward within 8]");
    }
    const auto value = std::ranges::find(value_names, parts[0].text, &ValueName::name);
    if (value == value_names.end()) {
      return refuse(parts[0], fmt::format("\"{}\" is no value", parts[0].text),
                    "one of: affirmed, negated, recent, historical, hypothetical, patient, other, "
                    "certain, uncertain");
    }
    constexpr std::array<std::string_view, 7> places{"forward", "backward", "both", "inside",
                                                     "bare",    "pseudo",   "stop"};
    in_sections_ = parts[1].text == "section";
    const auto place = std::ranges::find(places, parts[1].text);
    if (place == places.end() && !in_sections_) {
      return refuse(parts[1], fmt::format("\"{}\" is no place", parts[1].text),
                    "one of: forward, backward, both, inside, bare, pseudo, stop, section");
    }
    std::uint32_t reach = whole_sentence;
    if (parts.size() == 4) {
      const std::string_view digits = parts[3].text;
      const auto [end, problem] =
          std::from_chars(digits.data(), digits.data() + digits.size(), reach);
      if (parts[2].text != "within" || problem != std::errc{} ||
          end != digits.data() + digits.size() || reach < 1 || reach > reach_max) {
        return refuse(parts[2], "the reach is not \"within N\"", "N is from 1 to 255 tokens");
      }
    }
    const auto direction =
        in_sections_ ? Direction::Inside : static_cast<Direction>(place - places.begin());
    groups_.push_back({value->dimension, value->value, direction, reach});
    return {};
  }

  Status read_section(const std::vector<Word>& words) {
    const SectionKind* kind = section_kind_named(words[0].text);
    if (kind == nullptr || words.size() != 1) {
      return refuse(words[0], "this is no section", "name one as in past_medical_history");
    }
    rules_.sections_.push_back({*kind, add_rule(groups_[0], words[0].text)});
    return {};
  }

  std::uint32_t add_rule(const ContextRules::Group& group, std::string_view phrase) {
    rules_.rules_.push_back({group, fmt::format("{}: {}", name_, phrase)});
    return static_cast<std::uint32_t>(rules_.rules_.size() - 1);
  }

  Status read_phrase(const std::vector<Word>& words) {
    std::vector<Phrase> phrases(1);
    std::string shown;
    for (const Word& word : words) {
      (shown += shown.empty() ? "" : " ") += word.text;
      const Alternatives alternatives = alternatives_of(word.text);
      std::vector<Phrase> longer;
      for (const Phrase& phrase : phrases) {
        if (alternatives.optional) longer.push_back(phrase);
        for (const Phrase& choice : alternatives.choices) {
          if (choice.empty()) {
            return refuse(word, "an alternative is empty", "write a word on both sides of |");
          }
          longer.push_back(phrase);
          longer.back().insert(longer.back().end(), choice.begin(), choice.end());
        }
      }
      if (longer.size() > phrases_per_line_max) {
        return fail(ErrorCode::TooLarge, "the alternatives make over 4,096 phrases",
                    fmt::format("line {}", line_number_), "split the line");
      }
      phrases = std::move(longer);
    }
    for (const Phrase& phrase : phrases) {
      if (phrase.empty() || phrase[0] == PhraseTrie::any_token ||
          phrase.size() > phrase_tokens_max) {
        return refuse(words[0], "a phrase is 1 to 12 tokens and does not begin with *",
                      "give it a first word that must be there");
      }
    }
    for (const ContextRules::Group& group : groups_) {
      const std::uint32_t rule = add_rule(group, shown);
      for (const Phrase& phrase : phrases) rules_.phrases_.add(phrase, rule);
    }
    return {};
  }

  ContextRules rules_;
  std::vector<ContextRules::Group> groups_;  // several only for [stop]
  std::string name_;
  bool in_sections_ = false;
  std::size_t line_number_ = 0;
};

Result<ContextRules> ContextRules::parse(std::string_view file) {
  return ContextRuleParser().parse(file);
}

}  // namespace consilium
