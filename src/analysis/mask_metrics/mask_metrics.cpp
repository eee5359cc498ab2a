#include "analysis/mask_metrics/mask_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "analysis/distance/bit_rows.hpp"
#include "analysis/mask_metrics/nearest_surfel.hpp"
#include "analysis/mask_metrics/surface.hpp"
#include "analysis/mask_metrics/surface_summary.hpp"

namespace consilium {
namespace {

using mask_metrics::BitVolume;
using mask_metrics::Surface;

Status check_settings(const MaskMetricsSettings& settings) {
  if (!(settings.tolerance_mm >= 0) || std::isinf(settings.tolerance_mm)) {
    return fail(ErrorCode::InvalidInput, "the tolerance is not a length of 0 or more",
                fmt::format("{} mm", settings.tolerance_mm));
  }
  if (!(settings.percentile >= 0 && settings.percentile <= 100)) {
    return fail(ErrorCode::InvalidInput, "the percentile is not between 0 and 100",
                fmt::format("{}", settings.percentile));
  }
  return {};
}

// What one pass over the voxels finds of a pair of masks: how many voxels, and the box around both.
struct Found {
  std::uint64_t reference = 0;
  std::uint64_t other = 0;
  std::uint64_t common = 0;
  std::array<std::size_t, 3> low{SIZE_MAX, SIZE_MAX, SIZE_MAX};
  std::array<std::size_t, 3> high{};  // the last inside

  void widen(std::size_t first_x, std::size_t last_x, std::size_t y, std::size_t z) {
    low = {std::min(low[0], first_x), std::min(low[1], y), std::min(low[2], z)};
    high = {std::max(high[0], last_x), std::max(high[1], y), std::max(high[2], z)};
  }
};

Found find_masks(std::span<const std::uint8_t> reference, std::span<const std::uint8_t> other,
                 const Lattice& lattice) {
  Found found;
  const std::size_t nx = lattice.dims[0];
  std::vector<std::uint64_t> a(words_of(nx));
  std::vector<std::uint64_t> b(words_of(nx));
  for (std::size_t z = 0; z < lattice.dims[2]; ++z) {
    for (std::size_t y = 0; y < lattice.dims[1]; ++y) {
      const std::size_t begin = (z * lattice.dims[1] + y) * nx;
      pack_row(reference.subspan(begin, nx), a.data());
      pack_row(other.subspan(begin, nx), b.data());
      for (std::size_t w = 0; w < a.size(); ++w) {
        const std::uint64_t either = a[w] | b[w];
        if (either == 0) continue;
        found.reference += static_cast<unsigned>(std::popcount(a[w]));
        found.other += static_cast<unsigned>(std::popcount(b[w]));
        found.common += static_cast<unsigned>(std::popcount(a[w] & b[w]));
        found.widen(w * 64 + static_cast<unsigned>(std::countr_zero(either)),
                    w * 64 + 63 - static_cast<unsigned>(std::countl_zero(either)), y, z);
      }
    }
  }
  return found;
}

// For every label but 0 that occurs. Voxels come in runs of one pair of labels.
std::vector<Found> find_labels(std::span<const std::uint16_t> reference,
                               std::span<const std::uint16_t> other, const Lattice& lattice) {
  std::vector<Found> found(65'536);
  const std::size_t nx = lattice.dims[0];
  for (std::size_t z = 0; z < lattice.dims[2]; ++z) {
    for (std::size_t y = 0; y < lattice.dims[1]; ++y) {
      const std::uint16_t* a = reference.data() + (z * lattice.dims[1] + y) * nx;
      const std::uint16_t* b = other.data() + (z * lattice.dims[1] + y) * nx;
      for (std::size_t x = 0; x < nx;) {
        const std::size_t begin = x;
        while (x < nx && a[x] == a[begin] && b[x] == b[begin]) ++x;
        if (a[begin] == 0 && b[begin] == 0) continue;
        Found& of_a = found[a[begin]];
        Found& of_b = found[b[begin]];
        of_a.reference += x - begin;
        of_b.other += x - begin;
        if (a[begin] == b[begin]) of_a.common += x - begin;
        of_a.widen(begin, x - 1, y, z);
        of_b.widen(begin, x - 1, y, z);
      }
    }
  }
  return found;
}

// The box's voxels with a margin of one around it (none along z in a plane). `pack(row, words)`
// brings a row of voxels into bits.
template <class Voxel, class Pack>
BitVolume cut_out(std::span<const Voxel> volume, const Lattice& lattice, const Found& found,
                  const Pack& pack) {
  const std::size_t margin_z = lattice.planar() ? 0 : 1;
  const std::size_t nx = found.high[0] - found.low[0] + 1;
  const std::size_t ny = found.high[1] - found.low[1] + 1;
  const std::size_t nz = found.high[2] - found.low[2] + 1;
  BitVolume bits(nx + 2, ny + 2, nz + 2 * margin_z);
  std::vector<std::uint64_t> row(words_of(nx));
  for (std::size_t z = 0; z < nz; ++z) {
    for (std::size_t y = 0; y < ny; ++y) {
      const std::size_t begin =
          ((found.low[2] + z) * lattice.dims[1] + found.low[1] + y) * lattice.dims[0] +
          found.low[0];
      pack(volume.subspan(begin, nx), row.data());
      std::uint64_t* out = bits.row(y + 1, z + margin_z);
      for (std::size_t w = 0; w < bits.row_words; ++w) {  // one voxel on, for the margin
        const std::uint64_t here = w < row.size() ? row[w] << 1U : 0;
        out[w] = here | (w > 0 ? row[w - 1] >> 63U : 0);
      }
    }
  }
  return bits;
}

std::optional<double> ratio(double part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return part / static_cast<double>(whole);
}

OverlapMetrics overlap_of(const Found& found, const Lattice& lattice) {
  const auto reference = static_cast<double>(found.reference);
  const auto other = static_cast<double>(found.other);
  const auto common = static_cast<double>(found.common);
  const double voxel_ml = lattice.voxel_volume_ml();
  return {.reference_voxels = found.reference,
          .other_voxels = found.other,
          .common_voxels = found.common,
          .reference_ml = reference * voxel_ml,
          .other_ml = other * voxel_ml,
          .common_ml = common * voxel_ml,
          .dice = ratio(2 * common, found.reference + found.other),
          .jaccard = ratio(common, found.reference + found.other - found.common),
          .volume_difference_ml = (other - reference) * voxel_ml,
          .relative_volume_difference = ratio(other - reference, found.reference),
          .sensitivity = ratio(common, found.reference),
          .precision = ratio(common, found.other)};
}

template <class Voxel, class Pack>
MaskMetrics metrics_of(std::span<const Voxel> reference, std::span<const Voxel> other,
                       const Lattice& lattice, const Found& found,
                       const MaskMetricsSettings& settings, const Pack& pack) {
  MaskMetrics metrics{.overlap = overlap_of(found, lattice), .surface{}};
  if (found.reference == 0 && found.other == 0) {
    metrics.surface = mask_metrics::summarise({}, {}, settings, lattice.planar());
    return metrics;
  }
  const auto surface_in = [&](std::span<const Voxel> volume) {
    return mask_metrics::surface_of(cut_out(volume, lattice, found, pack), settings.surface,
                                    lattice.planar(), lattice.spacing_mm, settings.threads);
  };
  const Surface of_reference = surface_in(reference);
  const Surface of_other = surface_in(other);
  mask_metrics::TransformRoom room;
  const std::vector<double> there = mask_metrics::distances_mm(
      of_reference, of_other, lattice.spacing_mm, room, settings.threads);
  const std::vector<double> back = mask_metrics::distances_mm(
      of_other, of_reference, lattice.spacing_mm, room, settings.threads);
  metrics.surface = mask_metrics::summarise({there, of_reference.size}, {back, of_other.size},
                                            settings, lattice.planar());
  return metrics;
}

}  // namespace

Result<MaskMetrics> compare_masks(std::span<const std::uint8_t> reference,
                                  std::span<const std::uint8_t> other, const Lattice& lattice,
                                  const MaskMetricsSettings& settings) {
  CSL_TRY(check_settings(settings));
  CSL_TRY(check_lattice(lattice, reference.size()));
  CSL_TRY(check_lattice(lattice, other.size()));
  return metrics_of(reference, other, lattice, find_masks(reference, other, lattice), settings,
                    pack_row);
}

Result<std::vector<LabelMetrics>> compare_labels(std::span<const std::uint16_t> reference,
                                                 std::span<const std::uint16_t> other,
                                                 const Lattice& lattice,
                                                 const MaskMetricsSettings& settings) {
  CSL_TRY(check_settings(settings));
  CSL_TRY(check_lattice(lattice, reference.size()));
  CSL_TRY(check_lattice(lattice, other.size()));
  const std::vector<Found> found = find_labels(reference, other, lattice);
  std::vector<LabelMetrics> result;
  for (std::size_t l = 1; l < found.size(); ++l) {
    if (found[l].reference == 0 && found[l].other == 0) continue;
    const auto label = static_cast<std::uint16_t>(l);
    const auto pack = [label](std::span<const std::uint16_t> row, std::uint64_t* words) {
      std::fill_n(words, words_of(row.size()), 0);
      for (std::size_t x = 0; x < row.size(); ++x) {
        words[x / 64] |= static_cast<std::uint64_t>(row[x] == label) << (x % 64);
      }
    };
    result.push_back({.label = label,
                      .metrics = metrics_of(reference, other, lattice, found[l], settings, pack)});
  }
  return result;
}

}  // namespace consilium
