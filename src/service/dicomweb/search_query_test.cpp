#include "service/dicomweb/search_query.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

using namespace consilium;
using namespace consilium::service;

namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

const boost::json::object attributes = boost::json::parse(R"({
  "00080020": {"vr": "DA", "Value": ["20240311"]},
  "00080030": {"vr": "TM", "Value": ["101500"]},
  "00080061": {"vr": "CS", "Value": ["CT", "PT"]},
  "00100010": {"vr": "PN", "Value": [{"Alphabetic": "P-0042", "Ideographic": "X"}]},
  "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
  "00200013": {"vr": "IS", "Value": [12]},
  "00400275": {"vr": "SQ", "Value": [{}, {"00400007": {"vr": "LO", "Value": ["Head"]}}]},
  "00100030": {"vr": "DA"}
})")
                                           .as_object();

}  // namespace

TEST_CASE("an attribute is matched as its VR asks for") {
  struct Case {
    const char* name;
    const char* value;
    bool is_match;
  };
  for (const Case& c : {Case{"StudyDate", "20240311", true},
                        Case{"StudyDate", "20240312", false},
                        Case{"StudyDate", "20240301-20240331", true},
                        Case{"StudyDate", "-20240310", false},
                        Case{"StudyDate", "20240311-", true},
                        Case{"StudyTime", "10-11", true},
                        Case{"StudyTime", "09-10", true},
                        Case{"StudyTime", "11-12", false},
                        Case{"ModalitiesInStudy", "PT", true},
                        Case{"ModalitiesInStudy", "M?", false},
                        Case{"PatientName", "p-00*", true},
                        Case{"PatientName", "x", true},
                        Case{"PatientName", "P-0043", false},
                        Case{"StudyInstanceUID", "1.2,1.2.3", true},
                        Case{"StudyInstanceUID", "9\\1.2.3", true},
                        Case{"StudyInstanceUID", "1.2", false},
                        Case{"InstanceNumber", "12", true},
                        Case{"InstanceNumber", "1", false},
                        Case{"00100030", "", true},
                        Case{"00100030", "19500101", false},
                        Case{"PatientComments", "", true},
                        Case{"PatientComments", "a", false},
                        Case{"00400275.00400007", "He*", true},
                        Case{"RequestAttributesSequence.00400007", "Foot", false}}) {
    CAPTURE(c.name);
    CAPTURE(c.value);
    const Parameters parameters{{c.name, c.value}};
    const auto query = parse_search(SearchLevel::Study, parameters);
    REQUIRE(query);
    CHECK(matches(attributes, query->filters.front()) == c.is_match);
  }
}

TEST_CASE("what is no attribute, no number or given twice is refused by its name") {
  for (const Parameters& wrong :
       {Parameters{{"PatientHat", "a"}}, Parameters{{"limit", "-1"}}, Parameters{{"offset", "x"}},
        Parameters{{"PatientID", "a"}, {"00100020", "b"}}, Parameters{{"includefield", "Hat"}},
        Parameters{{"fuzzymatching", "maybe"}}, Parameters{{"PatientID.", "a"}},
        Parameters{{"PatientID", std::string(2000, 'a')}}}) {
    CAPTURE(wrong.back().first);
    const auto query = parse_search(SearchLevel::Study, wrong);
    REQUIRE_FALSE(query);
    CHECK(query.error().code == ErrorCode::InvalidInput);
    CHECK_FALSE(query.error().where.empty());
  }
  const Parameters good{
      {"limit", "5"}, {"includefield", "all,00081030"}, {"fuzzymatching", "true"}};
  const auto query = parse_search(SearchLevel::Series, good);
  REQUIRE(query);
  CHECK(query->limit == 5);
  CHECK(query->include_all);
  CHECK(query->include.size() == 1);
  CHECK(query->fuzzy);
}

TEST_CASE("wildcards match as many or as single characters") {
  CHECK(matches_wildcards("abc", "a*c"));
  CHECK(matches_wildcards("abc", "***"));
  CHECK(matches_wildcards("", "*"));
  CHECK(matches_wildcards("abcbc", "a*bc"));
  CHECK_FALSE(matches_wildcards("abc", "a?"));
  CHECK_FALSE(matches_wildcards("", "?"));
  // Would take for ever were each star tried with each length.
  CHECK_FALSE(matches_wildcards(std::string(400, 'a'), "a*a*a*a*a*a*a*a*a*a*a*a*b"));
}
