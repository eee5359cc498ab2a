// A shell of a mask on any kind of lattice that `grown` and `shrunk` are there for. Used inside
// this module.
#pragma once

#include "analysis/morphology/morphology.hpp"

namespace consilium::morphology {

template <class AnyLattice>
[[nodiscard]] Result<BitVolume> shell_of(const BitVolume& bits, const AnyLattice& lattice,
                                         double thickness_mm, ShellSide side, unsigned threads) {
  switch (side) {
    case ShellSide::Inside:
      return difference_of(bits, CSL_TRY(shrunk(bits, lattice, thickness_mm, threads)));
    case ShellSide::Outside:
      return difference_of(CSL_TRY(grown(bits, lattice, thickness_mm, threads)), bits);
    case ShellSide::Centre:
      break;
  }
  const BitVolume outer = CSL_TRY(grown(bits, lattice, thickness_mm / 2, threads));
  return difference_of(outer, CSL_TRY(shrunk(bits, lattice, thickness_mm / 2, threads)));
}

}  // namespace consilium::morphology
