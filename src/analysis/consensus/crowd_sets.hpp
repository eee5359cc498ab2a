// The crowd sets of the shared data, read for tests.
#pragma once

#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/consensus/consensus.hpp"
#include "domain/vote/vote_table.hpp"
#include "tests/data_path.hpp"

namespace consilium::test {

struct CrowdSet {
  std::string name;
  VoteTable votes;
  std::vector<ClassIndex> truth;  // by item; `no_label` where unknown
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
  const auto folder = data_path("crowd/" + name);
  if (!folder) return std::nullopt;
  CrowdSet set{.name = name, .votes = {}, .truth = {}};
  std::vector<Vote> votes;
  std::set<std::tuple<unsigned, unsigned, unsigned>> seen;
  unsigned items = 0;
  unsigned raters = 0;
  unsigned classes = 0;
  for (const auto& row : read_rows(*folder / "label.csv")) {
    if (!seen.insert(row).second) continue;
    const auto [item, rater, label] = row;
    votes.push_back({item, rater, static_cast<ClassIndex>(label)});
    items = std::max(items, item + 1);
    raters = std::max(raters, rater + 1);
    classes = std::max(classes, label + 1);
  }
  const auto truths = read_rows(*folder / "truth.csv");
  for (const auto& [item, label, unused] : truths) {
    items = std::max(items, item + 1);
    classes = std::max(classes, label + 1);
  }
  set.truth.assign(items, no_label);
  for (const auto& [item, label, unused] : truths) set.truth[item] = static_cast<ClassIndex>(label);
  set.votes = make_vote_table(votes, items, raters, classes).value();
  return set;
}

// Share of right labels among items whose truth is known, ties as fractional credit. Truths of
// items without votes are left out.
inline double accuracy_of(const CrowdSet& set, const ConsensusResult& result) {
  double right = 0.0;
  std::size_t known = 0;
  for (ItemIndex item = 0; item < set.truth.size(); ++item) {
    if (set.truth[item] == no_label || result.has_vote[item] == 0) continue;
    ++known;
    right += tied_credit(result.posterior.of(item), set.truth[item], TiePolicy::Fractional);
  }
  return right / static_cast<double>(known);
}

}  // namespace consilium::test
