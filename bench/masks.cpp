// How fast masks are compared and joined, on made shapes: a wavy ball and its like, random points.
// Prints the median and the spread of each measurement. Usage: csl_bench_masks [threads]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "analysis/distance/distance.hpp"
#include "analysis/mask_consensus/multi_label_staple.hpp"
#include "analysis/mask_consensus/shape_average.hpp"
#include "analysis/mask_consensus/staple.hpp"
#include "analysis/mask_metrics/mask_metrics.hpp"

using namespace consilium;

namespace {

struct Ball {
  double x, y, z, radius, wave;
};

// In a cube of `edge` voxels; lengths are in 256ths of the edge.
std::vector<std::uint8_t> ball_mask(std::uint32_t edge, const Ball& ball) {
  std::vector<std::uint8_t> mask;
  mask.reserve(static_cast<std::size_t>(edge) * edge * edge);
  const double unit = 256.0 / edge;
  for (std::uint32_t z = 0; z < edge; ++z) {
    for (std::uint32_t y = 0; y < edge; ++y) {
      for (std::uint32_t x = 0; x < edge; ++x) {
        const double dx = x * unit - ball.x;
        const double dy = y * unit - ball.y;
        const double dz = z * unit - ball.z;
        const double radius =
            ball.radius + ball.wave * std::sin(dx * .1) * std::cos(dy * .13) * std::sin(dz * .09);
        mask.push_back(dx * dx + dy * dy + dz * dz < radius * radius ? 1 : 0);
      }
    }
  }
  return mask;
}

template <class Work>
void measure(std::string_view name, double voxels, Work work) {
  std::vector<double> times_s;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times_s.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(times_s);
  fmt::print("{:<52} {:8.4f} s  ({:.4f} to {:.4f})  {:7.1f} Mvoxel/s\n", name, times_s[2],
             times_s[0], times_s[4], voxels / times_s[2] / 1e6);
}

void bench_distance(std::uint32_t edge, unsigned threads) {
  const Lattice lattice{.dims = {edge, edge, edge}, .spacing_mm = {0.8, 0.8, 2}};
  const auto count = static_cast<double>(lattice.voxel_count());
  const auto ball = ball_mask(edge, {128, 128, 128, 77, 5});
  std::vector<std::uint8_t> points(ball.size());
  for (std::size_t v = 0; v < points.size(); v += 9973) points[v] = 1;
  std::vector<float> single(ball.size());
  const auto in_float = [&](const std::vector<std::uint8_t>& mask, DistanceForm form) {
    return [&, form] {
      static_cast<void>(distance_to_mask(mask, lattice, form, std::span(single), threads));
    };
  };
  measure(fmt::format("distance^2, float, ball, {}^3", edge), count,
          in_float(ball, DistanceForm::Squared));
  measure(fmt::format("distance, float, ball, {}^3", edge), count,
          in_float(ball, DistanceForm::Plain));
  measure(fmt::format("distance, float, points, {}^3", edge), count,
          in_float(points, DistanceForm::Plain));
  std::vector<double> twice(ball.size());
  measure(fmt::format("distance, double, points, {}^3", edge), count, [&] {
    static_cast<void>(
        distance_to_mask(points, lattice, DistanceForm::Plain, std::span(twice), threads));
  });
}

void bench_metrics(unsigned threads) {
  const Lattice lattice{.dims = {256, 256, 256}, .spacing_mm = {1, 1, 1}};
  const auto count = static_cast<double>(lattice.voxel_count());
  const auto reference = ball_mask(256, {128, 128, 128, 100, 5});
  const struct {
    const char* name;
    Ball ball;
  } others[] = {{"2 voxels off", {130, 128, 128, 100, 5}},
                {"another wave", {128, 128, 128, 98, 9}},
                {"17 voxels off", {118, 138, 125, 100, 3}},
                {"radius 60 within 100", {128, 128, 128, 60, 0}},
                {"far away, radius 40", {215, 215, 215, 40, 0}}};
  for (const auto& other : others) {
    const auto mask = ball_mask(256, other.ball);
    for (const SurfaceDefinition surface :
         {SurfaceDefinition::MarchingCubes, SurfaceDefinition::VoxelBorder}) {
      const bool cubes = surface == SurfaceDefinition::MarchingCubes;
      measure(
          fmt::format("all metrics, {}, {}", cubes ? "surfels" : "border", other.name), count, [&] {
            static_cast<void>(
                compare_masks(reference, mask, lattice, {.surface = surface, .threads = threads}));
          });
    }
  }
}

void bench_consensus(std::uint32_t edge, std::size_t raters, unsigned threads) {
  std::vector<std::vector<std::uint8_t>> masks;
  for (std::size_t r = 0; r < raters; ++r) {
    const auto shift = static_cast<double>(r);
    masks.push_back(ball_mask(edge, {126 + shift, 129 - shift, 128, 90 + shift, 3 + shift}));
  }
  const std::vector<std::span<const std::uint8_t>> views(masks.begin(), masks.end());
  const auto count = static_cast<double>(masks[0].size());
  const auto name = [&](std::string_view what) {
    return fmt::format("{}, {}^3 x {}", what, edge, raters);
  };
  measure(name("vote patterns"), count,
          [&] { static_cast<void>(binary_patterns(views, threads)); });
  const auto whole = [&]<class Value>(std::vector<Value> out) {
    return [&, out = std::move(out)]() mutable {
      const auto patterns = binary_patterns(views, threads);
      const auto result = staple(*patterns);
      static_cast<void>(write_probability(*patterns, *result, std::span<Value>(out), threads));
    };
  };
  measure(name("STAPLE to u8"), count, whole(std::vector<std::uint8_t>(masks[0].size())));
  measure(name("STAPLE to u16"), count, whole(std::vector<std::uint16_t>(masks[0].size())));
  measure(name("STAPLE to float"), count, whole(std::vector<float>(masks[0].size())));
}

void bench_labels() {
  std::vector<std::vector<std::uint16_t>> volumes;
  for (int r = 0; r < 5; ++r) {
    std::vector<std::uint16_t> volume(256UL * 256 * 256);
    for (std::uint16_t label = 1; label <= 10; ++label) {
      const double at = 20.0 * label;
      const auto mask = ball_mask(256, {at + r, at, 128 + r * .7, 24, 2});
      for (std::size_t v = 0; v < mask.size(); ++v) volume[v] = mask[v] != 0 ? label : volume[v];
    }
    volumes.push_back(std::move(volume));
  }
  const std::vector<std::span<const std::uint16_t>> views(volumes.begin(), volumes.end());
  const auto count = static_cast<double>(volumes[0].size());
  measure("multi-label STAPLE, 256^3 x 5, 11 labels", count, [&] {
    const auto patterns = label_patterns(views);
    const auto result = multi_label_staple(*patterns);
    std::vector<std::uint16_t> out(volumes[0].size());
    static_cast<void>(
        write_by_pattern(*patterns, result->label_of_pattern, std::span<std::uint16_t>(out)));
  });
  const Lattice lattice{.dims = {256, 256, 256}, .spacing_mm = {1, 1, 1}};
  measure("all metrics of 10 labels, surfels, 256^3", count,
          [&] { static_cast<void>(compare_labels(views[0], views[4], lattice)); });
}

}  // namespace

int main(int argc, char** argv) {
  const auto threads = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 1);
  fmt::print("{} thread(s)\n", threads);
  bench_distance(256, threads);
  bench_metrics(threads);
  bench_consensus(256, 5, threads);
  bench_labels();
  bench_distance(512, threads);
  bench_consensus(512, 8, threads);
}
