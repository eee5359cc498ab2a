#include "analysis/registration/demons.hpp"

#include <algorithm>
#include <cmath>

#include "analysis/parallel/parallel.hpp"
#include "analysis/registration/filter.hpp"
#include "analysis/registration/trilinear.hpp"

namespace consilium::registration {
namespace {

constexpr float window_nodes = 125;
// Below this variance a window shows noise only; the image's own is 1.
constexpr float noise = 5e-4F;
// What a neighbourhood must show, in parts of a sharp edge's, to be moved by itself.
constexpr float least_evidence = 0.03F;

class Demons {
 public:
  Demons(const ImageLevel& fixed, const ImageLevel& moving, const Affine& to_moving,
         const DemonsOptions& options)
      : fixed_(fixed),
        moving_(moving.values, moving.dims),
        to_moving_(to_moving),
        options_(options),
        mean_(fixed.values),
        variance_(fixed.values.size()),
        seen_(fixed.values.size()),
        value_(fixed.values.size()),
        sum_(fixed.values.size()),
        squares_(fixed.values.size()),
        products_(fixed.values.size()),
        step_(fixed.dims) {
    std::ranges::transform(fixed.values, variance_.begin(), [](float f) { return f * f; });
    box_sums(mean_, fixed.dims, scratch_, options.threads);
    box_sums(variance_, fixed.dims, scratch_, options.threads);
    for (std::size_t v = 0; v < mean_.size(); ++v) {
      mean_[v] /= window_nodes;
      variance_[v] = std::max(variance_[v] / window_nodes - mean_[v] * mean_[v], 0.0F);
    }
    edge_mm_ = static_cast<float>(std::ranges::min(fixed.spacing_mm));
  }

  // The agreement of `field`, and the step from there.
  double look(const StepField& field) {
    warp(field);
    sum_ = value_;
    box_sums(sum_, fixed_.dims, scratch_, options_.threads);
    box_sums(squares_, fixed_.dims, scratch_, options_.threads);
    box_sums(products_, fixed_.dims, scratch_, options_.threads);
    return push();
  }

  // Pushes and what they weigh are smoothed apart, so that an edge moves the plain tissue beside it
  // as far as itself.
  void take_step(StepField& field) {
    smooth(step_, options_.step_sigma, scratch_, options_.threads);
    blur(squares_, fixed_.dims, options_.step_sigma, scratch_, options_.threads);
    std::array<float, 3> nodes_per_edge{};
    for (std::size_t a = 0; a < 3; ++a) {
      nodes_per_edge[a] = edge_mm_ / static_cast<float>(fixed_.spacing_mm[a]);
    }
    auto& [x, y, z] = step_.steps;
    for (std::size_t v = 0; v < x.size(); ++v) {
      const float weight = squares_[v] + least_evidence;
      const float length = std::sqrt(x[v] * x[v] + y[v] * y[v] + z[v] * z[v]);
      // Half an edge at most, so that no step folds.
      const float share = 1 / std::max(weight, 2 * length);
      x[v] *= share * nodes_per_edge[0];
      y[v] *= share * nodes_per_edge[1];
      z[v] *= share * nodes_per_edge[2];
    }
    compose(field, step_, options_.threads);
    smooth(field, options_.field_sigma, scratch_, options_.threads);
  }

 private:
  void warp(const StepField& field) {
    const VoxelDims& dims = fixed_.dims;
    std::array<float, 9> turn{};
    for (std::size_t r = 0; r < 3; ++r) {
      for (std::size_t c = 0; c < 3; ++c) {
        turn[r * 3 + c] =
            static_cast<float>(to_moving_.at(static_cast<int>(r), static_cast<int>(c)));
      }
    }
    split_work(options_.threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
      for (std::size_t k = begin; k < end; ++k) {
        std::size_t v = k * dims[1] * dims[0];
        for (std::size_t j = 0; j < dims[1]; ++j) {
          for (std::size_t i = 0; i < dims[0]; ++i, ++v) {
            const float x = static_cast<float>(i) + field.steps[0][v];
            const float y = static_cast<float>(j) + field.steps[1][v];
            const float z = static_cast<float>(k) + field.steps[2][v];
            std::array<float, 3> at{};
            for (std::size_t a = 0; a < 3; ++a) {
              at[a] = turn[a * 3] * x + turn[a * 3 + 1] * y + turn[a * 3 + 2] * z +
                      static_cast<float>(to_moving_.at(static_cast<int>(a), 3));
            }
            const float m = moving_.value(at);
            seen_[v] = moving_.holds(at) ? 1 : 0;
            value_[v] = m;
            squares_[v] = m * m;
            products_[v] = m * fixed_.values[v];
          }
        }
      }
    });
  }

  double push() {
    const VoxelDims& dims = fixed_.dims;
    std::vector<std::pair<double, double>> slices(dims[2]);
    split_work(options_.threads, dims[2], [&](std::uint64_t begin, std::uint64_t end, std::size_t) {
      for (std::size_t k = begin; k < end; ++k) {
        std::size_t v = k * dims[1] * dims[0];
        for (std::size_t j = 0; j < dims[1]; ++j) {
          for (std::size_t i = 0; i < dims[0]; ++i, ++v) push_node({i, j, k}, v, slices[k]);
        }
      }
    });
    std::pair<double, double> total;
    for (const auto& [sum, weight] : slices) {
      total.first += sum;
      total.second += weight;
    }
    return total.second > 0 ? total.first / total.second : 0;
  }

  void push_node(const std::array<std::size_t, 3>& at, std::size_t v,
                 std::pair<double, double>& total) {
    const float mean_m = sum_[v] / window_nodes;
    const float var_m = std::max(squares_[v] / window_nodes - mean_m * mean_m, 0.0F);
    for (auto& step : step_.steps) step[v] = 0;
    squares_[v] = 0;  // from here on what a push weighs
    if (seen_[v] == 0) return;
    const float both = products_[v] / window_nodes - mean_m * mean_[v];
    const float line = both / (variance_[v] + noise);
    const float agreement = both * both / ((variance_[v] + noise) * (var_m + noise));
    // Only places that show something count in the mean.
    const float weight = std::min(1.0F, variance_[v] / (20 * noise));
    const bool is_turned = both < 0 && options_.similarity == Similarity::Correlation;
    total.first += is_turned ? 0 : weight * agreement;
    total.second += weight;
    if (is_turned) return;
    const float rest = mean_m + line * (fixed_.values[v] - mean_[v]) - value_[v];
    const std::array<std::size_t, 3> stride = {1, fixed_.dims[0],
                                               std::size_t{fixed_.dims[0]} * fixed_.dims[1]};
    // Squared once more: what agrees by chance, as noise does, has next to no say.
    const float weighed = agreement * agreement / (var_m + noise);
    for (std::size_t a = 0; a < 3; ++a) {
      const std::size_t down = at[a] > 0 ? stride[a] : 0;
      const std::size_t up = at[a] + 1 < fixed_.dims[a] ? stride[a] : 0;
      const float change = line * (fixed_.values[v + up] - fixed_.values[v - down]) +
                           value_[v + up] - value_[v - down];
      const float nodes = down != 0 && up != 0 ? 0.25F : 0.5F;  // half, for the two images' mean
      const float slope = change * nodes * edge_mm_ / static_cast<float>(fixed_.spacing_mm[a]);
      squares_[v] += weighed * slope * slope;
      step_.steps[a][v] = weighed * rest * slope;
    }
  }

  const ImageLevel& fixed_;
  Trilinear moving_;
  Affine to_moving_;
  const DemonsOptions& options_;
  std::vector<float> mean_, variance_;  // of fixed's windows
  std::vector<std::uint8_t> seen_;      // whether moving has the place
  std::vector<float> value_;            // of moving, and windows' sums of these
  std::vector<float> sum_, squares_, products_;
  StepField step_;  // pushes along the slope by edge, then the step in nodes
  std::vector<float> scratch_;
  float edge_mm_ = 1;
};

}  // namespace

DemonsAgreement run_demons(const ImageLevel& fixed, const ImageLevel& moving,
                           const Affine& to_moving, StepField& field,
                           const DemonsOptions& options) {
  Demons demons(fixed, moving, to_moving, options);
  constexpr std::size_t back = 4;  // steps over which the agreement must still rise
  const double before = demons.look(StepField(fixed.dims));
  std::vector<double> values;
  for (int step = 0; step < options.steps_max; ++step) {
    values.push_back(demons.look(field));
    if (values.size() > back && values.back() - values[values.size() - 1 - back] < 2e-4) break;
    demons.take_step(field);
  }
  return {.before = before, .after = demons.look(field)};
}

}  // namespace consilium::registration
