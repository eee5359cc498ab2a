#include "transport/http/message.hpp"

#include <doctest/doctest.h>

using namespace consilium;
using namespace consilium::http;

TEST_CASE("a cookie is found among others, and not by a part of its name") {
  Request request;
  request.headers = {{"Cookie", "a=1; __Host-consilium=xyz; consilium=no"}};
  CHECK(request.cookie("__Host-consilium") == "xyz");
  CHECK(request.cookie("consilium") == "no");
  CHECK(request.cookie("Host-consilium").empty());
}

TEST_CASE("header names compare without case") {
  Request request;
  request.headers = {{"If-Match", "\"3\""}};
  CHECK(request.header("if-match") == "\"3\"");
  CHECK(request.has_header("IF-MATCH"));
  CHECK_FALSE(request.has_header("if-none-match"));
}

TEST_CASE("a query is decoded, and a broken one refused") {
  const auto query = parse_query("q=chest+ct&state=a%2Fb&&flag");
  REQUIRE(query);
  REQUIRE(query->size() == 3);
  CHECK((*query)[0].second == "chest ct");
  CHECK((*query)[1].second == "a/b");
  CHECK((*query)[2].second.empty());
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "a=%ff", "a=%00"})
    CHECK_FALSE(parse_query(broken));
}

TEST_CASE("ranges follow RFC 9110") {
  struct Case {
    const char* header;
    bool satisfiable;
    bool asked;
    std::uint64_t offset;
    std::uint64_t length;
  };
  for (const Case& c :
       {Case{"bytes=0-99", true, true, 0, 100}, Case{"bytes=500-", true, true, 500, 500},
        Case{"bytes=-200", true, true, 800, 200}, Case{"bytes=-5000", true, true, 0, 1000},
        Case{"bytes=990-2000", true, true, 990, 10}, Case{"bytes=1000-", false, false, 0, 0},
        Case{"bytes=-0", false, false, 0, 0}, Case{"bytes=0-1,5-6", true, false, 0, 0},
        Case{"items=0-1", true, false, 0, 0}, Case{"bytes=9-2", true, false, 0, 0},
        Case{"", true, false, 0, 0}}) {
    CAPTURE(c.header);
    const auto range = parse_range(c.header, 1000);
    REQUIRE(range.has_value() == c.satisfiable);
    if (!range) continue;
    REQUIRE(range->has_value() == c.asked);
    if (c.asked) CHECK(**range == std::pair{c.offset, c.length});
  }
}

TEST_CASE("a range answer tells which bytes it holds") {
  Request request;
  request.headers = {{"Range", "bytes=2-3"}};
  const std::shared_ptr<const ByteSource> source = memory_source(to_bytes("abcdef"));
  const Response response = range_response(request, source, "text/plain");
  CHECK(response.status == 206);
  CHECK(response.header("content-range") == "bytes 2-3/6");
  CHECK(std::get<RangeBody>(response.body).length == 2);
}
