// A file cut and flipped at every byte below 4 KB and at some above: what every reader of
// recordings must take without falling over.
#pragma once

#include <doctest/doctest.h>

#include <random>

#include "base/byte_source.hpp"
#include "tests/read_some.hpp"

namespace consilium::test {

// The sanitizers' build is thirty times slower: there every seventh byte has to do.
#ifdef __SANITIZE_ADDRESS__
inline constexpr std::size_t damage_step = 7;
#else
inline constexpr std::size_t damage_step = 1;
#endif

// `open` gives a Result<Recording> from a std::shared_ptr<const ByteSource>.
template <class Open>
void check_damaged(const Bytes& whole, Open&& open, std::size_t samples_above = 200) {
  std::mt19937 random(7);
  const auto check = [&](Bytes bytes) {
    const auto recording = open(std::shared_ptr<const ByteSource>(memory_source(std::move(bytes))));
    if (recording) {
      CHECK(read_some(*recording->samples));
    } else {
      CHECK_FALSE(recording.error().what.empty());
    }
  };
  const auto each = [&](auto&& damage) {
    const std::size_t low = std::min<std::size_t>(whole.size(), 4096);
    for (std::size_t at = 0; at < low; at += damage_step) damage(at);
    for (std::size_t i = 0; i < samples_above / damage_step && whole.size() > low; ++i) {
      damage(low + random() % (whole.size() - low));
    }
  };
  each([&](std::size_t at) { check(Bytes(whole.begin(), whole.begin() + static_cast<long>(at))); });
  each([&](std::size_t at) {
    Bytes flipped = whole;
    flipped[at] ^= static_cast<std::byte>(1U << random() % 8);
    check(std::move(flipped));
  });
}

}  // namespace consilium::test
