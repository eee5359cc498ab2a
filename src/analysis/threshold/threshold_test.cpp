#include "analysis/threshold/threshold.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

namespace consilium {
namespace {

using Counts = std::vector<std::uint64_t>;

double hump(double i, double centre, double width) {
  return std::exp(-0.5 * std::pow((i - centre) / width, 2));
}

Counts made(const std::function<double(std::uint64_t)>& height) {
  Counts counts;
  for (std::uint64_t i = 0; i < 256; ++i) counts.push_back(static_cast<std::uint64_t>(height(i)));
  return counts;
}

Counts two_humps() {
  return made([](std::uint64_t n) {
    const auto i = static_cast<double>(n);
    return std::floor(4000 * hump(i, 70, 15) + 2500 * hump(i, 160, 20)) +
           static_cast<double>(n * 37 % 11);
  });
}

Counts long_tail() {
  return made([](std::uint64_t n) {
    const auto i = static_cast<double>(n);
    return 90000 * hump(i, 20, 4) + (n >= 20 ? 600 * std::exp(-(i - 20) / 40) : 0);
  });
}

Counts three_humps() {
  return made([](std::uint64_t n) {
    const auto i = static_cast<double>(n);
    return 3000 * hump(i, 50, 12) + 2000 * hump(i, 120, 10) + 1500 * hump(i, 200, 15) + 1;
  });
}

// What others say of the same counts: scikit-image 0.26 (threshold_otsu, _isodata, _triangle, _li)
// and SimpleITK 2.5, whose bins are 255/256 wide and may round to a neighbour.
struct Case {
  const char* name;
  Counts counts;
  struct {
    ThresholdMethod method;
    int bin;
    int slack;
  } expected[8];
};

TEST_CASE("thresholds are those of scikit-image and SimpleITK") {
  using enum ThresholdMethod;
  const Case cases[] = {
      {"two humps",
       two_humps(),
       {{Otsu, 115, 0},
        {IsoData, 115, 0},
        {Triangle, 108, 0},
        {Li, 109, 1},
        {Huang, 112, 1},
        {MaxEntropy, 106, 1},
        {Intermodes, 115, 1},
        {Moments, 125, 1}}},
      {"a long tail",
       long_tail(),
       {{Otsu, 58, 0},
        {IsoData, 57, 0},
        {Triangle, 33, 0},
        {Li, 21, 1},
        {Huang, 20, 1},
        {MaxEntropy, 67, 1},
        {Otsu, 58, 0},
        {Moments, 51, 1}}},
      {"three humps",
       three_humps(),
       {{Otsu, 135, 0},
        {IsoData, 111, 0},
        {Triangle, 83, 0},
        {Li, 95, 1},
        {Huang, 108, 1},
        {MaxEntropy, 129, 1},
        {Otsu, 135, 0},
        {Moments, 121, 1}}},
  };
  for (const Case& one : cases) {
    for (const auto& expected : one.expected) {
      CAPTURE(one.name);
      CAPTURE(name_of(expected.method));
      const auto bin = threshold_bin(one.counts, expected.method);
      REQUIRE(bin.has_value());
      CHECK(std::abs(static_cast<int>(*bin) - expected.bin) <= expected.slack);
    }
  }
  CHECK_FALSE(threshold_bin(long_tail(), Intermodes).has_value());
}

TEST_CASE("several thresholds are those of scikit-image's threshold_multiotsu") {
  using Bins = std::vector<std::size_t>;
  CHECK(multi_otsu(two_humps(), 3).value() == Bins{106, 159});
  CHECK(multi_otsu(two_humps(), 4).value() == Bins{70, 114, 161});
  CHECK(multi_otsu(long_tail(), 3).value() == Bins{20, 61});
  CHECK(multi_otsu(long_tail(), 4).value() == Bins{20, 45, 103});
  // scikit-image, which counts in float, says 84; in double 85 is the better by 1 part in 10^8.
  CHECK(multi_otsu(three_humps(), 3).value() == Bins{85, 160});
  CHECK(multi_otsu(three_humps(), 4).value() == Bins{50, 90, 160});
  for (const Counts& counts : {two_humps(), long_tail(), three_humps()}) {
    CHECK(multi_otsu(counts, 2).value().front() == threshold_bin(counts, ThresholdMethod::Otsu));
  }
}

TEST_CASE("two bins are parted between them; one bin and none have no threshold") {
  for (const ThresholdMethod method : threshold_methods) {
    CAPTURE(name_of(method));
    CHECK_FALSE(threshold_bin(Counts{}, method).has_value());
    CHECK_FALSE(threshold_bin(Counts(10), method).has_value());
    CHECK_FALSE(threshold_bin(Counts{0, 0, 9, 0}, method).has_value());
    const auto bin = threshold_bin(Counts{0, 50, 0, 0, 0, 30, 0}, method);
    REQUIRE(bin.has_value());
    CHECK(*bin >= 1);
    CHECK(*bin < 5);
  }
}

TEST_CASE("impossible partings are refused") {
  const Counts counts = {5, 0, 5, 0, 5};
  CHECK(multi_otsu(counts, 1).error().code == ErrorCode::InvalidInput);
  CHECK(multi_otsu(counts, 7).error().code == ErrorCode::InvalidInput);
  CHECK(multi_otsu(counts, 4).error().code == ErrorCode::InvalidInput);
  CHECK(multi_otsu(Counts(5000, 1), 2).error().code == ErrorCode::InvalidInput);
  CHECK(multi_otsu(counts, 3).value().size() == 2);
}

}  // namespace
}  // namespace consilium
