#include "service/segmentation/brick_edit.hpp"

#include <algorithm>
#include <vector>

#include "domain/image/brick_runs.hpp"

namespace consilium::service {
namespace {

void put_u32(Bytes& out, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::byte>(value >> (8U * i)));
}

// Calls use(y, z, x count) for the rows of a brick that lie in the volume.
template <class Use>
void for_each_row(const Grid& grid, std::uint32_t index, const Use& use) {
  const auto [x0, y0, z0] = brick_origin(grid, index);
  const std::uint32_t count = std::min(brick_edge, grid.dims[0] - x0);
  for (std::uint32_t z = z0; z < std::min(z0 + brick_edge, grid.dims[2]); ++z) {
    for (std::uint32_t y = y0; y < std::min(y0 + brick_edge, grid.dims[1]); ++y) {
      use(y, z, count, ((z - z0) * brick_edge + y - y0) * brick_edge);
    }
  }
}

class Gate {
 public:
  Gate(const WorkingMask& mask, const Restriction& restriction, const SeriesVolume* image)
      : mask_(mask), restriction_(restriction), image_(image) {}

  [[nodiscard]] bool is_open() const {
    return !restriction_.range && !restriction_.inside && restriction_.protect.empty();
  }
  // Puts back what may not change.
  void restore(std::uint32_t index, std::span<const std::uint16_t> before,
               std::span<std::uint16_t> now) const {
    const auto [x0, y0, z0] = brick_origin(mask_.grid(), index);
    for_each_row(mask_.grid(), index,
                 [&](std::size_t y, std::size_t z, std::uint32_t count, std::size_t place) {
                   const std::size_t voxel =
                       (z * mask_.grid().dims[1] + y) * mask_.grid().dims[0] + x0;
                   for (std::size_t x = 0; x < count; ++x) {
                     if (now[place + x] == before[place + x]) continue;
                     if (!may_change(index, place + x, voxel + x))
                       now[place + x] = before[place + x];
                   }
                 });
  }

 private:
  [[nodiscard]] bool may_change(std::uint32_t index, std::size_t place, std::size_t voxel) const {
    if (restriction_.range && image_ != nullptr) {
      const double value = image_->visit(
          [&](const auto& samples) { return static_cast<double>(image_->value(samples[voxel])); });
      if (!(value >= restriction_.range->first && value <= restriction_.range->second))
        return false;
    }
    const auto holds = [&](std::uint16_t segment) { return mask_.holds(segment, index, place); };
    if (restriction_.inside && std::ranges::none_of(*restriction_.inside, holds)) return false;
    return std::ranges::none_of(restriction_.protect, holds);
  }

  const WorkingMask& mask_;
  const Restriction& restriction_;
  const SeriesVolume* image_;
};

void put_u16s(Bytes& out, std::span<const std::uint16_t> values) {
  put_u32(out, static_cast<std::uint32_t>(values.size_bytes()));
  const auto bytes = std::as_bytes(values);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

void put_record(Bytes& out, std::uint32_t layer, std::uint32_t index,
                std::span<const std::uint16_t> labels, BrickForm form) {
  put_u32(out, index);
  put_u32(out, layer);
  const bool is_empty = std::ranges::all_of(labels, [](auto label) { return label == 0; });
  if (is_empty) return put_u32(out, 0);
  if (layer == 0) {
    const auto runs = form == BrickForm::Runs ? brick_runs(labels) : std::vector<std::uint16_t>{};
    return put_u16s(out, runs.empty() ? labels : std::span<const std::uint16_t>(runs));
  }
  put_u32(out, static_cast<std::uint32_t>(labels.size() / 8));
  for (std::size_t i = 0; i < labels.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8; ++b) byte |= labels[i + b] != 0 ? 1U << b : 0U;
    out.push_back(static_cast<std::byte>(byte));
  }
}

VoxelCounts BrickEditor::edit(std::uint32_t index, const LabelChange& change) {
  const Gate gate(mask_, restriction_, image_);
  mask_.brick(layer_, index, before_);
  std::ranges::copy(before_, now_.begin());
  VoxelCounts counts;
  if (!change(index, now_)) return counts;
  if (!gate.is_open()) gate.restore(index, before_, now_);
  if (now_ == before_) return counts;
  for (std::size_t i = 0; i < now_.size(); ++i) {
    if (now_[i] == before_[i]) continue;
    ++(before_[i] == 0 ? counts.added : now_[i] == 0 ? counts.removed : counts.changed);
  }
  return counts;
}

MaskEdit edit_bricks(const WorkingMask& mask, std::uint32_t layer, const Restriction& restriction,
                     const SeriesVolume* image, BrickForm form, const LabelChange& change) {
  MaskEdit edit;
  BrickEditor editor(mask, layer, restriction, image);
  for (std::uint32_t index = 0; index < mask.brick_count(); ++index) {
    const VoxelCounts counts = editor.edit(index, change);
    if (!counts.any()) continue;
    edit.voxels.added += counts.added;
    edit.voxels.removed += counts.removed;
    edit.voxels.changed += counts.changed;
    put_record(edit.records, layer, index, editor.labels(), form);
    ++edit.bricks;
  }
  return edit;
}

LabelChange becomes(const WorkingMask& mask, std::uint16_t segment, const BitVolume& before,
                    const BitVolume& now) {
  return [&mask, segment, &before, &now](std::uint32_t index, std::span<std::uint16_t> labels) {
    const auto [x0, y0, z0] = brick_origin(mask.grid(), index);
    bool is_changed = false;
    for_each_row(
        mask.grid(), index,
        [&](std::size_t y, std::size_t z, std::uint32_t count, std::size_t place) {
          const std::uint64_t old_bits = before.row(y, z)[x0 / 64] >> (x0 % 64);
          const std::uint64_t new_bits = now.row(y, z)[x0 / 64] >> (x0 % 64);
          if (static_cast<std::uint32_t>(old_bits ^ new_bits) == 0) return;
          is_changed = true;
          for (std::uint32_t x = 0; x < count; ++x) {
            if (((old_bits ^ new_bits) >> x & 1U) == 0) continue;
            if ((new_bits >> x & 1U) != 0) {
              labels[place + x] = segment;
            } else if (labels[place + x] == segment) {  // not what another segment took meanwhile
              labels[place + x] = 0;
            }
          }
        });
    return is_changed;
  };
}

LabelChange becomes(const WorkingMask& mask, const VoxelRange& box,
                    std::span<const std::uint16_t> labels) {
  return [&mask, box, labels](std::uint32_t index, std::span<std::uint16_t> brick) {
    const auto origin = brick_origin(mask.grid(), index);
    const VoxelDims dims = box.dims();
    const std::uint32_t first = std::max(origin[0], box.first[0]);
    bool meets = false;
    for_each_row(
        mask.grid(), index,
        [&](std::uint32_t y, std::uint32_t z, std::uint32_t count, std::size_t place) {
          const std::uint32_t end = std::min(origin[0] + count, box.end[0]);
          if (first >= end || y < box.first[1] || y >= box.end[1] || z < box.first[2] ||
              z >= box.end[2]) {
            return;
          }
          meets = true;
          const std::size_t from =
              (static_cast<std::size_t>(z - box.first[2]) * dims[1] + y - box.first[1]) * dims[0] +
              first - box.first[0];
          std::copy_n(labels.begin() + static_cast<std::ptrdiff_t>(from), end - first,
                      brick.begin() + static_cast<std::ptrdiff_t>(place + first - origin[0]));
        });
    return meets;
  };
}

}  // namespace consilium::service
