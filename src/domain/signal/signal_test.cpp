#include <doctest/doctest.h>

#include <vector>

#include "domain/signal/event.hpp"
#include "domain/signal/sample_source.hpp"

namespace consilium {
namespace {

TEST_CASE("a decimal rate is taken exactly") {
  CHECK(Rate::parse("360") == Rate::of(360, 1));
  CHECK(Rate::parse("360.0") == Rate::of(360, 1));
  CHECK(Rate::parse("62.4725") == Rate::of(24989, 400));
  CHECK(Rate::parse("1e3") == Rate::of(1000, 1));
  CHECK(Rate::parse("2.5E-1") == Rate::of(1, 4));
  for (const char* wrong :
       {"", "0", "-1", "abc", "1.2.3", "1e", "1e999", "nan", "1234567890123456789"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Rate::parse(wrong).has_value());
  }
}

TEST_CASE("the tick rate is the least common multiple of the rates") {
  const std::vector<Rate> rates{*Rate::of(24989, 400), *Rate::of(24989, 200),
                                *Rate::of(24989, 100)};
  CHECK(common_tick_rate(rates) == Rate::of(24989, 100));
  CHECK(ticks_per_sample(*Rate::of(24989, 100), rates[0]) == 4);
  const std::vector<Rate> whole{*Rate::of(256, 1), *Rate::of(100, 1), *Rate::of(1, 30)};
  CHECK(common_tick_rate(whole) == Rate::of(6400, 1));
  CHECK(ticks_per_sample(*Rate::of(6400, 1), whole[2]) == 192000);
  CHECK_FALSE(ticks_per_sample(*Rate::of(100, 1), *Rate::of(3, 1)).has_value());
  const std::vector<Rate> absurd{*Rate::of(999999937, 1), *Rate::of(999999929, 1)};
  CHECK(common_tick_rate(absurd).error().code == ErrorCode::Unsupported);
}

TEST_CASE("ticks and nanoseconds turn into each other by the nearest one") {
  const Rate rate = *Rate::of(360, 1);
  CHECK(tick_of_ns(1'000'000'000, rate) == Tick{360});
  CHECK(tick_of_ns(1'388'889, rate) == Tick{1});  // 0.5000000 ticks and a bit
  CHECK(tick_of_ns(1'388'888, rate) == Tick{0});
  CHECK(tick_of_ns(-1'000'000'000, rate) == Tick{-360});
  CHECK(ns_of_tick(Tick{1}, rate) == 2'777'778);
  for (std::int64_t tick = 0; tick < 100'000'000; tick += 9'999'991) {
    CHECK(tick_of_ns(*ns_of_tick(Tick{tick}, rate), rate) == Tick{tick});
  }
  CHECK_FALSE(tick_of_ns(std::numeric_limits<std::int64_t>::max(), *Rate::of(9'000'000'000, 1)));
}

TEST_CASE("the samples in a span of ticks are those that lie on its ticks") {
  const Channel channel{.ticks_per_sample = 4, .sample_count = 10};
  CHECK(samples_in(channel, {Tick{0}, Tick{40}}) == SampleSpan{SampleIndex{0}, SampleIndex{10}});
  CHECK(samples_in(channel, {Tick{1}, Tick{5}}) == SampleSpan{SampleIndex{1}, SampleIndex{2}});
  CHECK(samples_in(channel, {Tick{1}, Tick{4}}) == SampleSpan{SampleIndex{1}, SampleIndex{1}});
  CHECK(samples_in(channel, {Tick{-9}, Tick{1000}}) == SampleSpan{SampleIndex{0}, SampleIndex{10}});
  CHECK(samples_in(channel, {Tick{1000}, Tick{0}}) == SampleSpan{SampleIndex{10}, SampleIndex{10}});
}

TEST_CASE("a mnemonic and its code name each other") {
  for (int code = 1; code <= mit_code_max; ++code) {
    CHECK(mit_code_of(mnemonic(static_cast<MitCode>(code))) == static_cast<MitCode>(code));
  }
  CHECK_FALSE(mit_code_of("nothing"));
  CHECK(is_beat(MitCode::VentricularPremature));
  CHECK_FALSE(is_beat(MitCode::RhythmChange));
}

TEST_CASE("a physical value is the sample less its baseline in units") {
  const Channel channel{.adu_per_unit = 200, .baseline_adu = 1024, .missing = -2048};
  CHECK(physical_value(channel, 1224) == 1.0);
  CHECK(physical_value(channel, -2048) != physical_value(channel, -2048));
}

}  // namespace
}  // namespace consilium
