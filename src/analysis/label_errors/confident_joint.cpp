#include "analysis/label_errors/confident_joint.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace consilium {
namespace {

std::uint64_t with_diagonal(const ConfidentJoint& joint, std::size_t given, std::size_t truth) {
  const std::uint64_t count = joint.count(given, truth);
  return given == truth ? std::max<std::uint64_t>(count, 1) : count;
}

}  // namespace

std::vector<double> calibrated_joint(const ConfidentJoint& joint) {
  const std::size_t k = joint.class_count;
  std::vector<double> out(k * k);
  for (std::size_t given = 0; given < k; ++given) {
    std::uint64_t sum = 0;
    for (std::size_t truth = 0; truth < k; ++truth) sum += with_diagonal(joint, given, truth);
    for (std::size_t truth = 0; truth < k; ++truth) {
      out[given * k + truth] = static_cast<double>(with_diagonal(joint, given, truth)) /
                               static_cast<double>(sum) *
                               static_cast<double>(joint.label_counts[given]);
    }
  }
  return out;
}

std::vector<std::int64_t> calibrated_counts(const ConfidentJoint& joint) {
  const std::size_t k = joint.class_count;
  const std::vector<double> exact = calibrated_joint(joint);
  std::vector<std::int64_t> out(k * k);
  std::vector<std::size_t> order(k);
  for (std::size_t given = 0; given < k; ++given) {
    const std::size_t row = given * k;
    auto missing = static_cast<std::int64_t>(joint.label_counts[given]);
    for (std::size_t truth = 0; truth < k; ++truth) {
      out[row + truth] = std::llrint(exact[row + truth]);
      missing -= out[row + truth];
    }
    if (missing == 0) continue;
    // Each entry moved by at most a half, so fewer than k are missing and one round suffices.
    const double sign = missing > 0 ? 1 : -1;
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t truth) {
      const double lost = exact[row + truth] - static_cast<double>(out[row + truth]);
      return std::tuple(-sign * lost, -exact[row + truth], truth);
    });
    for (std::int64_t i = 0; i < std::abs(missing); ++i) {
      out[row + order[static_cast<std::size_t>(i)]] += missing > 0 ? 1 : -1;
    }
  }
  return out;
}

std::vector<double> estimated_joint(const ConfidentJoint& joint) {
  std::vector<double> out = calibrated_joint(joint);
  if (joint.row_count == 0) return out;
  for (double& entry : out) entry /= static_cast<double>(joint.row_count);
  return out;
}

std::vector<std::int64_t> prune_counts(const ConfidentJoint& joint, std::uint64_t kept_per_class,
                                       double noise_share) {
  const std::size_t k = joint.class_count;
  std::vector<std::int64_t> out = calibrated_counts(joint);
  for (std::size_t given = 0; given < k; ++given) {
    std::int64_t* row = &out[given * k];
    const std::int64_t kept = std::max(row[given], static_cast<std::int64_t>(kept_per_class));
    const auto raised = static_cast<double>(kept - row[given]);
    std::int64_t others = 0;
    for (std::size_t truth = 0; truth < k; ++truth) others += row[truth] != 0 ? 1 : 0;
    const double less = raised / static_cast<double>(std::max<std::int64_t>(others - 1, 1));
    double diagonal = static_cast<double>(kept);
    for (std::size_t truth = 0; truth < k; ++truth) {
      if (truth == given) continue;
      const double noise = std::max(static_cast<double>(row[truth]) - less, 0.0);
      row[truth] = static_cast<std::int64_t>(noise * noise_share);
      diagonal += noise - noise * noise_share;
    }
    row[given] = static_cast<std::int64_t>(diagonal);
  }
  return out;
}

}  // namespace consilium
