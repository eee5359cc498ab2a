#include "analysis/agreement/class_sums.hpp"

#include <algorithm>

#include "analysis/statistics/order_free_sum.hpp"

namespace consilium {

std::unexpected<Error> no_pairs() {
  return fail(ErrorCode::InvalidInput, "no item has two ratings: there is nothing to compare", {},
              "let at least two raters label the same items");
}

std::vector<double> weighted(const Weights& weights, std::span<const double> share) {
  if (weights.identity()) return {share.begin(), share.end()};
  std::vector<double> result(share.size());
  for (std::size_t k = 0; k < share.size(); ++k) {
    result[k] =
        order_free_sum(share.size(), [&](std::size_t l) { return weights.at(k, l) * share[l]; });
  }
  return result;
}

double weighted_product(const Weights& weights, std::span<const double> share) {
  const std::vector<double> other = weighted(weights, share);
  return order_free_sum(share.size(), [&](std::size_t k) { return share[k] * other[k]; });
}

double agreeing_pairs(const RatingPatterns& patterns, std::size_t pattern, const Weights& weights) {
  const auto symbols = patterns.symbols_of(pattern);
  const auto times = patterns.times_of(pattern);
  const std::size_t count = symbols.size();
  // Both sums are of whole numbers for identity weights, exact then.
  const double same = order_free_sum(count, [&](std::size_t k) {
    return static_cast<double>(times[k]) * (static_cast<double>(times[k]) - 1);
  });
  if (weights.identity() || count < 2) return same;
  return same + order_free_sum(count * count, [&](std::size_t at) {
           const std::size_t k = at / count;
           const std::size_t l = at % count;
           if (k == l) return 0.0;
           return weights.at(symbols[k], symbols[l]) * static_cast<double>(times[k]) *
                  static_cast<double>(times[l]);
         });
}

void add_pairs_shift(std::span<const double> sums, const SummandRows& rows,
                     std::uint32_t pairs_column, double coefficient, std::span<double> deviation) {
  double items = 0;
  for (const std::uint64_t count : rows.items) items += static_cast<double>(count);
  const double with_pairs = (items / sums[pairs_column] - 1) * coefficient;
  for (std::size_t p = 0; p < rows.count(); ++p) {
    const std::span<const std::uint32_t> columns =
        std::span(rows.column).subspan(rows.first[p], rows.first[p + 1] - rows.first[p]);
    const bool paired = std::ranges::find(columns, pairs_column) != columns.end();
    deviation[p] += paired ? with_pairs : -coefficient;
  }
}

std::vector<std::uint32_t> rows_of_items(const RatingPatterns& patterns,
                                         std::span<const std::uint32_t> row_of_pattern) {
  std::vector<std::uint32_t> rows(patterns.of_item.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = row_of_pattern[patterns.of_item[i]];
  return rows;
}

void mark_columns(AgreementModel& model, std::initializer_list<std::uint64_t> marks) {
  model.column_mark.insert(model.column_mark.end(), marks);
  model.column_class.resize(model.column_mark.size(), no_row);
}

void mark_classes(AgreementModel& model, const Weights& weights, std::size_t first_column,
                  std::uint64_t role) {
  model.column_mark.resize(first_column + weights.class_count());
  model.column_class.resize(first_column + weights.class_count());
  for (std::uint32_t k = 0; k < weights.class_count(); ++k) {
    model.column_mark[first_column + k] = weights.class_mark(k) + role;
    model.column_class[first_column + k] = k;
  }
}

}  // namespace consilium
