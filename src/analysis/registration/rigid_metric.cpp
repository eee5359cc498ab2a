#include "analysis/registration/rigid_metric.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analysis/parallel/parallel.hpp"
#include "analysis/registration/trilinear.hpp"
#include "base/check.hpp"

namespace consilium::registration {
namespace {

constexpr double least_share = 0.1;
constexpr std::size_t bins = 32;

// Sums over one slice of fixed; those of all slices are added in their order.
struct Sums {
  double n = 0, f = 0, m = 0, ff = 0, mm = 0, fm = 0;
  std::array<double, 6> j{}, jf{}, jm{};  // of the derivatives of m by the pose
  std::array<double, 21> jj{};

  void add(const Sums& other) {
    n += other.n;
    f += other.f;
    m += other.m;
    ff += other.ff;
    mm += other.mm;
    fm += other.fm;
    for (std::size_t i = 0; i < 6; ++i) {
      j[i] += other.j[i];
      jf[i] += other.jf[i];
      jm[i] += other.jm[i];
    }
    for (std::size_t i = 0; i < 21; ++i) jj[i] += other.jj[i];
  }
};

// (A + a little) x = b by Cholesky; A is a sum of squares, given by its lower rows.
PoseStep solved(const std::array<double, 21>& a, const PoseStep& b) {
  std::array<std::array<double, 6>, 6> l{};
  double trace = 0;
  for (std::size_t r = 0; r < 6; ++r) trace += a[r * (r + 1) / 2 + r];
  const double little = 1e-4 * trace / 6 + 1e-30;
  for (std::size_t r = 0; r < 6; ++r) {
    for (std::size_t c = 0; c <= r; ++c) {
      double sum = a[r * (r + 1) / 2 + c] + (r == c ? little : 0);
      for (std::size_t k = 0; k < c; ++k) sum -= l[r][k] * l[c][k];
      l[r][c] = r == c ? std::sqrt(std::max(sum, little * 1e-3)) : sum / l[c][c];
    }
  }
  PoseStep x = b;
  for (std::size_t r = 0; r < 6; ++r) {
    for (std::size_t k = 0; k < r; ++k) x[r] -= l[r][k] * x[k];
    x[r] /= l[r][r];
  }
  for (std::size_t r = 6; r-- > 0;) {
    for (std::size_t k = r + 1; k < 6; ++k) x[r] -= l[k][r] * x[k];
    x[r] /= l[r][r];
  }
  return x;
}

// Where values fall in the joint histogram, a bin kept free at either end.
struct Binning {
  float low = 0;
  float per_value = 1;

  explicit Binning(const std::vector<float>& values) {
    const auto [least, most] = std::ranges::minmax_element(values);
    low = *least;
    per_value = static_cast<float>(bins - 3) / std::max(*most - *least, 1e-6F);
  }
  [[nodiscard]] float place(float value) const {
    return std::clamp((value - low) * per_value + 1, 1.0F, static_cast<float>(bins) - 2.001F);
  }
};

using Joint = std::vector<std::uint64_t>;  // bins x bins, fixed by fixed; in 1/256 voxel

struct Information {
  double value = 0;         // 2 I / (H(F) + H(M))
  double spread = 0;        // mean squared distance of m from its mean at the same f, in bins
  std::vector<float> gain;  // bins x bins: log p(f, m) / (p(f) p(m))
};

Information information_of(const Joint& counts) {
  // Smoothed by 1 4 6 4 1 both ways, as a Parzen window would have.
  constexpr std::array<double, 5> window = {1 / 16., 4 / 16., 6 / 16., 4 / 16., 1 / 16.};
  const auto smoothed = [&](const std::vector<double>& from, std::size_t across,
                            std::size_t along) {
    std::vector<double> to(bins * bins);
    for (std::size_t r = 0; r < bins; ++r) {
      for (std::size_t c = 0; c < bins; ++c) {
        for (std::size_t w = 0; w < 5; ++w) {
          const std::size_t place = std::clamp<std::size_t>(c + w, 2, bins + 1) - 2;
          to[r * across + c * along] += window[w] * from[r * across + place * along];
        }
      }
    }
    return to;
  };
  std::vector<double> p(counts.begin(), counts.end());
  p = smoothed(smoothed(p, bins, 1), 1, bins);
  double total = 0;
  for (const double each : p) total += each;
  std::vector<double> of_f(bins);
  std::vector<double> of_m(bins);
  for (std::size_t f = 0; f < bins; ++f) {
    for (std::size_t m = 0; m < bins; ++m) {
      p[f * bins + m] /= total;
      of_f[f] += p[f * bins + m];
      of_m[m] += p[f * bins + m];
    }
  }
  Information result;
  result.gain.resize(bins * bins);
  double mutual = 0;
  double single = 0;
  const auto entropy = [](double x) { return x > 0 ? -x * std::log(x) : 0; };
  for (std::size_t f = 0; f < bins; ++f) {
    single += entropy(of_f[f]) + entropy(of_m[f]);
    double mean = 0;
    double squares = 0;
    for (std::size_t m = 0; m < bins; ++m) {
      const double joint = p[f * bins + m];
      const double gain = std::log((joint + 1e-9) / (of_f[f] * of_m[m] + 1e-9));
      result.gain[f * bins + m] = static_cast<float>(gain);
      mutual += joint * gain;
      mean += joint * static_cast<double>(m);
      squares += joint * static_cast<double>(m * m);
    }
    if (of_f[f] > 0) result.spread += squares - mean * mean / of_f[f];
  }
  result.value = single > 0 ? 2 * mutual / single : 0;
  return result;
}

}  // namespace

Pose stepped(const Pose& pose, const PoseStep& step, double arm_mm) {
  Pose next;
  next.rotation =
      product(rotation_by({step[0] / arm_mm, step[1] / arm_mm, step[2] / arm_mm}), pose.rotation);
  for (std::size_t a = 0; a < 3; ++a) next.shift[a] = pose.shift[a] + step[a + 3];
  return next;
}

// A pose as the loops want it: how indices and millimetres grow from voxel to voxel.
struct RigidMetric::Walk {
  Affine to_moving;            // fixed node -> moving node
  Affine arm;                  // fixed node -> R (x - centre)
  std::array<float, 9> to_mm;  // gradient by moving node -> by mm, row by row
};

RigidMetric::RigidMetric(const ImageLevel& fixed, const ImageLevel& moving, const Vector3& centre,
                         Similarity similarity, unsigned threads)
    : fixed_(fixed), moving_(moving), centre_(centre), similarity_(similarity), threads_(threads) {
  const auto inverse = moving.affine.inverse();
  CSL_CHECK(inverse.has_value());  // check_volume saw to that
  to_moving_voxels_ = *inverse;
  const auto volume = [](const ImageLevel& level) {
    double mm3 = 1;
    for (std::size_t a = 0; a < 3; ++a) mm3 *= level.dims[a] * level.spacing_mm[a];
    return mm3;
  };
  smaller_mm3_ = std::min(volume(fixed), volume(moving));
  double squares = 0;
  for (std::size_t a = 0; a < 3; ++a) {
    const double half = fixed.dims[a] * fixed.spacing_mm[a] / 2;
    squares += half * half / 3;
  }
  arm_mm_ = std::sqrt(squares);
  edge_mm_ = std::ranges::min(fixed.spacing_mm);
}

double RigidMetric::share_of_smaller(double common) const {
  return std::min(1.0, common / smaller_mm3_);
}

RigidMetric::Walk RigidMetric::walk_of(const Pose& pose) const {
  Walk walk;
  const Affine rigid = rigid_affine(pose.rotation, centre_, pose.shift);
  walk.to_moving = chained(to_moving_voxels_, chained(rigid, fixed_.affine));
  walk.arm = chained(rigid, fixed_.affine);
  for (std::size_t a = 0; a < 3; ++a) {
    walk.arm.values[a * 4 + 3] -= centre_[a] + pose.shift[a];
    for (std::size_t b = 0; b < 3; ++b) {
      walk.to_mm[a * 3 + b] =
          static_cast<float>(to_moving_voxels_.at(static_cast<int>(b), static_cast<int>(a)));
    }
  }
  return walk;
}

namespace {

// A place within half a node of a node, the same at every look.
std::array<float, 3> aside_of(std::size_t i, std::size_t j, std::size_t k) {
  auto hash = static_cast<std::uint32_t>(i * 73'856'093U ^ j * 19'349'663U ^ k * 83'492'791U);
  hash = (hash ^ hash >> 16U) * 0x45d9f3bU;
  hash ^= hash >> 16U;
  const auto part = [&](unsigned shift) {
    return static_cast<float>(hash >> shift & 1023U) / 1024 - 0.5F;
  };
  return {part(0), part(10), part(20)};
}

enum class Places {
  Nodes,
  // Beside the nodes: both images are read between nodes wherever they lie. Else a histogram is
  // sharpest just where the two grids fall together, or just where they do not.
  Beside,
};

// Calls visit(fixed value, moving value, derivatives by the pose) for every node of slice k that
// lies in moving.
template <Places places, class Walk, class Visit>
void visit_slice(const ImageLevel& fixed, const Trilinear& moving, const Walk& walk, double arm_mm,
                 std::size_t k, const Visit& visit) {
  const Trilinear between(fixed.values, fixed.dims);
  const std::array<Vector3, 3> steps = {walk.to_moving.axis_mm(0), walk.to_moving.axis_mm(1),
                                        walk.to_moving.axis_mm(2)};
  const float per_arm = static_cast<float>(1 / arm_mm);
  for (std::size_t j = 0; j < fixed.dims[1]; ++j) {
    const PatientPoint first =
        walk.to_moving.apply(0, static_cast<double>(j), static_cast<double>(k));
    const PatientPoint arm = walk.arm.apply(0, static_cast<double>(j), static_cast<double>(k));
    const Vector3& step = steps[0];
    const Vector3 arm_step = walk.arm.axis_mm(0);
    const auto [begin, end] =
        moving.inside({first.x_mm, first.y_mm, first.z_mm}, step, fixed.dims[0]);
    const float* row = fixed.values.data() + (k * fixed.dims[1] + j) * fixed.dims[0];
    for (std::size_t i = begin; i < end; ++i) {
      const auto d = static_cast<double>(i);
      std::array<float, 3> at = {static_cast<float>(first.x_mm + d * step[0]),
                                 static_cast<float>(first.y_mm + d * step[1]),
                                 static_cast<float>(first.z_mm + d * step[2])};
      float value = row[i];
      if constexpr (places == Places::Beside) {
        const std::array<float, 3> aside = aside_of(i, j, k);
        value = between.value({static_cast<float>(i) + aside[0], static_cast<float>(j) + aside[1],
                               static_cast<float>(k) + aside[2]});
        for (std::size_t a = 0; a < 3; ++a) {
          for (std::size_t b = 0; b < 3; ++b) at[b] += aside[a] * static_cast<float>(steps[a][b]);
        }
      }
      const Trilinear::Sample sample = moving.with_gradient(at);
      const auto& t = walk.to_mm;
      const auto& s = sample.gradient;
      const float gx = t[0] * s[0] + t[1] * s[1] + t[2] * s[2];
      const float gy = t[3] * s[0] + t[4] * s[1] + t[5] * s[2];
      const float gz = t[6] * s[0] + t[7] * s[1] + t[8] * s[2];
      const auto x = static_cast<float>(arm.x_mm + d * arm_step[0]) * per_arm;
      const auto y = static_cast<float>(arm.y_mm + d * arm_step[1]) * per_arm;
      const auto z = static_cast<float>(arm.z_mm + d * arm_step[2]) * per_arm;
      visit(value, sample.value,
            std::array<float, 6>{y * gz - z * gy, z * gx - x * gz, x * gy - y * gx, gx, gy, gz});
    }
  }
}

void add_derivatives(Sums& sums, const std::array<float, 6>& j) {
  std::size_t place = 0;
  for (std::size_t r = 0; r < 6; ++r) {
    for (std::size_t c = 0; c <= r; ++c, ++place) sums.jj[place] += j[r] * j[c];
  }
}

double voxel_mm3(const ImageLevel& level) {
  return level.spacing_mm[0] * level.spacing_mm[1] * level.spacing_mm[2];
}

Sums total_of(const std::vector<Sums>& slices) {
  Sums total;
  for (const Sums& slice : slices) total.add(slice);
  return total;
}

}  // namespace

std::optional<Agreement> RigidMetric::correlation(const Walk& walk) const {
  const Trilinear moving(moving_.values, moving_.dims);
  std::vector<Sums> slices(fixed_.dims[2]);
  split_work(threads_, slices.size(), [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::uint64_t k = begin; k < end; ++k) {
      Sums& sums = slices[k];
      visit_slice<Places::Nodes>(fixed_, moving, walk, arm_mm_, k,
                                 [&](float f, float m, const std::array<float, 6>& j) {
                                   sums.n += 1;
                                   sums.f += f;
                                   sums.m += m;
                                   sums.ff += f * f;
                                   sums.mm += m * m;
                                   sums.fm += f * m;
                                   for (std::size_t i = 0; i < 6; ++i) {
                                     sums.j[i] += j[i];
                                     sums.jf[i] += j[i] * f;
                                     sums.jm[i] += j[i] * m;
                                   }
                                   add_derivatives(sums, j);
                                 });
    }
  });
  const Sums total = total_of(slices);
  const double common = total.n * voxel_mm3(fixed_);
  if (common < least_share * smaller_mm3_ || total.n < 8) return std::nullopt;
  const double mean_f = total.f / total.n;
  const double mean_m = total.m / total.n;
  const double var_f = total.ff / total.n - mean_f * mean_f;
  const double var_m = total.mm / total.n - mean_m * mean_m;
  const double both = total.fm / total.n - mean_f * mean_m;
  if (!(var_f > 1e-6 && var_m > 1e-6)) return std::nullopt;
  Agreement result{.value = both / std::sqrt(var_f * var_m), .common = common};
  // The line that maps f to m, then least squares on what is left. Where they hardly agree yet the
  // line would be flat: then only the spread is matched.
  const double line = result.value > 0.3 ? var_m / both : std::sqrt(var_m / var_f);
  PoseStep rest;
  for (std::size_t i = 0; i < 6; ++i) {
    rest[i] = line * (total.jf[i] - mean_f * total.j[i]) - (total.jm[i] - mean_m * total.j[i]);
  }
  result.uphill = solved(total.jj, rest);
  return result;
}

std::optional<Agreement> RigidMetric::mutual_information(const Walk& walk) const {
  const Trilinear moving(moving_.values, moving_.dims);
  const Binning of_f(fixed_.values);
  const Binning of_m(moving_.values);
  const std::size_t parts = std::clamp<std::size_t>(threads_, 1, fixed_.dims[2]);
  std::vector<Joint> joints(parts, Joint(bins * bins));
  std::vector<std::uint64_t> seen(parts);
  split_work(
      threads_, fixed_.dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t part) {
        Joint& joint = joints[part];
        for (std::uint64_t k = begin; k < end; ++k) {
          visit_slice<Places::Beside>(
              fixed_, moving, walk, arm_mm_, k, [&](float f, float m, const std::array<float, 6>&) {
                const auto row = static_cast<std::size_t>(of_f.place(f) + 0.5F);
                const float place = of_m.place(m);
                const auto bin = static_cast<std::size_t>(place);
                const auto high =
                    static_cast<std::uint64_t>((place - static_cast<float>(bin)) * 256);
                joint[row * bins + bin] += 256 - high;
                joint[row * bins + bin + 1] += high;
                ++seen[part];
              });
        }
      });
  for (std::size_t part = 1; part < parts; ++part) {
    for (std::size_t b = 0; b < joints[0].size(); ++b) joints[0][b] += joints[part][b];
    seen[0] += seen[part];
  }
  const double common = static_cast<double>(seen[0]) * voxel_mm3(fixed_);
  if (common < least_share * smaller_mm3_ || seen[0] < 8) return std::nullopt;
  const Information information = information_of(joints[0]);
  // A step along the gain's slope is worth the spread that is left (Newton's for a normal rest).
  const auto scale = static_cast<float>(information.spread) / of_m.per_value;
  std::vector<Sums> slices(fixed_.dims[2]);
  split_work(threads_, slices.size(), [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
    for (std::uint64_t k = begin; k < end; ++k) {
      Sums& sums = slices[k];
      visit_slice<Places::Beside>(fixed_, moving, walk, arm_mm_, k,
                                  [&](float f, float m, const std::array<float, 6>& j) {
                                    const auto row = static_cast<std::size_t>(of_f.place(f) + 0.5F);
                                    const auto bin = static_cast<std::size_t>(of_m.place(m));
                                    const float* gain = information.gain.data() + row * bins + bin;
                                    const float slope = (gain[1] - gain[0]) * scale;
                                    for (std::size_t i = 0; i < 6; ++i) sums.j[i] += j[i] * slope;
                                    add_derivatives(sums, j);
                                  });
    }
  });
  const Sums total = total_of(slices);
  return Agreement{
      .value = information.value, .common = common, .uphill = solved(total.jj, total.j)};
}

std::optional<Agreement> RigidMetric::at(const Pose& pose) const {
  const Walk walk = walk_of(pose);
  return similarity_ == Similarity::Correlation ? correlation(walk) : mutual_information(walk);
}

}  // namespace consilium::registration
