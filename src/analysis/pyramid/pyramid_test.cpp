#include "analysis/pyramid/pyramid.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace consilium {
namespace {

// Channels given as vectors; where they end before the record, and in gaps, samples are missing.
class MadeSource final : public SampleSource {
 public:
  MadeSource(std::vector<std::int64_t> ticks_per_sample, std::int64_t length_ticks,
             std::vector<TickSpan> gaps, unsigned seed) {
    header_.tick_rate = *Rate::of(1000, 1);
    header_.length_ticks = length_ticks;
    header_.gaps = std::move(gaps);
    std::minstd_rand random(seed);
    for (const std::int64_t ticks : ticks_per_sample) {
      Channel channel;
      channel.ticks_per_sample = ticks;
      channel.sample_count = (length_ticks + ticks - 1) / ticks;
      channel.missing = header_.channels.size() % 2 == 0 ? missing_sample_default : -2048;
      header_.channels.push_back(channel);
      salts_.push_back(static_cast<std::int64_t>(random()));
    }
  }
  const RecordHeader& header() const override { return header_; }
  std::int32_t sample(std::size_t channel, std::int64_t index) const {
    const Channel& c = header_.channels[channel];
    const Tick tick{index * c.ticks_per_sample};
    for (const TickSpan& gap : header_.gaps) {
      if (tick >= gap.first && tick < gap.last) return c.missing;
    }
    const auto mixed = static_cast<std::uint64_t>(index + salts_[channel]) * 0x9E3779B97F4A7C15ULL;
    if (mixed >> 60U == 0) return c.missing;
    return static_cast<std::int32_t>(mixed >> 40U) % 2000;
  }
  Status read(std::size_t channel, SampleIndex first, std::span<std::int32_t> out) const override {
    CSL_TRY(check_range(channel, first, out.size()));
    read_samples += static_cast<std::int64_t>(out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = sample(channel, first.value + static_cast<std::int64_t>(i));
    }
    return {};
  }
  mutable std::int64_t read_samples = 0;

 private:
  RecordHeader header_;
  std::vector<std::int64_t> salts_;
};

std::shared_ptr<const ByteSource> built(const SampleSource& source) {
  Bytes bytes;
  const Status status = build_pyramid(source, [&](ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return Status{};
  });
  REQUIRE(status.has_value());
  return memory_source(std::move(bytes));
}

// What semantics.md I1 to I3 say, sample by sample.
std::vector<MinMax> walked(const MadeSource& source, std::size_t channel, std::int64_t first,
                           std::int64_t last, int pixels) {
  std::vector<MinMax> result(static_cast<std::size_t>(pixels));
  const Channel& c = source.header().channels[channel];
  const auto bound = [&](std::int64_t i) {
    return first + ((last - first) * i + pixels - 1) / pixels;
  };
  for (int p = 0; p < pixels; ++p) {
    for (std::int64_t i = 0; i < c.sample_count; ++i) {
      const std::int64_t tick = i * c.ticks_per_sample;
      if (tick < bound(p)) {  // go on near the pixel's first sample
        i = std::max(i, (bound(p) - tick) / c.ticks_per_sample + i - 1);
        continue;
      }
      if (tick >= bound(p + 1)) break;
      const std::int32_t sample = source.sample(channel, i);
      if (sample == c.missing) continue;
      MinMax& pixel = result[static_cast<std::size_t>(p)];
      pixel.min = std::min(pixel.min, sample);
      pixel.max = std::max(pixel.max, sample);
    }
  }
  return result;
}

TEST_CASE("every pixel shows exactly the least and greatest sample under it (I1, I2, I3)") {
  std::minstd_rand random(7);
  for (const std::int64_t length : {1, 15, 16, 17, 1000, 4097, 70'001, 400'000}) {
    const std::vector<TickSpan> gaps =
        length > 4000 ? std::vector<TickSpan>{{Tick{length / 3}, Tick{length / 2}}}
                      : std::vector<TickSpan>{};
    const MadeSource source({1, 2, 1, 7, 250}, length, gaps, static_cast<unsigned>(length));
    const auto pyramid = Pyramid::open(built(source), source);
    REQUIRE(pyramid.has_value());
    for (int trial = 0; trial < 40; ++trial) {
      const auto any =
          static_cast<std::int64_t>(random() % static_cast<unsigned>(length + 20)) - 10;
      std::int64_t first = any;
      std::int64_t last =
          first + 1 + static_cast<std::int64_t>(random() % static_cast<unsigned>(length + 10));
      if (trial == 0) {
        first = 0;
        last = length;
      }
      const int pixels = 1 + static_cast<int>(random() % (trial % 4 == 0 ? 3 : 500));
      CAPTURE(length);
      CAPTURE(first);
      CAPTURE(last);
      CAPTURE(pixels);
      const std::vector<std::size_t> channels{0, 1, 2, 3, 4};
      const auto together = (*pyramid)->query(channels, Tick{first}, Tick{last}, pixels);
      REQUIRE(together.has_value());
      for (const std::size_t c : channels) {
        CAPTURE(c);
        const std::vector<MinMax> expected = walked(source, c, first, last, pixels);
        CHECK((*together)[c] == expected);
        CHECK(*(*pyramid)->query(c, Tick{first}, Tick{last}, pixels) == expected);
      }
    }
  }
}

TEST_CASE("a gap of years costs little, and shows nothing (I6)") {
  const std::int64_t year = 1000LL * 86'400 * 365;
  const MadeSource source({2, 4}, 2 * year, {{Tick{100'000}, Tick{2 * year - 100'000}}}, 3);
  const auto bytes = built(source);
  CHECK(source.read_samples < 500'000);
  CHECK(bytes->size() < 20'000'000);
  const auto pyramid = Pyramid::open(bytes, source);
  REQUIRE(pyramid.has_value());
  const auto shown = (*pyramid)->query(0, Tick{0}, Tick{2 * year}, 1000);
  REQUIRE(shown.has_value());
  CHECK_FALSE(shown->front().empty());
  CHECK_FALSE(shown->back().empty());
  CHECK(std::ranges::count_if(*shown, &MinMax::empty) == 998);
}

TEST_CASE("a question out of range is refused, and so is another recording's pyramid") {
  const MadeSource source({1}, 5000, {}, 1);
  const auto bytes = built(source);
  const auto pyramid = Pyramid::open(bytes, source);
  REQUIRE(pyramid.has_value());
  CHECK_FALSE((*pyramid)->query(0, Tick{0}, Tick{100}, 0).has_value());
  CHECK_FALSE((*pyramid)->query(0, Tick{0}, Tick{100}, 65'537).has_value());
  CHECK_FALSE((*pyramid)->query(0, Tick{5}, Tick{5}, 1).has_value());
  CHECK_FALSE((*pyramid)->query(1, Tick{0}, Tick{100}, 1).has_value());
  const MadeSource other({1}, 5001, {}, 1);
  CHECK(Pyramid::open(bytes, other).error().code == ErrorCode::Conflict);
}

TEST_CASE("a pyramid cut or flipped anywhere is refused or answers, never a crash") {
  const MadeSource source({1, 3}, 9000, {}, 1);
  const Bytes whole = *read_all(*built(source), 1U << 20U);
  const auto try_bytes = [&](Bytes bytes) {
    const auto pyramid = Pyramid::open(memory_source(std::move(bytes)), source);
    if (!pyramid) return;
    static_cast<void>((*pyramid)->query(0, Tick{0}, Tick{9000}, 10));
  };
  for (std::size_t i = 0; i < whole.size(); i += i % 5 + 1) {
    Bytes flipped = whole;
    flipped[i] ^= std::byte{0x81};
    try_bytes(std::move(flipped));
    try_bytes(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i)));
  }
}

}  // namespace
}  // namespace consilium
