// Binomial random numbers: W. Hoermann, J. Stat. Comput. Simul. 46 (1993) 101-110 (transformed
// rejection, BTRS) where count x probability is at least 10, inversion below. Used inside this
// module by the bootstrap.
#pragma once

#include <cstdint>

#include "base/random.hpp"

namespace consilium {

// How many of `count` trials succeed. Cost: about 60 ns.
[[nodiscard]] std::uint64_t draw_binomial(std::uint64_t count, double probability,
                                          SeededRandom& random);

}  // namespace consilium
