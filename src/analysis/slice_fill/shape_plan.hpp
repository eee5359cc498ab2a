// Which shapes are to be blended over which slices.
#pragma once

#include <vector>

#include "analysis/slice_fill/drawn_slice.hpp"
#include "analysis/slice_fill/shape_blend.hpp"

namespace consilium::slice_fill {

// The rows of one label, from its drawn slices; `gaps` grows by the gaps found.
[[nodiscard]] std::vector<ShapeRow> shape_rows(std::uint16_t label,
                                               const std::vector<DrawnSlice>& slices,
                                               const SliceFrame& frame, bool cap_ends,
                                               std::size_t& gaps);

}  // namespace consilium::slice_fill
