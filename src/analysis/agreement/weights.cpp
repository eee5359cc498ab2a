#include "analysis/agreement/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <numeric>

#include "analysis/agreement/agreement_model.hpp"

namespace consilium {
namespace {

struct NamedKind {
  WeightKind kind;
  std::string_view name;
};
constexpr std::array named_kinds{
    NamedKind{WeightKind::Identity, "identity"},
    NamedKind{WeightKind::Linear, "linear"},
    NamedKind{WeightKind::Quadratic, "quadratic"},
    NamedKind{WeightKind::GwetOrdinal, "gwet-ordinal"},
    NamedKind{WeightKind::Radical, "radical"},
    NamedKind{WeightKind::GwetRatio, "gwet-ratio"},
    NamedKind{WeightKind::Circular, "circular"},
    NamedKind{WeightKind::Bipolar, "bipolar"},
    NamedKind{WeightKind::Own, "own"},
};

Status check_values(WeightKind kind, std::span<const double> values) {
  if (values.size() < 2) {
    return fail(ErrorCode::InvalidInput, "agreement is undefined on fewer than two classes");
  }
  if (kind == WeightKind::Identity) return {};
  if (values.size() > weighted_classes_max) {
    return fail(ErrorCode::TooLarge, fmt::format("{} classes are more than {} for weights",
                                                 values.size(), weighted_classes_max));
  }
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  if (!std::ranges::all_of(sorted, [](double v) { return std::abs(v) <= measured_value_max; }) ||
      std::ranges::adjacent_find(sorted) != sorted.end()) {
    return fail(ErrorCode::InvalidInput,
                "the classes' values are beyond 1e100 or not all different");
  }
  if (kind == WeightKind::GwetRatio && sorted.front() < 0) {
    return fail(ErrorCode::InvalidInput, "ratio weights need values that are not negative");
  }
  return {};
}

// How far classes with the values a and b are apart, before division by the maximum.
double distance(WeightKind kind, double a, double b, double least, double greatest) {
  const double apart = std::abs(a - b);
  if (apart == 0) return 0;
  switch (kind) {
    case WeightKind::Linear:
      return apart;
    case WeightKind::Quadratic:
      return apart * apart;
    case WeightKind::Radical:
      return std::sqrt(apart);
    case WeightKind::GwetRatio: {
      const double share = apart / (a + b);
      return share * share;
    }
    case WeightKind::Circular: {
      const double height = std::sin(std::numbers::pi * apart / (greatest - least + 1));
      return height * height;
    }
    case WeightKind::Bipolar:
      return apart * apart / ((a + b - 2 * least) * (2 * greatest - a - b));
    default:
      return 1;
  }
}

// The rank of each value from 0.
std::vector<std::size_t> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t k) { return values[k]; });
  std::vector<std::size_t> rank(values.size());
  for (std::size_t r = 0; r < order.size(); ++r) rank[order[r]] = r;
  return rank;
}

}  // namespace

std::string_view name_of(WeightKind kind) {
  for (const NamedKind& named : named_kinds) {
    if (named.kind == kind) return named.name;
  }
  return "own";
}

std::optional<WeightKind> parse_weight_kind(std::string_view name) {
  for (const NamedKind& named : named_kinds) {
    if (named.name == name) return named.kind;
  }
  return std::nullopt;
}

Result<Weights> Weights::make(WeightKind kind, std::span<const double> class_values) {
  CSL_TRY(check_values(kind, class_values));
  if (kind == WeightKind::Own) {
    return fail(ErrorCode::InvalidInput, "own weights need their matrix");
  }
  const std::size_t count = class_values.size();
  Weights weights(kind, static_cast<std::uint32_t>(count));
  if (kind == WeightKind::Identity) return weights;
  const auto [least, greatest] = std::ranges::minmax(class_values);
  const std::vector<std::size_t> rank = ranks_of(class_values);
  std::vector<double>& matrix = weights.matrix_;
  matrix.resize(count * count);
  double largest = 0;
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t l = 0; l < count; ++l) {
      double apart = 0;
      if (kind == WeightKind::GwetOrdinal) {
        const auto between =
            static_cast<double>(rank[k] > rank[l] ? rank[k] - rank[l] : rank[l] - rank[k]);
        apart = between * (between + 1) / 2;
      } else {
        apart = distance(kind, class_values[k], class_values[l], least, greatest);
      }
      matrix[k * count + l] = apart;
      largest = std::max(largest, apart);
    }
  }
  for (double& entry : matrix) entry = 1 - entry / largest;
  return weights;
}

Result<Weights> Weights::make(WeightKind kind, std::uint32_t class_count) {
  if (kind == WeightKind::Identity && class_count >= 2) return Weights(kind, class_count);
  std::vector<double> values(class_count);
  std::iota(values.begin(), values.end(), 1.0);
  return make(kind, values);
}

Result<Weights> Weights::own(std::uint32_t class_count, std::span<const double> matrix) {
  if (class_count < 2 || class_count > weighted_classes_max ||
      matrix.size() != std::size_t{class_count} * class_count) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} weights are no square matrix of {} classes (2 to {} are taken)",
                            matrix.size(), class_count, weighted_classes_max));
  }
  for (std::size_t k = 0; k < class_count; ++k) {
    for (std::size_t l = 0; l < class_count; ++l) {
      const double entry = matrix[k * class_count + l];
      const bool right = k == l ? entry == 1 : entry >= 0 && entry <= 1;
      if (!right || entry != matrix[l * class_count + k]) {
        return fail(ErrorCode::InvalidInput, "a weight is not between 0 and 1 or not symmetric",
                    fmt::format("row {}, column {}", k, l), "the diagonal must hold ones");
      }
    }
  }
  Weights weights(WeightKind::Own, class_count);
  weights.matrix_.assign(matrix.begin(), matrix.end());
  return weights;
}

std::uint64_t Weights::class_mark(std::size_t k) const {
  if (identity()) return 0;
  std::vector<double> row(matrix_.begin() + static_cast<std::ptrdiff_t>(k * class_count_),
                          matrix_.begin() + static_cast<std::ptrdiff_t>((k + 1) * class_count_));
  std::ranges::sort(row);
  std::uint64_t mark = 0x2545F4914F6CDD1DULL;
  for (const double weight : row) {
    mark = (mark ^ std::bit_cast<std::uint64_t>(weight)) * 0x9E3779B97F4A7C15ULL;
    mark ^= mark >> 29U;
  }
  return mark;
}

}  // namespace consilium
