#include "analysis/registration/image_level.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/morphology/sheared.hpp"
#include "analysis/parallel/parallel.hpp"
#include "analysis/registration/affine_math.hpp"
#include "analysis/registration/filter.hpp"

namespace consilium::registration {
namespace {

// Sums of blocks of f[0] x f[1] x f[2] samples.
template <class Sample>
void average_blocks(std::span<const Sample> samples, const VoxelDims& dims, const VoxelRange& box,
                    const Factors& f, ImageLevel& level, unsigned threads) {
  const std::size_t nx = level.dims[0];
  const float share = 1.0F / static_cast<float>(f[0] * f[1] * f[2]);
  split_work(threads, level.dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    std::vector<float> sums(nx * f[0]);
    for (std::uint64_t k = begin; k < end; ++k) {
      for (std::size_t j = 0; j < level.dims[1]; ++j) {
        std::ranges::fill(sums, 0.0F);
        for (std::size_t dk = 0; dk < f[2]; ++dk) {
          for (std::size_t dj = 0; dj < f[1]; ++dj) {
            const std::size_t z = box.first[2] + k * f[2] + dk;
            const std::size_t y = box.first[1] + j * f[1] + dj;
            const Sample* row = samples.data() + (z * dims[1] + y) * dims[0] + box.first[0];
            for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += static_cast<float>(row[x]);
          }
        }
        float* to = level.values.data() + (k * level.dims[1] + j) * nx;
        for (std::size_t i = 0; i < nx; ++i) {
          float sum = 0;
          for (std::size_t di = 0; di < f[0]; ++di) sum += sums[i * f[0] + di];
          to[i] = sum * share;
        }
      }
    }
  });
}

struct Range {
  float low = 0;
  float high = 0;
};

// Where all but one in a thousand of each end lie: a clip or an implant must not rule the sums.
Range usual_range(const std::vector<float>& values) {
  const auto [least, most] = std::ranges::minmax_element(values);
  Range range{*least, *most};
  if (!(range.high > range.low)) return range;
  constexpr std::size_t bins = 4096;
  std::vector<std::uint32_t> counts(bins);
  const float per_value = (bins - 1) / (range.high - range.low);
  for (const float value : values) {
    ++counts[static_cast<std::size_t>((value - range.low) * per_value)];
  }
  const std::size_t cut = values.size() / 1000;
  const auto end_of = [&](auto bin, int step) {
    std::size_t seen = 0;
    while (seen + counts[static_cast<std::size_t>(bin)] <= cut) {
      seen += counts[static_cast<std::size_t>(bin)];
      bin += step;
    }
    return bin;
  };
  const float low = range.low + static_cast<float>(end_of(0, 1)) / per_value;
  const float high = range.low + static_cast<float>(end_of(int{bins - 1}, -1) + 1) / per_value;
  return {low, std::min(high, range.high)};
}

// Mean 0 and standard deviation 1. False when all values are the same.
bool standardise(std::vector<float>& values) {
  for (float& value : values) {
    if (!std::isfinite(value)) value = std::numeric_limits<float>::lowest();
  }
  float least = std::numeric_limits<float>::max();
  for (const float value : values) {
    if (value > std::numeric_limits<float>::lowest()) least = std::min(least, value);
  }
  for (float& value : values) value = std::max(value, least);
  const Range range = usual_range(values);
  if (!(range.high > range.low)) return false;
  double sum = 0;
  double squares = 0;
  for (float& value : values) {
    value = std::clamp(value, range.low, range.high);
    sum += value;
  }
  const double mean = sum / static_cast<double>(values.size());
  for (const float value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
  if (!(deviation > 0)) return false;
  for (float& value : values) value = static_cast<float>((value - mean) / deviation);
  return true;
}

ImageLevel empty_level(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                       const Affine& affine, const std::array<std::uint32_t, 3>& first,
                       const Factors& factors) {
  ImageLevel level;
  std::array<double, 3> origin{};
  std::array<double, 3> step{};
  for (std::size_t a = 0; a < 3; ++a) {
    level.dims[a] = dims[a] / factors[a];
    level.spacing_mm[a] = spacing_mm[a] * factors[a];
    step[a] = factors[a];
    origin[a] = first[a] + (step[a] - 1) / 2;
  }
  level.affine = scaled_nodes(affine, origin, step);
  level.values.resize(static_cast<std::size_t>(level.dims[0]) * level.dims[1] * level.dims[2]);
  return level;
}

}  // namespace

Result<Lattice> check_volume(const PlacedVolume& volume) {
  const Grid grid{.dims = volume.dims, .affine = volume.affine, .frame_of_reference_uid = {}};
  // Places go through the affine, sheared or not; spacings only say how much to blur and to step.
  const auto sheared = sheared_lattice_of(grid);
  const Lattice lattice = sheared ? CSL_TRY(upright_lattice(*sheared)) : CSL_TRY(lattice_of(grid));
  const std::size_t count = std::visit([](const auto& s) { return s.size(); }, volume.samples);
  CSL_TRY(check_lattice(lattice, count));
  return lattice;
}

Factors factors_for(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                    double edge_mm) {
  Factors factors{1, 1, 1};
  for (std::size_t a = 0; a < 3; ++a) {
    const double ratio = std::clamp(std::round(edge_mm / spacing_mm[a]), 1.0, 65'535.0);
    // A thin slab keeps some slices.
    const std::uint32_t most = std::max(1U, dims[a] / 4);
    factors[a] = std::min(static_cast<std::uint32_t>(ratio), most);
  }
  return factors;
}

double working_spacing(const VoxelDims& dims, const std::array<double, 3>& spacing_mm,
                       std::size_t voxels_max) {
  double edge = std::ranges::min(spacing_mm);
  for (int tries = 0; tries < 400; ++tries) {
    const Factors factors = factors_for(dims, spacing_mm, edge);
    std::size_t count = 1;
    for (std::size_t a = 0; a < 3; ++a) count *= dims[a] / factors[a];
    if (count <= voxels_max) break;
    edge *= 1.05;
  }
  return edge;
}

Result<ImageLevel> make_level(const PlacedVolume& volume, const VoxelRange& box,
                              const Factors& factors, unsigned threads) {
  const Lattice lattice = CSL_TRY(check_volume(volume));
  ImageLevel level = empty_level(box.dims(), lattice.spacing_mm, volume.affine, box.first, factors);
  std::visit(
      [&](const auto& samples) {
        average_blocks(samples, volume.dims, box, factors, level, threads);
      },
      volume.samples);
  if (!standardise(level.values)) {
    return fail(ErrorCode::InvalidInput, "a volume has the same value everywhere",
                fmt::format("{} x {} x {} voxels", volume.dims[0], volume.dims[1], volume.dims[2]),
                "register volumes that show something");
  }
  return level;
}

void soften(ImageLevel& level, double sigma, unsigned threads) {
  std::vector<float> scratch;
  blur(level.values, level.dims, {sigma, sigma, sigma}, scratch, threads);
}

ImageLevel coarser(const ImageLevel& level, const Factors& factors, unsigned threads) {
  ImageLevel result = empty_level(level.dims, level.spacing_mm, level.affine, {}, factors);
  average_blocks(std::span<const float>(level.values), level.dims, whole_box(level.dims), factors,
                 result, threads);
  return result;
}

}  // namespace consilium::registration
