#include "analysis/span_agreement/unitizing_alpha.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "analysis/statistics/exact_sum.hpp"
#include "base/wide_integer.hpp"

namespace consilium {
namespace {

constexpr std::int64_t total_length_max = std::int64_t{1} << 32;
constexpr std::uint32_t raters_max = 256;

Wide squared(std::int64_t value) { return Wide{value} * value; }

// One rater's units of one category on one continuum, in order.
using Sections = std::vector<Part>;

// The squared differences of rater i's units to what rater j has there. Each of a pair of
// intersecting units sees the other, so the sum over both directions holds each twice, as the sum
// over ordered pairs of raters does; a unit in a gap is seen from its own side alone and counts
// twice here.
Wide differences(const Sections& own, const Sections& other) {
  Wide sum = 0;
  std::size_t low = 0;
  for (const Part& unit : own) {
    while (low < other.size() && other[low].end <= unit.begin) ++low;
    bool meets = false;
    for (std::size_t h = low; h < other.size() && other[h].begin < unit.end; ++h) {
      meets = true;
      sum += squared(unit.begin - other[h].begin) + squared(unit.end - other[h].end);
    }
    if (!meets) sum += 2 * squared(unit.end - unit.begin);
  }
  return sum;
}

// Gaps and unit lengths of one category, over all raters and continua.
struct Lengths {
  std::vector<std::int64_t> units;
  std::vector<std::int64_t> gaps;
};

void add_lengths(const Sections& sections, const Part& extent, Lengths& lengths) {
  std::int64_t at = extent.begin;
  for (const Part& unit : sections) {
    if (unit.begin > at) lengths.gaps.push_back(unit.begin - at);
    lengths.units.push_back(unit.end - unit.begin);
    at = unit.end;
  }
  if (extent.end > at) lengths.gaps.push_back(extent.end - at);
}

// Three times the bracket of the expected disagreement, summed over units.
Wide tripled_bracket(Lengths lengths) {
  std::ranges::sort(lengths.units);
  std::ranges::sort(lengths.gaps);
  Wide gap_sum = 0;
  for (const std::int64_t gap : lengths.gaps) gap_sum += gap;
  const Wide others = static_cast<Wide>(lengths.units.size()) - 1;
  Wide sum = 0;
  std::size_t g = 0;
  for (const std::int64_t l : lengths.units) {
    for (; g < lengths.gaps.size() && lengths.gaps[g] < l; ++g) gap_sum -= lengths.gaps[g];
    const Wide wide = l;
    const Wide fitting = static_cast<Wide>(lengths.gaps.size() - g);
    sum += others * (2 * wide * wide * wide - 3 * wide * wide + wide);
    sum += 3 * wide * wide * (gap_sum - fitting * (wide - 1));
  }
  return sum;
}

Result<std::int64_t> total_length(const UnitStudy& study, const UnitOrder& order) {
  if (study.rater_count < 2 || study.rater_count > raters_max) {
    return fail(study.rater_count < 2 ? ErrorCode::InvalidInput : ErrorCode::TooLarge,
                "alpha needs 2 to 256 raters", fmt::format("{} raters", study.rater_count),
                "choose raters");
  }
  std::int64_t total = 0;
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    for (std::uint32_t r = 0; r < study.rater_count; ++r) {
      if (order.was_read(c, r)) continue;
      return fail(ErrorCode::InvalidInput, "a rater did not read a continuum",
                  fmt::format("continuum {}, rater {}", c, r),
                  "leave out the continuum or the rater, or take alpha_u_family");
    }
    const std::int64_t length = study.extents[c].end - study.extents[c].begin;
    if (length > total_length_max - total) {
      return fail(ErrorCode::TooLarge, "the continua are longer than 2^32 together",
                  fmt::format("continuum {}", c), "take a coarser unit of position");
    }
    total += length;
  }
  if (total == 0) return fail(ErrorCode::InvalidInput, "the continua have no length");
  return total;
}

// Units by (category, continuum, rater); each rater's are in order already.
Result<std::vector<std::vector<Sections>>> sections_of(const UnitStudy& study,
                                                       const UnitOrder& order) {
  const std::size_t cells = study.extents.size() * study.rater_count;
  std::vector<std::vector<Sections>> result(study.category_count, std::vector<Sections>(cells));
  for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
    for (std::uint32_t r = 0; r < study.rater_count; ++r) {
      for (const std::uint32_t u : order.of(c, r)) {
        const Unit& unit = study.units[u];
        Sections& sections = result[unit.category][std::size_t{c} * study.rater_count + r];
        const Part& part = unit.parts.front();
        const char* wrong = unit.parts.size() > 1    ? "a unit is discontinuous"
                            : part.begin == part.end ? "a unit is a point"
                            : !sections.empty() && sections.back().end > part.begin
                                ? "units of one rater and category overlap"
                                : nullptr;
        if (wrong != nullptr) {
          return fail(ErrorCode::InvalidInput, wrong, fmt::format("unit {}", u),
                      "alpha is defined on contiguous units that do not overlap; see with_hulls, "
                      "or take gamma or F1");
        }
        sections.push_back(part);
      }
    }
  }
  return result;
}

}  // namespace

std::optional<double> Disagreement::alpha() const {
  if (!(expected > 0.0)) return std::nullopt;
  return 1.0 - observed / expected;
}

Result<AlphaU> alpha_u(const UnitStudy& study) {
  const UnitOrder order = CSL_TRY(order_units(study));
  const std::int64_t length = CSL_TRY(total_length(study, order));
  const auto sections = CSL_TRY(sections_of(study, order));
  const Wide raters = study.rater_count;
  const auto long_length = static_cast<double>(length);
  AlphaU result;
  std::vector<double> observed;
  std::vector<double> expected;
  for (const std::vector<Sections>& of_category : sections) {
    Wide difference = 0;
    Lengths lengths;
    for (std::uint32_t c = 0; c < study.extents.size(); ++c) {
      const Sections* here = &of_category[std::size_t{c} * study.rater_count];
      for (std::uint32_t i = 0; i < study.rater_count; ++i) {
        add_lengths(here[i], study.extents[c], lengths);
        for (std::uint32_t j = 0; j < study.rater_count; ++j) {
          if (i != j) difference += differences(here[i], here[j]);
        }
      }
    }
    Wide own = 0;
    for (const std::int64_t l : lengths.units) own += Wide{l} * (l - 1);
    const Wide pairs = raters * length * (raters * length - 1) - own;
    const Wide bracket = tripled_bracket(std::move(lengths));
    Disagreement& category = result.by_category.emplace_back();
    category.observed = static_cast<double>(difference) /
                        (static_cast<double>(raters * (raters - 1)) * long_length * long_length);
    category.expected = pairs == 0 ? 0.0
                                   : 2.0 / 3.0 * static_cast<double>(bracket) /
                                         (long_length * static_cast<double>(pairs));
    observed.push_back(category.observed);
    expected.push_back(category.expected);
  }
  result.all = {sorted_sum(observed), sorted_sum(expected)};
  return result;
}

}  // namespace consilium
