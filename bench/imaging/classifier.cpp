// Times the pixel classifier on a made 512 x 512 x 300 CT: features of the volume, training on
// 10,000 marked voxels, labelling one slice and the whole volume.
//   csl_bench_classifier [slices]
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <vector>

#include "analysis/pixel_classifier/pixel_classifier.hpp"
#include "analysis/synthetic/ct_phantom.hpp"

using namespace consilium;

namespace {
double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
}  // namespace

int main(int argc, char** argv) {
  const auto slices = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 300);
  const synthetic::CtPhantom phantom({.slices = slices});
  const std::size_t slice = 512UL * 512;
  std::vector<std::int16_t> samples(slice * slices);
  for (std::uint32_t k = 0; k < slices; ++k) {
    phantom.render_slice(k, std::span(samples).subspan(k * slice, slice));
  }
  const Lattice lattice{.dims = {512, 512, slices}, .spacing_mm = {0.7, 0.7, 1}};
  // Strokes by intensity: lung, soft tissue, bone, air outside. Only the time counts here.
  std::vector<LabelledVoxel> strokes;
  for (std::size_t i = slice * (slices / 2); i < slice * (slices / 2 + 1); i += 23) {
    const std::int16_t hu = samples[i];
    const std::uint8_t label = hu < -950 ? 255 : hu < -500 ? 1 : hu < 150 ? 2 : 3;
    strokes.push_back({.voxel = static_cast<std::uint32_t>(i), .label = label});
  }
  for (const unsigned threads : {1U, 2U}) {
    std::optional<FeaturePyramid> pyramid;
    PixelSamples marked;
    std::optional<PixelClassifier> classifier;
    std::vector<std::uint8_t> labels(samples.size());
    std::vector<std::uint8_t> one(slice);
    const double features = seconds_of([&] {
      pyramid = *FeaturePyramid::create(samples, lattice, IntensityScale::AsIs, threads);
    });
    marked = *sample_voxels(*pyramid, strokes);
    const double training =
        seconds_of([&] { classifier = *PixelClassifier::train(marked, {}, threads); });
    const double view = seconds_of([&] {
      static_cast<void>(classifier->classify(
          *pyramid, {.first = {0, 0, slices / 2}, .size = {512, 512, 1}}, one, {}, threads));
    });
    const double whole = seconds_of([&] {
      static_cast<void>(
          classifier->classify(*pyramid, {.first = {}, .size = lattice.dims}, labels, {}, threads));
    });
    fmt::print(
        "{} thread(s): features {:.2f} s, training on {} voxels {:.3f} s, one slice {:.3f} s, "
        "volume {:.2f} s\n",
        threads, features, marked.labels.size(), training, view, whole);
  }
  return 0;
}
