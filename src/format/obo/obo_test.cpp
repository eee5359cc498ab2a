#include "format/obo/obo.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

constexpr std::string_view ontology = R"(format-version: 1.2
data-version: hp/releases/2026-01-01
default-namespace: human_phenotype
ontology: hp

[Term]
id: HP:9000001
name: All wugs

[Term]
id: HP:9000002
name: Sore wug \{left\} ! a comment
alt_id: HP:9000009
def: "A wug that is \"sore\"." [made:up]
synonym: "Wug pain" EXACT layperson [ORCID:0]
synonym: "Pain, wug" RELATED []
is_a: HP:9000001 {source="x"} ! All wugs

[Term]
id: HP:9000003
name: obsolete wug
is_obsolete: true

[Typedef]
id: part_of
name: part of
)";

Result<Terminology> read(std::string_view text) {
  const auto source = view_source(bytes_of(text));
  return read_obo({.name = "hp.obo", .bytes = source.get()}, {});
}

}  // namespace

TEST_CASE("terms, synonyms, definitions, parents, obsolete and merged terms are read") {
  const Terminology made = read(ontology).value();
  CHECK(made.system == "http://human-phenotype-ontology.org");
  CHECK(made.version == "hp/releases/2026-01-01");
  REQUIRE(made.concepts.size() == 4);
  CHECK(made.concepts[1] ==
        TermConcept{.code = "HP:9000002", .tag = "human_phenotype", .active = true});
  CHECK_FALSE(made.concepts[2].active);
  CHECK(made.concepts[3] == TermConcept{.code = "HP:9000009", .tag = "merged", .active = false});
  CHECK(made.text_of(made.terms[1]) == "Sore wug {left}");
  CHECK(made.text_of(made.terms[2]) == "Wug pain");
  CHECK(made.terms[4].kind == TermKind::Definition);
  CHECK(made.text_of(made.terms[4]) == "A wug that is \"sore\".");
  CHECK(made.parents == std::vector<ParentLink>{{.child = 1, .parent = 0}});
}

TEST_CASE("other ontologies are named by their prefix") {
  CHECK(read("[Term]\nid: MONDO:1\nname: x\n").value().system ==
        "http://purl.obolibrary.org/obo/mondo.owl");
}

TEST_CASE("what is no OBO is refused with its line") {
  CHECK(read("[Term]\nname: x\n").error().where == "hp.obo, line 2");
  CHECK(read("[Term]\nid: A:1\nsynonym: \"open\n").error().where == "hp.obo, line 3");
  CHECK(read("[Term]\nid: A:1\nid: A:2\n").error().where == "hp.obo, line 3");
  CHECK(read("no colon here\n").error().where == "hp.obo, line 1");
  CHECK_FALSE(read("").has_value());
  for (std::size_t size = 0; size < ontology.size(); ++size) (void)read(ontology.substr(0, size));
}
