#include "format/rf2/rf2.hpp"

#include <doctest/doctest.h>

#include <map>
#include <memory>

using namespace consilium;

namespace {

// Made rows in the shape of a release; no term of SNOMED CT.
struct Release {
  std::string concepts =
      "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n"
      "1000001\t20260101\t1\t900000000000207008\t900000000000074008\n"
      "1000002\t20260101\t1\t900000000000207008\t900000000000074008\r\n"
      "1000003\t20260101\t0\t900000000000207008\t900000000000074008\n";
  std::string descriptions =
      "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\tterm\t"
      "caseSignificanceId\n"
      "2000001\t20260101\t1\t0\t1000001\ten\t900000000000003001\tRoot idea (idea)\t0\n"
      "2000002\t20260101\t1\t0\t1000002\ten\t900000000000003001\tSore wug (finding)\t0\n"
      "2000003\t20260101\t1\t0\t1000002\ten\t900000000000013009\tWug pain\t0\n"
      "2000004\t20260101\t1\t0\t1000002\ten\t900000000000013009\tSore wug\t0\n"
      "2000005\t20260101\t0\t0\t1000002\ten\t900000000000013009\tWithdrawn\t0\n"
      "2000006\t20260101\t1\t0\t1000003\ten\t900000000000003001\tOld \"wug\" (finding)\t0\n";
  std::string relationships =
      "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\ttypeId\t"
      "characteristicTypeId\tmodifierId\n"
      "3000001\t20260101\t1\t0\t1000002\t1000001\t0\t116680003\t0\t0\n"
      "3000002\t20260101\t0\t0\t1000003\t1000001\t0\t116680003\t0\t0\n"
      "3000003\t20260101\t1\t0\t1000001\t1000002\t1\t363698007\t0\t0\n";
  std::string languages =
      "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\tacceptabilityId\n"
      "a\t20260101\t1\t0\t900000000000509007\t2000004\t900000000000548007\n"
      "b\t20260101\t1\t0\t900000000000508004\t2000003\t900000000000548007\n";

  [[nodiscard]] Result<Terminology> read(
      const std::string& language_set = "900000000000509007") const {
    std::vector<std::unique_ptr<ByteSource>> sources;
    Rf2Files files;
    const auto add = [&](const char* name, const std::string& text) {
      sources.push_back(view_source(bytes_of(text)));
      REQUIRE(sort_rf2_file({.name = name, .bytes = sources.back().get()}, files));
    };
    add("sct2_Concept_Snapshot_INT_20260101.txt", concepts);
    add("sct2_Description_Snapshot-en_INT_20260101.txt", descriptions);
    add("sct2_Relationship_Snapshot_INT_20260101.txt", relationships);
    add("der2_cRefset_LanguageSnapshot-en_INT_20260101.txt", languages);
    return read_rf2(files, {.version = "20260101", .language_set = language_set});
  }
};

std::multimap<std::string, std::string> terms_of(const Terminology& made,
                                                 std::uint32_t concept_index) {
  std::multimap<std::string, std::string> terms;
  for (const Term& term : made.terms) {
    if (term.of == concept_index) terms.emplace(name_of(term.kind), made.text_of(term));
  }
  return terms;
}

using Terms = std::multimap<std::string, std::string>;

}  // namespace

TEST_CASE("concepts, tags, preferred terms and is-a links are read from the four files") {
  const Terminology made = Release{}.read().value();
  CHECK(made.system == "http://snomed.info/sct");
  REQUIRE(made.concepts.size() == 3);
  CHECK(made.concepts[1] == TermConcept{.code = "1000002", .tag = "finding", .active = true});
  CHECK_FALSE(made.concepts[2].active);
  CHECK(terms_of(made, 1) == Terms{{"preferred", "Sore wug"},
                                   {"synonym", "Wug pain"},
                                   {"full_name", "Sore wug (finding)"}});
  CHECK(terms_of(made, 0) == Terms{{"preferred", "Root idea"}});
  CHECK(terms_of(made, 2) == Terms{{"preferred", "Old \"wug\""}});  // a quote quotes nothing in RF2
  CHECK(made.parents == std::vector<ParentLink>{{.child = 1, .parent = 0}});
}

TEST_CASE("the language set decides which synonym is preferred") {
  CHECK(terms_of(Release{}.read("900000000000508004").value(), 1).find("preferred")->second ==
        "Wug pain");
}

TEST_CASE("other files of a release are not taken for these") {
  Rf2Files files;
  for (const char* name :
       {"sct2_Concept_Full_INT_20260101.txt", "sct2_Concept_Delta_INT_20260101.txt",
        "sct2_TextDefinition_Snapshot-en_INT_20260101.txt", "Readme.txt",
        "sct2_StatedRelationship_Snapshot_INT_20260101.txt"}) {
    CAPTURE(name);
    CHECK_FALSE(sort_rf2_file({.name = name, .bytes = nullptr}, files));
  }
}

TEST_CASE("a damaged row is refused with its file and line") {
  Release cut;
  cut.descriptions += "2000007\t20260101\t1\t0\t1000002\n";
  CHECK(cut.read().error().where == "sct2_Description_Snapshot-en_INT_20260101.txt, line 8");
  Release no_header;
  no_header.concepts = "1000001\t20260101\t1\t0\t0\n";
  CHECK(no_header.read().error().code == ErrorCode::Corrupt);
  Release wrong;
  wrong.relationships += "3\t20260101\t2\t0\t1000002\t1000001\t0\t116680003\t0\t0\n";
  CHECK(wrong.read().error().where == "sct2_Relationship_Snapshot_INT_20260101.txt, line 5");
  Release letters;
  letters.concepts += "<script>\t20260101\t1\t0\t0\n";
  CHECK_FALSE(letters.read().has_value());
}

TEST_CASE("files cut at any byte give a clean error or a terminology") {
  const Release whole;
  for (std::size_t size = 0; size < whole.descriptions.size(); ++size) {
    Release cut = whole;
    cut.descriptions.resize(size);
    const auto made = cut.read();
    if (!made) CHECK_FALSE(made.error().where.empty());
  }
}
