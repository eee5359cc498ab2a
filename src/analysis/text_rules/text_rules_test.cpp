#include "analysis/text_rules/text_rules.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/random.hpp"

namespace consilium {
namespace {

std::vector<std::string> found_in(const std::string& rule_file, const std::string& text) {
  const auto rules = TextRules::parse(rule_file);
  if (!rules) FAIL(to_line(rules.error()));
  TextStructure structure;
  REQUIRE(structure_text(text, structure));
  std::vector<TextRuleMatch> matches;
  rules->find(text, structure, matches);
  std::vector<std::string> found;
  for (const TextRuleMatch& match : matches) {
    std::string line = rules->rule_id(match.rule) + " " + rules->label(match.rule) + " [" +
                       text.substr(match.begin_byte, match.end_byte - match.begin_byte) + "]";
    for (const TextAttribute& attribute : match.attributes) {
      line += " " + attribute.name + "=" + attribute.value;
    }
    found.push_back(line);
  }
  return found;
}

using Lines = std::vector<std::string>;

TEST_CASE("a rule finds its pattern, gives its span, label and attributes") {
  const std::string file =
      "version 3\n# a comment\nrule hba1c-value\n  pattern "
      "\\bhba1c\\b\\D{0,20}(\\d+(?:\\.\\d+)?)\\s*(%)?\n"
      "  label lab-value\n  span 1\n  set analyte = Hb A1c\n  set value = \\1\n  set unit = \\2\n";
  CHECK(found_in(file, "HbA1c was 7.2 %, hba1c 8") ==
        Lines{"hba1c-value lab-value [7.2] analyte=Hb A1c value=7.2 unit=%",
              "hba1c-value lab-value [8] analyte=Hb A1c value=8"});
  CHECK(found_in("rule a\npattern exact MS\nlabel x\n", "ms MS") == Lines{"a x [MS]"});
  CHECK(found_in("rule a\npattern x*\nlabel x\n", "\u00e9xx\u00e9") == Lines{"a x [xx]"});
  CHECK(found_in("rule b\npattern \u00e9+\nlabel x\nrule a\npattern .\u00e9\nlabel y", "a\u00c9") ==
        Lines{"a y [a\u00c9]", "b x [\u00c9]"});
  CHECK(found_in("version 1", "text").empty());
}

TEST_CASE("sections and near patterns bound where a rule holds") {
  const std::string text =
      "FINDINGS: A mass of 3 cm. No change of the old mass.\nIMPRESSION: mass, large. Goal: 5.";
  const auto count = [&text](const std::string& lines) {
    return found_in("rule m\npattern mass\nlabel x\n" + lines, text).size();
  };
  CHECK(count("") == 3);
  CHECK(count("in findings") == 2);
  CHECK(count("not in findings, plan") == 1);
  CHECK(count("near 2 \\d") == 1);
  CHECK(count("near 1 \\d") == 0);  // "of" lies between
  CHECK(count("not near 3 old") == 2);
  CHECK(count("near 9 large|cm") == 2);
  CHECK(count("near 9 goal") == 0);  // another sentence
  CHECK(count("near 9 change\nnear 9 old") == 1);
}

TEST_CASE("a fault in a rule file is told with its place") {
  struct Fault {
    const char* file;
    const char* where;
  };
  const Fault faults[] = {{"label x", "line 1, column 1"},
                          {"rule a b", "line 1, column 6"},
                          {"rule a\npattern x\nlabel y\n\nrule a", "line 5, column 6"},
                          {"rule a\nlabel y", "line 1, column 1"},
                          {"\nrule a\npattern x\n", "line 2, column 1"},
                          {"rule a\npattern (x\nlabel y", "line 2, column 9"},
                          {"rule a\n  pattern (a)\\1\nlabel y", "line 2, column 11"},
                          {"rule a\npattern x\npattern y", "line 3, column 9"},
                          {"rule a\npattern x\nlabel y\nspan 1", "line 1, column 1"},
                          {"rule a\npattern x\nlabel y\nset v = \\1", "line 1, column 1"},
                          {"rule a\nset v 3", "line 2, column 5"},
                          {"rule a\nin kitchen", "line 2, column 4"},
                          {"rule a\nnear 0 x", "line 2, column 6"},
                          {"rule a\nnot label x", "line 2, column 5"},
                          {"rule a\nspan", "line 2, column 5"},
                          {"rule a\npattern a{1000}{1000}\nlabel y", "line 2, column 9"}};
  for (const Fault& fault : faults) {
    CAPTURE(std::string(fault.file));
    const auto rules = TextRules::parse(fault.file);
    REQUIRE_FALSE(rules.has_value());
    CHECK(rules.error().where == fault.where);
  }
  CHECK_FALSE(TextRules::parse("\xff").has_value());
}

TEST_CASE("no rule file brings the parser down") {
  SeededRandom random(4);
  constexpr std::string_view parts[] = {"rule ", "a",    "\n",    "pattern ", "(",    "label ",
                                        "x",     "not ", "near ", "3",        " in ", "findings",
                                        "set ",  " = ",  "\\1",   "span "};
  for (int round = 0; round < 2000; ++round) {
    std::string file = round % 2 == 0 ? "rule q\npattern x\nlabel y\n" : "";
    for (std::uint64_t n = random.below(16); n > 0; --n) file += parts[random.below(16)];
    const auto rules = TextRules::parse(file);
    if (rules) CHECK(rules->rule_count() <= 17);
  }
}

// A pattern that takes a backtracking engine 2^30 steps.
TEST_CASE("a pattern from outside cannot stall the server") {
  const std::string text(100'000, 'a');
  CHECK(found_in("rule a\npattern (a|a)*(a|a)*(a|a)*b\nlabel x\n", text).empty());
}

}  // namespace
}  // namespace consilium
