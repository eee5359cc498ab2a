// Units on a continuum: spans of a text (code points), intervals of a recording (ticks) and point
// events are one thing here. A continuum is one text or one recording; a rater marks units on it
// and says of each what it is (its category).
//
// All numbers are indices from 0 whose names are kept by whoever read them.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace consilium {

// Half open: [begin, end). A point event has begin == end.
struct Part {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  friend auto operator<=>(const Part&, const Part&) = default;
};

// What one rater marked: one part, or several when it is discontinuous.
struct Unit {
  std::uint32_t continuum = 0;
  std::uint32_t rater = 0;
  std::uint32_t category = 0;
  std::vector<Part> parts;
  friend auto operator<=>(const Unit&, const Unit&) = default;
};

// The rater finished the continuum: what he or she did not mark there is absent in that opinion.
// Without a reading nothing is known, so such a pair takes no part in any number.
struct Reading {
  std::uint32_t continuum = 0;
  std::uint32_t rater = 0;
  friend auto operator<=>(const Reading&, const Reading&) = default;
};

// Raters' units on several continua.
struct UnitStudy {
  std::uint32_t rater_count = 0;
  std::uint32_t category_count = 0;
  std::vector<Part> extents;  // one a continuum: where it begins and ends
  std::vector<Reading> readings;
  std::vector<Unit> units;
};

inline constexpr std::int64_t unit_position_max = std::int64_t{1} << 52;
inline constexpr std::uint64_t unit_cells_max = std::uint64_t{1} << 27;

// Units of each (continuum, rater), ordered by first part, further parts, category: an order that
// depends on what was marked and not on where it stood in the input.
class UnitOrder {
 public:
  // The units' places in `study.units`; empty when the rater marked none.
  [[nodiscard]] std::span<const std::uint32_t> of(std::uint32_t continuum,
                                                  std::uint32_t rater) const;
  // Whether there is a reading.
  [[nodiscard]] bool was_read(std::uint32_t continuum, std::uint32_t rater) const;
  // Raters who read the continuum, in rising order.
  [[nodiscard]] std::vector<std::uint32_t> readers(std::uint32_t continuum) const;

 private:
  friend Result<UnitOrder> order_units(const UnitStudy& study);
  std::uint32_t rater_count_ = 0;
  std::vector<std::uint32_t> order_;
  std::vector<std::uint32_t> first_;  // (continuum x raters + rater), one more at the end
  std::vector<std::uint8_t> read_;
};

// Checks a study and puts its units in order.
// Errors: InvalidInput (the unit or reading is named by its place, from 0) when an index is not
// below its count, a unit has no part, its parts are not sorted and disjoint or one of several is
// empty, a unit leaves its extent or an extent leaves +-2^52, a reading stands twice, or a rater
// marked a unit without a reading. TooLarge past 2^27 pairs of continuum and rater.
// Cost: O(units log units + continua x raters).
[[nodiscard]] Result<UnitOrder> order_units(const UnitStudy& study);

// The unit from its first begin to its last end, as one part.
[[nodiscard]] Part hull_of(const Unit& unit);
// Positions covered; 0 for a point event.
[[nodiscard]] std::int64_t length_of(const Unit& unit);
// Positions covered by both. Cost: O(parts).
[[nodiscard]] std::int64_t shared_length(std::span<const Part> first, std::span<const Part> second);

// The positions that any of the parts covers: sorted, disjoint, as few parts as can be.
[[nodiscard]] std::vector<Part> merged_parts(std::vector<Part> parts);

// Measures that are defined on contiguous units alone refuse discontinuous ones. These two say
// openly what is done instead: every unit as its hull, or every part as a unit of its own.
[[nodiscard]] std::vector<Unit> with_hulls(std::span<const Unit> units);
[[nodiscard]] std::vector<Unit> with_parts_as_units(std::span<const Unit> units);

}  // namespace consilium
