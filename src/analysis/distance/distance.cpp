#include "analysis/distance/distance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "analysis/distance/bit_rows.hpp"
#include "analysis/distance/envelope.hpp"
#include "analysis/parallel/parallel.hpp"

namespace consilium {
namespace {

using distance::EnvelopeScratch;
using distance::lane_count;
using distance::squared_steps;

enum class Feature { Nonzero, Zero };

template <class Value>
class Transform {
 public:
  Transform(std::span<const std::uint8_t> mask, const Lattice& lattice, Feature feature,
            DistanceForm form, std::span<Value> out)
      : mask_(mask),
        feature_(feature),
        form_(form),
        out_(out),
        nx_(lattice.dims[0]),
        ny_(lattice.dims[1]),
        nz_(lattice.dims[2]),
        squares_x_(squared_steps<Value>(nx_, lattice.spacing_mm[0])),
        squares_y_(squared_steps<Value>(ny_, lattice.spacing_mm[1])),
        squares_z_(squared_steps<Value>(nz_, lattice.spacing_mm[2])),
        slice_has_feature_(nz_) {}

  void run(unsigned threads) {
    // A slice's rows and columns are done together, while the slice is in the cache.
    for_each_part(nz_, threads, [&] {
      return [this, scratch = EnvelopeScratch<Value>(ny_),
              bits = std::vector<std::uint64_t>(words_of(nx_))](std::size_t z) mutable {
        slice_has_feature_[z] = do_slice(z, bits, scratch) ? 1 : 0;
      };
    });
    if (std::ranges::count(slice_has_feature_, 1) == 0) {
      std::ranges::fill(out_, std::numeric_limits<Value>::infinity());
      return;
    }
    for_each_part(ny_, threads, [&] {
      return [this, scratch = EnvelopeScratch<Value>(nz_)](std::size_t y) mutable {
        do_across_slices(y, scratch);
      };
    });
  }

 private:
  // Distances along the row to its nearest feature; false where it has none.
  bool do_row(std::span<const std::uint8_t> row, std::vector<std::uint64_t>& bits, Value* out) {
    pack_row(row, bits.data());
    const auto word_at = [&](std::size_t w) {
      return feature_ == Feature::Nonzero ? bits[w] : ~bits[w];
    };
    const Value* up = squares_x_.data() + nx_ - 1;  // up[d], d steps on
    std::size_t previous = 0;
    bool any = false;
    for (std::size_t w = 0; w < bits.size(); ++w) {
      std::uint64_t word = word_at(w);
      if (w + 1 == bits.size() && nx_ % 64 != 0) word &= (1ULL << (nx_ % 64)) - 1;
      if (word == ~0ULL && any && previous + 1 == w * 64) {
        std::fill_n(out + w * 64, 64, Value{0});
        previous = w * 64 + 63;
        continue;
      }
      for (; word != 0; word &= word - 1) {
        const std::size_t x = w * 64 + static_cast<std::size_t>(std::countr_zero(word));
        if (!any) {
          std::copy_n(up - x, x, out);  // up[-x] .. up[-1]
        } else if (x > previous + 1) {
          const std::size_t gap = x - previous - 1;
          const std::size_t rising = gap / 2;
          std::copy_n(up + 1, rising, out + previous + 1);
          std::copy_n(up - (gap - rising), gap - rising, out + previous + 1 + rising);
        }
        out[x] = 0;
        previous = x;
        any = true;
      }
    }
    if (any) std::copy_n(up + 1, nx_ - 1 - previous, out + previous + 1);
    return any;
  }

  bool do_slice(std::size_t z, std::vector<std::uint64_t>& bits, EnvelopeScratch<Value>& scratch) {
    Value* slice = out_.data() + z * nx_ * ny_;
    std::size_t row_count = 0;
    for (std::size_t y = 0; y < ny_; ++y) {
      if (do_row(mask_.subspan((z * ny_ + y) * nx_, nx_), bits, slice + y * nx_)) {
        scratch.places[row_count++] = static_cast<std::int32_t>(y);
      }
    }
    if (row_count == 0) return false;
    do_columns(slice, nx_, row_count, ny_, squares_y_, scratch, [](Value value) { return value; });
    return true;
  }

  void do_across_slices(std::size_t y, EnvelopeScratch<Value>& scratch) {
    std::size_t row_count = 0;
    for (std::size_t z = 0; z < nz_; ++z) {
      if (slice_has_feature_[z] != 0) scratch.places[row_count++] = static_cast<std::int32_t>(z);
    }
    Value* first = out_.data() + y * nx_;
    if (form_ == DistanceForm::Plain) {
      do_columns(first, nx_ * ny_, row_count, nz_, squares_z_, scratch,
                 [](Value value) { return std::sqrt(value); });
    } else if (nz_ > 1) {
      do_columns(first, nx_ * ny_, row_count, nz_, squares_z_, scratch,
                 [](Value value) { return value; });
    }
  }

  // All columns of nx_ that start at `first`, whose rows are `stride` apart.
  template <class Finish>
  void do_columns(Value* first, std::size_t stride, std::size_t row_count, std::size_t edge,
                  const std::vector<Value>& squares, EnvelopeScratch<Value>& scratch,
                  const Finish& finish) {
    constexpr std::size_t lanes = lane_count<Value>;
    for (std::size_t x = 0; x < nx_; x += lanes) {
      const std::size_t width = std::min(lanes, nx_ - x);
      for (std::size_t k = 0; k < row_count; ++k) {
        const Value* from = first + static_cast<std::size_t>(scratch.places[k]) * stride + x;
        Value* to = scratch.rows.data() + k * lanes;
        if (width == lanes) {
          std::copy_n(from, lanes, to);
        } else {
          std::copy_n(from, width, to);
          // The lanes past the edge repeat the last column, so that they widen no search.
          std::fill(to + width, to + lanes, from[width - 1]);
        }
      }
      distance::lower_envelope(scratch, row_count, edge, squares.data() + edge - 1);
      for (std::size_t k = 0; k < edge; ++k) {
        const Value* from = scratch.results.data() + k * lanes;
        std::transform(from, from + width, first + k * stride + x, finish);
      }
    }
  }

  std::span<const std::uint8_t> mask_;
  Feature feature_;
  DistanceForm form_;
  std::span<Value> out_;
  std::size_t nx_;
  std::size_t ny_;
  std::size_t nz_;
  std::vector<Value> squares_x_;
  std::vector<Value> squares_y_;
  std::vector<Value> squares_z_;
  std::vector<std::uint8_t> slice_has_feature_;
};

Status check_volumes(std::span<const std::uint8_t> mask, const Lattice& lattice,
                     std::size_t out_size) {
  CSL_TRY(check_lattice(lattice, mask.size()));
  if (out_size != mask.size()) {
    return fail(ErrorCode::InvalidInput, "the output has another length than the mask",
                fmt::format("{} for {} voxels", out_size, mask.size()));
  }
  return {};
}

template <class Value>
Status distances(std::span<const std::uint8_t> mask, const Lattice& lattice, DistanceForm form,
                 std::span<Value> out, unsigned threads) {
  CSL_TRY(check_volumes(mask, lattice, out.size()));
  Transform<Value>(mask, lattice, Feature::Nonzero, form, out).run(threads);
  return {};
}

template <class Value>
Status signed_distances(std::span<const std::uint8_t> mask, const Lattice& lattice,
                        std::span<Value> out, unsigned threads) {
  CSL_TRY(check_volumes(mask, lattice, out.size()));
  Transform<Value>(mask, lattice, Feature::Nonzero, DistanceForm::Plain, out).run(threads);
  std::vector<Value> inside(mask.size());
  Transform<Value>(mask, lattice, Feature::Zero, DistanceForm::Plain, std::span(inside))
      .run(threads);
  for (std::size_t v = 0; v < mask.size(); ++v) {
    if (mask[v] != 0) out[v] = -inside[v];
  }
  return {};
}

}  // namespace

Status distance_to_mask(std::span<const std::uint8_t> mask, const Lattice& lattice,
                        DistanceForm form, std::span<float> out, unsigned threads) {
  return distances(mask, lattice, form, out, threads);
}

Status distance_to_mask(std::span<const std::uint8_t> mask, const Lattice& lattice,
                        DistanceForm form, std::span<double> out, unsigned threads) {
  return distances(mask, lattice, form, out, threads);
}

Status signed_distance(std::span<const std::uint8_t> mask, const Lattice& lattice,
                       std::span<float> out, unsigned threads) {
  return signed_distances(mask, lattice, out, threads);
}

Status signed_distance(std::span<const std::uint8_t> mask, const Lattice& lattice,
                       std::span<double> out, unsigned threads) {
  return signed_distances(mask, lattice, out, threads);
}

}  // namespace consilium
