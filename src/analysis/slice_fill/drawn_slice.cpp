#include "analysis/slice_fill/drawn_slice.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "analysis/distance/distance.hpp"
#include "analysis/parallel/parallel.hpp"
#include "base/check.hpp"

namespace consilium::slice_fill {
namespace {

struct PlaneBox {
  std::uint32_t u_first = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t v_first = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t u_end = 0, v_end = 0;

  void add(std::uint32_t u_begin, std::uint32_t u_stop, std::uint32_t v) {
    u_first = std::min(u_first, u_begin);
    u_end = std::max(u_end, u_stop);
    v_first = std::min(v_first, v);
    v_end = std::max(v_end, v + 1);
  }
  void add(const PlaneBox& other) {
    u_first = std::min(u_first, other.u_first);
    u_end = std::max(u_end, other.u_end);
    v_first = std::min(v_first, other.v_first);
    v_end = std::max(v_end, other.v_end);
  }
};

// Label -> the box of its voxels on each slice.
using LabelBoxes = std::map<std::uint16_t, std::vector<PlaneBox>>;

// Calls use(label, begin, end) for each run of one label but 0.
template <class Use>
void for_each_label_run(std::span<const std::uint16_t> row, const Use& use) {
  std::size_t x = 0;
  while (x < row.size()) {
    while (x + 4 <= row.size() && (row[x] | row[x + 1] | row[x + 2] | row[x + 3]) == 0) x += 4;
    if (x == row.size()) return;
    const std::uint16_t label = row[x];
    const std::size_t begin = x;
    while (x < row.size() && row[x] == label) ++x;
    if (label != 0) use(label, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(x));
  }
}

LabelBoxes label_boxes(std::span<const std::uint16_t> labels, const Lattice& lattice,
                       std::size_t axis, unsigned threads) {
  const auto [nx, ny, nz] = lattice.dims;
  std::vector<LabelBoxes> found(std::clamp<std::size_t>(threads, 1, nz));
  split_work(threads, nz, [&](std::uint64_t begin, std::uint64_t end, std::uint64_t part) {
    LabelBoxes& boxes = found[part];
    std::vector<PlaneBox>* of_label = nullptr;
    std::uint16_t last = 0;
    for (auto z = static_cast<std::uint32_t>(begin); z < end; ++z) {
      for (std::uint32_t y = 0; y < ny; ++y) {
        const auto row = labels.subspan((std::size_t{z} * ny + y) * nx, nx);
        for_each_label_run(row, [&](std::uint16_t label, std::uint32_t first, std::uint32_t stop) {
          if (label != last) {
            last = label;
            of_label = &boxes[label];
            of_label->resize(lattice.dims[axis]);
          }
          if (axis == 2) (*of_label)[z].add(first, stop, y);
          if (axis == 1) (*of_label)[y].add(first, stop, z);
          if (axis != 0) return;
          for (std::uint32_t x = first; x < stop; ++x) (*of_label)[x].add(y, y + 1, z);
        });
      }
    }
  });
  LabelBoxes all = std::move(found[0]);
  for (std::size_t part = 1; part < found.size(); ++part) {
    for (const auto& [label, boxes] : found[part]) {
      auto& into = all[label];
      into.resize(boxes.size());
      for (std::size_t w = 0; w < boxes.size(); ++w) into[w].add(boxes[w]);
    }
  }
  return all;
}

DrawnSlice drawn_slice(std::span<const std::uint16_t> labels, const SliceFrame& frame,
                       std::uint16_t label, std::uint32_t w, const PlaneBox& box) {
  DrawnSlice slice{.w = w,
                   .u_first = box.u_first,
                   .v_first = box.v_first,
                   .bits = BitVolume({box.u_end - box.u_first, box.v_end - box.v_first, 1}),
                   .components = {},
                   .parts = {}};
  for (std::size_t v = box.v_first; v < box.v_end; ++v) {
    const std::uint16_t* row = labels.data() + w * frame.w_stride + v * frame.v_stride;
    for (std::size_t u = box.u_first; u < box.u_end; ++u) {
      if (row[u * frame.u_stride] == label) slice.bits.set(u - box.u_first, v - box.v_first, 0);
    }
  }
  slice.components = components_of(slice.bits, Connectivity::Corners);
  slice.parts.resize(slice.components.list.size());
  for (const ComponentRun& run : slice.components.runs) {
    Part& part = slice.parts[run.component];
    const double length = run.end - run.begin;
    part.area += static_cast<std::uint64_t>(run.end - run.begin);
    part.sum.u += length * (box.u_first + (run.begin + run.end - 1) / 2.0);
    part.sum.v += length * (box.v_first + run.row);
  }
  return slice;
}

}  // namespace

SliceFrame slice_frame(const Lattice& lattice, std::size_t axis) {
  const std::array<std::size_t, 3> strides = {
      1, lattice.dims[0], static_cast<std::size_t>(lattice.dims[0]) * lattice.dims[1]};
  const std::size_t u = axis == 0 ? 1 : 0;
  const std::size_t v = axis == 2 ? 1 : 2;
  return {.u_count = lattice.dims[u],
          .v_count = lattice.dims[v],
          .w_count = lattice.dims[axis],
          .u_stride = strides[u],
          .v_stride = strides[v],
          .w_stride = strides[axis],
          .u_mm = lattice.spacing_mm[u],
          .v_mm = lattice.spacing_mm[v],
          .w_mm = lattice.spacing_mm[axis]};
}

DrawnLabels drawn_labels(std::span<const std::uint16_t> labels, const Lattice& lattice,
                         std::size_t axis, std::span<const std::uint16_t> segments,
                         unsigned threads) {
  const SliceFrame frame = slice_frame(lattice, axis);
  struct Place {
    std::uint16_t label;
    std::uint32_t w;
    PlaneBox box;
  };
  std::vector<Place> places;
  for (const auto& [label, boxes] : label_boxes(labels, lattice, axis, threads)) {
    if (!segments.empty() && std::ranges::find(segments, label) == segments.end()) continue;
    for (std::uint32_t w = 0; w < boxes.size(); ++w) {
      if (boxes[w].u_end > 0) places.push_back({label, w, boxes[w]});
    }
  }
  std::vector<DrawnSlice> slices(places.size());
  for_each_part(places.size(), threads, [&] {
    return [&](std::size_t i) {
      slices[i] = drawn_slice(labels, frame, places[i].label, places[i].w, places[i].box);
    };
  });
  DrawnLabels drawn;
  for (std::size_t i = 0; i < places.size(); ++i) {
    drawn[places[i].label].push_back(std::move(slices[i]));
  }
  return drawn;
}

double Shape::area() const {
  std::uint64_t area = 0;
  for (const std::uint32_t part : parts) area += slice->parts[part].area;
  return static_cast<double>(area);
}

PlanePoint Shape::centroid() const {
  PlanePoint sum;
  for (const std::uint32_t part : parts) {
    sum.u += slice->parts[part].sum.u;
    sum.v += slice->parts[part].sum.v;
  }
  return {.u = sum.u / area(), .v = sum.v / area()};
}

Window window_of(const Shape& shape) {
  VoxelRange box = shape.slice->components.list[shape.parts.front()].box;
  for (const std::uint32_t part : shape.parts) {
    const VoxelRange& other = shape.slice->components.list[part].box;
    for (std::size_t a = 0; a < 2; ++a) {
      box.first[a] = std::min(box.first[a], other.first[a]);
      box.end[a] = std::max(box.end[a], other.end[a]);
    }
  }
  return {.u_first = std::int64_t{shape.slice->u_first} + box.first[0],
          .v_first = std::int64_t{shape.slice->v_first} + box.first[1],
          .u_count = box.end[0] - box.first[0],
          .v_count = box.end[1] - box.first[1]};
}

std::vector<float> signed_distance_in(const Shape& shape, const Window& window,
                                      const SliceFrame& frame) {
  std::vector<std::uint8_t> mask(window.u_count * window.v_count);
  const DrawnSlice& slice = *shape.slice;
  for (const ComponentRun& run : slice.components.runs) {
    if (!std::ranges::binary_search(shape.parts, run.component)) continue;
    const std::int64_t v = std::int64_t{slice.v_first} + run.row - window.v_first;
    const std::int64_t u = std::int64_t{slice.u_first} + run.begin - window.u_first;
    std::fill_n(mask.begin() + v * static_cast<std::int64_t>(window.u_count) + u,
                run.end - run.begin, std::uint8_t{1});
  }
  std::vector<float> distances(mask.size());
  const Lattice lattice{.dims = {static_cast<std::uint32_t>(window.u_count),
                                 static_cast<std::uint32_t>(window.v_count), 1},
                        .spacing_mm = {frame.u_mm, frame.v_mm, 1}};
  CSL_CHECK(signed_distance(mask, lattice, std::span<float>(distances)).has_value());
  return distances;
}

}  // namespace consilium::slice_fill
