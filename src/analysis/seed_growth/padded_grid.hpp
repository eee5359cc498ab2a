// One grid of the pyramid, laid out with a rim of one voxel that is never part of anything, so that
// the loops over neighbours need no bounds. An axis of one voxel has no rim and no neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "analysis/distance/lattice.hpp"

namespace consilium::seed_growth {

struct Neighbour {
  std::ptrdiff_t step = 0;   // in the padded array
  std::uint32_t length = 0;  // in eighths of the shortest spacing
};

class PaddedGrid {
 public:
  explicit PaddedGrid(const Lattice& lattice);

  [[nodiscard]] const Lattice& lattice() const { return lattice_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint32_t index(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
    return origin_ + x + stride_y_ * y + stride_z_ * z;
  }
  // The index without the rim, as the caller's volumes have it.
  [[nodiscard]] std::uint32_t dense(std::uint32_t x, std::uint32_t y, std::uint32_t z) const {
    return x + lattice_.dims[0] * (y + lattice_.dims[1] * z);
  }
  [[nodiscard]] std::array<std::uint32_t, 3> place(std::uint32_t index) const {
    const std::uint32_t from_first = index - origin_;
    const std::uint32_t in_slice = from_first % stride_z_;
    return {in_slice % stride_y_, in_slice / stride_y_, from_first / stride_z_};
  }
  [[nodiscard]] const std::vector<Neighbour>& neighbours() const { return neighbours_; }
  // How far apart neighbours may lie in the padded array.
  [[nodiscard]] std::uint32_t reach() const {
    return neighbours_.empty() ? 0 : static_cast<std::uint32_t>(neighbours_.back().step);
  }

 private:
  Lattice lattice_;
  std::uint32_t stride_y_ = 0;
  std::uint32_t stride_z_ = 0;
  std::uint32_t origin_ = 0;
  std::size_t size_ = 0;
  std::vector<Neighbour> neighbours_;
};

// Zeros that take no memory before they are written: std::vector would touch every page.
template <class Value>
class ZeroedArray {
 public:
  explicit ZeroedArray(std::size_t size)
      : values_(static_cast<Value*>(std::calloc(size, sizeof(Value)))) {
    if (!values_) throw std::bad_alloc();
  }
  [[nodiscard]] Value* data() { return values_.get(); }
  [[nodiscard]] const Value* data() const { return values_.get(); }
  Value& operator[](std::size_t i) { return values_.get()[i]; }
  const Value& operator[](std::size_t i) const { return values_.get()[i]; }

 private:
  struct Free {
    void operator()(Value* values) const { std::free(values); }
  };
  std::unique_ptr<Value, Free> values_;
};

}  // namespace consilium::seed_growth
