#include "domain/text/note.hpp"

#include <doctest/doctest.h>

using namespace consilium;

TEST_CASE("dates of HL7 become ISO dates as far as they go, and others none") {
  CHECK(date_of_hl7("1958") == "1958");
  CHECK(date_of_hl7("195804") == "1958-04");
  CHECK(date_of_hl7("19580417") == "1958-04-17");
  CHECK(date_of_hl7("195804171530+0100") == "1958-04-17");
  CHECK(date_of_hl7("19580417.5") == "1958-04-17");
  for (const char* none : {"", "195", "19581", "1958131", "19581301", "19580432", "x"}) {
    CAPTURE(none);
    CHECK(date_of_hl7(none).empty());
  }
}

TEST_CASE("sexes and issuers are named as FHIR names them") {
  CHECK(sex_of_hl7("F") == "female");
  CHECK(sex_of_hl7("UN") == "other");
  CHECK(sex_of_hl7("").empty());
  CHECK(system_of_oid("1.2.3") == "urn:oid:1.2.3");
  CHECK(system_of_oid("").empty());
}
