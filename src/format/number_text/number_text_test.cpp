#include "format/number_text/number_text.hpp"

#include <doctest/doctest.h>

namespace consilium {
namespace {

TEST_CASE("numbers are whole texts") {
  CHECK(decimal_in(" +1.5e1\r\n") == 15.0);
  CHECK(decimal_in("-.5") == -0.5);
  CHECK_FALSE(decimal_in("1.5 mV").has_value());
  CHECK_FALSE(decimal_in("").has_value());
  CHECK_FALSE(decimal_in("nan").has_value());
  CHECK_FALSE(decimal_in("1e999").has_value());
  CHECK(integer_in("-12") == -12);
  CHECK_FALSE(integer_in("12.0").has_value());
  CHECK_FALSE(integer_in("99999999999999999999").has_value());
}

TEST_CASE("dates and texts") {
  CHECK(iso_date_of("19530508") == "1953-05-08");
  CHECK(iso_date_of("1953-05-08") == "1953-05-08");
  CHECK(iso_date_of("1953").empty());
  CHECK(iso_date_of("19531308").empty());
  CHECK(utf8_of("M\xFCller") == "M\xC3\xBCller");
  CHECK(utf8_of("M\xC3\xBCller") == "M\xC3\xBCller");
  CHECK(digits_in("2011-12-01", 8) == "20111201");
}

}  // namespace
}  // namespace consilium
