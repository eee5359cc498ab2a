#include "format/loinc/loinc.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

// Columns in the published names, rows made up.
constexpr std::string_view table =
    "\"LOINC_NUM\",\"COMPONENT\",\"PROPERTY\",\"TIME_ASPCT\",\"SYSTEM\",\"SCALE_TYP\",\"METHOD_"
    "TYP\","
    "\"CLASS\",\"STATUS\",\"CONSUMER_NAME\",\"SHORTNAME\",\"LONG_COMMON_NAME\",\"DisplayName\"\n"
    "\"90001-1\",\"Wugase\",\"MCnc\",\"Pt\",\"Ser\",\"Qn\",\"\",\"CHEM\",\"ACTIVE\",\"Wugase, "
    "blood\","
    "\"Wugase SerPl\",\"Wugase [Mass/volume] in Serum, \"\"total\"\"\",\"\"\n"
    "\"90002-9\",\"Wugase\",\"MCnc\",\"Pt\",\"Ur\",\"Qn\",\"\",\"CHEM\",\"DEPRECATED\",\"\",\"\","
    "\"Old\",\"\"\n";
constexpr std::string_view hierarchy =
    "PATH_TO_ROOT,SEQUENCE,IMMEDIATE_PARENT,CODE,CODE_TEXT\n"
    ",1,,LP900001-1,Laboratory\nLP900001-1,1,LP900001-1,90001-1,Wugase\n";

Result<Terminology> read(std::string_view rows, std::string_view tree) {
  const auto a = view_source(bytes_of(rows));
  const auto b = view_source(bytes_of(tree));
  return read_loinc({.name = "Loinc.csv", .bytes = a.get()},
                    TerminologyFile{.name = "tree.csv", .bytes = b.get()}, "2.80");
}

}  // namespace

TEST_CASE("names, class, status and the hierarchy are read by the header's names") {
  const Terminology made = read(table, hierarchy).value();
  REQUIRE(made.concepts.size() == 3);
  CHECK(made.concepts[0] == TermConcept{.code = "90001-1", .tag = "CHEM", .active = true});
  CHECK_FALSE(made.concepts[1].active);
  CHECK(made.concepts[2].tag == "part");
  CHECK(made.text_of(made.terms[0]) == "Wugase [Mass/volume] in Serum, \"total\"");
  CHECK(made.text_of(made.terms[3]) == "Wugase:MCnc:Pt:Ser:Qn");
  CHECK(made.parents == std::vector<ParentLink>{{.child = 0, .parent = 2}});
}

TEST_CASE("a missing column, a short row and a parent out of order are refused with their place") {
  CHECK(read("LOINC_NUM\n", hierarchy).error().where == "Loinc.csv, line 1");
  CHECK(read(std::string(table) + "x,y\n", hierarchy).error().where == "Loinc.csv, line 4");
  CHECK(read(table, "IMMEDIATE_PARENT,CODE,CODE_TEXT\nLP1,LP2,t\n").error().where ==
        "tree.csv, line 2");
  CHECK(read("", hierarchy).error().code == ErrorCode::Corrupt);
}

TEST_CASE("a table cut at any byte gives a clean error or a terminology") {
  for (std::size_t size = 0; size < table.size(); ++size) {
    const auto made = read(table.substr(0, size), hierarchy);
    if (!made) CHECK_FALSE(made.error().what.empty());
  }
}
