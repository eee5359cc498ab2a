#include "service/prelabel/left_out.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace consilium::service {
namespace {

std::string kept_text(const LabelSum& sum) {
  const std::size_t kept = sum.added + sum.known;
  if (kept == 0) return "; nothing of it was kept";
  return fmt::format("; {} label{} kept", kept, kept == 1 ? " was" : "s were");
}

}  // namespace

std::optional<Error> left_out(const LabelSum& sum, const std::string& label_ids) {
  std::vector<std::string> parts;
  if (!sum.unmatched.empty()) {
    parts.push_back(
        fmt::format("no label of the protocol is meant by {}", fmt::join(sum.unmatched, ", ")));
  }
  parts.insert(parts.end(), sum.problems.begin(), sum.problems.end());
  parts.insert(parts.end(), sum.notes.begin(), sum.notes.end());
  if (parts.empty() && sum.added + sum.known == 0) parts.emplace_back("it holds no labels");
  if (parts.empty()) return std::nullopt;
  Error error{ErrorCode::InvalidInput, fmt::format("{}", fmt::join(parts, "; ")) + kept_text(sum),
              "", ""};
  if (!sum.unmatched.empty()) {
    error.remedy =
        "say which label each name means (map NAME=LABEL), and import the file again; the "
        "protocol's labels are " +
        label_ids;
  }
  return error;
}

}  // namespace consilium::service
