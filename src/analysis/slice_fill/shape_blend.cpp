#include "analysis/slice_fill/shape_blend.hpp"

#include <algorithm>
#include <cmath>

namespace consilium::slice_fill {
namespace {

// Beyond the shapes: what the cubic may bulge out, the bilinear look at the next voxel, the ring of
// background that inner distances are measured to.
constexpr std::int64_t window_margin = 3;

std::int64_t rounded(double value) { return std::llround(value); }

[[gnu::target_clones("avx2", "default")]] void add_four(float* __restrict to, const float* upper,
                                                        const float* lower, const float* weights,
                                                        std::size_t count) {
  for (std::size_t u = 0; u < count; ++u) {
    to[u] += weights[0] * upper[u] + weights[1] * upper[u + 1] + weights[2] * lower[u] +
             weights[3] * lower[u + 1];
  }
}

// The weight of key k in the polynomial through all keys.
template <class Keys>
double lagrange(const Keys& keys, std::size_t k, double w) {
  double weight = 1;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i != k) weight *= (w - keys[i].w) / (keys[k].w - keys[i].w);
  }
  return weight;
}

// A window that holds all the shapes, each moved so that its centroid is the origin.
Window common_window(const std::vector<Shape>& shapes) {
  std::int64_t u_first = 0;
  std::int64_t v_first = 0;
  std::int64_t u_end = 0;
  std::int64_t v_end = 0;
  for (const Shape& shape : shapes) {
    const Window window = window_of(shape);
    const PlanePoint centroid = shape.centroid();
    const std::int64_t u = window.u_first - rounded(centroid.u);
    const std::int64_t v = window.v_first - rounded(centroid.v);
    u_first = std::min(u_first, u);
    v_first = std::min(v_first, v);
    u_end = std::max(u_end, u + static_cast<std::int64_t>(window.u_count));
    v_end = std::max(v_end, v + static_cast<std::int64_t>(window.v_count));
  }
  // The polynomial may pass the largest shape by about an eighth of the change between them.
  const std::int64_t u_more = window_margin + (u_end - u_first) / 16;
  const std::int64_t v_more = window_margin + (v_end - v_first) / 16;
  return {.u_first = u_first - u_more,
          .v_first = v_first - v_more,
          .u_count = static_cast<std::size_t>(u_end - u_first + 2 * u_more),
          .v_count = static_cast<std::size_t>(v_end - v_first + 2 * v_more)};
}

}  // namespace

ShapeBlend::ShapeBlend(const ShapeRow& row, const SliceFrame& frame)
    : row_(&row), relative_(common_window(row.shapes)) {
  for (const Shape& shape : row.shapes) {
    const PlanePoint centroid = shape.centroid();
    keys_.push_back({.w = static_cast<double>(shape.slice->w),
                     .centroid = centroid,
                     .distances = signed_distance_in(shape, window_at(centroid), frame)});
  }
  if (keys_.size() > 1) return;
  for (const float distance : keys_.front().distances) {
    if (distance < 0) depths_.push_back(distance);
  }
  std::ranges::sort(depths_);
}

PlaneDistance ShapeBlend::at(std::uint32_t w) const {
  return keys_.size() > 1 ? blended(w) : capped(w);
}

PlaneDistance ShapeBlend::blended(double w) const {
  PlanePoint centroid;
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    const double weight = lagrange(keys_, k, w);
    centroid.u += weight * keys_[k].centroid.u;
    centroid.v += weight * keys_[k].centroid.v;
  }
  PlaneDistance result{.window = window_at(centroid),
                       .values = std::vector<float>(relative_.u_count * relative_.v_count)};
  for (std::size_t k = 0; k < keys_.size(); ++k) {
    add(keys_[k], lagrange(keys_, k, w), centroid, result);
  }
  return result;
}

PlaneDistance ShapeBlend::capped(double w) const {
  const Key& key = keys_.front();
  const double steps = std::abs(w - key.w);
  const double u = steps / row_->cap_slices;
  const double share = 1 - (1 - row_->cap_bulge) * u - row_->cap_bulge * u * u;
  const PlanePoint centroid{.u = key.centroid.u + row_->drift.u * steps,
                            .v = key.centroid.v + row_->drift.v * steps};
  PlaneDistance result{.window = window_at(centroid),
                       .values = std::vector<float>(relative_.u_count * relative_.v_count)};
  add(key, 1, centroid, result);
  // Only the deepest of it stay, as many as the area asks for.
  const auto voxels = static_cast<double>(depths_.size()) * std::clamp(share, 0.0, 1.0);
  const auto place = static_cast<std::size_t>(std::llround(voxels));
  const float level = place == 0               ? depths_.front() - 1
                      : place < depths_.size() ? depths_[place]
                                               : 0.0F;
  for (float& value : result.values) value -= level;
  return result;
}

void ShapeBlend::add(const Key& key, double weight, const PlanePoint& centroid,
                     PlaneDistance& to) const {
  // Place x of the target is place x + shift of the key's window, -1 <= shift <= 1.
  const auto shift_of = [](double key_at, double at) {
    return key_at - static_cast<double>(rounded(key_at)) - at + static_cast<double>(rounded(at));
  };
  const double du = shift_of(key.centroid.u, centroid.u);
  const double dv = shift_of(key.centroid.v, centroid.v);
  const auto u_step = static_cast<std::ptrdiff_t>(std::floor(du));
  const auto v_step = static_cast<std::ptrdiff_t>(std::floor(dv));
  const double fu = du - std::floor(du);
  const double fv = dv - std::floor(dv);
  const float weights[4] = {
      static_cast<float>(weight * (1 - fu) * (1 - fv)), static_cast<float>(weight * fu * (1 - fv)),
      static_cast<float>(weight * (1 - fu) * fv), static_cast<float>(weight * fu * fv)};
  const auto nu = static_cast<std::ptrdiff_t>(relative_.u_count);
  const auto nv = static_cast<std::ptrdiff_t>(relative_.v_count);
  // The outermost places have no neighbour to look at: they take the next inner one's value.
  for (std::ptrdiff_t v = 0; v < nv; ++v) {
    const std::ptrdiff_t upper = std::clamp<std::ptrdiff_t>(v + v_step, 0, nv - 1);
    const std::ptrdiff_t lower = std::clamp<std::ptrdiff_t>(v + v_step + 1, 0, nv - 1);
    float* row = to.values.data() + v * nu;
    const float* above = key.distances.data() + upper * nu + u_step;
    const float* below = key.distances.data() + lower * nu + u_step;
    add_four(row + 1, above + 1, below + 1, weights, static_cast<std::size_t>(nu - 3));
    const auto at = [&](std::ptrdiff_t u) {
      const std::ptrdiff_t left = std::clamp<std::ptrdiff_t>(u, -u_step, nu - 1 - u_step);
      const std::ptrdiff_t right = std::clamp<std::ptrdiff_t>(u + 1, -u_step, nu - 1 - u_step);
      return weights[0] * above[left] + weights[1] * above[right] + weights[2] * below[left] +
             weights[3] * below[right];
    };
    row[0] += at(0);
    row[nu - 2] += at(nu - 2);
    row[nu - 1] += at(nu - 1);
  }
}

Window ShapeBlend::window_at(const PlanePoint& centroid) const {
  Window window = relative_;
  window.u_first += rounded(centroid.u);
  window.v_first += rounded(centroid.v);
  return window;
}

}  // namespace consilium::slice_fill
