// Masks as tests draw them: patches in the form in which the browser sends them.
#pragma once

#include <string>

#include "domain/image/mask.hpp"
#include "service/annotation/masks.hpp"
#include "tests/service/service_fixture.hpp"

namespace consilium::service::test {

// The base hash of a brick that nobody drew on.
inline const std::string no_brick(64, '0');

inline void put_u32(Bytes& out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(value >> (8U * i)));
}

inline void put_record(Bytes& out, std::uint32_t brick, std::uint32_t layer,
                       const std::string& base_hash, ByteView bytes) {
  put_u32(out, brick);
  put_u32(out, layer);
  put_u32(out, static_cast<std::uint32_t>(bytes.size()));
  for (std::size_t i = 0; i < 64; i += 2) {
    out.push_back(static_cast<std::byte>(std::stoi(base_hash.substr(i, 2), nullptr, 16)));
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// The first series of an image item, as it is shown.
inline json::object first_series(const ServiceFixture& fixture, const ItemId& image) {
  const json::object shown = must(fixture.items_->show(fixture.lead, fixture.project, image));
  return shown.at("source").at("studies").as_array()[0].at("series").as_array()[0].as_object();
}
inline std::string grid_id_of(const json::object& series) {
  return std::string(series.at("volume").at("grid_id").as_string());
}

// An exclusive layer of the made series' size with a bar of voxels along x.
struct MadeBar {
  Voxel first;
  std::uint32_t length = 1;
  std::uint16_t segment = 1;
};
inline MaskLayer made_layer(const std::vector<MadeBar>& bars, std::uint32_t slices = 40) {
  Grid dims;
  dims.dims = {64, 64, slices};
  MaskLayer layer = must(make_exclusive_layer(dims));
  for (const MadeBar& bar : bars) {
    for (std::uint32_t x = 0; x < bar.length; ++x) {
      set_voxel(layer, {bar.first.i + x, bar.first.j, bar.first.k}, bar.segment);
    }
  }
  return layer;
}

// The first patch of a rater's mask: every brick of the layer that has a voxel.
inline void draw_first(ServiceFixture& fixture, Masks& masks, const Access& access,
                       const ItemId& image, const std::string& grid, const MaskLayer& layer) {
  Bytes records;
  const auto [columns, rows, slices] = brick_dims(layer.grid);
  for (std::uint32_t brick = 0; brick < columns * rows * slices; ++brick) {
    const Bytes bytes = brick_bytes(layer, brick);
    if (!bytes.empty()) put_record(records, brick, 0, no_brick, bytes);
  }
  must(masks.patch(access, fixture.project, image, grid,
                   make_id<MaskPatchId>(*fixture.clock, *fixture.random), 0, records));
}

}  // namespace consilium::service::test
