// What is told of a beat before its class is: how early it came, and how it differs from the beats
// that this patient has most.
//
// Intervals as by P. de Chazal, M. O'Dwyer, R. B. Reilly, IEEE Trans. Biomed. Eng. 51 (2004)
// 1196-1206: before and after over the usual ones nearby and of the whole record. The patient's own
// beat is the middle of the largest group of beats alike that come in time; against it stand QRS
// (correlation, height, width, area), P and T. Then the same of the group a beat belongs to: one
// wide beat may be noise, forty of them that all come early are ectopic.
//
// All is told beside the patient's own beat, so a lead's polarity, offset and scale make no
// difference; of several leads the mean, the least and the most stand. The whole record is needed:
// traits do not depend on how its samples came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/beat_clusters/beat_shapes.hpp"
#include "base/result.hpp"

namespace consilium {

struct BeatTraits {
  // Rows of beats; what stands in which column is said in beat_traits.cpp.
  static constexpr std::size_t columns = 73;
  static constexpr std::size_t irregularity_column = 8;  // as ecg_rhythm.hpp has it
  static constexpr double unit = 1.0 / 1000;  // of the whole numbers that stand for traits
  std::vector<std::int16_t> values;
  [[nodiscard]] std::size_t beat_count() const { return values.size() / columns; }
};

// `features`: those of beat_features for `beats`; `beats`: sample indices, in order.
// Errors: InvalidInput when beats are not in order, or of another number than the features' rows.
// Cost: some 30 microseconds a beat.
[[nodiscard]] Result<BeatTraits> beat_traits(const BeatFeatures& features, std::size_t lead_count,
                                             std::span<const std::int64_t> beats,
                                             double sampling_rate_hz);

}  // namespace consilium
