// What the tests of protocols make of short texts. Used by them alone.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "base/canonical_json.hpp"
#include "domain/label/stored_annotation.hpp"
#include "domain/protocol/protocol.hpp"

namespace consilium {

inline Protocol parsed(const std::string& text) {
  const auto document = parse_json(text).value();
  auto protocol = read_protocol(document);
  if (!protocol) FAIL(to_line(fail(protocol.error().front()).error()));
  return *protocol;
}

// An annotation with these JSON members; the number tells its id from others'.
inline Annotation made(const std::string& members, int number = 1) {
  const std::string id =
      std::string("0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2") + std::to_string(100 + number);
  const auto annotation = parse_annotation(
      R"({"id":")" + id +
      R"(","item_id":"0190f0a3-8c1e-7d2b-9f10-5b1f6c1e2a3c","protocol":{"id":"ct","version":"1.0.0"},)" +
      members + "}");
  if (!annotation) FAIL(to_line(annotation.error()));
  return *annotation;
}

}  // namespace consilium
