#include "analysis/mask_metrics/nearest_surfel.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "analysis/distance/distance.hpp"
#include "analysis/parallel/parallel.hpp"
#include "base/check.hpp"

namespace consilium::mask_metrics {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t block_edge = 4;

// A row, or a block of rows, seen from another: how far it is, and at least how far in mm^2.
struct Offset {
  std::ptrdiff_t y = 0;
  std::ptrdiff_t z = 0;
  double squared = 0;
};

double square(double value) { return value * value; }

// Of the bits of a row, the nearest to x; none nearer than `limit` steps is looked for.
std::ptrdiff_t nearest_bit(const std::uint64_t* row, std::size_t words, std::size_t x,
                           std::ptrdiff_t limit) {
  const std::size_t w = x / 64;
  const auto bit = static_cast<unsigned>(x % 64);
  std::ptrdiff_t best = limit;
  std::ptrdiff_t sign = 1;
  const std::uint64_t right = row[w] >> bit;
  if (right != 0) best = std::min<std::ptrdiff_t>(best, std::countr_zero(right));
  const std::uint64_t left = row[w] << (63U - bit);
  if (left != 0 && std::countl_zero(left) < best) {
    best = std::countl_zero(left);
    sign = -1;
  }
  const auto at = static_cast<std::ptrdiff_t>(w);
  const auto count = static_cast<std::ptrdiff_t>(words);
  for (std::ptrdiff_t k = 1; at - k >= 0 || at + k < count; ++k) {
    const std::ptrdiff_t to_right = 64 * k - bit;           // its lowest bit's distance
    const std::ptrdiff_t to_left = 64 * (k - 1) + 1 + bit;  // its highest bit's
    if (to_right >= best && to_left >= best) break;
    if (at + k < count && to_right < best && row[at + k] != 0) {
      const std::ptrdiff_t steps = to_right + std::countr_zero(row[at + k]);
      if (steps < best) {
        best = steps;
        sign = 1;
      }
    }
    if (at - k >= 0 && to_left < best && row[at - k] != 0) {
      const std::ptrdiff_t steps = to_left + std::countl_zero(row[at - k]);
      if (steps < best) {
        best = steps;
        sign = -1;
      }
    }
  }
  return best == limit ? limit : sign * best;
}

// What is looked through: the surface's rows, and the rows of 4 x 4 rows taken together.
class Index {
 public:
  Index(const BitVolume& volume, const std::array<double, 3>& spacing_mm)
      : volume_(volume),
        spacing_(spacing_mm),
        blocks_(volume.nx, (volume.ny + block_edge - 1) / block_edge,
                (volume.nz + block_edge - 1) / block_edge),
        row_used_(volume.ny * volume.nz),
        block_used_(blocks_.ny * blocks_.nz) {
    for (std::size_t z = 0; z < volume.nz; ++z) {
      for (std::size_t y = 0; y < volume.ny; ++y) {
        const std::uint64_t* row = volume.row(y, z);
        std::uint64_t* block = blocks_.row(y / block_edge, z / block_edge);
        std::uint64_t any = 0;
        for (std::size_t w = 0; w < volume.row_words; ++w) {
          block[w] |= row[w];
          any |= row[w];
        }
        if (any == 0) continue;
        row_used_[z * volume.ny + y] = 1;
        block_used_[z / block_edge * blocks_.ny + y / block_edge] = 1;
      }
    }
    make_near_rows();
    make_far_blocks();
  }

  struct Search {
    double squared = infinity;  // the least so far
    std::ptrdiff_t x = -1;      // and where it is
    std::ptrdiff_t y = -1;
    std::ptrdiff_t z = -1;
    std::uint64_t visits = 0;  // rows and blocks looked at, in all
  };

  // From the element nearest to the last place, to the one nearest to (x, y, z).
  void find(std::ptrdiff_t x, std::ptrdiff_t y, std::ptrdiff_t z, Search& search) const {
    if (search.x >= 0) search.squared = squared_to(x - search.x, y - search.y, z - search.z);
    for (const Offset& row : near_rows_) {
      if (row.squared >= search.squared) return;
      ++search.visits;
      try_row(x, y + row.y, z + row.z, y, z, search);
    }
    const auto edge = static_cast<std::ptrdiff_t>(block_edge);
    for (const Offset& block : far_blocks_) {
      if (block.squared >= search.squared) return;
      ++search.visits;
      try_block(x, y / edge + block.y, z / edge + block.z, y, z, search);
    }
  }

 private:
  double squared_to(std::ptrdiff_t dx, std::ptrdiff_t dy, std::ptrdiff_t dz) const {
    return square(static_cast<double>(dx) * spacing_[0]) +
           square(static_cast<double>(dy) * spacing_[1]) +
           square(static_cast<double>(dz) * spacing_[2]);
  }

  void try_row(std::ptrdiff_t x, std::ptrdiff_t row_y, std::ptrdiff_t row_z, std::ptrdiff_t y,
               std::ptrdiff_t z, Search& search) const {
    const auto ny = static_cast<std::ptrdiff_t>(volume_.ny);
    if (row_y < 0 || row_z < 0 || row_y >= ny || row_z >= static_cast<std::ptrdiff_t>(volume_.nz) ||
        row_used_[static_cast<std::size_t>(row_z * ny + row_y)] == 0) {
      return;
    }
    const auto limit = static_cast<std::ptrdiff_t>(volume_.nx);
    const std::ptrdiff_t step =
        nearest_bit(volume_.row(static_cast<std::size_t>(row_y), static_cast<std::size_t>(row_z)),
                    volume_.row_words, static_cast<std::size_t>(x), limit);
    if (step == limit) return;
    const double squared = squared_to(step, row_y - y, row_z - z);
    if (squared >= search.squared) return;
    search.squared = squared;
    search.x = x + step;
    search.y = row_y;
    search.z = row_z;
  }

  void try_block(std::ptrdiff_t x, std::ptrdiff_t block_y, std::ptrdiff_t block_z, std::ptrdiff_t y,
                 std::ptrdiff_t z, Search& search) const {
    const auto nby = static_cast<std::ptrdiff_t>(blocks_.ny);
    if (block_y < 0 || block_z < 0 || block_y >= nby ||
        block_z >= static_cast<std::ptrdiff_t>(blocks_.nz) ||
        block_used_[static_cast<std::size_t>(block_z * nby + block_y)] == 0) {
      return;
    }
    const auto edge = static_cast<std::ptrdiff_t>(block_edge);
    const auto gap = [&](std::ptrdiff_t from, std::ptrdiff_t begin) {
      return std::max({begin - from, from - (begin + edge - 1), std::ptrdiff_t{0}});
    };
    const std::ptrdiff_t gap_y = gap(y, block_y * edge);
    const std::ptrdiff_t gap_z = gap(z, block_z * edge);
    if (squared_to(0, gap_y, gap_z) >= search.squared) return;
    const auto limit = static_cast<std::ptrdiff_t>(volume_.nx);
    const std::ptrdiff_t step = nearest_bit(
        blocks_.row(static_cast<std::size_t>(block_y), static_cast<std::size_t>(block_z)),
        volume_.row_words, static_cast<std::size_t>(x), limit);
    if (squared_to(step, gap_y, gap_z) >= search.squared) return;
    for (std::ptrdiff_t row_z = block_z * edge; row_z < (block_z + 1) * edge; ++row_z) {
      for (std::ptrdiff_t row_y = block_y * edge; row_y < (block_y + 1) * edge; ++row_y) {
        if (squared_to(step, row_y - y, row_z - z) >= search.squared) continue;
        ++search.visits;
        try_row(x, row_y, row_z, y, z, search);
      }
    }
  }

  // The rows about an element, nearest first, as far as all of them are listed.
  void make_near_rows() {
    constexpr std::ptrdiff_t reach = 24;
    constexpr std::size_t count_max = 49;
    const std::ptrdiff_t reach_z = volume_.nz == 1 ? 0 : reach;
    for (std::ptrdiff_t z = -reach_z; z <= reach_z; ++z) {
      for (std::ptrdiff_t y = -reach; y <= reach; ++y) {
        near_rows_.push_back({.y = y, .z = z, .squared = squared_to(0, y, z)});
      }
    }
    const double complete =
        square((reach + 1) * (reach_z == 0 ? spacing_[1] : std::min(spacing_[1], spacing_[2])));
    std::erase_if(near_rows_, [&](const Offset& row) { return row.squared >= complete; });
    sort_nearest_first(near_rows_);
    if (near_rows_.size() > count_max) near_rows_.resize(count_max);
  }

  // All blocks, by the least distance from any row of the block at (0, 0) to any of theirs.
  void make_far_blocks() {
    const auto reach_y = static_cast<std::ptrdiff_t>(blocks_.ny) - 1;
    const auto reach_z = static_cast<std::ptrdiff_t>(blocks_.nz) - 1;
    const auto gap = [](std::ptrdiff_t blocks) {
      const auto edge = static_cast<std::ptrdiff_t>(block_edge);
      return std::max<std::ptrdiff_t>(0, std::abs(blocks) * edge - (edge - 1));
    };
    for (std::ptrdiff_t z = -reach_z; z <= reach_z; ++z) {
      for (std::ptrdiff_t y = -reach_y; y <= reach_y; ++y) {
        far_blocks_.push_back({.y = y, .z = z, .squared = squared_to(0, gap(y), gap(z))});
      }
    }
    sort_nearest_first(far_blocks_);
  }

  static void sort_nearest_first(std::vector<Offset>& offsets) {
    std::ranges::stable_sort(offsets, {}, &Offset::squared);
  }

  const BitVolume& volume_;
  std::array<double, 3> spacing_;
  BitVolume blocks_;
  std::vector<std::uint8_t> row_used_;
  std::vector<std::uint8_t> block_used_;
  std::vector<Offset> near_rows_;
  std::vector<Offset> far_blocks_;
};

// Calls visit(x, y, whether `to` has an element there too) for each element of a slice.
template <class Visit>
void for_each_element(const BitVolume& from, const BitVolume& to, std::size_t z,
                      const Visit& visit) {
  for (std::size_t y = 0; y < from.ny; ++y) {
    const std::uint64_t* row = from.row(y, z);
    const std::uint64_t* same = to.row(y, z);
    for (std::size_t w = 0; w < from.row_words; ++w) {
      for (std::uint64_t word = row[w]; word != 0; word &= word - 1) {
        const auto bit = static_cast<unsigned>(std::countr_zero(word));
        visit(w * 64 + bit, y, (same[w] >> bit & 1U) != 0);
      }
    }
  }
}

void find_at(const Index& index, std::size_t x, std::size_t y, std::size_t z,
             Index::Search& search) {
  index.find(static_cast<std::ptrdiff_t>(x), static_cast<std::ptrdiff_t>(y),
             static_cast<std::ptrdiff_t>(z), search);
}

// Where surfaces are far apart, or fill the volume, searching costs more than the distance
// transform of the whole box. Some elements, the same each time, tell beforehand.
bool transform_pays(const Surface& from, const Surface& to, const Index& index) {
  // 1 GiB of distances.
  constexpr std::size_t transform_voxels_max = 1UL << 27U;
  constexpr std::size_t one_in = 64;
  // Measured: a voxel of the transform takes as long as a row or block looked at, an element
  // that the other surface shares none, any other element two.
  constexpr std::uint64_t visits_per_voxel = 1;
  constexpr std::uint64_t visits_per_element = 2;
  const std::size_t voxels = from.at.nx * from.at.ny * from.at.nz;
  if (voxels > transform_voxels_max) return false;
  // The margin may lead past what the transform takes.
  if (std::max({from.at.nx, from.at.ny, from.at.nz}) > lattice_edge_max) return false;
  Index::Search search;
  std::size_t number = 0;
  for (std::size_t z = 0; z < from.at.nz; ++z) {
    for_each_element(from.at, to.at, z, [&](std::size_t x, std::size_t y, bool shared) {
      if (number++ % one_in != 0 || shared) return;
      search.visits += visits_per_element;
      find_at(index, x, y, z, search);
    });
  }
  return search.visits * one_in > visits_per_voxel * voxels;
}

// Whether squared distances within the box are whole multiples of one power of two that a float's
// 24 bits hold: as where voxels are 1, 0.5 or 1.25 mm apart. Floats then give the same numbers, in
// half of the time and memory.
bool is_exact_in_float(const Lattice& lattice) {
  constexpr double step_least = 0x1p-10;
  double step = 1;  // that all spacings are multiples of
  const auto is_multiple = [&step](double spacing) { return std::fmod(spacing, step) == 0; };
  while (step > step_least && !std::ranges::all_of(lattice.spacing_mm, is_multiple)) step /= 2;
  double greatest = 0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    greatest += square(lattice.dims[axis] * lattice.spacing_mm[axis]);
  }
  return std::ranges::all_of(lattice.spacing_mm, is_multiple) && greatest < 0x1p24 * square(step);
}

template <class Value>
std::vector<double> by_transform(const Surface& from, const Surface& to, const Lattice& lattice,
                                 std::vector<Value>& squared, std::vector<std::uint8_t>& mask,
                                 unsigned threads) {
  const BitVolume& at = to.at;
  mask.assign(lattice.voxel_count(), 0);
  for (std::size_t z = 0; z < at.nz; ++z) {
    for_each_element(at, at, z, [&](std::size_t x, std::size_t y, bool) {
      mask[(z * at.ny + y) * at.nx + x] = 1;
    });
  }
  squared.resize(mask.size());
  const Status done =
      distance_to_mask(mask, lattice, DistanceForm::Squared, std::span(squared), threads);
  CSL_CHECK(done.has_value());  // the lattice and its size were checked
  std::vector<double> distances;
  distances.reserve(from.size.size());
  for (std::size_t z = 0; z < at.nz; ++z) {
    for_each_element(from.at, to.at, z, [&](std::size_t x, std::size_t y, bool) {
      const Value found = squared[(z * at.ny + y) * at.nx + x];
      distances.push_back(std::sqrt(static_cast<double>(found)));
    });
  }
  return distances;
}

std::vector<double> by_transform(const Surface& from, const Surface& to,
                                 const std::array<double, 3>& spacing_mm, TransformRoom& room,
                                 unsigned threads) {
  const Lattice lattice{
      .dims = {static_cast<std::uint32_t>(to.at.nx), static_cast<std::uint32_t>(to.at.ny),
               static_cast<std::uint32_t>(to.at.nz)},
      .spacing_mm = spacing_mm};
  if (is_exact_in_float(lattice)) {
    return by_transform(from, to, lattice, room.floats, room.mask, threads);
  }
  return by_transform(from, to, lattice, room.doubles, room.mask, threads);
}

}  // namespace

std::vector<double> distances_mm(const Surface& from, const Surface& to,
                                 const std::array<double, 3>& spacing_mm, TransformRoom& room,
                                 unsigned threads) {
  std::vector<double> distances(from.size.size(), infinity);
  if (to.size.empty() || from.size.empty()) return distances;
  const Index index(to.at, spacing_mm);
  if (transform_pays(from, to, index)) return by_transform(from, to, spacing_mm, room, threads);
  // What was nearest before is handed on within a slice only, so that the threads' shares do not
  // matter.
  for_each_part(from.at.nz, threads, [&] {
    return [&](std::size_t z) {
      Index::Search search;
      double* out = distances.data() + from.first[z];
      for_each_element(from.at, to.at, z, [&](std::size_t x, std::size_t y, bool shared) {
        if (!shared) find_at(index, x, y, z, search);
        *out++ = shared ? 0 : std::sqrt(search.squared);
      });
    };
  });
  return distances;
}

}  // namespace consilium::mask_metrics
