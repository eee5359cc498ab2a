#include "analysis/morphology/morphology.hpp"

#include <fmt/format.h>

#include "analysis/morphology/ball.hpp"
#include "analysis/morphology/shell.hpp"

namespace consilium {
namespace {

using morphology::steps_within;

VoxelRange box_around(const VoxelRange& box, const Lattice& lattice, double mm,
                      std::uint32_t more) {
  return grown_box(box,
                   {steps_within(mm, lattice.spacing_mm[0]) + more,
                    steps_within(mm, lattice.spacing_mm[1]) + more,
                    steps_within(mm, lattice.spacing_mm[2]) + more},
                   lattice.dims);
}

Lattice lattice_of_box(const VoxelRange& box, const Lattice& lattice) {
  return {.dims = box.dims(), .spacing_mm = lattice.spacing_mm};
}

// Makes `part` of the box around what is set, grown by `mm` and `more` voxels, and puts it back.
template <class Make>
Result<BitVolume> in_box(const BitVolume& bits, const Lattice& lattice, double mm,
                         std::uint32_t more, const Make& make) {
  CSL_TRY(check_length(bits, lattice, mm));
  const auto box = box_of(bits);
  if (!box) return bits;
  const VoxelRange around = box_around(*box, lattice, mm, more);
  BitVolume result(bits.dims());
  paste(result, make(cropped(bits, around), lattice_of_box(around, lattice)), around);
  return result;
}

BitVolume shrunk_part(const BitVolume& part, const Lattice& lattice, double mm, unsigned threads) {
  return complement_of(morphology::dilated(complement_of(part), lattice, mm, threads));
}

}  // namespace

Status check_length(const BitVolume& bits, const Lattice& lattice, double mm) {
  CSL_TRY(check_lattice(lattice, lattice.voxel_count()));
  if (bits.dims() != lattice.dims) {
    return fail(ErrorCode::InvalidInput, "a mask has other dimensions than its lattice");
  }
  if (!(mm >= 0 && mm <= length_mm_max)) {
    return fail(ErrorCode::InvalidInput, "a length is out of range", fmt::format("{} mm", mm),
                fmt::format("give 0 to {} mm", length_mm_max));
  }
  return {};
}

Result<BitVolume> grown(const BitVolume& bits, const Lattice& lattice, double mm,
                        unsigned threads) {
  return in_box(bits, lattice, mm, 0, [&](const BitVolume& part, const Lattice& of_part) {
    return morphology::dilated(part, of_part, mm, threads);
  });
}

Result<BitVolume> shrunk(const BitVolume& bits, const Lattice& lattice, double mm,
                         unsigned threads) {
  // The nearest background of a voxel lies next to the box, or the image ends there.
  CSL_TRY(check_length(bits, lattice, mm));
  return in_box(bits, lattice, 0, 1, [&](const BitVolume& part, const Lattice& of_part) {
    return shrunk_part(part, of_part, mm, threads);
  });
}

Result<BitVolume> hollow(const BitVolume& bits, const Lattice& lattice, double thickness_mm,
                         ShellSide side, unsigned threads) {
  return morphology::shell_of(bits, lattice, thickness_mm, side, threads);
}

Result<BitVolume> opened(const BitVolume& bits, const Lattice& lattice, double mm,
                         unsigned threads) {
  CSL_TRY(check_length(bits, lattice, mm));
  return in_box(bits, lattice, 0, 1, [&](const BitVolume& part, const Lattice& of_part) {
    return morphology::dilated(shrunk_part(part, of_part, mm, threads), of_part, mm, threads);
  });
}

Result<BitVolume> closed(const BitVolume& bits, const Lattice& lattice, double mm,
                         unsigned threads) {
  return in_box(bits, lattice, mm, 1, [&](const BitVolume& part, const Lattice& of_part) {
    return shrunk_part(morphology::dilated(part, of_part, mm, threads), of_part, mm, threads);
  });
}

}  // namespace consilium
