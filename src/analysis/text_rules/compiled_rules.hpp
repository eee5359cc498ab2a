// A rule file as it is matched; RE2 stays out of the public header.
#pragma once

#include <re2/re2.h>
#include <re2/set.h>

#include <memory>
#include <string>
#include <vector>

#include "analysis/text_rules/text_rules.hpp"

namespace consilium {

struct NearPattern {
  std::unique_ptr<re2::RE2> pattern;
  std::uint32_t tokens_max = 0;
  bool is_wanted = true;
};

struct RuleAttribute {
  std::string name;
  std::string value;        // as given
  std::uint32_t group = 0;  // where `from_group`: what that group matched
  bool from_group = false;
};

struct CompiledRule {
  std::string id;
  std::string label;
  std::unique_ptr<re2::RE2> pattern;
  std::uint32_t span_group = 0;
  std::vector<NearPattern> near;
  std::vector<SectionKind> sections;        // empty: all
  std::vector<SectionKind> other_sections;  // not in these
  std::vector<RuleAttribute> attributes;
};

struct TextRules::Compiled {
  std::string version;
  std::vector<CompiledRule> rules;
  std::unique_ptr<re2::RE2::Set> occurring;  // null: no rules
};

}  // namespace consilium
