#include "analysis/surface_nets/net.hpp"

#include <algorithm>

#include "analysis/parallel/parallel.hpp"

namespace consilium::surface_nets {
namespace {

// out[x] = 1 where any of the four rows changes between x - 1 and x or the rows differ at x or
// x - 1: only there may a cell hold two labels. The rows are padded by one 0 on either side.
[[gnu::target_clones("avx2", "default")]] void mark_mixed(const std::uint16_t* __restrict a,
                                                          const std::uint16_t* __restrict b,
                                                          const std::uint16_t* __restrict c,
                                                          const std::uint16_t* __restrict d,
                                                          std::uint16_t* __restrict out,
                                                          std::size_t count) {
  for (std::size_t x = 0; x < count; ++x) {
    const std::uint16_t first = a[x];
    out[x] = static_cast<std::uint16_t>((first ^ b[x]) | (first ^ c[x]) | (first ^ d[x]) |
                                        (first ^ a[x + 1]) | (first ^ b[x + 1]) |
                                        (first ^ c[x + 1]) | (first ^ d[x + 1]));
  }
}

// Whether the four voxels of a face are not all of one label.
bool mixed(std::uint16_t a, std::uint16_t b, std::uint16_t c, std::uint16_t d) {
  return a != b || a != c || a != d;
}

class RowScanner {
 public:
  RowScanner(std::span<const std::uint16_t> labels, const std::array<std::uint32_t, 3>& dims)
      : labels_(labels), nx_(dims[0]), ny_(dims[1]), nz_(dims[2]), mixed_(nx_ + 1) {
    for (auto& row : rows_) row.assign(nx_ + 2, 0);
  }

  // The cells of row (y, z) of the net.
  void scan(std::size_t y, std::size_t z, std::vector<Cell>& out) {
    load(rows_[0], y, z);  // y - 1, z - 1 in voxels, see load
    load(rows_[1], y + 1, z);
    load(rows_[2], y, z + 1);
    load(rows_[3], y + 1, z + 1);
    mark_mixed(rows_[0].data(), rows_[1].data(), rows_[2].data(), rows_[3].data(), mixed_.data(),
               nx_ + 1);
    std::size_t x = 0;
    while (x <= nx_) {
      while (x + 4 <= nx_ + 1 && (mixed_[x] | mixed_[x + 1] | mixed_[x + 2] | mixed_[x + 3]) == 0) {
        x += 4;
      }
      if (x > nx_) break;
      if (mixed_[x] != 0) out.push_back(cell_at(x));
      ++x;
    }
  }

 private:
  // Voxel row (y - 1, z - 1), all 0 beyond the volume.
  void load(std::vector<std::uint16_t>& row, std::size_t y, std::size_t z) const {
    if (y == 0 || z == 0 || y > ny_ || z > nz_) {
      std::ranges::fill(row, std::uint16_t{0});
      return;
    }
    std::copy_n(labels_.begin() + static_cast<std::ptrdiff_t>(((z - 1) * ny_ + y - 1) * nx_), nx_,
                row.begin() + 1);
  }

  [[nodiscard]] Cell cell_at(std::size_t x) const {
    const auto& [a, b, c, d] = rows_;
    const bool crossed[face_count] = {
        mixed(a[x], b[x], c[x], d[x]),         mixed(a[x + 1], b[x + 1], c[x + 1], d[x + 1]),
        mixed(a[x], a[x + 1], c[x], c[x + 1]), mixed(b[x], b[x + 1], d[x], d[x + 1]),
        mixed(a[x], a[x + 1], b[x], b[x + 1]), mixed(c[x], c[x + 1], d[x], d[x + 1])};
    unsigned crossings = 0;
    for (unsigned f = 0; f < face_count; ++f) crossings |= crossed[f] ? 1U << f : 0U;
    const std::uint16_t high = d[x + 1];
    const unsigned pairs =
        (d[x] != high ? 1U : 0U) | (c[x + 1] != high ? 2U : 0U) | (b[x + 1] != high ? 4U : 0U);
    return {.x = static_cast<std::uint32_t>(x),
            .crossings = static_cast<std::uint8_t>(crossings),
            .pairs = static_cast<std::uint8_t>(pairs)};
  }

  std::span<const std::uint16_t> labels_;
  std::size_t nx_, ny_, nz_;
  std::array<std::vector<std::uint16_t>, 4> rows_;
  std::vector<std::uint16_t> mixed_;
};

// Ties the cells of two neighbouring rows: `high` is the face of the first row's cells towards the
// second row, high - 1 the one back.
void tie_rows(Net& net, std::size_t first, std::size_t second, std::size_t high) {
  std::uint32_t j = net.row_begin[second];
  for (std::uint32_t i = net.row_begin[first]; i < net.row_begin[first + 1]; ++i) {
    if ((net.cells[i].crossings >> high & 1U) == 0) continue;
    while (net.cells[j].x < net.cells[i].x) ++j;  // it is there: the face is the other cell's too
    net.next[i][high] = j;
    net.next[j][high - 1] = i;
  }
}

void tie_all(Net& net, unsigned threads) {
  const std::size_t rows = net.dims[1] + 1U;
  const std::size_t layers = net.dims[2] + 1U;
  std::array<std::uint32_t, face_count> none{};
  none.fill(no_cell);
  net.next.assign(net.cells.size(), none);
  // Every entry has one writer: a row ties itself to the next row and the next layer.
  for_each_part(layers, threads, [&] {
    return [&](std::size_t z) {
      for (std::size_t y = 0; y < rows; ++y) {
        const std::size_t row = net.row_of(y, z);
        for (std::uint32_t i = net.row_begin[row]; i < net.row_begin[row + 1]; ++i) {
          if ((net.cells[i].crossings & 1U) != 0) net.next[i][0] = i - 1;
          if ((net.cells[i].crossings & 2U) != 0) net.next[i][1] = i + 1;
        }
        if (y + 1 < rows) tie_rows(net, row, row + 1, 3);
        if (z + 1 < layers) tie_rows(net, row, row + rows, 5);
      }
    };
  });
}

}  // namespace

Net net_of(std::span<const std::uint16_t> labels, const std::array<std::uint32_t, 3>& dims,
           unsigned threads) {
  const std::size_t rows = dims[1] + 1U;
  const std::size_t layers = dims[2] + 1U;
  struct Layer {
    std::vector<Cell> cells;
    std::vector<std::uint32_t> row_begin;
  };
  std::vector<Layer> found(layers);
  for_each_part(layers, threads, [&] {
    return [&, scanner = RowScanner(labels, dims)](std::size_t z) mutable {
      for (std::size_t y = 0; y < rows; ++y) {
        found[z].row_begin.push_back(static_cast<std::uint32_t>(found[z].cells.size()));
        scanner.scan(y, z, found[z].cells);
      }
    };
  });
  Net net{.dims = dims, .cells = {}, .next = {}, .row_begin = {}};
  for (const Layer& layer : found) {
    const auto base = static_cast<std::uint32_t>(net.cells.size());
    for (const std::uint32_t begin : layer.row_begin) net.row_begin.push_back(base + begin);
    net.cells.insert(net.cells.end(), layer.cells.begin(), layer.cells.end());
  }
  net.row_begin.push_back(static_cast<std::uint32_t>(net.cells.size()));
  tie_all(net, threads);
  return net;
}

}  // namespace consilium::surface_nets
