#include "format/lead_names/lead_names.hpp"

#include <doctest/doctest.h>

namespace consilium {
namespace {

TEST_CASE("leads are known by number and by the ways to write them") {
  CHECK(lead_of_number(1) == "I");
  CHECK(lead_of_number(8) == "V6");
  CHECK(lead_of_number(62) == "aVR");
  CHECK(lead_of_number(0).empty());
  for (const std::string_view written :
       {"aVF", "AVF", "avf", "MDC_ECG_LEAD_AVF", "Lead aVF", "Lead aVF (Goldberger)"}) {
    CHECK(lead_name(written) == "aVF");
  }
  CHECK(lead_name("Lead Is Not One") == "Lead Is Not One");
  CHECK(lead_name("MDC_ECG_LEAD_X") == "X");
}

TEST_CASE("the derived leads keep Einthoven's and Goldberger's sums exactly") {
  EcgTable table;
  const Channel channel{.name = "I", .unit = "uV", .adu_per_unit = 0.2};
  table.channels = {channel, channel};
  table.channels[1].name = "II";
  table.samples = {{10, -3, missing_sample_default, 7}, {4, 8, 1, 0}};
  CHECK(add_derived_leads(table) == 4);
  REQUIRE(table.channels.size() == 6);
  const auto value = [&](std::size_t lead, std::size_t i) {
    return physical_value(table.channels[lead], table.samples[lead][i]);
  };
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    CHECK(value(0, i) + value(2, i) == doctest::Approx(value(1, i)));         // I + III = II
    CHECK(value(3, i) + value(4, i) + value(5, i) == doctest::Approx(0.0));   // aVx
    CHECK(value(3, i) == doctest::Approx(-(value(0, i) + value(1, i)) / 2));  // aVR
    CHECK(value(4, i) == doctest::Approx((value(0, i) - value(2, i)) / 2));   // aVL
  }
  CHECK(table.samples[2][2] == missing_sample_default);
  CHECK(add_derived_leads(table) == 0);  // they are there
}

TEST_CASE("leads of another gain or length are left alone") {
  EcgTable table;
  table.channels = {{.name = "I", .adu_per_unit = 1}, {.name = "II", .adu_per_unit = 2}};
  table.samples = {{1}, {1}};
  CHECK(add_derived_leads(table) == 0);
  table.channels[1].adu_per_unit = 1;
  table.samples[1].push_back(2);
  CHECK(add_derived_leads(table) == 0);
}

}  // namespace
}  // namespace consilium
