#include "domain/image/contour.hpp"

#include <doctest/doctest.h>

#include "base/random.hpp"

using namespace consilium;

namespace {

std::vector<std::uint16_t> plane_of(std::string_view picture) {
  std::vector<std::uint16_t> plane;
  for (const char c : picture) {
    if (c != '\n') plane.push_back(static_cast<std::uint16_t>(c == '.' ? 0 : c - '0'));
  }
  return plane;
}

}  // namespace

TEST_CASE("one pixel is a diamond that runs against the clock") {
  const auto plane = plane_of("...\n.1.\n...");
  const auto labels = labels_on(plane, 3);
  REQUIRE(labels.size() == 1);
  const auto rings = rings_of(plane, 3, labels[0]);
  REQUIRE(rings.size() == 1);
  CHECK(rings[0].size() == 4);
  CHECK(twice_area(rings[0]) == -1);
}

TEST_CASE("a hole is a ring of its own or a keyhole, an island in it a part of its own") {
  const auto plane = plane_of(
      "11111\n"
      "1...1\n"
      "1.1.1\n"
      "1...1\n"
      "11111");
  const auto rings = rings_of(plane, 5, labels_on(plane, 5)[0]);
  CHECK(rings.size() == 3);
  const auto joined = with_keyholes(rings);
  CHECK(joined.size() == 2);
}

TEST_CASE("pixels come back exactly from outlines, with keyholes and without") {
  SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    const std::uint32_t width = 3 + static_cast<std::uint32_t>(round) % 29;
    const std::uint32_t height = 2 + static_cast<std::uint32_t>(round) % 17;
    std::vector<std::byte> raw(std::size_t{width} * height);
    random.fill(raw);
    std::vector<std::uint16_t> plane(raw.size());
    for (std::size_t at = 0; at < raw.size(); ++at) {
      plane[at] = static_cast<std::uint16_t>(std::to_integer<int>(raw[at]) % (round % 4 + 2));
    }
    for (const SliceLabel& label : labels_on(plane, width)) {
      const auto rings = rings_of(plane, width, label);
      for (const auto& shape : {rings, with_keyholes(rings)}) {
        std::vector<std::uint8_t> filled(plane.size());
        for (const Ring& ring : shape) flip_inside(ring, width, height, filled);
        for (std::size_t at = 0; at < plane.size(); ++at) {
          REQUIRE((filled[at] == 1) == (plane[at] == label.value));
        }
      }
    }
  }
}

TEST_CASE("polygons that leave the picture fill what is in it") {
  std::vector<std::uint8_t> plane(6);
  flip_inside(Ring{{-10, -10}, {10, -10}, {10, 0.5}, {-10, 0.5}}, 3, 2, plane);
  CHECK(plane == std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0});
  flip_inside(Ring{{50, 50}, {60, 50}, {60, 60}}, 3, 2, plane);
  flip_inside(Ring{{0, 0}, {1, 1}}, 3, 2, plane);
  CHECK(plane == std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0});
}

TEST_CASE("a slice of a layer holds its voxels") {
  const Grid grid{{40, 35, 33}, {}, "1"};
  MaskLayer layer = make_exclusive_layer(grid).value();
  set_voxel(layer, {39, 34, 32}, 9);
  set_voxel(layer, {0, 0, 0}, 4);
  const auto plane = slice_values(layer, 32);
  CHECK(plane[34 * 40 + 39] == 9);
  CHECK(plane[0] == 0);
  CHECK(slice_values(layer, 0)[0] == 4);
}
