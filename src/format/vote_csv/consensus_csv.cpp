#include "format/vote_csv/consensus_csv.hpp"

#include <fmt/format.h>

#include <iterator>

#include "format/vote_csv/csv_rows.hpp"

namespace consilium {

void append_consensus_heading(std::string& out, const std::vector<std::string>& classes) {
  out += "item,label,probability,entropy,votes";
  for (const std::string& name : classes) {
    out += ',';
    append_csv_field(out, fmt::format("p({})", name));
  }
  out += '\n';
}

void append_consensus_row(std::string& out, const ConsensusRow& row) {
  append_csv_field(out, row.item);
  out += ',';
  append_csv_field(out, row.label);
  fmt::format_to(std::back_inserter(out), ",{},{},{}", row.probability, row.entropy_nats,
                 row.votes);
  for (const double p : row.posterior) fmt::format_to(std::back_inserter(out), ",{}", p);
  out += '\n';
}

}  // namespace consilium
