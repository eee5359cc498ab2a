#include "format/sampled_data/sampled_data.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>

#include "domain/signal/sample_table.hpp"

namespace consilium {
namespace {

TEST_CASE("origin, period, factor, and the codes for what is no number") {
  RecordHeader header;
  header.channels = {{.name = "II",
                      .unit = "mV",
                      .rate = *Rate::of(500, 1),
                      .adu_per_unit = 200,
                      .baseline_adu = 1024,
                      .digital_min = 0,
                      .digital_max = 2047},
                     {.name = "Resp", .rate = *Rate::of(250, 1), .adu_per_unit = -1}};
  const auto source =
      sample_table(header, {{1024, 1224, missing_sample_default, 2048, -1}, {7, -8}});
  REQUIRE(source.has_value());
  std::string text;
  REQUIRE(write_sampled_data(**source, "P-0042", [&](ByteView bytes) -> Status {
            text += text_of(bytes);
            return {};
          }).has_value());
  const auto observation = boost::json::parse(text);
  CHECK(observation.at("subject").at("display").as_string() == "P-0042");
  const auto& first = observation.at("component").at(0).at("valueSampledData");
  CHECK(first.at("data").as_string() == "1024 1224 E U L");
  CHECK(first.at("period").to_number<double>() == 2.0);
  const double origin = first.at("origin").at("value").to_number<double>();
  const double factor = first.at("factor").to_number<double>();
  CHECK(origin + factor * 1224 == doctest::Approx(1.0));
  CHECK(first.at("lowerLimit").to_number<double>() == doctest::Approx(-5.12));
  const auto& second = observation.at("component").at(1).at("valueSampledData");
  CHECK(second.at("data").as_string() == "7 -8");
  CHECK(second.at("period").to_number<double>() == 4.0);
  CHECK(second.at("factor").to_number<double>() == -1.0);
}

}  // namespace
}  // namespace consilium
