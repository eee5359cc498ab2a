#include "format/obo/obo.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace consilium {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void append_unescaped(std::string& out, char escaped) {
  if (escaped == 'n') {
    out += '\n';
  } else if (escaped == 't') {
    out += '\t';
  } else if (escaped == 'W') {
    out += ' ';
  } else {
    out += escaped;
  }
}

// A value without its escapes, its trailing comment ("! name") and modifiers ("{...}").
std::string plain(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) {
      append_unescaped(out, value[++i]);
    } else if (value[i] == '!' || value[i] == '{') {
      break;
    } else {
      out += value[i];
    }
  }
  return std::string(trimmed(out));
}

// What stands in the first quotes.
Result<std::string> quoted(std::string_view value, const LineReader& lines) {
  if (!value.starts_with('"')) return lines.refuse("the text does not begin with a quote");
  std::string out;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') return out;
    if (value[i] == '\\' && i + 1 < value.size()) {
      append_unescaped(out, value[++i]);
    } else {
      out += value[i];
    }
  }
  return lines.refuse("a quote is not closed");
}

class OboReader {
 public:
  explicit OboReader(const TerminologyFile& file) : lines_(file) {}

  Result<Terminology> run(const OboOptions& options) {
    while (const std::string_view* line = CSL_TRY(lines_.next())) {
      const std::string_view text = trimmed(*line);
      if (text.empty() || text.starts_with('!')) continue;
      if (text.starts_with('[')) {
        CSL_TRY(end_stanza());
        in_term_ = text == "[Term]";
        in_header_ = false;
        continue;
      }
      const std::size_t colon = text.find(':');
      if (colon == std::string_view::npos)
        return lines_.refuse("the line has not the form tag: value");
      CSL_TRY(clause(text.substr(0, colon), trimmed(text.substr(colon + 1))));
    }
    CSL_TRY(end_stanza());
    std::string system = options.system;
    if (system.empty() && prefix_ == "HP") system = "http://human-phenotype-ontology.org";
    if (system.empty()) {
      std::string lower = prefix_;
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      system = fmt::format("http://purl.obolibrary.org/obo/{}.owl", lower);
    }
    return std::move(builder_).finish(std::move(system),
                                      options.version.empty() ? version_ : options.version,
                                      ontology_.empty() ? prefix_ : ontology_);
  }

 private:
  Status clause(std::string_view tag, std::string_view value) {
    if (in_header_) {
      if (tag == "data-version") version_ = plain(value);
      if (tag == "ontology") ontology_ = plain(value);
      if (tag == "default-namespace") namespace_ = plain(value);
      return {};
    }
    if (!in_term_) return {};
    const Status done = term_clause(tag, value);
    if (!done && done.error().where.empty()) return std::unexpected(lines_.placed(done.error()));
    return done;
  }

  Status term_clause(std::string_view tag, std::string_view value) {
    if (tag == "id") {
      if (has_id_) return lines_.refuse("a term has two ids");
      const std::string id = plain(value);
      at_ = CSL_TRY(builder_.at(id));
      has_id_ = true;
      if (prefix_.empty()) prefix_ = id.substr(0, id.find(':'));
      return {};
    }
    if (!has_id_) return lines_.refuse("a term does not begin with its id");
    if (tag == "name") {
      name_ = plain(value);
      return builder_.add_term(at_, TermKind::Preferred, name_);
    }
    if (tag == "synonym") {
      return builder_.add_term(at_, TermKind::Synonym, CSL_TRY(quoted(value, lines_)));
    }
    if (tag == "def") {
      return builder_.add_term(at_, TermKind::Definition, CSL_TRY(quoted(value, lines_)));
    }
    if (tag == "is_a") return builder_.add_parent(at_, CSL_TRY(builder_.at(plain(value))));
    if (tag == "alt_id") alternatives_.push_back(CSL_TRY(builder_.at(plain(value))));
    if (tag == "namespace") own_namespace_ = plain(value);
    if (tag == "is_obsolete") obsolete_ = plain(value) == "true";
    return {};
  }

  Status end_stanza() {
    if (in_term_ && has_id_) {
      builder_.declare(at_, !obsolete_, own_namespace_.empty() ? namespace_ : own_namespace_);
      for (const std::uint32_t other : alternatives_) {
        builder_.declare(other, false, "merged");
        CSL_TRY(builder_.add_term(other, TermKind::Preferred, name_));
      }
    }
    has_id_ = obsolete_ = false;
    name_.clear();
    own_namespace_.clear();
    alternatives_.clear();
    return {};
  }

  LineReader lines_;
  TerminologyBuilder builder_;
  bool in_header_ = true, in_term_ = false, has_id_ = false, obsolete_ = false;
  std::uint32_t at_ = 0;
  std::string name_, own_namespace_, namespace_, version_, ontology_, prefix_;
  std::vector<std::uint32_t> alternatives_;
};

}  // namespace

Result<Terminology> read_obo(const TerminologyFile& file, const OboOptions& options) {
  return OboReader(file).run(options);
}

}  // namespace consilium
