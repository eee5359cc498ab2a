#include "format/vote_csv/vote_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>

#include "format/vote_csv/csv_rows.hpp"

namespace consilium {
namespace {

bool is_nan(std::string_view text) { return text == "NaN" || text == "nan" || text == "NAN"; }

std::unexpected<Error> no_rows() {
  return fail(ErrorCode::InvalidInput, "there are no rows below the heading");
}

// One row more in a column that may be most of memory: room grows by an eighth, where doubling
// would take three times the column's size at its peak.
template <class T>
void append(std::vector<T>& column, T value) {
  if (column.size() == column.capacity()) {
    column.reserve(column.size() + std::max<std::size_t>(column.size() / 8, 4096));
  }
  column.push_back(value);
}

// The clusters of items: each item has one.
class ClusterColumn {
 public:
  static constexpr std::uint32_t unknown = 0xFFFF'FFFF;

  [[nodiscard]] Status take(const CsvRows& rows, std::size_t place, const std::string& column,
                            ItemIndex item) {
    const std::uint32_t cluster = names_.intern(CSL_TRY(rows.text(place, column)));
    if (item == of_item_.size()) {
      append(of_item_, cluster);
    } else if (of_item_[item] != cluster) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the item has another {} than before", column), rows.where(),
                  "an item belongs to one cluster");
    }
    return {};
  }
  [[nodiscard]] std::vector<std::uint32_t> taken() && { return std::move(of_item_); }

 private:
  NameTable names_;
  std::vector<std::uint32_t> of_item_;
};

struct VoteColumnPlaces {
  std::size_t item = 0;
  std::size_t rater = 0;
  std::size_t label = 0;
  std::optional<std::size_t> cluster;
};

Result<VoteColumnPlaces> find_vote_columns(const CsvRows& rows, const VoteCsvRules& rules) {
  VoteColumnPlaces places;
  places.item = CSL_TRY(rows.column("item"));
  places.rater = CSL_TRY(rows.column("rater"));
  places.label = CSL_TRY(rows.column("label"));
  if (!rules.cluster_column.empty()) places.cluster = CSL_TRY(rows.column(rules.cluster_column));
  return places;
}

// Room for all rows is reserved once their length is known; pages that stay empty cost nothing.
constexpr std::uint64_t rows_before_reserving = 10'000;
std::size_t room_for(const CsvRows& rows) {
  return static_cast<std::size_t>(rows.expected_rows() + rows.expected_rows() / 50);
}

Result<std::string_view> label_text(const CsvRows& rows, std::size_t place) {
  const std::string_view label = CSL_TRY(rows.text(place, "label"));
  if (is_nan(label)) {
    return fail(ErrorCode::InvalidInput, "the label is NaN", rows.where(),
                "leave the row out: who did not vote has no row");
  }
  return label;
}

// Class names as they come; their final numbers follow when all are known.
class ClassNames {
 public:
  explicit ClassNames(const std::vector<std::string>& order) : has_order_(!order.empty()) {
    for (const std::string& name : order) {
      if (name.size() <= name_bytes_max) static_cast<void>(names_.intern(name));
    }
    is_order_sound_ = names_.size() == order.size();
  }

  [[nodiscard]] Status check_order() const {
    if (is_order_sound_ && names_.size() <= vote_class_count_max) return {};
    return fail(ErrorCode::InvalidInput, "a class of the scale is given twice, or is too long");
  }

  [[nodiscard]] Result<ClassIndex> number_of(const CsvRows& rows, std::string_view label) {
    const std::uint32_t known = names_.size();
    const std::uint32_t number = names_.intern(label);
    if (number == known) {
      if (has_order_) {
        return fail(ErrorCode::InvalidInput, "the label is not among the given classes",
                    rows.where(), "give every class of the scale, in its order");
      }
      if (number >= vote_class_count_max) {
        return fail(ErrorCode::TooLarge,
                    fmt::format("there are more than {} classes", vote_class_count_max),
                    rows.where(), "are the labels measured values? icc and quantity take those");
      }
    }
    return static_cast<ClassIndex>(number);
  }

  // Fills classes and class_values, and returns the new number of each old one.
  [[nodiscard]] Result<std::vector<ClassIndex>> finish(VoteFile& file) const {
    std::vector<std::uint32_t> order(names_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::vector<double> values(names_.size());
    bool is_number = true;
    for (std::uint32_t k = 0; k < names_.size(); ++k) {
      is_number = is_number && parse_number(names_[k], values[k]);
    }
    if (!has_order_) {
      std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        return is_number ? values[a] < values[b] : names_[a] < names_[b];
      });
    }
    std::vector<ClassIndex> number(names_.size());
    for (std::size_t place = 0; place < order.size(); ++place) {
      number[order[place]] = static_cast<ClassIndex>(place);
      file.classes.emplace_back(names_[order[place]]);
      if (is_number) file.class_values.push_back(values[order[place]]);
    }
    std::vector<double> sorted = file.class_values;
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) != sorted.end()) {
      return fail(ErrorCode::InvalidInput, "two labels are one number written in two ways",
                  "column label", "write each number in one way: 1 or 1.0");
    }
    return number;
  }

 private:
  NameTable names_;
  bool has_order_;
  bool is_order_sound_ = true;
};

// Drops votes that repeat an earlier one of the same item; the others keep their order.
std::uint64_t drop_duplicates(VoteTable& votes) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keys;  // (rater, label), place
  std::vector<std::uint8_t> is_repeat;
  std::size_t out = 0;
  std::uint64_t begin = 0;
  for (ItemIndex item = 0; item < votes.item_count(); ++item) {
    const std::uint64_t end = votes.first[item + 1];
    keys.clear();
    for (std::uint64_t v = begin; v < end; ++v) {
      keys.emplace_back(std::uint64_t{votes.rater[v]} << 16U | votes.label[v], v - begin);
    }
    std::ranges::sort(keys);
    is_repeat.assign(keys.size(), 0);
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (keys[i].first == keys[i - 1].first) is_repeat[keys[i].second] = 1;
    }
    for (std::uint64_t v = begin; v < end; ++v) {
      if (is_repeat[v - begin] != 0) continue;
      votes.rater[out] = votes.rater[v];
      votes.label[out] = votes.label[v];
      ++out;
    }
    votes.first[item + 1] = out;
    begin = end;
  }
  const std::uint64_t dropped = votes.rater.size() - out;
  votes.rater.resize(out);
  votes.label.resize(out);
  return dropped;
}

// The same of measurements, which stand in the order of the file.
std::uint64_t drop_duplicates(MeasurementFile& file) {
  std::vector<std::size_t> order(file.item.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t v) {
    return std::tuple(file.item[v], file.rater[v], file.value[v]);
  };
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return std::pair(key(a), a) < std::pair(key(b), b);
  });
  std::vector<std::uint8_t> is_repeat(order.size());
  for (std::size_t i = 1; i < order.size(); ++i) {
    if (key(order[i]) == key(order[i - 1])) is_repeat[order[i]] = 1;
  }
  std::size_t out = 0;
  for (std::size_t v = 0; v < order.size(); ++v) {
    if (is_repeat[v] != 0) continue;
    file.item[out] = file.item[v];
    file.rater[out] = file.rater[v];
    file.value[out] = file.value[v];
    ++out;
  }
  file.item.resize(out);
  file.rater.resize(out);
  file.value.resize(out);
  return order.size() - out;
}

}  // namespace

Result<VoteFile> read_votes(const ByteSource& source, const VoteCsvRules& rules) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const VoteColumnPlaces places = CSL_TRY(find_vote_columns(rows, rules));
  VoteFile file;
  ClassNames classes(rules.class_order);
  CSL_TRY(classes.check_order());
  ClusterColumn clusters;
  VoteColumns columns;
  while (CSL_TRY(rows.next())) {
    const ItemIndex item = file.items.intern(CSL_TRY(rows.text(places.item, "item")));
    const RaterIndex rater = file.raters.intern(CSL_TRY(rows.text(places.rater, "rater")));
    const std::string_view label = CSL_TRY(label_text(rows, places.label));
    append(columns.item, item);
    append(columns.rater, rater);
    append(columns.label, CSL_TRY(classes.number_of(rows, label)));
    if (places.cluster) {
      CSL_TRY(clusters.take(rows, *places.cluster, rules.cluster_column, item));
    }
    if (++file.row_count == rows_before_reserving) {
      columns.item.reserve(room_for(rows));
      columns.rater.reserve(room_for(rows));
      columns.label.reserve(room_for(rows));
    }
  }
  if (file.row_count == 0) return no_rows();
  const std::vector<ClassIndex> number = CSL_TRY(classes.finish(file));
  for (ClassIndex& label : columns.label) label = number[label];
  file.votes = CSL_TRY(make_vote_table(std::move(columns), file.items.size(), file.raters.size(),
                                       static_cast<std::uint32_t>(file.classes.size())));
  if (rules.duplicates == Duplicates::Drop) file.duplicate_count = drop_duplicates(file.votes);
  file.cluster = std::move(clusters).taken();
  return file;
}

Result<MeasurementFile> read_measurements(const ByteSource& source, const VoteCsvRules& rules) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const VoteColumnPlaces places = CSL_TRY(find_vote_columns(rows, rules));
  MeasurementFile file;
  ClusterColumn clusters;
  while (CSL_TRY(rows.next())) {
    const ItemIndex item = file.items.intern(CSL_TRY(rows.text(places.item, "item")));
    append(file.item, item);
    append(file.rater, file.raters.intern(CSL_TRY(rows.text(places.rater, "rater"))));
    append(file.value, CSL_TRY(rows.number(places.label, "label")));
    if (places.cluster) {
      CSL_TRY(clusters.take(rows, *places.cluster, rules.cluster_column, item));
    }
    if (++file.row_count == rows_before_reserving) {
      file.item.reserve(room_for(rows));
      file.rater.reserve(room_for(rows));
      file.value.reserve(room_for(rows));
    }
  }
  if (file.row_count == 0) return no_rows();
  if (rules.duplicates == Duplicates::Drop) file.duplicate_count = drop_duplicates(file);
  file.cluster = std::move(clusters).taken();
  return file;
}

Result<LabelFile> read_labels(const ByteSource& source) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const std::size_t item_place = CSL_TRY(rows.column("item"));
  const std::size_t label_place = CSL_TRY(rows.column("label"));
  LabelFile file;
  while (CSL_TRY(rows.next())) {
    const std::uint32_t item = file.items.intern(CSL_TRY(rows.text(item_place, "item")));
    const std::uint32_t label = file.labels.intern(CSL_TRY(label_text(rows, label_place)));
    if (item == file.label.size()) {
      append(file.label, label);
      append(file.row, rows.row_number());
    } else if (file.label[item] != label) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the item has another label than in row {}", file.row[item]),
                  rows.where(), "keep one of them");
    }
  }
  if (file.label.empty()) return no_rows();
  return file;
}

Result<ReadingFile> read_readings(const ByteSource& source) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const std::size_t reader_place = CSL_TRY(rows.column("reader"));
  const std::size_t modality_place = CSL_TRY(rows.column("modality"));
  const std::size_t case_place = CSL_TRY(rows.column("case"));
  const std::size_t truth_place = CSL_TRY(rows.column("truth"));
  const std::size_t rating_place = CSL_TRY(rows.column("rating"));
  ReadingFile file;
  std::vector<std::uint8_t> truth_of_case;
  while (CSL_TRY(rows.next())) {
    ReadingRow row;
    row.reader = file.readers.intern(CSL_TRY(rows.text(reader_place, "reader")));
    row.modality = file.modalities.intern(CSL_TRY(rows.text(modality_place, "modality")));
    row.case_index = file.cases.intern(CSL_TRY(rows.text(case_place, "case")));
    const std::string_view truth = CSL_TRY(rows.text(truth_place, "truth"));
    row.is_positive = truth == "1" || truth == "positive" || truth == "true" || truth == "yes";
    if (!row.is_positive && truth != "0" && truth != "negative" && truth != "false" &&
        truth != "no") {
      return fail(ErrorCode::InvalidInput, "the truth is neither negative nor positive",
                  rows.where(), "write 0 or negative, 1 or positive");
    }
    if (row.case_index == truth_of_case.size()) truth_of_case.push_back(row.is_positive ? 1 : 0);
    if ((truth_of_case[row.case_index] != 0) != row.is_positive) {
      return fail(ErrorCode::InvalidInput, "the case has another truth than before", rows.where(),
                  "a case has one truth for all who read it");
    }
    row.rating = CSL_TRY(rows.number(rating_place, "rating"));
    append(file.rows, row);
  }
  if (file.rows.empty()) return no_rows();
  return file;
}

Result<PreferenceFile> read_preferences(const ByteSource& source) {
  CsvRows rows = CSL_TRY(CsvRows::open(source));
  const std::size_t winner_place = CSL_TRY(rows.column("winner"));
  const std::size_t loser_place = CSL_TRY(rows.column("loser"));
  PreferenceFile file;
  while (CSL_TRY(rows.next())) {
    PreferenceRow row;
    row.winner = file.items.intern(CSL_TRY(rows.text(winner_place, "winner")));
    row.loser = file.items.intern(CSL_TRY(rows.text(loser_place, "loser")));
    if (row.winner == row.loser) {
      return fail(ErrorCode::InvalidInput, "an item is compared with itself", rows.where());
    }
    append(file.rows, row);
  }
  if (file.rows.empty()) return no_rows();
  return file;
}

}  // namespace consilium
