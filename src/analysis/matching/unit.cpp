#include "analysis/matching/unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>

namespace consilium {
namespace {

std::unexpected<Error> refused(std::string what, std::string where, std::string remedy) {
  return fail(ErrorCode::InvalidInput, std::move(what), std::move(where), std::move(remedy));
}

Status check_parts(const Unit& unit, const Part& extent, const std::string& where) {
  if (unit.parts.empty()) {
    return refused("a unit has no part", where, "give its begin and end, or leave it out");
  }
  const bool is_point = unit.parts.size() == 1 && unit.parts[0].begin == unit.parts[0].end;
  std::int64_t last_end = unit.parts.front().begin;
  for (const Part& part : unit.parts) {
    if (part.begin < last_end || part.end < part.begin || (part.end == part.begin && !is_point)) {
      return refused("a unit's parts are not sorted, disjoint and non-empty", where,
                     "sort its parts and merge those that overlap");
    }
    last_end = part.end;
  }
  if (unit.parts.front().begin < extent.begin || unit.parts.back().end > extent.end) {
    return refused("a unit leaves its continuum", where,
                   fmt::format("the continuum is [{}, {})", extent.begin, extent.end));
  }
  return {};
}

}  // namespace

std::span<const std::uint32_t> UnitOrder::of(std::uint32_t continuum, std::uint32_t rater) const {
  const std::size_t cell = static_cast<std::size_t>(continuum) * rater_count_ + rater;
  return std::span(order_).subspan(first_[cell], first_[cell + 1] - first_[cell]);
}

bool UnitOrder::was_read(std::uint32_t continuum, std::uint32_t rater) const {
  return read_[static_cast<std::size_t>(continuum) * rater_count_ + rater] != 0;
}

std::vector<std::uint32_t> UnitOrder::readers(std::uint32_t continuum) const {
  std::vector<std::uint32_t> raters;
  for (std::uint32_t r = 0; r < rater_count_; ++r) {
    if (was_read(continuum, r)) raters.push_back(r);
  }
  return raters;
}

Result<UnitOrder> order_units(const UnitStudy& study) {
  const auto continua = static_cast<std::uint32_t>(study.extents.size());
  const std::uint64_t cells = std::uint64_t{continua} * study.rater_count;
  if (cells > unit_cells_max || study.units.size() > unit_cells_max) {
    return fail(ErrorCode::TooLarge, "there are too many units, or continua times raters",
                fmt::format("{} units, {} pairs", study.units.size(), cells), "split the study");
  }
  for (std::size_t c = 0; c < continua; ++c) {
    const Part& extent = study.extents[c];
    if (extent.begin > extent.end || extent.begin < -unit_position_max ||
        extent.end > unit_position_max) {
      return refused("a continuum's extent is reversed or out of range",
                     fmt::format("continuum {}", c), "give begin <= end within +-2^52");
    }
  }
  UnitOrder result;
  result.rater_count_ = study.rater_count;
  result.read_.assign(cells, 0);
  for (std::size_t i = 0; i < study.readings.size(); ++i) {
    const Reading& reading = study.readings[i];
    const std::string where = fmt::format("reading {}", i);
    if (reading.continuum >= continua || reading.rater >= study.rater_count) {
      return refused("a reading names no such continuum or rater", where, "mend its index");
    }
    std::uint8_t& read =
        result.read_[std::size_t{reading.continuum} * study.rater_count + reading.rater];
    if (read != 0) return refused("a reading stands twice", where, "keep the latest one alone");
    read = 1;
  }
  result.first_.assign(cells + 1, 0);
  for (std::size_t i = 0; i < study.units.size(); ++i) {
    const Unit& unit = study.units[i];
    if (unit.continuum >= continua || unit.rater >= study.rater_count ||
        unit.category >= study.category_count) {
      return refused("a unit names no such continuum, rater or category", fmt::format("unit {}", i),
                     "mend its index");
    }
    CSL_TRY(check_parts(unit, study.extents[unit.continuum], fmt::format("unit {}", i)));
    if (!result.was_read(unit.continuum, unit.rater)) {
      return refused("a rater marked a unit without a reading of the continuum",
                     fmt::format("unit {}", i), "add the reading, or leave the unit out");
    }
    ++result.first_[std::size_t{unit.continuum} * study.rater_count + unit.rater + 1];
  }
  for (std::size_t c = 0; c < cells; ++c) result.first_[c + 1] += result.first_[c];
  std::vector<std::uint32_t> next(result.first_.begin(), result.first_.end() - 1);
  result.order_.resize(study.units.size());
  for (std::uint32_t i = 0; i < study.units.size(); ++i) {
    const Unit& unit = study.units[i];
    result.order_[next[std::size_t{unit.continuum} * study.rater_count + unit.rater]++] = i;
  }
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const Unit& x = study.units[a];
    const Unit& y = study.units[b];
    if (x.parts.front() != y.parts.front()) return x.parts.front() < y.parts.front();
    return std::tie(x.parts, x.category, a) < std::tie(y.parts, y.category, b);
  };
  for (std::size_t c = 0; c < cells; ++c) {
    std::sort(result.order_.begin() + result.first_[c],
              result.order_.begin() + result.first_[c + 1], before);
  }
  return result;
}

Part hull_of(const Unit& unit) { return {unit.parts.front().begin, unit.parts.back().end}; }

std::int64_t length_of(const Unit& unit) {
  std::int64_t length = 0;
  for (const Part& part : unit.parts) length += part.end - part.begin;
  return length;
}

std::int64_t shared_length(std::span<const Part> first, std::span<const Part> second) {
  std::int64_t shared = 0;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < first.size() && j < second.size()) {
    const std::int64_t begin = std::max(first[i].begin, second[j].begin);
    const std::int64_t end = std::min(first[i].end, second[j].end);
    if (begin < end) shared += end - begin;
    if (first[i].end < second[j].end) {
      ++i;
    } else {
      ++j;
    }
  }
  return shared;
}

std::vector<Part> merged_parts(std::vector<Part> parts) {
  std::ranges::sort(parts);
  std::vector<Part> result;
  for (const Part& part : parts) {
    if (part.begin == part.end) continue;
    if (!result.empty() && part.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, part.end);
    } else {
      result.push_back(part);
    }
  }
  return result;
}

std::vector<Unit> with_hulls(std::span<const Unit> units) {
  std::vector<Unit> result(units.begin(), units.end());
  for (Unit& unit : result) {
    if (unit.parts.size() > 1) unit.parts = {hull_of(unit)};
  }
  return result;
}

std::vector<Unit> with_parts_as_units(std::span<const Unit> units) {
  std::vector<Unit> result;
  for (const Unit& unit : units) {
    for (const Part& part : unit.parts) {
      result.push_back({unit.continuum, unit.rater, unit.category, {part}});
    }
  }
  return result;
}

}  // namespace consilium
