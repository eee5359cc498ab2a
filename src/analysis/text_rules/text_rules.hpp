// Labels by rules that people write: a regular expression, where it may stand, what must or must
// not stand near it, and what it then says. The form of a rule file is in rule_file.md. Patterns
// are RE2's, so every rule takes time linear in the text.
//
// Cost: one pass decides which rules occur in a text at all; each that does, one more.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/text_structure/text_structure.hpp"
#include "base/result.hpp"
#include "domain/text/labelled_text.hpp"

namespace consilium {

struct TextRuleMatch {
  std::uint32_t rule = 0;
  std::uint32_t begin_byte = 0;  // of the rule's span
  std::uint32_t end_byte = 0;
  std::vector<TextAttribute> attributes;
  friend bool operator==(const TextRuleMatch&, const TextRuleMatch&) = default;
};

class TextRules {
 public:
  static constexpr std::size_t rules_max = 10'000;

  // A rule file's text. Errors: InvalidInput with line and column; TooLarge above 16 MiB, 10,000
  // rules, or when the patterns need over 256 MiB.
  [[nodiscard]] static Result<TextRules> parse(std::string_view file);

  TextRules(TextRules&&) noexcept;
  TextRules& operator=(TextRules&&) noexcept;
  ~TextRules();

  // Every match of every rule, by place, then rule; matches of one rule are disjoint, empty ones
  // left out. `out` is replaced. Safe from several threads.
  void find(std::string_view valid_utf8, const TextStructure& structure,
            std::vector<TextRuleMatch>& out) const;

  [[nodiscard]] std::size_t rule_count() const;
  [[nodiscard]] const std::string& rule_id(std::uint32_t rule) const;
  [[nodiscard]] const std::string& label(std::uint32_t rule) const;
  [[nodiscard]] std::string_view version() const;

 private:
  friend class TextRuleParser;
  struct Compiled;
  explicit TextRules(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace consilium
