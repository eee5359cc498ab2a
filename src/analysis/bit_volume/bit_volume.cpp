#include "analysis/bit_volume/bit_volume.hpp"

#include <algorithm>
#include <bit>

#include "base/check.hpp"

namespace consilium {
namespace {

template <class Combine>
BitVolume combined(const BitVolume& a, const BitVolume& b, const Combine& combine) {
  CSL_CHECK(a.dims() == b.dims());
  BitVolume result(a.dims());
  std::ranges::transform(a.words(), b.words(), result.words().begin(), combine);
  return result;
}

// The bits [begin, end) of one word.
std::uint64_t bits_between(std::size_t begin, std::size_t end) {
  const std::uint64_t below_end =
      end >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - std::uint64_t{1};
  return below_end & (~std::uint64_t{0} << begin);
}

// Calls use(word, bits) for the words that [begin, end) touches.
template <class Use>
void for_each_word(std::size_t begin, std::size_t end, const Use& use) {
  for (std::size_t w = begin / 64; w * 64 < end; ++w) {
    const std::size_t first = std::max(begin, w * 64) - w * 64;
    use(w, bits_between(first, std::min<std::size_t>(end - w * 64, 64)));
  }
}

// Bits from `from` on, `count` of them, of a row of `word_count` words; `to` has room.
void copy_bits(const std::uint64_t* row, std::size_t word_count, std::size_t from,
               std::size_t count, std::uint64_t* to) {
  const std::size_t shift = from % 64;
  for (std::size_t w = 0; w * 64 < count; ++w) {
    const std::size_t at = from / 64 + w;
    std::uint64_t word = row[at] >> shift;
    if (shift != 0 && at + 1 < word_count) word |= row[at + 1] << (64 - shift);
    to[w] = word & bits_between(0, std::min<std::size_t>(count - w * 64, 64));
  }
}

}  // namespace

VoxelRange whole_box(const VoxelDims& dims) { return {.first = {}, .end = dims}; }

VoxelRange grown_box(const VoxelRange& box, const std::array<std::uint32_t, 3>& steps,
                     const VoxelDims& dims) {
  VoxelRange grown;
  for (std::size_t a = 0; a < 3; ++a) {
    grown.first[a] = box.first[a] - std::min(steps[a], box.first[a]);
    grown.end[a] = box.end[a] + std::min(steps[a], dims[a] - box.end[a]);
  }
  return grown;
}

BitVolume::BitVolume(const VoxelDims& dims)
    : dims_(dims), row_words_(words_of(dims[0])), words_(row_words_ * dims[1] * dims[2]) {
  CSL_CHECK(dims[0] > 0 && dims[1] > 0 && dims[2] > 0);
}

BitVolume bits_of_mask(std::span<const std::uint8_t> mask, const VoxelDims& dims) {
  BitVolume bits(dims);
  CSL_CHECK(mask.size() == bits.row_count() * dims[0]);
  for (std::size_t r = 0; r < bits.row_count(); ++r) {
    pack_row(mask.subspan(r * dims[0], dims[0]), bits.words().data() + r * bits.row_words());
  }
  return bits;
}

BitVolume bits_of_label(std::span<const std::uint16_t> labels, const VoxelDims& dims,
                        std::uint16_t label) {
  BitVolume bits(dims);
  CSL_CHECK(labels.size() == bits.row_count() * dims[0]);
  std::vector<std::uint8_t> same(dims[0]);
  for (std::size_t r = 0; r < bits.row_count(); ++r) {
    const auto row = labels.subspan(r * dims[0], dims[0]);
    std::ranges::transform(row, same.begin(), [label](std::uint16_t value) {
      return static_cast<std::uint8_t>(value == label);
    });
    pack_row(same, bits.words().data() + r * bits.row_words());
  }
  return bits;
}

std::vector<std::uint8_t> mask_of_bits(const BitVolume& bits) {
  const std::size_t nx = bits.dims()[0];
  std::vector<std::uint8_t> mask(bits.row_count() * nx);
  for (std::size_t r = 0; r < bits.row_count(); ++r) {
    for_each_run(bits.words().data() + r * bits.row_words(), bits.row_words(),
                 [&](std::size_t begin, std::size_t end) {
                   std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(r * nx + begin),
                               end - begin, std::uint8_t{1});
                 });
  }
  return mask;
}

std::optional<VoxelRange> box_of(const BitVolume& bits) {
  const auto [nx, ny, nz] = bits.dims();
  std::vector<std::uint64_t> columns(bits.row_words());
  VoxelRange box{.first = {nx, ny, nz}, .end = {}};
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      const std::uint64_t* row = bits.row(y, z);
      std::uint64_t any = 0;
      for (std::size_t w = 0; w < columns.size(); ++w) {
        columns[w] |= row[w];
        any |= row[w];
      }
      if (any == 0) continue;
      box.first[1] = std::min(box.first[1], y);
      box.end[1] = std::max(box.end[1], y + 1);
      box.first[2] = std::min(box.first[2], z);
      box.end[2] = z + 1;
    }
  }
  if (box.end[2] == 0) return std::nullopt;
  for_each_run(columns.data(), columns.size(), [&](std::size_t begin, std::size_t end) {
    box.first[0] = std::min(box.first[0], static_cast<std::uint32_t>(begin));
    box.end[0] = static_cast<std::uint32_t>(end);
  });
  return box;
}

std::uint64_t count_of(const BitVolume& bits) {
  std::uint64_t count = 0;
  for (const std::uint64_t word : bits.words()) count += static_cast<unsigned>(std::popcount(word));
  return count;
}

BitVolume cropped(const BitVolume& bits, const VoxelRange& box) {
  BitVolume part(box.dims());
  for (std::size_t z = 0; z < part.dims()[2]; ++z) {
    for (std::size_t y = 0; y < part.dims()[1]; ++y) {
      copy_bits(bits.row(box.first[1] + y, box.first[2] + z), bits.row_words(), box.first[0],
                part.dims()[0], part.row(y, z));
    }
  }
  return part;
}

void paste(BitVolume& into, const BitVolume& part, const VoxelRange& box) {
  CSL_CHECK(part.dims() == box.dims());
  for (std::size_t z = 0; z < part.dims()[2]; ++z) {
    for (std::size_t y = 0; y < part.dims()[1]; ++y) {
      std::uint64_t* row = into.row(box.first[1] + y, box.first[2] + z);
      clear_run(row, box.first[0], box.end[0]);
      for_each_run(part.row(y, z), part.row_words(), [&](std::size_t begin, std::size_t end) {
        set_run(row, box.first[0] + begin, box.first[0] + end);
      });
    }
  }
}

BitVolume transposed(const BitVolume& bits) {
  const auto [nx, ny, nz] = bits.dims();
  BitVolume result({ny, nx, nz});
  for (std::size_t z = 0; z < nz; ++z) {
    for (std::size_t y = 0; y < ny; ++y) {
      for_each_run(bits.row(y, z), bits.row_words(), [&](std::size_t begin, std::size_t end) {
        for (std::size_t x = begin; x < end; ++x) result.set(y, x, z);
      });
    }
  }
  return result;
}

BitVolume union_of(const BitVolume& a, const BitVolume& b) {
  return combined(a, b, [](std::uint64_t p, std::uint64_t q) { return p | q; });
}

BitVolume difference_of(const BitVolume& a, const BitVolume& b) {
  return combined(a, b, [](std::uint64_t p, std::uint64_t q) { return p & ~q; });
}

BitVolume intersection_of(const BitVolume& a, const BitVolume& b) {
  return combined(a, b, [](std::uint64_t p, std::uint64_t q) { return p & q; });
}

BitVolume complement_of(const BitVolume& bits) {
  BitVolume result(bits.dims());
  const std::span<std::uint64_t> to = result.words();
  std::ranges::transform(bits.words(), to.begin(), [](std::uint64_t word) { return ~word; });
  for (std::size_t r = 1; r <= bits.row_count(); ++r) {
    to[r * bits.row_words() - 1] &= bits.last_word_bits();
  }
  return result;
}

void set_run(std::uint64_t* row, std::size_t begin, std::size_t end) {
  for_each_word(begin, end, [&](std::size_t w, std::uint64_t bits) { row[w] |= bits; });
}

void clear_run(std::uint64_t* row, std::size_t begin, std::size_t end) {
  for_each_word(begin, end, [&](std::size_t w, std::uint64_t bits) { row[w] &= ~bits; });
}

}  // namespace consilium
