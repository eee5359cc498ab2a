#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "analysis/text_rules/compiled_rules.hpp"
#include "base/utf8.hpp"

namespace consilium {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{16} << 20U;
constexpr std::int64_t pattern_bytes_max = std::int64_t{8} << 20U;
constexpr std::int64_t set_bytes_max = std::int64_t{256} << 20U;
constexpr std::uint32_t near_max = 255;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// What is left of a line, and where that begins.
struct Rest {
  std::string_view text;
  std::size_t column_number = 1;  // bytes

  void skip_blanks() {
    while (!text.empty() && is_blank(text.front())) drop(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  }
  void drop(std::size_t count) {
    text.remove_prefix(count);
    column_number += count;
  }
  Rest take_word() {
    const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
    const Rest word{text.substr(0, end), column_number};
    drop(end);
    skip_blanks();
    return word;
  }
};

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

}  // namespace

class TextRuleParser {
 public:
  Result<TextRules> parse(std::string_view file) {
    if (file.size() > file_bytes_max) {
      return fail(ErrorCode::TooLarge, "the rule file is over 16 MiB");
    }
    if (!is_utf8(file)) return fail(ErrorCode::InvalidInput, "the rule file is not UTF-8");
    while (!file.empty()) {
      const std::size_t end = std::min(file.find('\n'), file.size());
      Rest line{file.substr(0, end), 1};
      if (line.text.ends_with('\r')) line.text.remove_suffix(1);
      file.remove_prefix(std::min(end + 1, file.size()));
      ++line_number_;
      line.skip_blanks();
      if (!line.text.empty() && line.text.front() != '#') CSL_TRY(read_line(line));
    }
    CSL_TRY(end_rule());
    CSL_TRY(make_set());
    return TextRules(std::move(made_));
  }

 private:
  [[nodiscard]] std::unexpected<Error> refuse(const Rest& at, std::string what,
                                              std::string remedy) const {
    return fail(ErrorCode::InvalidInput, std::move(what),
                fmt::format("line {}, column {}", line_number_, at.column_number),
                std::move(remedy));
  }

  Status read_line(Rest line) {
    Rest word = line.take_word();
    const bool negates = word.text == "not";
    if (negates) word = line.take_word();
    if (line.text.empty()) {
      return refuse(line, "the line ends before its value", "see rule_file.md for its form");
    }
    if (!negates && word.text == "rule") return begin_rule(line);
    if (!negates && word.text == "version" && made_->rules.empty()) {
      made_->version = line.text;
      return {};
    }
    if (made_->rules.empty()) {
      return refuse(word, "this stands before the first rule", "begin with a line \"rule ID\"");
    }
    if (word.text == "near") return read_near(line, !negates);
    if (word.text == "in") return read_sections(line, negates);
    if (!negates && word.text == "pattern") return read_pattern(line);
    if (!negates && word.text == "label") return read_label(line);
    if (!negates && word.text == "span") return read_span(line);
    if (!negates && word.text == "set") return read_attribute(line);
    return refuse(word, fmt::format("\"{}\" is no kind of line", word.text),
                  "one of: rule, pattern, label, span, set, in, not in, near, not near");
  }

  CompiledRule& rule() { return made_->rules.back(); }

  Status begin_rule(const Rest& name) {
    CSL_TRY(end_rule());
    if (!is_name(name.text)) {
      return refuse(name, "this is no rule id", "use letters, digits, '-', '_' and '.'");
    }
    if (!ids_.emplace(name.text).second) {
      return refuse(name, "a rule of this id stands above", "give each rule its own id");
    }
    if (made_->rules.size() >= TextRules::rules_max) {
      return fail(ErrorCode::TooLarge, "the file has over 10,000 rules");
    }
    made_->rules.emplace_back();
    rule().id = name.text;
    rule_line_number_ = line_number_;
    return {};
  }

  Status end_rule() {
    if (made_->rules.empty()) return {};
    const char* missing = rule().pattern == nullptr ? "pattern"
                          : rule().label.empty()    ? "label"
                                                    : nullptr;
    if (missing != nullptr) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the rule \"{}\" has no {}", rule().id, missing),
                  fmt::format("line {}, column 1", rule_line_number_), "add that line to it");
    }
    const auto groups = static_cast<std::uint32_t>(rule().pattern->NumberOfCapturingGroups());
    bool in_range = rule().span_group <= groups;
    for (const RuleAttribute& attribute : rule().attributes) {
      in_range = in_range && attribute.group <= groups;
    }
    if (!in_range) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the rule \"{}\" names a group that its pattern has not", rule().id),
                  fmt::format("line {}, column 1", rule_line_number_),
                  fmt::format("it has {} groups in round brackets", groups));
    }
    return {};
  }

  Result<std::unique_ptr<re2::RE2>> compiled(const Rest& pattern, bool is_exact) {
    re2::RE2::Options options;
    options.set_case_sensitive(is_exact);
    options.set_log_errors(false);
    options.set_max_mem(pattern_bytes_max);
    auto made = std::make_unique<re2::RE2>(
        re2::StringPiece(pattern.text.data(), pattern.text.size()), options);
    if (!made->ok()) {
      return refuse(pattern, fmt::format("the pattern is not RE2's: {}", made->error()),
                    "see its syntax at github.com/google/re2/wiki/Syntax");
    }
    return made;
  }

  Status read_pattern(Rest line) {
    Rest ahead = line;
    const bool is_exact = ahead.take_word().text == "exact" && !ahead.text.empty();
    if (is_exact) line = ahead;
    if (rule().pattern != nullptr) {
      return refuse(line, "the rule has a pattern already", "put it into a rule of its own");
    }
    rule().pattern = CSL_TRY(compiled(line, is_exact));
    is_exact_.push_back(is_exact);
    return {};
  }

  Status read_label(const Rest& line) {
    if (!is_name(line.text)) {
      return refuse(line, "this is no label", "use letters, digits, '-', '_' and '.'");
    }
    rule().label = line.text;
    return {};
  }

  Status read_span(const Rest& line) {
    if (line.text.size() != 1 || line.text[0] < '0' || line.text[0] > '9') {
      return refuse(line, "this is no group", "a digit: 0 for all, 1 for the first brackets");
    }
    rule().span_group = static_cast<std::uint32_t>(line.text[0] - '0');
    return {};
  }

  Status read_attribute(Rest line) {
    const Rest name = line.take_word();
    const Rest equals = line.take_word();
    if (!is_name(name.text) || equals.text != "=" || line.text.empty()) {
      return refuse(name, "the line is not \"set NAME = VALUE\"",
                    "put blanks around the = and a value behind it");
    }
    RuleAttribute attribute{std::string(name.text), std::string(line.text), 0, false};
    if (line.text.size() == 2 && line.text[0] == '\\' && line.text[1] >= '1' &&
        line.text[1] <= '9') {
      attribute.from_group = true;
      attribute.group = static_cast<std::uint32_t>(line.text[1] - '0');
    }
    rule().attributes.push_back(std::move(attribute));
    return {};
  }

  Status read_sections(Rest line, bool negates) {
    while (!line.text.empty()) {
      const std::size_t end = std::min(line.text.find(','), line.text.size());
      Rest name{line.text.substr(0, end), line.column_number};
      name.skip_blanks();
      const SectionKind* kind = section_kind_named(name.text);
      if (kind == nullptr) {
        return refuse(name, fmt::format("\"{}\" is no section", name.text),
                      "name one as in past_medical_history");
      }
      (negates ? rule().other_sections : rule().sections).push_back(*kind);
      line.drop(std::min(end + 1, line.text.size()));
    }
    return {};
  }

  Status read_near(Rest line, bool is_wanted) {
    const Rest count = line.take_word();
    std::uint32_t tokens = 0;
    const char* end = count.text.data() + count.text.size();
    const auto [stopped, problem] = std::from_chars(count.text.data(), end, tokens);
    if (problem != std::errc{} || stopped != end || tokens < 1 || tokens > near_max ||
        line.text.empty()) {
      return refuse(count, "the line is not \"near N REGEX\"", "N is from 1 to 255 tokens");
    }
    NearPattern near{CSL_TRY(compiled(line, false)), tokens, is_wanted};
    rule().near.push_back(std::move(near));
    return {};
  }

  Status make_set() {
    if (made_->rules.empty()) return {};
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(set_bytes_max);
    made_->occurring = std::make_unique<re2::RE2::Set>(options, re2::RE2::UNANCHORED);
    for (std::size_t i = 0; i < made_->rules.size(); ++i) {
      std::string pattern = made_->rules[i].pattern->pattern();
      if (!is_exact_[i]) pattern = "(?i:" + pattern + ")";
      if (made_->occurring->Add(pattern, nullptr) != static_cast<int>(i)) {
        return fail(ErrorCode::TooLarge,
                    fmt::format("the rule \"{}\" is too large", made_->rules[i].id));
      }
    }
    if (!made_->occurring->Compile()) {
      return fail(ErrorCode::TooLarge, "the patterns together need over 256 MiB", {},
                  "lower the counts in braces");
    }
    return {};
  }

  std::unique_ptr<TextRules::Compiled> made_ = std::make_unique<TextRules::Compiled>();
  std::vector<bool> is_exact_;  // by rule with a pattern
  std::unordered_set<std::string> ids_;
  std::size_t line_number_ = 0;
  std::size_t rule_line_number_ = 0;
};

Result<TextRules> TextRules::parse(std::string_view file) { return TextRuleParser().parse(file); }

}  // namespace consilium
