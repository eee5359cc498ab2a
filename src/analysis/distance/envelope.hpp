// The lower envelope of parabolas along one axis, for several columns at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace consilium::distance {

// Columns that go together: one cache line of them.
template <class Value>
inline constexpr std::size_t lane_count = 64 / sizeof(Value);

template <class Value>
struct EnvelopeScratch {
  explicit EnvelopeScratch(std::size_t edge)
      : rows((edge + 1) * lane_count<Value>),
        results((edge + 1) * lane_count<Value>),
        places(edge),
        least(edge),
        greatest(edge) {}
  std::vector<Value> rows;           // the rows that hold features, packed: lane_count values each
  std::vector<Value> results;        // edge rows
  std::vector<std::int32_t> places;  // where each packed row lies along the axis
  std::vector<std::int32_t> least, greatest;  // which packed rows gave the minimum, over lanes
};

// (d s)^2 for d in (-edge, edge), its middle at edge - 1: what lower_envelope takes.
template <class Value>
std::vector<Value> squared_steps(std::size_t edge, double spacing_mm) {
  std::vector<Value> squares(2 * edge - 1);
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const double steps = static_cast<double>(i) - static_cast<double>(edge - 1);
    squares[i] = static_cast<Value>(steps * spacing_mm * (steps * spacing_mm));
  }
  return squares;
}

// results[y] = min over k < row_count of rows[k] + squares[places[k] - y], lane by lane, for y in
// [0, edge). `squares` points at the middle of a table of 2 edge - 1: squares[d] = (d s)^2.
// All values of the packed rows are finite; row_count > 0.
void lower_envelope(EnvelopeScratch<float>& scratch, std::size_t row_count, std::size_t edge,
                    const float* squares);
void lower_envelope(EnvelopeScratch<double>& scratch, std::size_t row_count, std::size_t edge,
                    const double* squares);

}  // namespace consilium::distance
