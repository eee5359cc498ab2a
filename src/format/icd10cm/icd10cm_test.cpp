#include "format/icd10cm/icd10cm.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace consilium;

namespace {

std::string order_line(int number, std::string_view code, char flag, std::string_view short_title,
                       std::string_view long_title) {
  return fmt::format("{:05} {:<7} {} {:<60} {}\r\n", number, code, flag, short_title, long_title);
}

Result<Terminology> order(std::string_view text) {
  const auto source = view_source(bytes_of(text));
  return read_icd10cm_order({.name = "order.txt", .bytes = source.get()}, "2026");
}

Result<Terminology> tabular(std::string_view text) {
  const auto source = view_source(bytes_of(text));
  return read_icd10cm_tabular({.name = "tabular.xml", .bytes = source.get()}, "");
}

std::string preferred(const Terminology& made, std::string_view code) {
  for (const Term& term : made.terms) {
    if (made.concepts[term.of].code == code && term.kind == TermKind::Preferred) {
      return std::string(made.text_of(term));
    }
  }
  return {};
}

// Shaped as the published list; its words are made up.
constexpr std::string_view list = R"(<?xml version="1.0" encoding="utf-8"?>
<!-- made -->
<ICD10CM.tabular><version>2026</version><title>T</title>
 <chapter><name>9</name><desc>Chapter of wugs (Q00-Q99)</desc>
  <section id="Q10-Q19"><desc>Sore wugs</desc>
   <diag><name>Q10</name><desc>Sore &amp; tired wug</desc>
    <inclusionTerm><note>wug fatigue</note><note>wug &#x3b1;</note></inclusionTerm>
    <excludes1><note>other wug</note></excludes1>
    <diag><name>Q10.1</name><desc>Left wug</desc></diag>
    <diag><name>Q10.2</name><desc/></diag>
   </diag>
  </section>
 </chapter>
</ICD10CM.tabular>)";

}  // namespace

TEST_CASE("the order file gives codes with their point, marks and headings") {
  const Terminology made =
      order(order_line(1, "A00", '0', "Wug fever", "Wug fever") +
            order_line(2, "A001", '1', "Wug fever, left", "Wug fever of the left side") +
            order_line(3, "A0021XA", '1', "Init", "Wug fever, initial encounter"))
          .value();
  REQUIRE(made.concepts.size() == 3);
  CHECK(made.concepts[1] == TermConcept{.code = "A00.1", .tag = "billable", .active = true});
  CHECK(made.concepts[2].code == "A00.21XA");
  CHECK(preferred(made, "A00.1") == "Wug fever of the left side");
  CHECK(made.parents ==
        std::vector<ParentLink>{{.child = 1, .parent = 0}, {.child = 2, .parent = 0}});
}

TEST_CASE("a line that is none of an order file is refused with its number") {
  CHECK(order(order_line(1, "A00", '0', "x", "x") + "A001\n").error().where == "order.txt, line 2");
  CHECK(order("00001 a00     0 lower case\n").error().code == ErrorCode::Corrupt);
}

TEST_CASE("the tabular list gives chapters, sections and diagnoses in their nesting") {
  const Terminology made = tabular(list).value();
  CHECK(made.version == "2026");
  REQUIRE(made.concepts.size() == 5);
  CHECK(made.concepts[0].code == "Q10");
  CHECK(made.concepts[3].code == "Q10.2");
  CHECK(made.concepts[4].code == "chapter-9");
  CHECK(preferred(made, "Q10") == "Sore & tired wug");
  CHECK(preferred(made, "Q10.2") == "Q10.2");
  CHECK(preferred(made, "chapter-9") == "Chapter of wugs (Q00-Q99)");
  CHECK(made.parents == std::vector<ParentLink>{{.child = 0, .parent = 1},
                                                {.child = 1, .parent = 4},
                                                {.child = 2, .parent = 0},
                                                {.child = 3, .parent = 0}});
  bool alpha = false;
  for (const Term& term : made.terms) alpha |= made.text_of(term) == "wug α";
  CHECK(alpha);
}

TEST_CASE("XML that could reach outside or grow is refused") {
  CHECK(tabular("<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><ICD10CM.tabular/>")
            .error()
            .code == ErrorCode::InvalidInput);
  std::string deep = "<ICD10CM.tabular>";
  for (int i = 0; i < 1000; ++i) deep += "<diag>";
  CHECK(tabular(deep).error().code == ErrorCode::TooLarge);
  CHECK(tabular("<ICD10CM.tabular>&own;</ICD10CM.tabular>").error().code == ErrorCode::Corrupt);
  CHECK(tabular("<html/>").error().code == ErrorCode::Unsupported);
}

TEST_CASE("a list cut or changed at any byte gives a clean error or a terminology") {
  for (std::size_t at = 0; at < list.size(); ++at) {
    (void)tabular(list.substr(0, at));
    for (const char put : {'<', '>', '&', '"', '\0', '\xff'}) {
      std::string changed(list);
      changed[at] = put;
      (void)tabular(changed);
    }
  }
  CHECK_FALSE(tabular(list.substr(0, list.size() - 1)).has_value());
}
