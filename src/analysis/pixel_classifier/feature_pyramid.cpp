#include "analysis/pixel_classifier/feature_pyramid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

constexpr std::size_t level_count = 3;
constexpr std::size_t texture_level_count = 2;
constexpr std::size_t finest_feature_count = 4;
constexpr double alike_ratio = 1.5;

using Dims = std::array<std::uint32_t, 3>;

std::size_t size_of(const Dims& dims) { return std::size_t{dims[0]} * dims[1] * dims[2]; }

std::int16_t clamped(std::int64_t value) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(value, -32'768, 32'767));
}

std::int16_t root_of(std::int64_t square) {
  return clamped(static_cast<std::int64_t>(std::sqrt(static_cast<double>(square))));
}

// A linear map of samples to 16-bit codes.
struct Coding {
  double low = 0;
  double scale = 1;
  std::int16_t operator()(double value) const {
    if (!(value > low - 1e30)) return std::numeric_limits<std::int16_t>::min();
    return clamped(std::llround(std::clamp((value - low) * scale, -32'768.0, 32'767.0)));
  }
};

template <class Sample>
std::pair<double, double> percentiles(std::span<const Sample> samples, double tail) {
  // Every so many-th sample is enough, and always the same ones.
  constexpr std::size_t looked_at_max = 200'000;
  const std::size_t step = std::max<std::size_t>(samples.size() / looked_at_max, 1);
  std::vector<double> seen;
  for (std::size_t i = 0; i < samples.size(); i += step) {
    const auto value = static_cast<double>(samples[i]);
    if (std::isfinite(value)) seen.push_back(value);
  }
  if (seen.empty()) return {0, 1};
  std::ranges::sort(seen);
  const auto at = [&](double share) {
    return seen[static_cast<std::size_t>(share * static_cast<double>(seen.size() - 1))];
  };
  return {at(tail), at(1 - tail)};
}

template <class Sample>
Coding coding_of(std::span<const Sample> samples, IntensityScale scale) {
  constexpr double coded_range = 8'192;  // leaves room for what lies outside the percentiles
  constexpr double tail = 0.005;
  if (scale == IntensityScale::AsIs) {
    if constexpr (std::is_same_v<Sample, float>) {
      const auto [low, high] = percentiles(samples, 0);
      const bool fits = low >= -32'768 && high <= 32'767 && high - low > 255;
      if (!fits) return {.low = low, .scale = high > low ? 32'767 / (high - low) : 1};
    }
    if constexpr (std::is_same_v<Sample, std::uint16_t>) return {.low = 32'768, .scale = 1};
    return {};
  }
  const auto [low, high] = percentiles(samples, tail);
  return {.low = low, .scale = high > low ? coded_range / (high - low) : 1};
}

// Along one axis: sum over offsets -radius..radius of weights, divided by their sum; ends repeat.
void smooth_axis(const std::vector<std::int16_t>& in, std::vector<std::int16_t>& out,
                 const Dims& dims, int axis, unsigned threads) {
  const std::array<std::size_t, 3> stride{1, dims[0], std::size_t{dims[0]} * dims[1]};
  const std::uint32_t length = dims[static_cast<std::size_t>(axis)];
  const std::size_t step = stride[static_cast<std::size_t>(axis)];
  const auto row = [&](std::uint32_t y, std::uint32_t z) {
    const std::size_t begin = (std::size_t{z} * dims[1] + y) * dims[0];
    if (axis == 0) {
      for (std::uint32_t x = 0; x < length; ++x) {
        const auto at = [&](int offset) {
          const auto place = std::clamp<std::int64_t>(std::int64_t{x} + offset, 0, length - 1);
          return std::int32_t{in[begin + static_cast<std::size_t>(place)]};
        };
        out[begin + x] = static_cast<std::int16_t>(
            (at(-2) + 4 * at(-1) + 6 * at(0) + 4 * at(1) + at(2) + 8) >> 4);
      }
      return;
    }
    const std::uint32_t place = axis == 1 ? y : z;
    std::array<const std::int16_t*, 5> rows{};
    for (int offset = -2; offset <= 2; ++offset) {
      const auto other = std::clamp<std::int64_t>(std::int64_t{place} + offset, 0, length - 1);
      const std::int64_t move = (other - place) * static_cast<std::int64_t>(step);
      rows[static_cast<std::size_t>(offset) + 2] =
          in.data() + static_cast<std::int64_t>(begin) + move;
    }
    for (std::uint32_t x = 0; x < dims[0]; ++x) {
      out[begin + x] = static_cast<std::int16_t>(
          (rows[0][x] + 4 * rows[1][x] + 6 * rows[2][x] + 4 * rows[3][x] + rows[4][x] + 8) >> 4);
    }
  };
  split_work(threads, dims[2], [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    for (auto z = static_cast<std::uint32_t>(first); z < last; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) row(y, z);
    }
  });
}

std::vector<std::int16_t> smoothed(std::vector<std::int16_t> volume, const Dims& dims,
                                   unsigned threads) {
  std::vector<std::int16_t> other(volume.size());
  for (int axis = 0; axis < 3; ++axis) {
    if (dims[static_cast<std::size_t>(axis)] == 1) continue;
    smooth_axis(volume, other, dims, axis, threads);
    volume.swap(other);
  }
  return volume;
}

struct Halved {
  Dims dims{};
  std::vector<std::int16_t> values;
};

Halved take_every(const std::vector<std::int16_t>& volume, const Dims& dims, const Dims& step,
                  unsigned threads) {
  Halved half;
  for (std::size_t a = 0; a < 3; ++a) half.dims[a] = (dims[a] + step[a] - 1) / step[a];
  half.values.resize(size_of(half.dims));
  split_work(threads, half.dims[2], [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    for (std::uint64_t z = first; z < last; ++z) {
      for (std::size_t y = 0; y < half.dims[1]; ++y) {
        const std::int16_t* in =
            volume.data() + (z * step[2] * dims[1] + y * step[1]) * std::size_t{dims[0]};
        std::int16_t* out = half.values.data() + (z * half.dims[1] + y) * half.dims[0];
        for (std::size_t x = 0; x < half.dims[0]; ++x) out[x] = in[x * step[0]];
      }
    }
  });
  return half;
}

// The standard deviation of the finer samples in each coarse voxel's block.
std::vector<std::int16_t> texture_of(const std::vector<std::int16_t>& volume, const Dims& dims,
                                     const Dims& step, const Dims& coarse, unsigned threads) {
  std::vector<std::int16_t> out(size_of(coarse));
  const auto one = [&](std::size_t x, std::size_t y, std::size_t z) {
    std::int64_t sum = 0;
    std::int64_t squares = 0;
    std::int64_t count = 0;
    const auto last = [&](std::size_t place, std::size_t axis) {
      return std::min<std::size_t>((place + 1) * step[axis], dims[axis]);
    };
    for (std::size_t k = z * step[2]; k < last(z, 2); ++k) {
      for (std::size_t j = y * step[1]; j < last(y, 1); ++j) {
        const std::int16_t* row = volume.data() + (k * dims[1] + j) * dims[0];
        for (std::size_t i = x * step[0]; i < last(x, 0); ++i) {
          sum += row[i];
          squares += std::int64_t{row[i]} * row[i];
          ++count;
        }
      }
    }
    // Variance times 16, so that small deviations keep their digits.
    return root_of(std::max<std::int64_t>(16 * (squares - sum * sum / count) / count, 0));
  };
  split_work(threads, coarse[2], [&](std::uint64_t first, std::uint64_t past, std::uint64_t) {
    for (std::uint64_t z = first; z < past; ++z) {
      for (std::size_t y = 0; y < coarse[1]; ++y) {
        for (std::size_t x = 0; x < coarse[0]; ++x) {
          out[(z * coarse[1] + y) * coarse[0] + x] = one(x, y, z);
        }
      }
    }
  });
  return out;
}

// First and second differences at one voxel, per millimetre of the shortest spacing.
class Differences {
 public:
  Differences(const std::vector<std::int16_t>& volume, const Dims& dims,
              const std::array<std::int64_t, 3>& inverse_256)
      : volume_(volume), dims_(dims), inverse_256_(inverse_256) {}

  struct Invariants {
    std::int16_t gradient = 0;
    std::int16_t laplacian = 0;
    std::int16_t frobenius = 0;
  };

  [[nodiscard]] Invariants at(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
    const std::array<std::uint32_t, 3> place{x, y, z};
    const std::int64_t here = value(place, 0, 0, 0, 0);
    std::int64_t gradient = 0;
    std::int64_t laplacian = 0;
    std::int64_t norm = 0;
    for (std::size_t a = 0; a < 3; ++a) {
      if (dims_[a] == 1) continue;
      const std::int64_t above = value(place, a, 1, a, 0);
      const std::int64_t below = value(place, a, -1, a, 0);
      const std::int64_t first = (above - below) * inverse_256_[a] / 512;
      const std::int64_t second =
          (above + below - 2 * here) * inverse_256_[a] / 256 * inverse_256_[a] / 256;
      gradient += first * first;
      laplacian += second;
      norm += second * second;
      for (std::size_t b = a + 1; b < 3; ++b) {
        if (dims_[b] == 1) continue;
        const std::int64_t mixed = (value(place, a, 1, b, 1) + value(place, a, -1, b, -1) -
                                    value(place, a, 1, b, -1) - value(place, a, -1, b, 1)) *
                                   inverse_256_[a] / 1024 * inverse_256_[b] / 256;
        norm += 2 * mixed * mixed;
      }
    }
    return {
        .gradient = root_of(gradient), .laplacian = clamped(laplacian), .frobenius = root_of(norm)};
  }

 private:
  [[nodiscard]] std::int64_t value(std::array<std::uint32_t, 3> place, std::size_t a, int move_a,
                                   std::size_t b, int move_b) const {
    const auto moved = [&](std::size_t axis, int by) {
      place[axis] = static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(std::int64_t{place[axis]} + by, 0, dims_[axis] - 1));
    };
    moved(a, move_a);
    moved(b, move_b);
    return volume_[(std::size_t{place[2]} * dims_[1] + place[1]) * dims_[0] + place[0]];
  }

  const std::vector<std::int16_t>& volume_;
  const Dims& dims_;
  std::array<std::int64_t, 3> inverse_256_;
};

// 256 times the shortest spacing over each axis' own.
std::array<std::int64_t, 3> inverse_spacing(const std::array<double, 3>& spacing) {
  const double shortest = std::ranges::min(spacing);
  std::array<std::int64_t, 3> inverse{};
  for (std::size_t a = 0; a < 3; ++a) inverse[a] = std::llround(256 * shortest / spacing[a]);
  return inverse;
}

std::vector<std::vector<std::int16_t>> level_features(std::vector<std::int16_t> values,
                                                      const Dims& dims,
                                                      const std::array<double, 3>& spacing,
                                                      unsigned threads) {
  std::vector<std::vector<std::int16_t>> features(4, std::vector<std::int16_t>(values.size()));
  const Differences differences(values, dims, inverse_spacing(spacing));
  split_work(threads, dims[2], [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
    for (auto z = static_cast<std::uint32_t>(first); z < last; ++z) {
      for (std::uint32_t y = 0; y < dims[1]; ++y) {
        for (std::uint32_t x = 0; x < dims[0]; ++x) {
          const std::size_t place = (std::size_t{z} * dims[1] + y) * dims[0] + x;
          const auto found = differences.at(x, y, z);
          features[1][place] = found.gradient;
          features[2][place] = found.laplacian;
          features[3][place] = found.frobenius;
        }
      }
    }
  });
  features[0] = std::move(values);
  return features;
}

// Between coarse voxels, in 1/256 of a coarse step. Coarse voxel c is centred on fine voxel
// c * factor.
struct Between {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::int32_t share = 0;  // of the higher
};
Between between(std::uint32_t fine, std::uint32_t factor, std::uint32_t coarse_length) {
  const std::uint32_t low = std::min(fine / factor, coarse_length - 1);
  return {.low = low,
          .high = std::min(low + 1, coarse_length - 1),
          .share = static_cast<std::int32_t>((fine - low * factor) * 256 / factor)};
}

// Four rows by their shares along y and z; 4 bits more than 16 are kept, so that a further share of
// 8 bits stays within 32.
void blend(const std::array<const std::int16_t*, 4>& rows, std::int32_t y_share,
           std::int32_t z_share, std::span<std::int32_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int32_t near = ((256 - y_share) * rows[0][i] + y_share * rows[1][i]) >> 8;
    const std::int32_t far = ((256 - y_share) * rows[2][i] + y_share * rows[3][i]) >> 8;
    out[i] = ((256 - z_share) * near + z_share * far) >> 4;
  }
}

}  // namespace

Result<FeaturePyramid> FeaturePyramid::create(const VolumeView& samples, const Lattice& lattice,
                                              IntensityScale scale, unsigned threads) {
  const std::size_t count = std::visit([](const auto& span) { return span.size(); }, samples);
  CSL_TRY(check_lattice(lattice, count));
  if (count > (std::size_t{1} << 31U)) {
    return fail(ErrorCode::TooLarge, "the volume has more than 2^31 voxels");
  }
  FeaturePyramid pyramid;
  pyramid.lattice_ = lattice;
  pyramid.samples_.resize(count);
  std::visit(
      [&](const auto& span) {
        const Coding coding = coding_of(span, scale);
        split_work(threads, count, [&](std::uint64_t first, std::uint64_t last, std::uint64_t) {
          for (std::uint64_t i = first; i < last; ++i) {
            pyramid.samples_[i] = coding(static_cast<double>(span[i]));
          }
        });
      },
      samples);

  Dims dims = lattice.dims;
  Dims factor{1, 1, 1};
  std::array<double, 3> spacing = lattice.spacing_mm;
  std::vector<std::int16_t> finer = pyramid.samples_;
  for (std::size_t number = 0; number < level_count; ++number) {
    Dims step{1, 1, 1};
    double shortest = std::numeric_limits<double>::max();
    for (std::size_t a = 0; a < 3; ++a) {
      if (dims[a] > 1) shortest = std::min(shortest, spacing[a]);
    }
    for (std::size_t a = 0; a < 3; ++a) {
      if (dims[a] > 1 && spacing[a] < alike_ratio * shortest) step[a] = 2;
    }
    std::vector<std::int16_t> texture_source;
    if (number < texture_level_count) texture_source = finer;
    Halved half = take_every(smoothed(std::move(finer), dims, threads), dims, step, threads);
    Level level;
    for (std::size_t a = 0; a < 3; ++a) {
      factor[a] *= step[a];
      spacing[a] *= step[a];
    }
    level.dims = half.dims;
    level.factor = factor;
    finer = half.values;
    level.features = level_features(std::move(half.values), half.dims, spacing, threads);
    if (number < texture_level_count) {
      level.features.push_back(texture_of(texture_source, dims, step, half.dims, threads));
    }
    dims = half.dims;
    pyramid.levels_.push_back(std::move(level));
  }
  return pyramid;
}

// The sample, and value, gradient and Laplacian after 1 2 1 along each axis.
void FeaturePyramid::finest_rows(std::uint32_t first_x, std::uint32_t count, std::uint32_t y,
                                 std::uint32_t z, std::span<std::int16_t> out) const {
  const Dims& dims = lattice_.dims;
  const std::array<std::int64_t, 3> inverse = inverse_spacing(lattice_.spacing_mm);
  const auto row_at = [&](std::uint32_t row_y, std::uint32_t row_z) {
    return samples_.data() + (std::size_t{row_z} * dims[1] + row_y) * dims[0];
  };
  const std::array<std::uint32_t, 3> ys{y == 0 ? 0 : y - 1, y, std::min(y + 1, dims[1] - 1)};
  const std::array<std::uint32_t, 3> zs{z == 0 ? 0 : z - 1, z, std::min(z + 1, dims[2] - 1)};
  std::array<const std::int16_t*, 9> rows{};
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t j = 0; j < 3; ++j) rows[3 * k + j] = row_at(ys[j], zs[k]);
  }
  // Sums over the columns of the 3 x 3 rows at one x: smooth, and differences along y and z.
  struct Column {
    std::int32_t smooth = 0, y_first = 0, z_first = 0, y_second = 0, z_second = 0;
  };
  const auto column = [&](std::uint32_t x) {
    const auto r = [&](std::size_t k, std::size_t j) { return std::int32_t{rows[3 * k + j][x]}; };
    std::array<std::int32_t, 3> by_y{};  // smoothed along z
    std::array<std::int32_t, 3> by_z{};  // smoothed along y
    for (std::size_t i = 0; i < 3; ++i) {
      by_y[i] = r(0, i) + 2 * r(1, i) + r(2, i);
      by_z[i] = r(i, 0) + 2 * r(i, 1) + r(i, 2);
    }
    return Column{.smooth = by_y[0] + 2 * by_y[1] + by_y[2],
                  .y_first = by_y[2] - by_y[0],
                  .z_first = by_z[2] - by_z[0],
                  .y_second = by_y[0] + by_y[2] - 2 * by_y[1],
                  .z_second = by_z[0] + by_z[2] - 2 * by_z[1]};
  };
  Column before = column(first_x == 0 ? 0 : first_x - 1);
  Column here = column(first_x);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t x = first_x + i;
    const Column after = column(std::min(x + 1, dims[0] - 1));
    const auto across = [](std::int64_t a, std::int64_t b, std::int64_t c) {
      return a + 2 * b + c;
    };
    const std::int64_t smooth = across(before.smooth, here.smooth, after.smooth);
    // A first difference carries the weight 2 x 4 x 4, a second one 4 x 4; spacings are in 1/256.
    constexpr std::int64_t first_weight = 256 * 32;
    constexpr std::int64_t second_weight = 256 * 16;
    const std::int64_t gx = (after.smooth - before.smooth) * inverse[0] / first_weight;
    const std::int64_t gy =
        across(before.y_first, here.y_first, after.y_first) * inverse[1] / first_weight;
    const std::int64_t gz =
        across(before.z_first, here.z_first, after.z_first) * inverse[2] / first_weight;
    const std::int64_t laplacian = (before.smooth + after.smooth - 2 * std::int64_t{here.smooth}) *
                                       inverse[0] / 256 * inverse[0] / second_weight +
                                   across(before.y_second, here.y_second, after.y_second) *
                                       inverse[1] / 256 * inverse[1] / second_weight +
                                   across(before.z_second, here.z_second, after.z_second) *
                                       inverse[2] / 256 * inverse[2] / second_weight;
    out[i] = rows[4][x];
    out[count + i] = clamped((smooth + 32) >> 6U);
    out[2 * std::size_t{count} + i] = root_of(gx * gx + gy * gy + gz * gz);
    out[3 * std::size_t{count} + i] = clamped(laplacian);
    before = here;
    here = after;
  }
}

void FeaturePyramid::row(std::uint32_t first_x, std::uint32_t count, std::uint32_t y,
                         std::uint32_t z, std::span<std::int16_t> out) const {
  finest_rows(first_x, count, y, z, out.first(finest_feature_count * std::size_t{count}));
  std::span<std::int16_t> rest = out.subspan(finest_feature_count * std::size_t{count});
  std::vector<std::int32_t> blended;
  std::vector<Between> along(count);
  for (const Level& level : levels_) {
    const Between in_y = between(y, level.factor[1], level.dims[1]);
    const Between in_z = between(z, level.factor[2], level.dims[2]);
    for (std::uint32_t i = 0; i < count; ++i) {
      along[i] = between(first_x + i, level.factor[0], level.dims[0]);
    }
    const std::uint32_t first = along.front().low;
    const std::uint32_t last = along.back().high;
    for (Between& each : along) {
      each.low -= first;
      each.high -= first;
    }
    blended.resize(std::size_t{last} - first + 1);
    for (const std::vector<std::int16_t>& feature : level.features) {
      const auto row_at = [&](std::uint32_t row_y, std::uint32_t row_z) {
        return feature.data() + (std::size_t{row_z} * level.dims[1] + row_y) * level.dims[0] +
               first;
      };
      blend({row_at(in_y.low, in_z.low), row_at(in_y.high, in_z.low), row_at(in_y.low, in_z.high),
             row_at(in_y.high, in_z.high)},
            in_y.share, in_z.share, blended);
      for (std::uint32_t i = 0; i < count; ++i) {
        const Between& at = along[i];
        const std::int32_t value = (256 - at.share) * blended[at.low] + at.share * blended[at.high];
        rest[i] = static_cast<std::int16_t>(value >> 12);
      }
      rest = rest.subspan(count);
    }
  }
}

}  // namespace consilium
