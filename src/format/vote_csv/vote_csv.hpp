// What raters said, as CSV files with a heading: votes (item, rater, label), known truths (item,
// label), readings of a reader study, comparisons. Columns are known by their names and stand in
// any order; others are left alone. Names become numbers in the order in which they first come, so
// that answers can be given in the order of the file.
//
// Every field that is read must be filled in: a rater who did not vote has no row. "NaN" and "nan"
// are what programs write for missing values, and are refused as such. Errors name the row, as a
// spreadsheet counts it (the heading is row 1); the caller knows the file.
//
// Cost: one pass at some 10 million rows a second; 10 bytes a vote while reading, 16 at the peak,
// beside the names (name_table.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "domain/vote/vote_table.hpp"
#include "format/vote_csv/name_table.hpp"

namespace consilium {

// A row that repeats another's item, rater and label. Mostly a file that was put together twice; in
// a study of repeated reads it is a second opinion that came out the same.
enum class Duplicates : std::uint8_t { Drop, Keep };

struct VoteCsvRules {
  std::string cluster_column{};            // of items (their patient); empty: none
  std::vector<std::string> class_order{};  // the whole scale; empty: the labels that occur
  Duplicates duplicates = Duplicates::Drop;
};

struct VoteFile {
  VoteTable votes{};  // a rater's votes on one item stand in the order of the file
  NameTable items{};
  NameTable raters{};
  // In the order of `class_order`; else as numbers where all are numbers, else by bytes. So the
  // numbering of classes does not depend on the order of rows.
  std::vector<std::string> classes{};
  std::vector<double> class_values{};    // of classes that all are numbers; else empty
  std::vector<std::uint32_t> cluster{};  // one an item, numbered in the order of the file
  std::uint64_t row_count = 0;
  std::uint64_t duplicate_count = 0;  // rows dropped
};

// Columns item, rater, label and `cluster_column`.
// Errors: those of CsvRows; InvalidInput for a file without votes, a field that is missing or NaN,
// a label that is not in `class_order` (or stands twice in it), two labels that are one number
// ("1" and "1.0"), an item with two clusters; TooLarge past 65,535 classes.
[[nodiscard]] Result<VoteFile> read_votes(const ByteSource& source, const VoteCsvRules& rules);

// Votes whose labels are measured values; 16 bytes each, and 8 more while duplicates are looked
// for.
struct MeasurementFile {
  NameTable items{};
  NameTable raters{};
  std::vector<ItemIndex> item{};
  std::vector<RaterIndex> rater{};
  std::vector<double> value{};
  std::vector<std::uint32_t> cluster{};
  std::uint64_t row_count = 0;
  std::uint64_t duplicate_count = 0;
};
// Errors: as read_votes, and InvalidInput for a label that is not a finite number.
[[nodiscard]] Result<MeasurementFile> read_measurements(const ByteSource& source,
                                                        const VoteCsvRules& rules);

// One label an item.
struct LabelFile {
  NameTable items{};
  NameTable labels{};
  std::vector<std::uint32_t> label{};  // one an item
  std::vector<std::uint64_t> row{};    // where it stands
};
// Columns item, label. Errors: those of CsvRows; InvalidInput for a file without rows, a missing
// field, and an item with two different labels.
[[nodiscard]] Result<LabelFile> read_labels(const ByteSource& source);

struct ReadingRow {
  std::uint32_t reader = 0;
  std::uint32_t modality = 0;
  std::uint32_t case_index = 0;
  bool is_positive = false;
  double rating = 0;
};
struct ReadingFile {
  NameTable readers{};
  NameTable modalities{};
  NameTable cases{};
  std::vector<ReadingRow> rows{};
};
// Columns reader, modality, case, truth, rating. A truth is 0, negative, false or no; or 1,
// positive, true or yes.
// Errors: as above; InvalidInput for another truth, a case with two truths, or a rating that
// is no number.
[[nodiscard]] Result<ReadingFile> read_readings(const ByteSource& source);

struct PreferenceRow {
  std::uint32_t winner = 0;
  std::uint32_t loser = 0;
};
struct PreferenceFile {
  NameTable items{};
  std::vector<PreferenceRow> rows{};
};
// Columns winner, loser. Errors: as above; InvalidInput for an item compared with itself.
[[nodiscard]] Result<PreferenceFile> read_preferences(const ByteSource& source);

}  // namespace consilium
