// The public crowd sets of shared/data/crowd as vote tables, with their truth where it is known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/vote/vote_table.hpp"
#include "tests/data_path.hpp"

namespace consilium::test {

struct CrowdVotes {
  VoteTable votes;
  std::vector<std::int64_t> truth;  // one an item; below 0: not known
};

// Names become numbers in order of first appearance; exact duplicates of rows are dropped.
inline std::optional<CrowdVotes> crowd_votes(const std::string& name) {
  const auto labels_at = data_path("crowd/" + name + "/label.csv");
  const auto truth_at = data_path("crowd/" + name + "/truth.csv");
  if (!labels_at || !truth_at) return std::nullopt;
  std::map<std::string, std::uint32_t> items;
  std::map<std::string, std::uint32_t> raters;
  std::vector<Vote> votes;
  std::uint32_t class_count = 0;
  const auto number = [](auto& names, const std::string& key) {
    return names.emplace(key, static_cast<std::uint32_t>(names.size())).first->second;
  };
  std::string line;
  std::ifstream label_file(*labels_at);
  std::getline(label_file, line);
  while (std::getline(label_file, line)) {
    const auto first = line.find(',');
    const auto second = line.find(',', first + 1);
    const auto label = static_cast<ClassIndex>(std::stoul(line.substr(second + 1)));
    votes.push_back({number(items, line.substr(0, first)),
                     number(raters, line.substr(first + 1, second - first - 1)), label});
    class_count = std::max(class_count, label + 1U);
  }
  std::ranges::sort(votes);
  votes.erase(std::ranges::unique(votes).begin(), votes.end());
  CrowdVotes result;
  result.truth.assign(items.size(), -1);
  std::ifstream truth_file(*truth_at);
  std::getline(truth_file, line);
  while (std::getline(truth_file, line)) {
    const auto comma = line.find(',');
    const auto found = items.find(line.substr(0, comma));
    if (found != items.end()) result.truth[found->second] = std::stol(line.substr(comma + 1));
  }
  auto table = make_vote_table(votes, static_cast<std::uint32_t>(items.size()),
                               static_cast<std::uint32_t>(raters.size()), class_count);
  if (!table) return std::nullopt;
  result.votes = std::move(*table);
  return result;
}

// The share of items with known truth whose likeliest class is the truth; equal ones share credit.
inline double accuracy(const CrowdVotes& data, const std::vector<double>& posterior) {
  double right = 0;
  double known = 0;
  const std::size_t class_count = data.votes.class_count;
  for (std::size_t i = 0; i < data.truth.size(); ++i) {
    if (data.truth[i] < 0) continue;
    const double* row = &posterior[i * class_count];
    const double top = *std::max_element(row, row + class_count);
    const auto winners = std::count(row, row + class_count, top);
    known += 1;
    if (row[data.truth[i]] == top) right += 1.0 / static_cast<double>(winners);
  }
  return right / known;
}

}  // namespace consilium::test
