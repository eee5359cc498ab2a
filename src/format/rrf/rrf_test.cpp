#include "format/rrf/rrf.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view names =
    "9001|ENG||||||9100001|9100001|9001||RXNORM|IN|9001|wugicillin||N|4096|\n"
    "9002|ENG||||||9100002|9100002|9002||RXNORM|SCD|9002|wugicillin 5 MG Oral Tablet||N|4096|\n"
    "9002|ENG||||||9100003|9100003|9002||RXNORM|PSN|9002|wugicillin 5 MG Tab||N|4096|\n"
    "9002|ENG||||||9100004||D1||MTHSPL|DP|1|OTHER SOURCE||N||\n"
    "9003|ENG||||||9100005|9100005|9003||RXNORM|SCD|9003|wugicillin 9 MG||O|4096|\n";
constexpr std::string_view relations =
    "9001||CUI|RN|9002||CUI|isa|1||RXNORM||||N||\n"
    "9001||CUI|RO|9003||CUI|has_ingredient|2||RXNORM||||N||\n";

Result<Terminology> read(std::string_view conso, std::string_view rel) {
  const auto a = view_source(bytes_of(conso));
  const auto b = view_source(bytes_of(rel));
  return read_rxnorm({.name = "RXNCONSO.RRF", .bytes = a.get()},
                     TerminologyFile{.name = "RXNREL.RRF", .bytes = b.get()}, "20260105");
}

}  // namespace

TEST_CASE("names, term types and isa relations of RxNorm itself are read") {
  const Terminology made = read(names, relations).value();
  REQUIRE(made.concepts.size() == 3);
  CHECK(made.concepts[1] == TermConcept{.code = "9002", .tag = "SCD", .active = true});
  CHECK_FALSE(made.concepts[2].active);
  REQUIRE(made.terms.size() == 4);
  CHECK(made.text_of(made.terms[1]) == "wugicillin 5 MG Oral Tablet");
  CHECK(made.terms[2].kind == TermKind::Synonym);
  CHECK(made.parents == std::vector<ParentLink>{{.child = 1, .parent = 0}});
}

TEST_CASE("a row with too few fields is refused with its place, at every cut") {
  CHECK(read("9001|ENG|\n", relations).error().where == "RXNCONSO.RRF, line 1");
  CHECK(read(names, "x|\n").error().where == "RXNREL.RRF, line 1");
  CHECK_FALSE(read("<b>|ENG||||||9||9||RXNORM|IN|9|w||N||\n", relations).has_value());
  for (std::size_t size = 1; size < names.size(); ++size) {
    const bool at_line_end = names[size] == '\n' || names[size - 1] == '\n';
    CHECK(read(names.substr(0, size), relations).has_value() == at_line_end);
  }
}
