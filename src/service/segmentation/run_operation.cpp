#include "service/segmentation/run_operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "analysis/morphology/ball.hpp"
#include "analysis/morphology/joint_smoothing.hpp"
#include "analysis/morphology/sheared.hpp"
#include "analysis/slice_fill/slice_fill.hpp"
#include "base/check.hpp"

namespace consilium::service {
namespace {

constexpr std::size_t islands_max = 255;

class Runner {
 public:
  // `sheared` where the grid's axes are not perpendicular: `lattice` is then the nearest that is.
  Runner(const MaskOperation& operation, const OperationInput& input, const Lattice& lattice,
         const std::optional<ShearedLattice>& sheared)
      : operation_(operation),
        input_(input),
        mask_(input.mask),
        lattice_(lattice),
        sheared_(sheared) {}

  Result<OperationResult> operator()(const ThresholdOperation& threshold) const {
    CSL_TRY(check_segment(threshold.segment));
    BitVolume now(mask_.grid().dims);
    const SeriesVolume& image = *input_.image;
    const std::size_t nx = mask_.grid().dims[0];
    image.visit([&](const auto& samples) {
      std::vector<std::uint8_t> within(nx);
      for (std::size_t r = 0; r < now.row_count(); ++r) {
        for (std::size_t x = 0; x < nx; ++x) {
          const auto value = static_cast<double>(image.value(samples[r * nx + x]));
          within[x] = value >= threshold.lo && value <= threshold.hi ? 1 : 0;
        }
        pack_row(within, now.words().data() + r * now.row_words());
      }
    });
    return become(threshold.segment, now);
  }

  Result<OperationResult> operator()(const GrowOperation& grow) const;
  Result<OperationResult> operator()(const ClassifyOperation& classify) const;
  Result<OperationResult> operator()(const CopyPriorOperation& copy) const;
  Result<OperationResult> operator()(const PropagateOperation& propagate) const;

  Result<OperationResult> operator()(const FillBetweenOperation& fill) const {
    auto box = mask_.extent(operation_.layer);
    if (!box) return OperationResult{};
    if (fill.cap_ends) {
      box->first[fill.axis] = 0;
      box->end[fill.axis] = mask_.grid().dims[fill.axis];
    }
    std::vector<std::uint16_t> labels = mask_.labels(operation_.layer, *box);
    std::vector<float> values;
    if (fill.image_aware) values = image_in(*box);
    CSL_TRY(fill_between_slices(labels, lattice_of_box(*box),
                                {.segments = fill.segments,
                                 .axis = fill.axis,
                                 .cap_ends = fill.cap_ends,
                                 .image = values,
                                 .snap_mm = fill.snap_mm,
                                 .threads = input_.threads}));
    return edit(becomes(mask_, *box, labels));
  }

  Result<OperationResult> operator()(const IslandsOperation& islands) const {
    CSL_TRY(check_segment(islands.segment));
    const BitVolume before = mask_.segment(operation_.layer, islands.segment);
    switch (islands.keep) {
      case IslandRule::Largest:
        return become(islands.segment, largest_component(before, islands.connectivity));
      case IslandRule::LargerThan: {
        // A part of just that volume stays, whatever the last digit of the voxel's volume.
        const double voxels =
            std::ceil(islands.mm3 / (lattice_.voxel_volume_ml() * 1000) * (1 - 1e-9));
        return become(islands.segment,
                      without_small(before, static_cast<std::uint64_t>(std::min(voxels, 1e18)),
                                    islands.connectivity));
      }
      case IslandRule::Split:
        break;
    }
    return split(islands, before);
  }

  Result<OperationResult> operator()(const MarginOperation& margin) const {
    CSL_TRY(check_segment(margin.segment));
    const BitVolume before = mask_.segment(operation_.layer, margin.segment);
    const unsigned threads = input_.threads;
    return become(margin.segment, CSL_TRY(on_lattice([&](const auto& lattice) {
                    return margin.mm < 0 ? shrunk(before, lattice, -margin.mm, threads)
                                         : grown(before, lattice, margin.mm, threads);
                  })));
  }

  Result<OperationResult> operator()(const HollowOperation& shell) const {
    CSL_TRY(check_segment(shell.segment));
    const BitVolume before = mask_.segment(operation_.layer, shell.segment);
    return become(shell.segment, CSL_TRY(on_lattice([&](const auto& lattice) {
                    return hollow(before, lattice, shell.mm, shell.side, input_.threads);
                  })));
  }

  Result<OperationResult> operator()(const SmoothOperation& smooth) const {
    if (smooth.method == SmoothMethod::Joint) return smooth_together(smooth);
    std::vector<BitVolume> before;
    std::vector<BitVolume> now;
    std::vector<std::uint16_t> segments = smooth.segments;
    if (segments.empty()) segments = all_segments();
    for (const std::uint16_t segment : segments) {
      CSL_TRY(check_segment(segment));
      before.push_back(mask_.segment(operation_.layer, segment));
      now.push_back(CSL_TRY(smoothed(before.back(), smooth)));
    }
    std::vector<LabelChange> changes;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      changes.push_back(becomes(mask_, segments[i], before[i], now[i]));
    }
    return edit([&](std::uint32_t index, std::span<std::uint16_t> labels) {
      bool is_changed = false;
      for (const LabelChange& change : changes) is_changed = change(index, labels) || is_changed;
      return is_changed;
    });
  }

  Result<OperationResult> operator()(const LogicalOperation& logical) const {
    CSL_TRY(check_segment(logical.segment));
    const BitVolume before = mask_.segment(operation_.layer, logical.segment);
    if (logical.how == LogicalRule::Invert) return become(logical.segment, complement_of(before));
    const BitVolume other = mask_.segment_anywhere(logical.with);
    switch (logical.how) {
      case LogicalRule::Union:
        return become(logical.segment, union_of(before, other));
      case LogicalRule::Subtract:
        return become(logical.segment, difference_of(before, other));
      case LogicalRule::Intersect:
      case LogicalRule::Invert:
        break;
    }
    return become(logical.segment, intersection_of(before, other));
  }

  Result<OperationResult> operator()(const FillHolesOperation& fill) const {
    CSL_TRY(check_segment(fill.segment));
    const BitVolume before = mask_.segment(operation_.layer, fill.segment);
    return become(fill.segment, fill.axis ? with_slice_holes_filled(before, *fill.axis)
                                          : with_holes_filled(before));
  }

 private:
  // Distances that have to be the patient's, whatever the grid.
  template <class Make>
  Result<BitVolume> on_lattice(const Make& make) const {
    return sheared_ ? make(*sheared_) : make(lattice_);
  }

  // A binary layer holds the segment of its number and no other.
  Status check_segment(std::uint16_t segment) const {
    if (operation_.layer == 0 || operation_.layer == segment) return {};
    return fail(ErrorCode::InvalidInput, "a binary layer holds the segment of its number alone",
                "/operation", fmt::format("name segment {}", operation_.layer));
  }

  [[nodiscard]] std::vector<std::uint16_t> all_segments() const {
    if (operation_.layer == 0) return mask_.segments();
    return {static_cast<std::uint16_t>(operation_.layer)};
  }

  [[nodiscard]] OperationResult edit(const LabelChange& change) const {
    OperationResult result;
    result.edit = edit_bricks(mask_, operation_.layer, operation_.restriction, input_.image.get(),
                              operation_.form, change);
    return result;
  }

  [[nodiscard]] OperationResult become(std::uint16_t segment, const BitVolume& now) const {
    const BitVolume before = mask_.segment(operation_.layer, segment);
    return edit(becomes(mask_, segment, before, now));
  }

  [[nodiscard]] Lattice lattice_of_box(const VoxelRange& box) const {
    return {.dims = box.dims(), .spacing_mm = lattice_.spacing_mm};
  }

  [[nodiscard]] std::vector<float> image_in(const VoxelRange& box) const {
    std::vector<float> values;
    values.reserve(lattice_of_box(box).voxel_count());
    const auto& dims = mask_.grid().dims;
    input_.image->visit([&](const auto& samples) {
      for (std::size_t z = box.first[2]; z < box.end[2]; ++z) {
        for (std::size_t y = box.first[1]; y < box.end[1]; ++y) {
          const std::size_t row = (z * dims[1] + y) * dims[0];
          for (std::size_t x = box.first[0]; x < box.end[0]; ++x) {
            values.push_back(input_.image->value(samples[row + x]));
          }
        }
      }
    });
    return values;
  }

  Result<OperationResult> split(const IslandsOperation& islands, const BitVolume& before) const {
    if (operation_.layer != 0) {
      return fail(ErrorCode::InvalidInput, "a binary layer cannot be split into segments", "/layer",
                  "split on layer 0");
    }
    const auto box = box_of(before);
    if (!box) return OperationResult{};
    const BitVolume part = cropped(before, *box);
    const Components parts = components_of(part, islands.connectivity);
    if (parts.list.size() > islands_max ||
        islands.segments_from + parts.list.size() - 1 > 0x1'0000U) {
      return fail(ErrorCode::TooLarge, "the segment has too many islands to become segments",
                  fmt::format("{} islands, {} at most", parts.list.size(), islands_max),
                  "remove the small ones first");
    }
    std::vector<std::uint16_t> number(parts.list.size());
    const std::vector<std::uint32_t> order = by_size(parts);
    for (std::size_t i = 0; i < order.size(); ++i) {
      number[order[i]] =
          i == 0 ? islands.segment : static_cast<std::uint16_t>(islands.segments_from + i - 1);
    }
    std::vector<std::uint16_t> labels = mask_.labels(0, *box);
    for (const ComponentRun& run : parts.runs) {
      const auto row = labels.begin() + static_cast<std::ptrdiff_t>(
                                            static_cast<std::size_t>(run.row) * part.dims()[0]);
      std::fill(row + run.begin, row + run.end, number[run.component]);
    }
    return edit(becomes(mask_, *box, labels));
  }

  Result<BitVolume> smoothed(const BitVolume& bits, const SmoothOperation& smooth) const {
    switch (smooth.method) {
      case SmoothMethod::Open:
        return on_lattice(
            [&](const auto& lattice) { return opened(bits, lattice, smooth.mm, input_.threads); });
      case SmoothMethod::Close:
        return on_lattice(
            [&](const auto& lattice) { return closed(bits, lattice, smooth.mm, input_.threads); });
      case SmoothMethod::Median:
      case SmoothMethod::Joint:
        break;
    }
    return median_smoothed(bits, lattice_, smooth.mm, input_.threads);
  }

  Result<OperationResult> smooth_together(const SmoothOperation& smooth) const {
    const auto extent = mask_.extent(operation_.layer);
    if (!extent) return OperationResult{};
    std::array<std::uint32_t, 3> reach{};
    for (std::size_t a = 0; a < 3; ++a) {
      reach[a] = morphology::steps_within(3 * smooth.mm, lattice_.spacing_mm[a]) + 1;
    }
    const VoxelRange box = grown_box(*extent, reach, mask_.grid().dims);
    std::vector<std::uint16_t> labels = mask_.labels(operation_.layer, box);
    CSL_TRY(
        smooth_jointly(labels, lattice_of_box(box), smooth.segments, smooth.mm, input_.threads));
    return edit(becomes(mask_, box, labels));
  }

  const MaskOperation& operation_;
  const OperationInput& input_;
  const WorkingMask& mask_;
  const Lattice& lattice_;
  const std::optional<ShearedLattice>& sheared_;
};

Result<OperationResult> Runner::operator()(const GrowOperation& grow) const {
  CSL_CHECK(input_.seeds != nullptr && input_.pyramids != nullptr);
  Grown grown = CSL_TRY(input_.seeds->grow(operation_, grow, lattice_, *input_.pyramids,
                                           input_.threads, input_.stop));
  OperationResult result;
  result.edit = std::move(grown.edit);
  result.preview = std::move(grown.preview);
  result.is_update = grown.is_update;
  result.next_slices = grown.next_slices;
  return result;
}

VoxelRange asked_box(const ClassifyOperation& classify, const VoxelDims& dims) {
  VoxelRange box = whole_box(dims);
  if (!classify.axis) return box;
  const std::uint32_t last = dims[*classify.axis] - 1;
  box.first[*classify.axis] = std::min(classify.first, last);
  box.end[*classify.axis] = std::min(std::max(classify.first, classify.last), last) + 1;
  return box;
}

Result<OperationResult> Runner::operator()(const ClassifyOperation& classify) const {
  CSL_CHECK(input_.classify != nullptr);
  if (operation_.layer != 0) {
    return fail(ErrorCode::InvalidInput, "voxels are classified into layer 0", "/layer",
                "classify on layer 0");
  }
  const ClassifySources& sources = *input_.classify;
  const NumberedSeeds strokes =
      CSL_TRY(numbered_seeds(mask_, classify.seeds_layer.value_or(operation_.layer),
                             classify.segments, classify.background));
  CSL_TRY(check_running(input_.stop));
  const auto pyramid = CSL_TRY(sources.pyramids.find(input_.image, lattice_, input_.threads));
  CSL_TRY(check_running(input_.stop));
  const LabelledSamples own = CSL_TRY(stroke_samples(strokes, *pyramid, sources.label_of));
  LabelledSamples all = sources.kept;
  CSL_TRY(all.append(own));
  const PixelModel model = CSL_TRY(train_model(all, input_.threads));
  // Of several segments of one label the first takes what looks like it.
  std::map<std::string, std::uint16_t> segment_of;
  for (const auto& [segment, label] : sources.label_of) segment_of.emplace(label, segment);
  for (const std::uint16_t segment : strokes.segment_of) {
    if (segment != 0) segment_of.emplace(private_name(segment), segment);
  }
  const VoxelRange box = asked_box(classify, mask_.grid().dims);
  std::vector<std::uint16_t> labels =
      CSL_TRY(predicted(model, segment_of, *pyramid, box, input_.threads, input_.stop));
  // What was drawn stays as it was drawn.
  const auto& dims = mask_.grid().dims;
  std::size_t v = 0;
  for (std::size_t z = box.first[2]; z < box.end[2]; ++z) {
    for (std::size_t y = box.first[1]; y < box.end[1]; ++y) {
      const std::size_t row = (z * dims[1] + y) * dims[0];
      for (std::size_t x = box.first[0]; x < box.end[0]; ++x, ++v) {
        const std::uint8_t stroke = strokes.seeds[row + x];
        if (stroke != 0) labels[v] = strokes.segment_of[stroke];
      }
    }
  }
  OperationResult result = edit(becomes(mask_, box, labels));
  result.learnt = Learnt{.own = without_private(own),
                         .version = model.version,
                         .sample_count = all.samples.labels.size(),
                         .own_count = own.samples.labels.size()};
  return result;
}

// The box of this grid that holds the other grid's box.
VoxelRange box_in(const Grid& grid, const Affine& to_grid, const Affine& from,
                  const VoxelRange& box) {
  std::array<double, 3> least{};
  std::array<double, 3> most{};
  least.fill(1e18);
  most.fill(-1e18);
  for (unsigned corner = 0; corner < 8; ++corner) {
    std::array<double, 3> at{};
    for (std::size_t a = 0; a < 3; ++a) {
      at[a] = (corner >> a & 1U) != 0 ? box.end[a] - 0.5 : box.first[a] - 0.5;
    }
    const PatientPoint mm = from.apply(at[0], at[1], at[2]);
    const PatientPoint here = to_grid.apply(mm.x_mm, mm.y_mm, mm.z_mm);
    const std::array<double, 3> voxel = {here.x_mm, here.y_mm, here.z_mm};
    for (std::size_t a = 0; a < 3; ++a) {
      least[a] = std::min(least[a], voxel[a]);
      most[a] = std::max(most[a], voxel[a]);
    }
  }
  VoxelRange range;
  for (std::size_t a = 0; a < 3; ++a) {
    const double edge = grid.dims[a];
    range.first[a] = static_cast<std::uint32_t>(std::clamp(std::floor(least[a]), 0.0, edge));
    range.end[a] = static_cast<std::uint32_t>(std::clamp(std::ceil(most[a]) + 1, 0.0, edge));
  }
  return range;
}

Result<OperationResult> Runner::operator()(const CopyPriorOperation& copy) const {
  static_cast<void>(copy);  // what it names was read into input_.prior
  CSL_CHECK(input_.prior != nullptr);
  if (operation_.layer != 0) {
    return fail(ErrorCode::InvalidInput, "earlier segments are copied into layer 0", "/layer");
  }
  const WorkingMask& prior = *input_.prior;
  const auto extent = prior.extent(0);
  const auto to_grid = mask_.grid().affine.inverse();
  const auto to_prior = prior.grid().affine.inverse();
  if (!extent || !to_grid || !to_prior) return OperationResult{};
  const VoxelRange box = box_in(mask_.grid(), *to_grid, prior.grid().affine, *extent);
  for (std::size_t a = 0; a < 3; ++a) {
    if (box.first[a] >= box.end[a]) return OperationResult{};
  }
  const std::vector<std::uint16_t> from = prior.labels(0, *extent);
  const VoxelDims from_dims = extent->dims();
  std::vector<std::uint16_t> labels = mask_.labels(0, box);
  std::size_t v = 0;
  for (std::uint32_t z = box.first[2]; z < box.end[2]; ++z) {
    for (std::uint32_t y = box.first[1]; y < box.end[1]; ++y) {
      for (std::uint32_t x = box.first[0]; x < box.end[0]; ++x, ++v) {
        const PatientPoint mm = mask_.grid().affine.apply(x, y, z);
        const PatientPoint there = to_prior->apply(mm.x_mm, mm.y_mm, mm.z_mm);
        const double at[3] = {std::round(there.x_mm) - extent->first[0],
                              std::round(there.y_mm) - extent->first[1],
                              std::round(there.z_mm) - extent->first[2]};
        if (at[0] < 0 || at[1] < 0 || at[2] < 0 || at[0] >= from_dims[0] || at[1] >= from_dims[1] ||
            at[2] >= from_dims[2]) {
          continue;
        }
        const std::size_t place =
            (static_cast<std::size_t>(at[2]) * from_dims[1] + static_cast<std::size_t>(at[1])) *
                from_dims[0] +
            static_cast<std::size_t>(at[0]);
        if (from[place] != 0) labels[v] = from[place];
      }
    }
  }
  return edit(becomes(mask_, box, labels));
}

BitVolume bits_in_box(const PropagatedLabels& carried, const VoxelDims& dims) {
  BitVolume bits(dims);
  const VoxelRange& box = carried.box;
  std::size_t v = 0;
  for (std::size_t z = box.first[2]; !carried.labels.empty() && z < box.end[2]; ++z) {
    for (std::size_t y = box.first[1]; y < box.end[1]; ++y) {
      for (std::size_t x = box.first[0]; x < box.end[0]; ++x, ++v) {
        if (carried.labels[v] != 0) bits.set(x, y, z);
      }
    }
  }
  return bits;
}

Result<OperationResult> Runner::operator()(const PropagateOperation& propagate) const {
  CSL_CHECK(input_.prior != nullptr && input_.prior_image != nullptr);
  if (operation_.layer != 0) CSL_TRY(check_segment(propagate.segment.value_or(0)));
  Propagation propagation = CSL_TRY(propagate_prior(
      propagate, mask_.grid(), *input_.image, *input_.prior, *input_.prior_image, input_.threads));
  const PropagatedLabels carried = std::exchange(propagation.carried, {});
  OperationResult result;
  if (propagate.replaces) {
    result = become(*propagate.segment, bits_in_box(carried, mask_.grid().dims));
  } else if (!carried.labels.empty()) {
    std::vector<std::uint16_t> labels = mask_.labels(operation_.layer, carried.box);
    for (std::size_t v = 0; v < labels.size(); ++v) {
      if (carried.labels[v] != 0) labels[v] = carried.labels[v];
    }
    result = edit(becomes(mask_, carried.box, labels));
  }
  result.propagation = std::move(propagation);
  return result;
}

}  // namespace

bool needs_image(const MaskOperation& operation) {
  const auto* fill = std::get_if<FillBetweenOperation>(&operation.kind);
  return operation.restriction.range || (fill != nullptr && fill->image_aware) ||
         std::holds_alternative<ThresholdOperation>(operation.kind) ||
         std::holds_alternative<GrowOperation>(operation.kind) ||
         std::holds_alternative<ClassifyOperation>(operation.kind) ||
         std::holds_alternative<PropagateOperation>(operation.kind);
}

bool works_on_all(const MaskOperation& operation) {
  return std::holds_alternative<GrowOperation>(operation.kind) ||
         std::holds_alternative<ClassifyOperation>(operation.kind);
}

Result<OperationResult> run_operation(const MaskOperation& operation, const OperationInput& input) {
  const Grid& grid = input.mask.grid();
  const std::optional<ShearedLattice> sheared = sheared_lattice_of(grid);
  const Lattice lattice = sheared ? CSL_TRY(upright_lattice(*sheared)) : CSL_TRY(lattice_of(grid));
  return std::visit(Runner(operation, input, lattice, sheared), operation.kind);
}

}  // namespace consilium::service
