#include "analysis/slice_fill/slice_fill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "analysis/parallel/parallel.hpp"
#include "analysis/slice_fill/image_evidence.hpp"
#include "analysis/slice_fill/shape_plan.hpp"

namespace consilium {
namespace {

using namespace slice_fill;

// Slices filled at a time: bounds the distances that are held.
constexpr std::uint32_t chunk_slices = 32;

class Filler {
 public:
  Filler(std::span<std::uint16_t> labels, const SliceFrame& frame, const SliceFillOptions& options)
      : labels_(labels), frame_(frame), options_(options) {}

  SliceFillSummary fill(const DrawnLabels& drawn) {
    SliceFillSummary summary;
    for (const auto& [label, slices] : drawn) {
      for (ShapeRow& row : shape_rows(label, slices, frame_, options_.cap_ends, summary.gaps)) {
        rows_.push_back(std::move(row));
      }
      if (!options_.image.empty()) {
        evidence_.try_emplace(label, options_.image, frame_, slices, 3 * options_.snap_mm);
      }
    }
    for (std::uint32_t w = 0; w < frame_.w_count; w += chunk_slices) {
      summary.filled_voxels += fill_chunk(w, w + chunk_slices);
    }
    return summary;
  }

 private:
  std::uint64_t fill_chunk(std::uint32_t w_first, std::uint32_t w_end) {
    std::vector<const ShapeRow*> rows;
    for (const ShapeRow& row : rows_) {
      if (row.w_first < w_end && w_first < row.w_end) rows.push_back(&row);
    }
    if (rows.empty()) return 0;
    std::vector<std::unique_ptr<ShapeBlend>> blends(rows.size());
    for_each_part(rows.size(), options_.threads, [&] {
      return [&](std::size_t i) { blends[i] = std::make_unique<ShapeBlend>(*rows[i], frame_); };
    });
    std::vector<std::uint64_t> filled(w_end - w_first);
    for_each_part(filled.size(), options_.threads, [&] {
      return [&, plane = Plane(frame_)](std::size_t i) mutable {
        const std::uint32_t w = w_first + static_cast<std::uint32_t>(i);
        for (std::size_t r = 0; r < rows.size(); ++r) {
          if (w < rows[r]->w_first || w >= rows[r]->w_end) continue;
          PlaneDistance shape = blends[r]->at(w);
          const auto evidence = evidence_.find(rows[r]->label);
          if (evidence != evidence_.end()) {
            evidence->second.move_border(shape, w, options_.snap_mm);
          }
          plane.offer(shape, rows[r]->label);
        }
        filled[i] = plane.write(labels_, w);
      };
    });
    std::uint64_t sum = 0;
    for (const std::uint64_t of_slice : filled) sum += of_slice;
    return sum;
  }

  // One slice: who is deepest at each voxel. Labels are offered in rising order, so that of two
  // that are equally deep the smaller one stays.
  class Plane {
   public:
    explicit Plane(const SliceFrame& frame)
        : frame_(&frame),
          depth_(frame.u_count * frame.v_count),
          label_(depth_.size()),
          v_first_(frame.v_count) {}

    void offer(const PlaneDistance& shape, std::uint16_t label) {
      const Window& window = shape.window;
      const auto u_count = static_cast<std::int64_t>(frame_->u_count);
      const auto v_count = static_cast<std::int64_t>(frame_->v_count);
      const std::int64_t v_end =
          std::min(v_count, window.v_first + static_cast<std::int64_t>(window.v_count));
      const std::int64_t u_first = std::max<std::int64_t>(window.u_first, 0);
      const std::int64_t u_end =
          std::min(u_count, window.u_first + static_cast<std::int64_t>(window.u_count));
      for (std::int64_t v = std::max<std::int64_t>(window.v_first, 0); v < v_end; ++v) {
        const float* values = shape.values.data() +
                              (v - window.v_first) * static_cast<std::int64_t>(window.u_count) -
                              window.u_first;
        for (std::int64_t u = u_first; u < u_end; ++u) {
          const auto at = static_cast<std::size_t>(v * u_count + u);
          if (values[u] >= depth_[at]) continue;
          depth_[at] = values[u];
          label_[at] = label;
        }
      }
      v_first_ = std::min(v_first_, static_cast<std::size_t>(std::max<std::int64_t>(
                                        std::min(window.v_first, v_count), 0)));
      v_end_ = std::max(v_end_, static_cast<std::size_t>(std::max<std::int64_t>(v_end, 0)));
    }

    std::uint64_t write(std::span<std::uint16_t> labels, std::uint32_t w) {
      std::uint64_t filled = 0;
      for (std::size_t v = v_first_; v < v_end_; ++v) {
        std::uint16_t* row = labels.data() + w * frame_->w_stride + v * frame_->v_stride;
        for (std::size_t u = 0; u < frame_->u_count; ++u) {
          const std::size_t at = v * frame_->u_count + u;
          std::uint16_t& voxel = row[u * frame_->u_stride];
          if (depth_[at] < 0 && voxel == 0) {
            voxel = label_[at];
            ++filled;
          }
          depth_[at] = 0;
        }
      }
      v_first_ = frame_->v_count;
      v_end_ = 0;
      return filled;
    }

   private:
    const SliceFrame* frame_;
    std::vector<float> depth_;
    std::vector<std::uint16_t> label_;
    std::size_t v_first_;
    std::size_t v_end_ = 0;
  };

  std::span<std::uint16_t> labels_;
  SliceFrame frame_;
  const SliceFillOptions& options_;
  std::vector<ShapeRow> rows_;
  std::map<std::uint16_t, ImageEvidence> evidence_;
};

}  // namespace

Result<SliceFillSummary> fill_between_slices(std::span<std::uint16_t> labels,
                                             const Lattice& lattice,
                                             const SliceFillOptions& options) {
  CSL_TRY(check_lattice(lattice, labels.size()));
  if (options.axis > 2) {
    return fail(ErrorCode::InvalidInput, "there is no such axis",
                fmt::format("axis {}", options.axis), "give 0 (x), 1 (y) or 2 (z)");
  }
  if (!options.image.empty() && options.image.size() != labels.size()) {
    return fail(ErrorCode::InvalidInput, "the image has another length than the labels",
                fmt::format("{} for {} voxels", options.image.size(), labels.size()));
  }
  if (!(options.snap_mm >= 0 && options.snap_mm <= 100)) {
    return fail(ErrorCode::InvalidInput, "the snapping distance is out of range",
                fmt::format("{} mm", options.snap_mm), "give 0 to 100 mm");
  }
  const DrawnLabels drawn =
      drawn_labels(labels, lattice, options.axis, options.segments, options.threads);
  return Filler(labels, slice_frame(lattice, options.axis), options).fill(drawn);
}

}  // namespace consilium
