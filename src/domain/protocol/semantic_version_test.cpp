#include "domain/protocol/semantic_version.hpp"

#include <doctest/doctest.h>

namespace consilium {
namespace {

TEST_CASE("versions are ordered as clause 11 of Semantic Versioning orders them") {
  const char* ascending[] = {"0.9.9",      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
                             "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
                             "1.0.0",      "1.0.1",        "1.2.0",         "1.10.0",
                             "2.0.0"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      CAPTURE(ascending[i]);
      CAPTURE(ascending[j]);
      const auto a = parse_semantic_version(ascending[i]).value();
      const auto b = parse_semantic_version(ascending[j]).value();
      CHECK((a < b) == (i < j));
      CHECK((a == b) == (i == j));
      CHECK(to_string(a) == ascending[i]);
    }
  }
  for (const char* bad : {"1.0", "1", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+b", "",
                          "1.0.0-a..b", "1..0", "9999999999.0.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_semantic_version(bad).has_value());
  }
}

}  // namespace
}  // namespace consilium
