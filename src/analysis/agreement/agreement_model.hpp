// One form for every coefficient of agreement: a smooth function of sums over items. From it come,
// written once, the value, its linearised standard error, the one that is robust to clusters
// (patients with several items), and both kinds of bootstrap.
//
// An item adds its summands (a sparse vector) to the sums; items that show the same pattern share
// one row. The function turns the sums into the coefficient. See semantics.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "analysis/statistics/interval.hpp"
#include "base/result.hpp"

namespace consilium {

// What the items add: row p holds value[e] in column[e] for e in [first[p], first[p + 1]).
struct SummandRows {
  std::size_t column_count = 0;
  std::vector<std::size_t> first{0};
  std::vector<std::uint32_t> column;
  std::vector<double> value;
  std::vector<std::uint64_t> items;  // how many items share the row

  [[nodiscard]] std::size_t count() const { return items.size(); }
  void add(std::uint32_t in_column, double summand) {
    column.push_back(in_column);
    value.push_back(summand);
  }
  void end_row(std::uint64_t item_count) {
    first.push_back(column.size());
    items.push_back(item_count);
  }
};

struct CoefficientValue {
  double coefficient = 0;
  // Agreement observed and expected by chance; for alpha the disagreements D_o and D_e.
  double observed = 0;
  double expected = 0;
};

class Coefficient {
 public:
  Coefficient() = default;
  Coefficient(const Coefficient&) = delete;
  Coefficient& operator=(const Coefficient&) = delete;
  virtual ~Coefficient() = default;

  // Errors: InvalidInput with the reason when the coefficient is undefined on such sums.
  [[nodiscard]] virtual Result<CoefficientValue> evaluate(std::span<const double> sums) const = 0;
  // The derivative by each sum, where `evaluate` gives a value. Unless overridden, by central
  // differences, which is good to about 1e-9 and for few columns only.
  virtual void gradient(std::span<const double> sums, std::span<double> by_sum) const;
  // `deviation` holds each row's linearised deviation from the coefficient (times the number of
  // items); adds what the published standard error has beside that. Nothing unless overridden.
  virtual void add_published_shift(std::span<const double> sums, const SummandRows& rows,
                                   std::span<double> deviation) const;
};

enum class StandardErrorForm {
  // Gwet's: items are a sample, n / (n - 1), Student's t with n - 1 degrees of freedom.
  Sample,
  // As the number of items grows: divided by n, normal quantiles (Fleiss, Cohen, Everitt 1969).
  LargeSample,
};

// Measured values and classes' values are taken up to this magnitude, so that no square overflows.
inline constexpr double measured_value_max = 1e100;

inline constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();

struct AgreementModel {
  SummandRows rows;
  std::vector<std::uint32_t> row_of_item;  // no_row for an item that says nothing
  std::shared_ptr<const Coefficient> coefficient;
  StandardErrorForm form = StandardErrorForm::Sample;
  Interval range = {-1, 1};  // where the coefficient can lie; intervals are cut there
  // Columns that are interchangeable in the function share a mark, and columns of one class share
  // its number (no_row: of none). So the bootstrap can number rows the same way whatever the
  // classes' and raters' numbers are.
  std::vector<std::uint64_t> column_mark;
  std::vector<std::uint32_t> column_class;
};

struct Uncertainty {
  double standard_error = 0;
  double degrees_of_freedom = 0;  // infinite: normal quantiles
  Interval interval;              // coefficient +- quantile x standard error, cut at the range
  double p_value = 0;             // two-sided, of no agreement beyond chance
};

struct AgreementEstimate {
  double coefficient = 0;
  double observed = 0;
  double expected = 0;
  std::uint64_t item_count = 0;  // items that take part
  // As published for the coefficient; none when a single item takes part.
  std::optional<Uncertainty> uncertainty;
};

// The coefficient with its published standard error. `level` is the intervals' confidence, 0.95.
// Errors: InvalidInput when the coefficient is undefined (reason given) or level is not in (0, 1).
// Cost: O(rows) and one evaluation.
[[nodiscard]] Result<AgreementEstimate> estimate(const AgreementModel& model, double level = 0.95);

// The same with a standard error that holds when items of one cluster (a patient) resemble one
// another: linearisation, summed within clusters, G / (G - 1), Student's t with G - 1 degrees of
// freedom for G clusters (D. A. Binder, Int. Stat. Rev. 51 (1983) 279-292). `cluster[i]` is the
// number of item i's cluster; the numbers need not be dense.
// Errors: as `estimate`, and InvalidInput when `cluster` has another length than the items or when
// fewer than two clusters take part.
// Cost: O(items) and a sort of the cluster numbers.
[[nodiscard]] Result<AgreementEstimate> estimate_clustered(const AgreementModel& model,
                                                           std::span<const std::uint32_t> cluster,
                                                           double level = 0.95);

// The sums over all items, each independent of the order of items.
[[nodiscard]] std::vector<double> sums_of(const SummandRows& rows);

// Each row's linearised value: what one item of it adds to the coefficient's deviation, times 1.
// Summed over items they give 0, their squares the variance.
[[nodiscard]] std::vector<double> influences(const AgreementModel& model,
                                             std::span<const double> sums);

// Items of a cluster in one list: item indexes by cluster, only of items that take part.
struct ClusterItems {
  std::vector<std::size_t> first{0};
  std::vector<std::uint32_t> item;
  [[nodiscard]] std::size_t count() const { return first.size() - 1; }
};
// Errors: InvalidInput as for `estimate_clustered`.
[[nodiscard]] Result<ClusterItems> items_by_cluster(const AgreementModel& model,
                                                    std::span<const std::uint32_t> cluster);

}  // namespace consilium
