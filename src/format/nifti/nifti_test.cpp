#include "format/nifti/nifti.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "base/random.hpp"

using namespace consilium;

namespace {

Affine oblique(double handedness) {
  // Turned about all three axes, spacings 0.7, 0.9 and 3 mm.
  return affine_from_axes({-81.5, 40.25, -310.125}, {0.7 * 0.36, 0.7 * 0.48, -0.7 * 0.8},
                          {0.9 * -0.8, 0.9 * 0.6, 0},
                          {3 * 0.48 * handedness, 3 * 0.64 * handedness, 3 * 0.6 * handedness});
}

NiftiVolume sample_volume(double handedness) {
  NiftiVolume volume{.dims = {5, 4, 3}, .affine = oblique(handedness), .samples = Bytes(120)};
  SeededRandom random(3);
  random.fill(volume.samples);
  return volume;
}

}  // namespace

TEST_CASE("a volume comes back as it was written, plain and packed, right and left handed") {
  for (const double handedness : {1.0, -1.0}) {
    for (const auto& [packing, version] : {std::pair{NiftiPacking::Plain, NiftiVersion::One},
                                           std::pair{NiftiPacking::Gzip, NiftiVersion::One},
                                           std::pair{NiftiPacking::Plain, NiftiVersion::Two},
                                           std::pair{NiftiPacking::Gzip, NiftiVersion::Two}}) {
      const NiftiVolume volume = sample_volume(handedness);
      const Bytes file = write_nifti(volume, packing, version).value();
      const NiftiVolume again = read_nifti(file).value();
      CHECK(again.dims == volume.dims);
      CHECK(again.samples == volume.samples);
      for (std::size_t i = 0; i < 16; ++i) {
        CHECK(std::abs(again.affine.values[i] - volume.affine.values[i]) < 2e-5);
      }
    }
  }
}

TEST_CASE("qform alone gives the affine that sform gives") {
  for (const double handedness : {1.0, -1.0}) {
    const NiftiVolume volume = sample_volume(handedness);
    Bytes file = write_nifti(volume, NiftiPacking::Plain).value();
    file[254] = std::byte{0};  // sform_code
    const NiftiVolume again = read_nifti(file).value();
    for (std::size_t i = 0; i < 16; ++i) {
      CAPTURE(i);
      CHECK(std::abs(again.affine.values[i] - volume.affine.values[i]) < 2e-5);
    }
  }
}

TEST_CASE("NIfTI-2 keeps the affine to the last bit, its qform nearly so, and long axes") {
  NiftiVolume volume = sample_volume(-1);
  volume.labels = {{7, "spleen"}};
  Bytes file = write_nifti(volume, NiftiPacking::Plain, NiftiVersion::Two).value();
  CHECK(read_nifti(file).value().affine == volume.affine);
  CHECK(read_nifti(file).value().labels == volume.labels);
  file[348] = std::byte{0};  // sform_code
  const NiftiVolume again = read_nifti(file).value();
  for (std::size_t i = 0; i < 16; ++i) {
    CHECK(std::abs(again.affine.values[i] - volume.affine.values[i]) < 1e-9);
  }
  const NiftiVolume wide{.dims = {40000, 1, 1}, .samples = Bytes(80000)};
  const Bytes long_file = write_nifti(wide, NiftiPacking::Plain, NiftiVersion::Two).value();
  CHECK(read_nifti(long_file).value().dims == wide.dims);
}

TEST_CASE("a sheared volume has no qform") {
  NiftiVolume volume = sample_volume(1);
  volume.affine = affine_from_axes({0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {0, 0.25, 1});
  const Bytes file = write_nifti(volume, NiftiPacking::Plain).value();
  CHECK(file[252] == std::byte{0});
  CHECK(read_nifti(file).value().affine == volume.affine);
}

TEST_CASE("a mask takes the fewest bits and keeps its label names") {
  Grid grid{{40, 33, 2}, {}, ""};
  MaskLayer layer = make_exclusive_layer(grid).value();
  set_voxel(layer, {39, 32, 1}, 255);
  const std::vector<NiftiLabel> labels{{255, "nodule \"ä\""}};
  const NiftiVolume small = nifti_of_mask(layer, labels);
  CHECK(small.sample_type == SampleType::U8);
  CHECK(small.samples.back() == std::byte{255});
  const Bytes file = write_nifti(small, NiftiPacking::Gzip).value();
  CHECK(read_nifti(file).value().labels == labels);
  set_voxel(layer, {0, 0, 0}, 256);
  CHECK(nifti_of_mask(layer, labels).sample_type == SampleType::U16);
}

TEST_CASE("a file cut anywhere is refused, and one flipped anywhere never harms") {
  const Bytes file = write_nifti(sample_volume(1), NiftiPacking::Plain).value();
  const Bytes second =
      write_nifti(sample_volume(1), NiftiPacking::Plain, NiftiVersion::Two).value();
  for (const Bytes& whole : {file, second}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CHECK_FALSE(read_nifti(ByteView(whole).first(size)).has_value());
    }
  }
  const Bytes packed = write_nifti(sample_volume(1), NiftiPacking::Gzip).value();
  for (const Bytes& whole : {file, second, packed}) {
    for (std::size_t at = 0; at < whole.size(); ++at) {
      Bytes flipped = whole;
      flipped[at] ^= std::byte{0xFF};
      static_cast<void>(read_nifti(flipped));
    }
  }
}

TEST_CASE("what NIfTI-1 cannot hold is refused") {
  NiftiVolume wide{.dims = {40000, 1, 1}, .samples = Bytes(80000)};
  CHECK(write_nifti(wide, NiftiPacking::Plain).error().code == ErrorCode::TooLarge);
  NiftiVolume flat = sample_volume(1);
  flat.affine = affine_from_axes({0, 0, 0}, {1, 0, 0}, {1, 0, 0}, {0, 0, 1});
  CHECK(write_nifti(flat, NiftiPacking::Plain).error().code == ErrorCode::InvalidInput);
}
