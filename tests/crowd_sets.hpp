// The public crowd sets of the shared data as vote tables, with their truth, for tests and
// measurements; and the accuracy that all of them are judged by.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "domain/vote/vote_table.hpp"
#include "tests/data_path.hpp"

namespace consilium::test {

inline constexpr const char* crowd_set_names[] = {
    "bluebird", "dog", "face_sentiment", "rte", "weather_sentiment_amt", "zencrowd_in"};

struct CrowdSet {
  std::string name;
  VoteTable votes;
  std::vector<std::int64_t> truth;  // one an item; below 0: not known
};

// Rows of three numbers below a heading; the third may be absent.
inline std::vector<std::tuple<unsigned, unsigned, unsigned>> read_rows(
    const std::filesystem::path& path) {
  std::vector<std::tuple<unsigned, unsigned, unsigned>> rows;
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    for (char& letter : line) letter = letter == ',' ? ' ' : letter;
    std::istringstream words(line);
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    words >> a >> b >> c;
    rows.emplace_back(a, b, c);
  }
  return rows;
}

// Exact repeats of a row are dropped; other labels of the same rater on the item are kept.
inline std::optional<CrowdSet> read_crowd_set(const std::string& name) {
  const auto labels = data_path("crowd/" + name + "/label.csv");
  const auto truths = data_path("crowd/" + name + "/truth.csv");
  if (!labels || !truths) return std::nullopt;
  CrowdSet set{.name = name, .votes = {}, .truth = {}};
  std::vector<Vote> votes;
  std::set<std::tuple<unsigned, unsigned, unsigned>> seen;
  unsigned items = 0;
  unsigned raters = 0;
  unsigned classes = 0;
  for (const auto& row : read_rows(*labels)) {
    if (!seen.insert(row).second) continue;
    const auto [item, rater, label] = row;
    votes.push_back({item, rater, static_cast<ClassIndex>(label)});
    items = std::max(items, item + 1);
    raters = std::max(raters, rater + 1);
    classes = std::max(classes, label + 1);
  }
  const auto known = read_rows(*truths);
  for (const auto& [item, label, unused] : known) {
    items = std::max(items, item + 1);
    classes = std::max(classes, label + 1);
  }
  set.truth.assign(items, -1);
  for (const auto& [item, label, unused] : known) set.truth[item] = label;
  set.votes = make_vote_table(votes, items, raters, classes).value();
  return set;
}

// What each item of known truth that somebody voted on is worth: 1 when its likeliest class is the
// truth, shared among classes that are equally likely (within 1e-9). `row_of(item)` is the item's
// posterior, a probability a class.
template <class RowOf>
std::vector<double> credits(const CrowdSet& set, const RowOf& row_of) {
  std::vector<double> result;
  for (ItemIndex item = 0; item < set.truth.size(); ++item) {
    if (set.truth[item] < 0 || set.votes.raters_of(item).empty()) continue;
    const std::span<const double> row = row_of(item);
    const double least = *std::ranges::max_element(row) - 1e-9;
    const auto winners = std::ranges::count_if(row, [&](double p) { return p >= least; });
    const bool is_right = row[static_cast<std::size_t>(set.truth[item])] >= least;
    result.push_back(is_right ? 1.0 / static_cast<double>(winners) : 0.0);
  }
  return result;
}

template <class RowOf>
double accuracy(const CrowdSet& set, const RowOf& row_of) {
  const std::vector<double> credit = credits(set, row_of);
  double sum = 0;
  for (const double each : credit) sum += each;
  return sum / static_cast<double>(credit.size());
}

// The same of a posterior row by row.
inline double accuracy(const CrowdSet& set, const std::vector<double>& posterior) {
  const std::size_t classes = set.votes.class_count;
  return accuracy(
      set, [&](ItemIndex item) { return std::span(posterior).subspan(item * classes, classes); });
}

}  // namespace consilium::test
