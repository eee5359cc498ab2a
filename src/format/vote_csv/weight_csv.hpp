// How much two different classes still agree, as a CSV file that people write by hand: a square
// table whose heading and whose first column name the classes.
//
//     class,none,mild,severe
//     none,1,0.5,0
//     mild,0.5,1,0.7
//     severe,0,0.7,1
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"

namespace consilium {

// The weights of `classes` (analysis/agreement/weights.hpp), row by row, in their order. Rows and
// columns of the file stand in any order, which need not be the same, and may name further classes.
// Errors: those of CsvRows; InvalidInput for a class that stands twice or has a row and no column
// or the other way round, one of `classes` that is not there, a weight that is no number from 0 to
// 1, one of a class with itself that is not 1, and two classes with different weights either way
// round. TooLarge past 4096 classes. Cost: 8 bytes a weight of the file.
[[nodiscard]] Result<std::vector<double>> read_class_weights(const ByteSource& source,
                                                             std::span<const std::string> classes);

}  // namespace consilium
