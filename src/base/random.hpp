// Where randomness comes from, passed in so that a test replays any run from one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace consilium {

class Random {
 public:
  Random() = default;
  Random(const Random&) = delete;
  Random& operator=(const Random&) = delete;
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

// The system's generator (getrandom): for keys, tokens and ids in production. Safe from all
// threads.
[[nodiscard]] std::unique_ptr<Random> system_random();

// xoshiro256** from one seed: for tests and made data, never for keys. Not safe from several
// threads.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(std::span<std::byte> bytes) override;
  [[nodiscard]] std::uint64_t next();
  [[nodiscard]] double uniform();                          // [0, 1)
  [[nodiscard]] double normal();                           // mean 0, standard deviation 1
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);  // [0, bound)

 private:
  std::uint64_t state_[4] = {};
};

}  // namespace consilium
