#include "analysis/agreement/resampling_units.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = (a ^ (b * 0x9E3779B97F4A7C15ULL)) + 0x632BE59BD9B4E019ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

// Shifts so that no resample's sum leaves 63 bits: `draws` units of at most `items_max` items.
std::vector<int> shifts_of(const SummandRows& rows, double draws, double items_max) {
  std::vector<double> largest(rows.column_count, 0);
  for (std::size_t e = 0; e < rows.column.size(); ++e) {
    double& most = largest[rows.column[e]];
    most = std::max(most, std::abs(rows.value[e]));
  }
  std::vector<int> shift(rows.column_count, 0);
  for (std::size_t c = 0; c < shift.size(); ++c) {
    if (largest[c] == 0) continue;
    int exponent = 0;
    static_cast<void>(std::frexp(largest[c] * draws * items_max, &exponent));
    shift[c] = std::clamp(61 - exponent, -1000, 900);
  }
  return shift;
}

class UnitTable {
 public:
  explicit UnitTable(std::vector<int> column_shift) {
    result_.column_shift = std::move(column_shift);
  }

  void add(std::span<const std::uint32_t> column, std::span<const std::int64_t> value,
           double influence, std::uint64_t count) {
    std::uint64_t hash = column.size();
    for (std::size_t e = 0; e < column.size(); ++e) {
      hash = mix(mix(hash, column[e]), std::bit_cast<std::uint64_t>(value[e]));
    }
    const auto [begin, end] = by_hash_.equal_range(hash);
    for (auto at = begin; at != end; ++at) {
      const std::size_t row = at->second;
      const std::size_t from = result_.first[row];
      if (result_.first[row + 1] - from == column.size() &&
          std::equal(column.begin(), column.end(), result_.column.begin() + offset(from)) &&
          std::equal(value.begin(), value.end(), result_.value.begin() + offset(from))) {
        result_.units[row] += count;
        result_.unit_count += count;
        return;
      }
    }
    by_hash_.emplace(hash, result_.count());
    result_.column.insert(result_.column.end(), column.begin(), column.end());
    result_.value.insert(result_.value.end(), value.begin(), value.end());
    result_.first.push_back(result_.column.size());
    result_.influence.push_back(influence);
    result_.units.push_back(count);
    result_.unit_count += count;
  }
  ResamplingUnits& result() { return result_; }

 private:
  static std::ptrdiff_t offset(std::size_t at) { return static_cast<std::ptrdiff_t>(at); }

  ResamplingUnits result_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
};

// Numbers rows by their contents, however columns are numbered: colours of rows and columns are
// refined by each other until no more rows are told apart.
std::vector<std::uint64_t> row_colours(const ResamplingUnits& units, const AgreementModel& model) {
  std::vector<std::uint64_t> column_colour = model.column_mark;
  std::vector<std::uint64_t> row_colour(units.count(), 0);
  std::size_t told_apart = 0;
  const std::size_t class_count = [&] {
    std::size_t most = 0;
    for (const std::uint32_t k : model.column_class) {
      if (k != no_row) most = std::max(most, std::size_t{k} + 1);
    }
    return most;
  }();
  for (int round = 0; round < 16; ++round) {
    for (std::size_t p = 0; p < units.count(); ++p) {
      std::uint64_t sum = 0;
      for (std::size_t e = units.first[p]; e < units.first[p + 1]; ++e) {
        sum += mix(column_colour[units.column[e]], std::bit_cast<std::uint64_t>(units.value[e]));
      }
      row_colour[p] = mix(mix(row_colour[p], units.units[p]), sum);
    }
    std::vector<std::uint64_t> distinct(row_colour);
    std::ranges::sort(distinct);
    const auto count =
        static_cast<std::size_t>(std::ranges::unique(distinct).begin() - distinct.begin());
    if (count == units.count() || count == told_apart) break;
    told_apart = count;
    std::vector<std::uint64_t> column_sum(column_colour.size(), 0);
    for (std::size_t p = 0; p < units.count(); ++p) {
      for (std::size_t e = units.first[p]; e < units.first[p + 1]; ++e) {
        column_sum[units.column[e]] +=
            mix(row_colour[p], std::bit_cast<std::uint64_t>(units.value[e]));
      }
    }
    std::vector<std::uint64_t> class_sum(class_count, 0);
    for (std::size_t c = 0; c < column_colour.size(); ++c) {
      column_colour[c] = mix(column_colour[c], column_sum[c]);
      if (model.column_class[c] != no_row)
        class_sum[model.column_class[c]] += mix(7, column_colour[c]);
    }
    for (std::size_t c = 0; c < column_colour.size(); ++c) {
      if (model.column_class[c] == no_row) continue;
      column_colour[c] = mix(column_colour[c], class_sum[model.column_class[c]]);
    }
  }
  return row_colour;
}

ResamplingUnits in_order(const ResamplingUnits& units, std::span<const std::uint64_t> colour) {
  std::vector<std::size_t> order(units.count());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return colour[a] < colour[b]; });
  ResamplingUnits result;
  result.column_shift = units.column_shift;
  result.unit_count = units.unit_count;
  result.column.reserve(units.column.size());
  result.value.reserve(units.value.size());
  for (const std::size_t row : order) {
    for (std::size_t e = units.first[row]; e < units.first[row + 1]; ++e) {
      result.column.push_back(units.column[e]);
      result.value.push_back(units.value[e]);
    }
    result.first.push_back(result.column.size());
    result.units.push_back(units.units[row]);
    result.influence.push_back(units.influence[row]);
  }
  return result;
}

void add_clusters(const AgreementModel& model, std::span<const double> influence,
                  std::span<const std::int64_t> fixed, const ClusterItems& clusters,
                  UnitTable& table) {
  const SummandRows& rows = model.rows;
  std::vector<std::int64_t> sum(rows.column_count, 0);
  std::vector<std::uint8_t> touched(rows.column_count, 0);
  std::vector<std::uint32_t> columns;
  std::vector<std::int64_t> values;
  for (std::size_t g = 0; g < clusters.count(); ++g) {
    columns.clear();
    for (std::size_t j = clusters.first[g]; j < clusters.first[g + 1]; ++j) {
      const std::uint32_t row = model.row_of_item[clusters.item[j]];
      for (std::size_t e = rows.first[row]; e < rows.first[row + 1]; ++e) {
        const std::uint32_t c = rows.column[e];
        if (touched[c] == 0) columns.push_back(c);
        touched[c] = 1;
        sum[c] += fixed[e];
      }
    }
    std::ranges::sort(columns);
    values.clear();
    for (const std::uint32_t c : columns) {
      values.push_back(sum[c]);
      sum[c] = 0;
      touched[c] = 0;
    }
    const std::size_t begin = clusters.first[g];
    const double total = order_free_sum(clusters.first[g + 1] - begin, [&](std::size_t j) {
      return influence[model.row_of_item[clusters.item[begin + j]]];
    });
    table.add(columns, values, total, 1);
  }
}

}  // namespace

ResamplingUnits resampling_units(const AgreementModel& model, std::span<const double> influence,
                                 const ClusterItems* clusters) {
  const SummandRows& rows = model.rows;
  double draws = 0;
  double items_max = 1;
  if (clusters == nullptr) {
    for (const std::uint64_t count : rows.items) draws += static_cast<double>(count);
  } else {
    draws = static_cast<double>(clusters->count());
    for (std::size_t g = 0; g < clusters->count(); ++g) {
      items_max =
          std::max(items_max, static_cast<double>(clusters->first[g + 1] - clusters->first[g]));
    }
  }
  UnitTable table(shifts_of(rows, draws, items_max));
  std::vector<double> scale(rows.column_count);
  std::ranges::transform(table.result().column_shift, scale.begin(),
                         [](int shift) { return std::ldexp(1.0, shift); });
  std::vector<std::int64_t> fixed(rows.value.size());
  for (std::size_t e = 0; e < fixed.size(); ++e) {
    fixed[e] = static_cast<std::int64_t>(std::nearbyint(rows.value[e] * scale[rows.column[e]]));
  }
  if (clusters != nullptr) {
    add_clusters(model, influence, fixed, *clusters, table);
  } else {
    for (std::size_t p = 0; p < rows.count(); ++p) {
      const std::size_t size = rows.first[p + 1] - rows.first[p];
      table.add(std::span(rows.column).subspan(rows.first[p], size),
                std::span<const std::int64_t>(fixed).subspan(rows.first[p], size), influence[p],
                rows.items[p]);
    }
  }
  return in_order(table.result(), row_colours(table.result(), model));
}

}  // namespace consilium
