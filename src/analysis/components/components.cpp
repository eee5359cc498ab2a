#include "analysis/components/components.hpp"

#include <algorithm>
#include <numeric>

#include "analysis/distance/lattice.hpp"
#include "analysis/matching/disjoint_sets.hpp"
#include "base/check.hpp"

namespace consilium {
namespace {

// Where the runs of each row begin in the list of all.
struct RunTable {
  std::vector<ComponentRun> runs;
  std::vector<std::uint32_t> row_begin;
};

RunTable runs_of(const BitVolume& bits) {
  RunTable table;
  table.row_begin.reserve(bits.row_count() + 1);
  for (std::size_t r = 0; r < bits.row_count(); ++r) {
    table.row_begin.push_back(static_cast<std::uint32_t>(table.runs.size()));
    for_each_run(bits.words().data() + r * bits.row_words(), bits.row_words(),
                 [&](std::size_t begin, std::size_t end) {
                   table.runs.push_back({.row = static_cast<std::uint32_t>(r),
                                         .begin = static_cast<std::uint16_t>(begin),
                                         .end = static_cast<std::uint16_t>(end)});
                 });
  }
  table.row_begin.push_back(static_cast<std::uint32_t>(table.runs.size()));
  return table;
}

// Joins the runs of two rows that touch; `slack` 1 lets corners touch.
void join_rows(const RunTable& table, std::size_t row, std::size_t other, std::uint32_t slack,
               matching::DisjointSets& sets) {
  std::uint32_t a = table.row_begin[row];
  std::uint32_t b = table.row_begin[other];
  const std::uint32_t a_end = table.row_begin[row + 1];
  const std::uint32_t b_end = table.row_begin[other + 1];
  while (a < a_end && b < b_end) {
    const ComponentRun& first = table.runs[a];
    const ComponentRun& second = table.runs[b];
    if (first.begin < second.end + slack && second.begin < first.end + slack) sets.join(a, b);
    // The one that ends first meets nothing more.
    if (first.end < second.end) {
      ++a;
    } else {
      ++b;
    }
  }
}

void join_all(const RunTable& table, const VoxelDims& dims, Connectivity connectivity, Reach reach,
              matching::DisjointSets& sets) {
  const std::uint32_t beside = connectivity == Connectivity::Faces ? 0 : 1;
  const bool corners = connectivity == Connectivity::Corners;
  const std::size_t ny = dims[1];
  for (std::size_t z = 0; z < dims[2]; ++z) {
    for (std::size_t y = 0; y < ny; ++y) {
      const std::size_t row = z * ny + y;
      if (table.row_begin[row] == table.row_begin[row + 1]) continue;
      if (y > 0) join_rows(table, row, row - 1, beside, sets);
      if (z == 0 || reach == Reach::Slice) continue;
      join_rows(table, row, row - ny, beside, sets);
      if (connectivity == Connectivity::Faces) continue;
      if (y > 0) join_rows(table, row, row - ny - 1, corners ? 1 : 0, sets);
      if (y + 1 < ny) join_rows(table, row, row - ny + 1, corners ? 1 : 0, sets);
    }
  }
}

void add_run(Component& component, const ComponentRun& run, std::uint32_t ny) {
  const std::uint32_t y = run.row % ny;
  const std::uint32_t z = run.row / ny;
  VoxelRange& box = component.box;
  if (component.voxel_count == 0)
    box = {.first = {run.begin, y, z}, .end = {run.end, y + 1, z + 1}};
  component.voxel_count += static_cast<std::uint64_t>(run.end - run.begin);
  box.first[0] = std::min<std::uint32_t>(box.first[0], run.begin);
  box.end[0] = std::max<std::uint32_t>(box.end[0], run.end);
  box.first[1] = std::min(box.first[1], y);
  box.end[1] = std::max(box.end[1], y + 1);
  box.end[2] = z + 1;  // runs come slice by slice
}

// Fills what of the background of a box does not reach the box's border; in slices that border is
// the slice's own.
BitVolume filled(const BitVolume& bits, Reach reach) {
  const BitVolume background = complement_of(bits);
  const Components parts = components_of(background, Connectivity::Faces, reach);
  const auto [nx, ny, nz] = bits.dims();
  const auto is_hole = [&](std::uint32_t number) {
    const VoxelRange& box = parts.list[number].box;
    const bool inside = box.first[0] > 0 && box.end[0] < nx && box.first[1] > 0 && box.end[1] < ny;
    return inside && (reach == Reach::Slice || (box.first[2] > 0 && box.end[2] < nz));
  };
  return union_of(bits, kept(parts, is_hole));
}

}  // namespace

Components components_of(const BitVolume& bits, Connectivity connectivity, Reach reach) {
  for (const std::uint32_t edge : bits.dims()) CSL_CHECK(edge <= lattice_edge_max);
  RunTable table = runs_of(bits);
  matching::DisjointSets sets(table.runs.size());
  join_all(table, bits.dims(), connectivity, reach, sets);
  Components result;
  result.dims = bits.dims();
  // A root is the least of its set, so it is met before the others.
  for (std::uint32_t i = 0; i < table.runs.size(); ++i) {
    const std::uint32_t root = sets.root_of(i);
    if (root == i) {
      table.runs[i].component = static_cast<std::uint32_t>(result.list.size());
      result.list.emplace_back();
    } else {
      table.runs[i].component = table.runs[root].component;
    }
    add_run(result.list[table.runs[i].component], table.runs[i], bits.dims()[1]);
  }
  result.runs = std::move(table.runs);
  return result;
}

BitVolume largest_component(const BitVolume& bits, Connectivity connectivity) {
  const Components parts = components_of(bits, connectivity);
  const auto largest = std::ranges::max_element(parts.list, {}, &Component::voxel_count);
  const auto number = static_cast<std::uint32_t>(largest - parts.list.begin());
  return kept(parts, [number](std::uint32_t i) { return i == number; });
}

BitVolume without_small(const BitVolume& bits, std::uint64_t voxels_min,
                        Connectivity connectivity) {
  const Components parts = components_of(bits, connectivity);
  return kept(parts, [&](std::uint32_t i) { return parts.list[i].voxel_count >= voxels_min; });
}

std::vector<std::uint32_t> by_size(const Components& components) {
  std::vector<std::uint32_t> order(components.list.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::uint32_t number) {
    return components.list[number].voxel_count;
  });
  return order;
}

BitVolume with_holes_filled(const BitVolume& bits) {
  const auto box = box_of(bits);
  if (!box) return bits;
  BitVolume result = bits;
  // An image of one slice has no other border than the slice's.
  const Reach reach = bits.dims()[2] == 1 ? Reach::Slice : Reach::Volume;
  paste(result, filled(cropped(bits, *box), reach), *box);
  return result;
}

BitVolume with_slice_holes_filled(const BitVolume& bits, std::size_t axis) {
  CSL_CHECK(axis < 3);
  const auto box = box_of(bits);
  if (!box) return bits;
  const BitVolume part = cropped(bits, *box);
  BitVolume result = bits;
  if (axis == 2) {
    paste(result, filled(part, Reach::Slice), *box);
    return result;
  }
  // Each slice across x or y is laid out as a plane of its own, then put back.
  const BitVolume turned = axis == 0 ? transposed(part) : part;
  const auto [nx, ny, nz] = turned.dims();
  BitVolume done = turned;
  BitVolume plane({nx, nz, 1});
  for (std::size_t y = 0; y < ny; ++y) {
    for (std::size_t z = 0; z < nz; ++z) {
      std::copy_n(turned.row(y, z), turned.row_words(), plane.row(z, 0));
    }
    const BitVolume whole = filled(plane, Reach::Slice);
    for (std::size_t z = 0; z < nz; ++z) {
      std::copy_n(whole.row(z, 0), turned.row_words(), done.row(y, z));
    }
  }
  paste(result, axis == 0 ? transposed(done) : done, *box);
  return result;
}

}  // namespace consilium
