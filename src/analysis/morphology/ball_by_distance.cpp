#include <algorithm>
#include <bit>
#include <vector>

#include "analysis/distance/envelope.hpp"
#include "analysis/morphology/ball.hpp"
#include "analysis/parallel/parallel.hpp"

namespace consilium::morphology {
namespace {

using distance::EnvelopeScratch;
using distance::squared_steps;

constexpr std::size_t strip = 64;  // columns that go together: one word of every row
constexpr std::size_t lanes = distance::lane_count<float>;

// The strip of one word of every row: distances along x from the row's bits, then the envelopes
// along y and z, and only the voxels within the limit are written, as bits. A strip of a CT is
// 39 MB and used again for the next word, where whole volumes of distances would cost more in
// pages never touched before than in sums.
class Strip {
 public:
  Strip(const BitVolume& bits, const Lattice& lattice, float limit, BitVolume& result)
      : bits_(bits),
        limit_(limit),
        result_(result),
        ny_(lattice.dims[1]),
        nz_(lattice.dims[2]),
        along_x_(squared_steps<float>(lattice.dims[0] + strip, lattice.spacing_mm[0])),
        along_y_(squared_steps<float>(ny_, lattice.spacing_mm[1])),
        along_z_(squared_steps<float>(nz_, lattice.spacing_mm[2])),
        step_(along_x_.data() + lattice.dims[0] + strip - 1),
        squared_(strip * ny_ * nz_),
        scratch_(std::max(ny_, nz_)) {}
  Strip(const Strip&) = delete;
  Strip(Strip&&) = default;
  Strip& operator=(const Strip&) = delete;
  Strip& operator=(Strip&&) = delete;
  ~Strip() = default;

  void dilate(std::size_t word) {
    slices_.clear();
    for (std::size_t z = 0; z < nz_; ++z) {
      if (do_slice(word, z)) slices_.push_back(static_cast<std::int32_t>(z));
    }
    if (slices_.empty()) return;
    for (std::size_t y = 0; y < ny_; ++y) do_across_slices(word, y);
  }

 private:
  // Squares of the distances to the row's nearest set bit; false where all are past the limit.
  bool do_row(std::size_t word, const std::uint64_t* row, float* out) const {
    const auto base = static_cast<std::ptrdiff_t>(word * strip);
    // The last set bit before x and the first after, as steps from the word's first voxel.
    std::ptrdiff_t before = 0;
    bool has_before = false;
    for (std::size_t w = word; w-- > 0 && !has_before;) {
      if (row[w] == 0) continue;
      before = static_cast<std::ptrdiff_t>(w * 64 + 63) - std::countl_zero(row[w]) - base;
      has_before = true;
    }
    std::ptrdiff_t done = 0;
    const auto fill = [&](std::ptrdiff_t end, bool has_after, std::ptrdiff_t after) {
      if (has_before && has_after) {
        for (std::ptrdiff_t x = done; x < end; ++x) {
          out[x] = std::min(step_[x - before], step_[after - x]);
        }
      } else if (has_before) {
        std::copy(step_ + done - before, step_ + end - before, out + done);
      } else if (has_after) {
        for (std::ptrdiff_t x = done; x < end; ++x) out[x] = step_[after - x];
      }
    };
    if (row[word] == ~std::uint64_t{0}) {
      std::fill_n(out, strip, 0.0F);
      return true;
    }
    for (std::uint64_t rest = row[word]; rest != 0; rest &= rest - 1) {
      const std::ptrdiff_t x = std::countr_zero(rest);
      fill(x, true, x);
      out[x] = 0;
      before = x;
      has_before = true;
      done = x + 1;
    }
    std::size_t next = word + 1;
    while (next < bits_.row_words() && row[next] == 0) ++next;
    const bool has_after = next < bits_.row_words();
    if (!has_before && !has_after) return false;
    const std::ptrdiff_t after =
        has_after ? static_cast<std::ptrdiff_t>(next * 64) + std::countr_zero(row[next]) - base : 0;
    fill(strip, has_after, after);
    return row[word] != 0 || (has_before && step_[before] <= limit_) ||
           (has_after && step_[after - static_cast<std::ptrdiff_t>(strip - 1)] <= limit_);
  }

  bool do_slice(std::size_t word, std::size_t z) {
    float* slice = squared_.data() + z * ny_ * strip;
    std::size_t row_count = 0;
    for (std::size_t y = 0; y < ny_; ++y) {
      if (do_row(word, bits_.row(y, z), slice + y * strip)) {
        scratch_.places[row_count++] = static_cast<std::int32_t>(y);
      }
    }
    if (row_count == 0) return false;
    for (std::size_t x = 0; x < strip; x += lanes) {
      for (std::size_t k = 0; k < row_count; ++k) {
        const float* from = slice + static_cast<std::size_t>(scratch_.places[k]) * strip + x;
        std::copy_n(from, lanes, scratch_.rows.data() + k * lanes);
      }
      distance::lower_envelope(scratch_, row_count, ny_, along_y_.data() + ny_ - 1);
      for (std::size_t y = 0; y < ny_; ++y) {
        std::copy_n(scratch_.results.data() + y * lanes, lanes, slice + y * strip + x);
      }
    }
    return true;
  }

  void do_across_slices(std::size_t word, std::size_t y) {
    // Slices whose row lies past the limit everywhere do not reach their neighbours either.
    std::size_t row_count = 0;
    for (const std::int32_t z : slices_) {
      const float* row = row_of(y, static_cast<std::size_t>(z));
      if (std::any_of(row, row + strip, [this](float value) { return value <= limit_; })) {
        scratch_.places[row_count++] = z;
      }
    }
    if (row_count == 0) return;
    for (std::size_t x = 0; x < strip; x += lanes) {
      for (std::size_t k = 0; k < row_count; ++k) {
        std::copy_n(row_of(y, static_cast<std::size_t>(scratch_.places[k])) + x, lanes,
                    scratch_.rows.data() + k * lanes);
      }
      distance::lower_envelope(scratch_, row_count, nz_, along_z_.data() + nz_ - 1);
      for (std::size_t z = 0; z < nz_; ++z) {
        const float* values = scratch_.results.data() + z * lanes;
        std::uint64_t within = 0;
        for (std::size_t i = 0; i < lanes; ++i) {
          within |= static_cast<std::uint64_t>(values[i] <= limit_) << i;
        }
        result_.row(y, z)[word] |= within << x;
      }
    }
    if (word + 1 == bits_.row_words()) {
      for (std::size_t z = 0; z < nz_; ++z) result_.row(y, z)[word] &= bits_.last_word_bits();
    }
  }

  [[nodiscard]] const float* row_of(std::size_t y, std::size_t z) const {
    return squared_.data() + (z * ny_ + y) * strip;
  }

  const BitVolume& bits_;
  float limit_;
  BitVolume& result_;
  std::size_t ny_;
  std::size_t nz_;
  std::vector<float> along_x_;
  std::vector<float> along_y_;
  std::vector<float> along_z_;
  const float* step_;  // step_[d]: the square of d steps along x, for d of either sign
  std::vector<float> squared_;
  EnvelopeScratch<float> scratch_;
  std::vector<std::int32_t> slices_;  // that hold a row within the limit
};

}  // namespace

BitVolume dilated_by_distance(const BitVolume& bits, const Lattice& lattice, double radius_mm,
                              unsigned threads) {
  const auto limit = static_cast<float>(radius_mm * radius_mm * (1 + square_slack));
  BitVolume result(bits.dims());
  for_each_part(bits.row_words(), threads, [&] {
    return [strip_of = Strip(bits, lattice, limit, result)](std::size_t word) mutable {
      strip_of.dilate(word);
    };
  });
  return result;
}

}  // namespace consilium::morphology
