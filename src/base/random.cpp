#include "base/random.hpp"

#include <sys/random.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "base/check.hpp"

namespace consilium {
namespace {

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override {
    while (!bytes.empty()) {
      const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
      if (got < 0) continue;  // EINTR is the only error that getrandom(flags = 0) can give here
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
  }
};

}  // namespace

std::unique_ptr<Random> system_random() { return std::make_unique<SystemRandom>(); }

SeededRandom::SeededRandom(std::uint64_t seed) {
  // splitmix64 spreads the seed over the state (D. Blackman, S. Vigna, xoshiro256** 1.0).
  for (std::uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31U);
  }
}

std::uint64_t SeededRandom::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17U;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

void SeededRandom::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t word = next();
    const std::size_t count = bytes.size() < sizeof word ? bytes.size() : sizeof word;
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

double SeededRandom::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

double SeededRandom::normal() {
  const double u = 1.0 - uniform();  // (0, 1]: the logarithm is finite
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t SeededRandom::below(std::uint64_t bound) {
  CSL_CHECK(bound > 0);
  const std::uint64_t limit = bound * (~0ULL / bound);  // no value is likelier than another
  std::uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

}  // namespace consilium
