// How long operations on the segments of a CT of 512 x 512 x 300 take: made organs in a made body.
// Prints user CPU seconds (the median of 3) and wall seconds. Usage: csl_bench_segment_operations
// [threads]
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "analysis/components/components.hpp"
#include "analysis/morphology/joint_smoothing.hpp"
#include "analysis/morphology/morphology.hpp"
#include "analysis/slice_fill/slice_fill.hpp"
#include "analysis/slice_fill/tilting_phantom.hpp"
#include "analysis/surface_nets/surface_nets.hpp"

using namespace consilium;

namespace {

constexpr VoxelDims dims{512, 512, 300};
const Lattice lattice{.dims = dims, .spacing_mm = {0.8, 0.8, 1.0}};

struct Ellipsoid {
  std::uint16_t label;
  double x, y, z, rx, ry, rz;
};

std::vector<std::uint16_t> made_organs() {
  const Ellipsoid shapes[] = {{1, 256, 256, 150, 230, 180, 160},
                              {2, 180, 230, 160, 90, 70, 80},
                              {3, 330, 250, 140, 60, 50, 70},
                              {4, 260, 330, 150, 30, 30, 145},
                              {5, 330, 320, 90, 40, 30, 35}};
  std::vector<std::uint16_t> labels(lattice.voxel_count());
  for (const Ellipsoid& shape : shapes) {
    for (std::uint32_t z = 0; z < dims[2]; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) {
        for (std::uint32_t x = 0; x < dims[0]; ++x) {
          const double dx = (x - shape.x) / shape.rx;
          const double dy = (y - shape.y) / shape.ry;
          const double dz = (z - shape.z) / shape.rz;
          if (dx * dx + dy * dy + dz * dz < 1) {
            labels[(static_cast<std::size_t>(z) * dims[1] + y) * dims[0] + x] = shape.label;
          }
        }
      }
    }
  }
  return labels;
}

double user_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
}

template <class Work>
void measure(std::string_view name, const Work& work) {
  std::vector<std::pair<double, double>> times_s;
  for (int i = 0; i < 3; ++i) {
    const double user = user_s();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    times_s.emplace_back(user_s() - user, wall.count());
  }
  std::ranges::sort(times_s);
  fmt::print("{:<44} {:7.3f} s CPU {:7.3f} s wall\n", name, times_s[1].first, times_s[1].second);
}

template <class T>
void keep(T&& value) {
  static_cast<void>(value);
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned threads = argc > 1 ? static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10)) : 1;
  const auto labels = made_organs();
  measure("bits of a label, of dense labels", [&] { keep(bits_of_label(labels, dims, 1)); });
  const struct {
    const char* name;
    BitVolume bits;
  } segments[] = {{"body", bits_of_label(labels, dims, 1)},
                  {"organ", bits_of_label(labels, dims, 2)}};
  for (const auto& [name, bits] : segments) {
    measure(fmt::format("{}: components, 6 neighbours", name), [&] { keep(components_of(bits)); });
    measure(fmt::format("{}: keep the largest, 26", name),
            [&] { keep(largest_component(bits, Connectivity::Corners)); });
    measure(fmt::format("{}: fill holes", name), [&] { keep(with_holes_filled(bits)); });
    measure(fmt::format("{}: fill holes across x", name),
            [&] { keep(with_slice_holes_filled(bits, 0)); });
    for (const double mm : {2.0, 5.0, 10.0, 20.0, 30.0}) {
      measure(fmt::format("{}: grow {} mm", name, mm),
              [&] { keep(grown(bits, lattice, mm, threads)); });
    }
    measure(fmt::format("{}: shrink 5 mm", name), [&] { keep(shrunk(bits, lattice, 5, threads)); });
    measure(fmt::format("{}: hollow 3 mm, centre", name),
            [&] { keep(hollow(bits, lattice, 3, ShellSide::Centre, threads)); });
    measure(fmt::format("{}: open 3 mm", name), [&] { keep(opened(bits, lattice, 3, threads)); });
    measure(fmt::format("{}: close 3 mm", name), [&] { keep(closed(bits, lattice, 3, threads)); });
    measure(fmt::format("{}: median 5 mm", name),
            [&] { keep(median_smoothed(bits, lattice, 5, threads)); });
  }
  measure("all labels: joint smoothing, 2 mm", [&] {
    auto smoothed = labels;
    keep(smooth_jointly(smoothed, lattice, {}, 2, threads));
  });
  std::size_t triangles = 0;
  measure("all labels: surface nets, 16 steps",
          [&] { triangles = surfaces_of(labels, dims, {}, {}, threads).value().triangles.size(); });
  fmt::print("  {} triangles\n", triangles);
  const auto phantom = test::tilting_phantom(dims);
  for (const std::uint32_t k : {10U, 20U}) {
    const auto drawn = test::every_slice(phantom, dims, k);
    auto filled = drawn;
    measure(fmt::format("3 labels: fill between every {}th slice", k), [&] {
      filled = drawn;
      keep(fill_between_slices(
          filled, lattice, {.segments = {}, .cap_ends = true, .image = {}, .threads = threads}));
    });
    fmt::print("  Dice {:.3f} {:.3f} {:.3f}\n", test::dice(filled, phantom, 1),
               test::dice(filled, phantom, 2), test::dice(filled, phantom, 3));
  }
}
