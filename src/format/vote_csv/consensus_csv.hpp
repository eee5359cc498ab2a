// The consensus as CSV (RFC 4180, UTF-8, LF): item, label, probability, entropy, votes; with
// posteriors a column p(CLASS) for each class. An item without a label (its best classes are tied
// and the rule was to abstain) has an empty field. Numbers have 17 significant digits at most: read
// again they are the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace consilium {

struct ConsensusRow {
  std::string_view item;
  std::string_view label;             // empty: none
  double probability = 0;             // of the best class
  double entropy_nats = 0;            // of the posterior
  std::uint64_t votes = 0;            // on the item
  std::span<const double> posterior;  // one a class; empty: not written
};

// `classes` is empty when posteriors are not asked for.
void append_consensus_heading(std::string& out, const std::vector<std::string>& classes);
void append_consensus_row(std::string& out, const ConsensusRow& row);

}  // namespace consilium
