#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"
#include "analysis/registration/affine_math.hpp"
#include "analysis/registration/registration.hpp"
#include "base/check.hpp"

namespace consilium {
namespace registration {
namespace {

using Place = std::array<double, 3>;

Place place_of(const PatientPoint& point) { return {point.x_mm, point.y_mm, point.z_mm}; }

// From the voxels of a grid through the field to the voxels of the labels.
class Path {
 public:
  static Result<Path> create(const PlacedLabels& labels, const Deformation& deformation,
                             const Affine& grid) {
    const auto to_voxels = labels.affine.inverse();
    const auto to_nodes = deformation.nodes.inverse();
    const std::size_t count = std::size_t{labels.dims[0]} * labels.dims[1] * labels.dims[2];
    const std::size_t nodes =
        std::size_t{deformation.dims[0]} * deformation.dims[1] * deformation.dims[2];
    if (!to_voxels || !to_nodes || !grid.inverse()) {
      return fail(ErrorCode::InvalidInput, "a grid's axes lie in one plane");
    }
    if (count != labels.labels.size() || nodes * 3 != deformation.steps.size()) {
      return fail(ErrorCode::InvalidInput, "labels or field have another length than their grid");
    }
    Path path(deformation);
    path.has_field_ = nodes > 0;
    path.to_nodes_ = path.has_field_ ? chained(*to_nodes, grid) : grid;
    path.to_labels_ =
        chained(*to_voxels, path.has_field_ ? chained(deformation.to_moving, deformation.nodes)
                                            : deformation.to_moving);
    return path;
  }

  // Where voxel (i, j, k) of the grid lies among the labels' voxels.
  [[nodiscard]] Place operator()(double i, double j, double k) const {
    Place at = place_of(to_nodes_.apply(i, j, k));
    if (has_field_) {
      const Place step = step_at(at);
      for (std::size_t a = 0; a < 3; ++a) at[a] += step[a];
    }
    return place_of(to_labels_.apply(at[0], at[1], at[2]));
  }

  [[nodiscard]] Place step_at(const Place& at) const {
    const VoxelDims& dims = deformation_->dims;
    std::array<std::size_t, 3> next{};
    std::array<float, 3> part{};
    std::size_t first = 0;
    std::size_t stride = 3;
    for (std::size_t a = 0; a < 3; ++a) {
      const double within = std::clamp(at[a], 0.0, static_cast<double>(dims[a] - 1));
      const std::size_t base = std::min(static_cast<std::size_t>(within),
                                        static_cast<std::size_t>(dims[a] > 1 ? dims[a] - 2 : 0));
      part[a] = static_cast<float>(within - static_cast<double>(base));
      first += base * stride;
      next[a] = dims[a] > 1 ? stride : 0;
      stride *= dims[a];
    }
    const float* v = deformation_->steps.data() + first;
    Place step{};
    for (std::size_t a = 0; a < 3; ++a, ++v) {
      const auto along_x = [&](std::size_t from) {
        return v[from] + part[0] * (v[from + next[0]] - v[from]);
      };
      const float low = along_x(0) + part[1] * (along_x(next[1]) - along_x(0));
      const float high =
          along_x(next[2]) + part[1] * (along_x(next[2] + next[1]) - along_x(next[2]));
      step[a] = low + part[2] * (high - low);
    }
    return step;
  }

 private:
  explicit Path(const Deformation& deformation) : deformation_(&deformation) {}
  const Deformation* deformation_;
  bool has_field_ = false;
  Affine to_nodes_;
  Affine to_labels_;
};

// The label with the greatest share around a place.
class LabelVote {
 public:
  explicit LabelVote(const PlacedLabels& labels) : labels_(labels) {}

  [[nodiscard]] std::uint16_t at(const Place& place) const {
    const VoxelDims& dims = labels_.dims;
    std::array<int, 3> base{};
    std::array<float, 3> part{};
    bool is_within = true;
    for (std::size_t a = 0; a < 3; ++a) {
      if (!(place[a] > -0.5 && place[a] < dims[a] - 0.5)) return 0;
      // A single slice is as thick as it says.
      const double down = dims[a] == 1 ? 0 : std::floor(place[a]);
      base[a] = static_cast<int>(down);
      part[a] = dims[a] == 1 ? 0 : static_cast<float>(place[a] - down);
      is_within = is_within && base[a] >= 0 && base[a] + 1 < static_cast<int>(dims[a]);
    }
    std::array<std::uint16_t, 8> found{};
    if (is_within) {
      const std::size_t nx = dims[0];
      const std::size_t plane = nx * dims[1];
      const std::uint16_t* v = labels_.labels.data() + static_cast<std::size_t>(base[2]) * plane +
                               static_cast<std::size_t>(base[1]) * nx +
                               static_cast<std::size_t>(base[0]);
      found = {v[0],     v[1],         v[nx],         v[nx + 1],
               v[plane], v[plane + 1], v[plane + nx], v[plane + nx + 1]};
    } else {
      for (unsigned c = 0; c < 8; ++c) found[c] = label_or_none(base, c);
    }
    const bool is_one = std::ranges::all_of(found, [&](std::uint16_t l) { return l == found[0]; });
    return is_one ? found[0] : voted(found, part);
  }

 private:
  [[nodiscard]] std::uint16_t label_or_none(const std::array<int, 3>& base, unsigned corner) const {
    std::size_t v = 0;
    for (std::size_t a = 3; a-- > 0;) {
      const int at = base[a] + static_cast<int>(corner >> a & 1U);
      if (at < 0 || at >= static_cast<int>(labels_.dims[a])) return 0;
      v = v * labels_.dims[a] + static_cast<std::size_t>(at);
    }
    return labels_.labels[v];
  }

  static std::uint16_t voted(const std::array<std::uint16_t, 8>& found,
                             const std::array<float, 3>& part) {
    std::array<float, 8> share{};
    for (unsigned c = 0; c < 8; ++c) {
      share[c] = 1;
      for (std::size_t a = 0; a < 3; ++a) {
        share[c] *= (c >> a & 1U) != 0 ? part[a] : 1 - part[a];
      }
    }
    std::uint16_t best = 0;
    float most = -1;
    for (unsigned c = 0; c < 8; ++c) {
      float sum = 0;
      for (unsigned d = 0; d < 8; ++d) sum += found[d] == found[c] ? share[d] : 0;
      if (sum > most || (sum == most && found[c] < best)) {
        most = sum;
        best = found[c];
      }
    }
    return best;
  }

  const PlacedLabels& labels_;
};

// The box of what is labelled.
std::optional<VoxelRange> labelled_box(const PlacedLabels& labels) {
  VoxelRange box{.first = labels.dims, .end = {}};
  std::size_t v = 0;
  for (std::uint32_t k = 0; k < labels.dims[2]; ++k) {
    for (std::uint32_t j = 0; j < labels.dims[1]; ++j, v += labels.dims[0]) {
      const auto row = labels.labels.subspan(v, labels.dims[0]);
      const auto first = std::ranges::find_if(row, [](std::uint16_t l) { return l != 0; });
      if (first == row.end()) continue;
      std::size_t last = row.size() - 1;
      while (row[last] == 0) --last;
      const std::array<std::uint32_t, 3> low = {static_cast<std::uint32_t>(first - row.begin()), j,
                                                k};
      const std::array<std::uint32_t, 3> high = {static_cast<std::uint32_t>(last), j, k};
      for (std::size_t a = 0; a < 3; ++a) {
        box.first[a] = std::min(box.first[a], low[a]);
        box.end[a] = std::max(box.end[a], high[a] + 1);
      }
    }
  }
  if (box.end[0] == 0) return std::nullopt;
  return box;
}

}  // namespace
}  // namespace registration

using namespace registration;

PatientPoint Deformation::apply(const PatientPoint& fixed) const {
  const PlacedLabels none{.labels = {}, .dims = {}, .affine = {}};
  const auto path = Path::create(none, *this, {});
  CSL_CHECK(path.has_value());  // a field that register_deformable made
  const Place at = (*path)(fixed.x_mm, fixed.y_mm, fixed.z_mm);
  return {at[0], at[1], at[2]};
}

Result<VoxelRange> reached_box(const PlacedLabels& labels, const Deformation& deformation,
                               const VoxelDims& dims, const Affine& affine, double margin_mm) {
  const Path path = CSL_TRY(Path::create(labels, deformation, affine));
  const auto box = labelled_box(labels);
  if (!box) return VoxelRange{};
  // Looked at every few voxels: what lies between two looks is caught by as much more margin.
  std::array<std::uint32_t, 3> stride{};
  double between_mm = margin_mm;
  for (std::size_t a = 0; a < 3; ++a) {
    stride[a] = std::max(1U, dims[a] / 48);
    between_mm += stride[a] * length(affine.axis_mm(static_cast<int>(a)));
  }
  std::array<double, 3> margin{};
  for (std::size_t a = 0; a < 3; ++a) {
    margin[a] = between_mm / length(labels.affine.axis_mm(static_cast<int>(a))) + 1;
  }
  VoxelRange reached{.first = dims, .end = {}};
  for (std::uint32_t k = 0; k < dims[2]; k += stride[2]) {
    for (std::uint32_t j = 0; j < dims[1]; j += stride[1]) {
      for (std::uint32_t i = 0; i < dims[0]; i += stride[0]) {
        const Place at = path(i, j, k);
        bool is_near = true;
        for (std::size_t a = 0; a < 3; ++a) {
          is_near =
              is_near && at[a] >= box->first[a] - margin[a] && at[a] <= box->end[a] + margin[a];
        }
        if (!is_near) continue;
        const std::array<std::uint32_t, 3> voxel = {i, j, k};
        for (std::size_t a = 0; a < 3; ++a) {
          reached.first[a] = std::min(reached.first[a], voxel[a]);
          reached.end[a] = std::max(reached.end[a], voxel[a] + 1);
        }
      }
    }
  }
  if (reached.end[0] == 0) return VoxelRange{};
  return grown_box(reached, stride, dims);
}

Result<PropagatedLabels> propagate_labels(const PlacedLabels& labels,
                                          const Deformation& deformation, const VoxelDims& dims,
                                          const Affine& affine, unsigned threads) {
  const Path path = CSL_TRY(Path::create(labels, deformation, affine));
  PropagatedLabels result{.box = CSL_TRY(reached_box(labels, deformation, dims, affine, 0)),
                          .labels = {}};
  const VoxelRange& box = result.box;
  const VoxelDims size = box.dims();
  result.labels.resize(std::size_t{size[0]} * size[1] * size[2]);
  if (result.labels.empty()) return result;
  const LabelVote vote(labels);
  split_work(threads, size[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::uint64_t k = begin; k < end; ++k) {
      std::size_t v = k * size[1] * size[0];
      for (std::uint32_t j = 0; j < size[1]; ++j) {
        for (std::uint32_t i = 0; i < size[0]; ++i, ++v) {
          result.labels[v] = vote.at(
              path(box.first[0] + i, box.first[1] + j, box.first[2] + static_cast<double>(k)));
        }
      }
    }
  });
  return result;
}

}  // namespace consilium
