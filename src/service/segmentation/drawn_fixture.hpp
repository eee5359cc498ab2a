// A rater's open task on a made CT on an oblique grid with a ball in it, for tests of the tools
// that draw on it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "service/annotation/masks.hpp"
#include "service/segmentation/segmentation.hpp"
#include "service/segmentation/working_mask.hpp"
#include "tests/service/service_fixture.hpp"

namespace consilium::service::test {

inline constexpr std::uint32_t nx = 70;
inline constexpr std::uint32_t ny = 44;
inline constexpr std::uint32_t nz = 14;

// A ball of 12 mm around the middle of an oblique grid of 0.8 x 1 x 2.5 mm.
inline bool in_ball(std::uint32_t x, std::uint32_t y, std::uint32_t z, double radius_mm = 12) {
  return std::hypot((x - 34.5) * 0.8, (y - 21.5) * 1.0, (z - 6.5) * 2.5) < radius_mm;
}

inline MadeImageSeries oblique_series() {
  MadeImageSeries series = made_series("MRN-7", nz, 64);
  series.grid.dims = {nx, ny, nz};
  series.grid.affine =
      affine_from_axes({-20, -32, -100}, {0.64, 0.48, 0}, {-0.6, 0.8, 0}, {0, 0, 2.5});
  series.slice_thickness_mm = 2.5;
  return series;
}

// 140 HU inside the ball, 20 outside, with a pattern of a few units.
inline std::int16_t stored_value(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return static_cast<std::int16_t>((in_ball(x, y, z) ? 1164 : 1044) + (x * 3 + y * 5 + z) % 7);
}

struct Drawn : ServiceFixture {
  Masks masks{*store_, *clock};
  Assignment assignment{*store_, *items_, *clock, *random};
  Segmentation segmentation{*store_, *items_, masks, *clock, *random, {}};
  Access second = person("Second", Roles{Role::Rater});
  Access reviewer = person("Reviewer", Roles{Role::Reviewer});
  ItemId item;
  std::string grid_id_;
  Grid grid;
  std::int64_t revision = 0;

  Drawn() {
    set_protocol("chest-ct-nodule.yaml");
    const MadeImageSeries series = oblique_series();
    for (std::uint32_t z = 0; z < nz; ++z) {
      std::vector<std::int16_t> stored;
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) stored.push_back(stored_value(x, y, z));
      }
      const NamedBytes file = must(write_image_slice(series, z, stored));
      write_file(folder.path() / "ct" / file.name, file.bytes);
    }
    import({folder.path() / "ct"});
    item = item_id(items_of_kind("image").at(0));
    must(assignment.take(rater, project, item));
    const json::object shown = must(items_->show(rater, project, item));
    const json::value& volume =
        shown.at("source").at("studies").at(0).at("series").at(0).at("volume");
    grid_id_ = volume.at("grid_id").as_string();
    grid = series.grid;
  }

  // Sends the labels as a patch: what accepting an operation does too.
  void patch(const Bytes& records) {
    Bytes with_bases;
    const Bytes stored = must(masks.bricks(rater, project, item, grid_id_, own()));
    for_each_record(
        ByteView(records), [&](std::uint32_t, std::uint32_t, ByteView head, ByteView bytes) {
          with_bases.insert(with_bases.end(), head.begin(), head.end());
          Sha256Digest base{};
          for_each_record(ByteView(stored), [&](auto, auto, ByteView other, ByteView old) {
            if (std::memcmp(other.data(), head.data(), 8) == 0) base = sha256(old);
          });
          const ByteView digest(base);
          with_bases.insert(with_bases.end(), digest.begin(), digest.end());
          with_bases.insert(with_bases.end(), bytes.begin(), bytes.end());
        });
    const auto answer =
        must(masks.patch(rater, project, item, grid_id_, make_id<MaskPatchId>(*clock, *random),
                         revision, with_bases));
    revision = answer.at("revision").as_int64();
  }

  static BrickQuery own() { return {.rater = {}, .opinion = {}, .layer = {}, .indices = {}}; }

  template <class Use>
  static void for_each_record(ByteView records, const Use& use) {
    for (std::size_t at = 0; at + 12 <= records.size();) {
      std::uint32_t head[3] = {};
      std::memcpy(head, records.data() + at, 12);
      use(head[0], head[1], records.subspan(at, 12), records.subspan(at + 12, head[2]));
      at += 12 + head[2];
    }
  }

  // The whole of layer 0 becomes this.
  template <class LabelOf>
  void draw(const LabelOf& label_of) {
    std::vector<std::uint16_t> dense;
    for (std::uint32_t z = 0; z < nz; ++z) {
      for (std::uint32_t y = 0; y < ny; ++y) {
        for (std::uint32_t x = 0; x < nx; ++x) dense.push_back(label_of(x, y, z));
      }
    }
    const MaskLayer layer = must(exclusive_layer_from_dense(grid, dense));
    Bytes records;
    const auto& bricks = std::get<ExclusiveBricks>(layer.bricks);
    const Bytes stored = must(masks.bricks(rater, project, item, grid_id_, own()));
    for_each_record(ByteView(stored), [&](auto index, auto layer_number, auto, auto) {
      if (layer_number != 0 || bricks.contains(index)) return;
      const std::uint32_t head[3] = {index, 0, 0};
      const auto head_bytes = std::as_bytes(std::span(head));
      records.insert(records.end(), head_bytes.begin(), head_bytes.end());
    });
    for (const auto& [index, brick] : bricks) {
      const std::uint32_t head[3] = {index, 0, static_cast<std::uint32_t>(brick.size() * 2)};
      const auto head_bytes = std::as_bytes(std::span(head));
      const auto bytes = std::as_bytes(std::span(brick));
      records.insert(records.end(), head_bytes.begin(), head_bytes.end());
      records.insert(records.end(), bytes.begin(), bytes.end());
    }
    patch(records);
  }

  Result<MaskOperationAnswer> ask(json::object operation, json::value mask = nullptr,
                                  std::uint32_t layer = 0) {
    return segmentation.operate(rater, project, item, grid_id_,
                                json::object{{"base_revision", revision},
                                             {"layer", layer},
                                             {"operation", std::move(operation)},
                                             {"mask", std::move(mask)}});
  }
  // Asks, takes it over, and gives the labels of layer 0.
  std::vector<std::uint16_t> apply(json::object operation, json::value mask = nullptr) {
    const MaskOperationAnswer answer = must(ask(std::move(operation), std::move(mask)));
    const json::object summary = must(parse_json(answer.summary_json)).as_object();
    const auto before = labels();
    if (!answer.records.empty()) patch(answer.records);
    const auto after = labels();
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
    for (std::size_t v = 0; v < after.size(); ++v) {
      added += before[v] == 0 && after[v] != 0 ? 1 : 0;
      removed += before[v] != 0 && after[v] == 0 ? 1 : 0;
    }
    CHECK(summary.at("added").to_number<std::uint64_t>() == added);
    CHECK(summary.at("removed").to_number<std::uint64_t>() == removed);
    return after;
  }
  std::vector<std::uint16_t> labels() {
    const Bytes records = must(masks.bricks(rater, project, item, grid_id_, own()));
    return must(WorkingMask::read(grid, records)).labels(0, whole_box(grid.dims));
  }
};

inline std::size_t voxel(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
  return (static_cast<std::size_t>(z) * ny + y) * nx + x;
}

inline std::size_t count(const std::vector<std::uint16_t>& labels, std::uint16_t label) {
  return static_cast<std::size_t>(std::ranges::count(labels, label));
}

inline std::size_t ball_voxels(double radius_mm = 12) {
  std::size_t voxels = 0;
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) voxels += in_ball(x, y, z, radius_mm) ? 1 : 0;
    }
  }
  return voxels;
}

}  // namespace consilium::service::test
