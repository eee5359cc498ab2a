#include "domain/terminology/terminology.hpp"

#include <doctest/doctest.h>

using namespace consilium;

namespace {

std::string said(const Terminology& made, std::size_t i) {
  return std::string(made.text_of(made.terms[i]));
}

}  // namespace

TEST_CASE(
    "concepts come out by code, whatever the order they came in, each with one preferred term") {
  TerminologyBuilder builder;
  const auto b = builder.at("B").value();
  const auto a = builder.at("A").value();
  builder.declare(b, true, "disorder");
  builder.declare(a, false);
  REQUIRE(builder.add_term(b, TermKind::Synonym, " second ").has_value());
  REQUIRE(builder.add_term(b, TermKind::Preferred, "first").has_value());
  REQUIRE(builder.add_term(b, TermKind::Preferred, "third").has_value());
  REQUIRE(builder.add_term(b, TermKind::Synonym, "first").has_value());
  REQUIRE(builder.add_parent(b, a).has_value());
  REQUIRE(builder.add_parent(b, a).has_value());
  REQUIRE(builder.add_parent(b, b).has_value());
  const Terminology made = std::move(builder).finish("s", "1", "t").value();
  REQUIRE(made.concepts.size() == 2);
  CHECK(made.concepts[0].code == "A");
  CHECK_FALSE(made.concepts[0].active);
  CHECK(made.concepts[1].tag == "disorder");
  CHECK(made.parents == std::vector<ParentLink>{{.child = 1, .parent = 0}});
  REQUIRE(made.terms.size() == 4);
  CHECK(said(made, 0) == "A");  // a concept without terms is called by its code
  CHECK(said(made, 1) == "first");
  CHECK(made.terms[1].kind == TermKind::Preferred);
  CHECK(made.terms[2].kind == TermKind::Synonym);
  CHECK(made.terms[3].kind == TermKind::Synonym);
}

TEST_CASE("a concept that only a link names is dropped with the link") {
  TerminologyBuilder builder;
  const auto a = builder.at("A").value();
  builder.declare(a, true);
  REQUIRE(builder.add_parent(a, builder.at("GHOST").value()).has_value());
  const Terminology made = std::move(builder).finish("s", "1", "t").value();
  CHECK(made.concepts.size() == 1);
  CHECK(made.parents.empty());
}

TEST_CASE("codes and terms that are none are refused") {
  TerminologyBuilder builder;
  CHECK_FALSE(builder.at("").has_value());
  CHECK_FALSE(builder.at("a\tb").has_value());
  CHECK_FALSE(builder.at(std::string(129, 'x')).has_value());
  const auto a = builder.at("A").value();
  CHECK_FALSE(builder.add_term(a, TermKind::Synonym, "\xff").has_value());
  CHECK_FALSE(builder.add_term(a, TermKind::Synonym, std::string(40'000, 'x')).has_value());
  CHECK_FALSE(std::move(builder).finish("s", "1", "t").has_value());  // "A" was never declared
}
