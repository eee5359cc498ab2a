#include "format/vote_csv/weight_csv.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <limits>
#include <optional>

#include "format/vote_csv/csv_rows.hpp"
#include "format/vote_csv/name_table.hpp"

namespace consilium {
namespace {

constexpr std::size_t classes_max = 4096;
constexpr std::uint32_t no_row = std::numeric_limits<std::uint32_t>::max();

struct Table {
  NameTable classes;               // in the order of the columns
  std::vector<double> weight;      // row by row, in the order of the rows
  std::vector<std::uint32_t> row;  // by class

  [[nodiscard]] double at(std::uint32_t first, std::uint32_t second) const {
    return weight[std::size_t{row[first]} * classes.size() + second];
  }
};

std::unexpected<Error> refused(std::string what, std::string where) {
  return fail(ErrorCode::InvalidInput, std::move(what), std::move(where),
              "write a square table: a row and a column for each class, weights from 0 to 1");
}

Result<Table> read_table(const ByteSource& source) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const std::span<const std::string> names = rows.heading().subspan(1);
  if (names.size() > classes_max) {
    return fail(ErrorCode::TooLarge,
                fmt::format("the weights are of more than {} classes", classes_max));
  }
  Table table;
  for (std::uint32_t k = 0; k < names.size(); ++k) {
    if (names[k].size() > name_bytes_max || table.classes.intern(names[k]) != k) {
      return refused(fmt::format("class {} has two columns or a name that is too long", k + 1),
                     rows.where());
    }
  }
  table.row.assign(names.size(), no_row);
  for (std::uint32_t number = 0; CSL_TRY(rows.next()); ++number) {
    const std::string_view name = CSL_TRY(rows.text(0, rows.heading()[0]));
    const std::optional<std::uint32_t> known = table.classes.find(name);
    if (!known) return refused(fmt::format("the class '{}' has no column", name), rows.where());
    if (table.row[*known] != no_row) {
      return refused(fmt::format("the class '{}' has two rows", name), rows.where());
    }
    table.row[*known] = number;
    for (std::size_t column = 1; column <= names.size(); ++column) {
      const double weight = CSL_TRY(rows.number(column, rows.heading()[column]));
      if (!(weight >= 0 && weight <= 1)) {
        return refused(fmt::format("the weight of '{}' and '{}' is not from 0 to 1", name,
                                   rows.heading()[column]),
                       rows.where());
      }
      table.weight.push_back(weight);
    }
  }
  for (std::uint32_t k = 0; k < table.row.size(); ++k) {
    if (table.row[k] == no_row) {
      return refused(fmt::format("the class '{}' has no row", table.classes[k]), {});
    }
  }
  return table;
}

}  // namespace

Result<std::vector<double>> read_class_weights(const ByteSource& source,
                                               std::span<const std::string> classes) {
  const Table table = CSL_TRY(read_table(source));
  for (std::uint32_t k = 0; k < table.classes.size(); ++k) {
    if (table.at(k, k) != 1) {
      return refused(fmt::format("the weight of '{}' with itself is not 1", table.classes[k]), {});
    }
    for (std::uint32_t l = k + 1; l < table.classes.size(); ++l) {
      if (table.at(k, l) != table.at(l, k)) {
        return refused(fmt::format("'{}' and '{}' have two different weights", table.classes[k],
                                   table.classes[l]),
                       {});
      }
    }
  }
  std::vector<std::uint32_t> chosen;
  for (const std::string& name : classes) {
    const std::optional<std::uint32_t> known = table.classes.find(name);
    if (!known) {
      return fail(ErrorCode::InvalidInput, fmt::format("there are no weights of '{}'", name), {},
                  "give the weights of every class of the votes");
    }
    chosen.push_back(*known);
  }
  std::vector<double> weights;
  for (const std::uint32_t first : chosen) {
    for (const std::uint32_t second : chosen) weights.push_back(table.at(first, second));
  }
  return weights;
}

}  // namespace consilium
