#include "service/item/window_form.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <optional>

#include "base/random.hpp"

using namespace consilium;
using namespace consilium::service;

namespace {

template <class T>
T at(const Bytes& bytes, std::size_t place) {
  T value;
  std::memcpy(&value, bytes.data() + place, sizeof(T));
  return value;
}

struct Decoded {
  std::size_t index = 0;
  std::vector<double> values;  // of columns: minimum, maximum, in turn; NaN: nothing measured
};

// Reads the form as its header says it, one word at a time.
std::vector<Decoded> decoded(const Bytes& bytes) {
  REQUIRE(text_of(bytes).substr(0, 4) == "CSW2");
  const bool is_columns = at<std::uint32_t>(bytes, 4) == 1;
  const auto channels = at<std::uint32_t>(bytes, 8);
  std::size_t place = 32 + std::size_t{32} * channels;
  std::vector<Decoded> all;
  for (std::uint32_t c = 0; c < channels; ++c) {
    const std::size_t entry = 32 + std::size_t{32} * c;
    const auto count = at<std::uint32_t>(bytes, entry + 4);
    const auto width = at<std::uint32_t>(bytes, entry + 8);
    const auto offset = at<double>(bytes, entry + 16);
    const auto scale = at<double>(bytes, entry + 24);
    const auto words = [&] {
      std::vector<std::uint32_t> list(count, 0);
      for (std::uint32_t plane = 0; plane < width; ++plane) {
        for (std::uint32_t i = 0; i < count; ++i) {
          list[i] |= at<std::uint8_t>(bytes, place++) * (1U << (8 * plane));
        }
      }
      return list;
    };
    const auto value = [&](std::uint32_t word) {
      const std::int64_t whole =
          width == 2 ? static_cast<std::int16_t>(word) : static_cast<std::int32_t>(word);
      const std::int64_t missing = width == 2 ? -32768 : -2147483648LL;
      return whole == missing ? std::nan("") : offset + scale * static_cast<double>(whole);
    };
    Decoded& one = all.emplace_back();
    one.index = at<std::uint32_t>(bytes, entry);
    std::uint32_t word = 0;
    const auto low = words();
    const auto above = is_columns ? words() : std::vector<std::uint32_t>{};
    for (std::uint32_t i = 0; i < count; ++i) {
      word += low[i];
      one.values.push_back(value(word));
      if (!is_columns) continue;
      const bool is_missing = std::isnan(one.values.back());
      one.values.push_back(is_missing ? std::nan("") : value(word + above[i]));
    }
  }
  CHECK(place == bytes.size());
  return all;
}

void check_equal(double value, double expected) {
  if (std::isnan(expected)) {
    CHECK(std::isnan(value));
  } else {
    CHECK(value == doctest::Approx(expected).epsilon(1e-12));
  }
}

constexpr TickSpan span{{-3}, {1'000'000'007}};

}  // namespace

TEST_CASE("every stored value comes back, in words of two bytes where a stretch allows it") {
  struct Case {
    const char* name;
    std::int64_t middle;
    std::int64_t reach;
    std::uint32_t width;
  };
  for (const Case& one :
       {Case{"16 bits", 0, 32'767, 2}, Case{"24 bits with an offset", 6'000'000, 32'767, 2},
        Case{"24 bits", 0, 8'000'000, 4}, Case{"one value", -5, 0, 2}}) {
    CAPTURE(one.name);
    SeededRandom random(11);
    const Channel channel{.adu_per_unit = -200.0, .baseline_adu = 12.5};
    const auto any = [&] {
      return static_cast<std::int32_t>(
          one.middle - one.reach +
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * one.reach + 1))));
    };
    std::vector<std::int32_t> samples;
    std::vector<MinMax> columns;
    for (int i = 0; i < 500; ++i) {
      samples.push_back(i % 37 == 5 ? channel.missing : any());
      const std::int32_t a = any();
      const std::int32_t b = any();
      columns.push_back(i % 41 == 3 ? MinMax{} : MinMax{std::min(a, b), std::max(a, b)});
    }
    WindowWriter of_samples(WindowWriter::Kind::Samples, span);
    of_samples.add_samples(3, channel, samples);
    const Bytes bytes = of_samples.finish();
    CHECK(at<std::int64_t>(bytes, 16) == -3);
    CHECK(at<std::int64_t>(bytes, 24) == 1'000'000'007);
    CHECK(at<std::uint32_t>(bytes, 32 + 8) == one.width);
    const auto read = decoded(bytes);
    REQUIRE(read.size() == 1);
    CHECK(read[0].index == 3);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      check_equal(read[0].values[i], physical_value(channel, samples[i]));
    }
    WindowWriter of_columns(WindowWriter::Kind::Columns, span);
    of_columns.add_columns(0, channel, columns);
    of_columns.add_columns(2, channel, std::span(columns).first(100));
    const auto pairs = decoded(of_columns.finish());
    REQUIRE(pairs.size() == 2);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const bool is_empty = columns[i].empty();
      check_equal(pairs[0].values[2 * i],
                  is_empty ? std::nan("") : physical_value(channel, columns[i].min));
      check_equal(pairs[0].values[2 * i + 1],
                  is_empty ? std::nan("") : physical_value(channel, columns[i].max));
    }
  }
}
