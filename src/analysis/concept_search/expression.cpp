#include "analysis/concept_search/expression.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace consilium {
namespace {

enum class Operator { And, Or, Minus };

// A parser by descent that evaluates as it goes; without an index it only checks.
class Parser {
 public:
  Parser(const ConceptIndex* index, std::string_view text) : index_(index), text_(text) {}

  Result<ConceptSet> run() {
    if (text_.size() > expression_bytes_max) {
      return fail(ErrorCode::TooLarge, fmt::format("over {} bytes", expression_bytes_max));
    }
    ConceptSet made = CSL_TRY(expression(0));
    skip_space();
    if (at_ < text_.size()) return unexpected_here();
    return made;
  }

 private:
  [[nodiscard]] std::unexpected<Error> unexpected_here() const {
    const bool refined = at_ < text_.size() && (text_[at_] == ':' || text_[at_] == '^');
    const std::string where = fmt::format("character {}", at_ + 1);
    if (refined) {
      return fail(ErrorCode::Unsupported, "refinements and reference sets are not known here",
                  where, "use descendants (<, <<), ancestors (>, >>), AND, OR and MINUS");
    }
    return fail(ErrorCode::InvalidInput, "the expression does not go on like this", where,
                "for instance: << 73211009 |Diabetes mellitus| MINUS << 46635009");
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }

  bool take(std::string_view word) {
    skip_space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::optional<Operator> take_operator() {
    if (take("AND") || take("and") || take(",")) return Operator::And;
    if (take("OR") || take("or")) return Operator::Or;
    if (take("MINUS") || take("minus")) return Operator::Minus;
    return std::nullopt;
  }

  Result<ConceptSet> expression(std::size_t depth) {
    if (depth > expression_depth_max) {
      return fail(ErrorCode::TooLarge, "brackets are too deep", fmt::format("character {}", at_));
    }
    ConceptSet made = CSL_TRY(operand(depth));
    std::optional<Operator> first;
    while (true) {
      const std::size_t before = at_;
      const std::optional<Operator> next = take_operator();
      if (!next) return made;
      if (first && (*first != *next || *first == Operator::Minus)) {
        at_ = before;
        skip_space();
        return fail(ErrorCode::InvalidInput, "this mix of operators could be read in two ways",
                    fmt::format("character {}", at_ + 1), "put brackets around one part");
      }
      first = next;
      const ConceptSet other = CSL_TRY(operand(depth));
      if (*next == Operator::And) {
        made.intersect(other);
      } else if (*next == Operator::Or) {
        made.unite(other);
      } else {
        made.subtract(other);
      }
    }
  }

  Result<ConceptSet> operand(std::size_t depth) {
    if (take("(")) {
      ConceptSet made = CSL_TRY(expression(depth + 1));
      if (!take(")")) return unexpected_here();
      return made;
    }
    std::string_view relation;
    for (const std::string_view one : {"<<", "<!", "<", ">>", ">!", ">"}) {
      if (take(one)) {
        relation = one;
        break;
      }
    }
    skip_space();
    if (relation.empty() && take("*")) {
      ConceptSet all(index_ == nullptr ? 0 : index_->concept_count());
      if (index_ != nullptr) all.add_all();
      return all;
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && !std::string_view(" \t\r\n(),|:^<>*").contains(text_[at_])) ++at_;
    // A colon within a code belongs to it: HP:0001250.
    if (at_ > begin && at_ + 1 < text_.size() && text_[at_] == ':' && text_[at_ + 1] >= '0' &&
        text_[at_ + 1] <= '9' && (text_[begin] < '0' || text_[begin] > '9')) {
      ++at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    }
    const std::string_view code = text_.substr(begin, at_ - begin);
    if (code.empty()) return unexpected_here();
    if (take("|")) {
      const std::size_t end = text_.find('|', at_);
      if (end == std::string_view::npos) return unexpected_here();
      at_ = end + 1;
    }
    return related(relation, code, begin);
  }

  Result<ConceptSet> related(std::string_view relation, std::string_view code,
                             std::size_t begin) const {
    if (index_ == nullptr) return ConceptSet(0);
    const std::optional<std::uint32_t> found = index_->find(code);
    if (!found) {
      return fail(ErrorCode::NotFound, "the terminology has no such code",
                  fmt::format("'{}' at character {}", code, begin + 1),
                  "check the code and the version of the terminology that is loaded");
    }
    ConceptSet made(index_->concept_count());
    if (relation == "<" || relation == "<<") made = descendants(*index_, *found);
    if (relation == ">" || relation == ">>") made = ancestors(*index_, *found);
    if (relation == "<!") {
      for (const std::uint32_t child : index_->children(*found)) made.add(child);
    }
    if (relation == ">!") {
      for (const std::uint32_t parent : index_->parents(*found)) made.add(parent);
    }
    if (relation.empty() || relation == "<<" || relation == ">>") made.add(*found);
    return made;
  }

  const ConceptIndex* index_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<ConceptSet> evaluate_expression(const ConceptIndex& index, std::string_view expression) {
  return Parser(&index, expression).run();
}

Status check_expression(std::string_view expression) {
  CSL_TRY(Parser(nullptr, expression).run());
  return {};
}

}  // namespace consilium
