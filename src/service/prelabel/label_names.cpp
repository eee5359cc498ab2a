#include "service/prelabel/label_names.hpp"

#include <algorithm>
#include <set>

namespace consilium::service {
namespace {

std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_blank = c == ' ' || c == '_' || c == '-' || c == '\t';
    if (is_blank && (out.empty() || out.back() == ' ')) continue;
    out += is_blank ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string without_number(std::string name) {
  const std::size_t end = name.find_last_not_of("0123456789");
  if (end == std::string::npos || end + 1 == name.size() || name[end] != ' ') return name;
  return name.substr(0, end);
}

bool is_named(const LabelSpec& label, const std::string& name) {
  return plain(label.id) == name || plain(label.name) == name ||
         (!label.exported.brat_type.empty() && plain(label.exported.brat_type) == name) ||
         std::ranges::any_of(label.synonyms,
                             [&](const std::string& one) { return plain(one) == name; });
}

bool has_code(const LabelSpec& label, const CodedConcept& code) {
  const auto is_same = [&](const CodedConcept& own) {
    return own.system == code.system && own.code == code.code;
  };
  return (label.coded && is_same(*label.coded)) ||
         (label.exported.seg && is_same(label.exported.seg->type));
}

template <class Wanted>
std::vector<const LabelSpec*> those(const Protocol& protocol, const Wanted& wanted) {
  std::vector<const LabelSpec*> found;
  for (const LabelSpec& label : protocol.labels) {
    if (wanted(label)) found.push_back(&label);
  }
  return found;
}

}  // namespace

std::string plain_name(std::string_view name) { return plain(name); }

LabelMap plain_names(const LabelMap& map) {
  LabelMap named;
  for (const auto& [name, label] : map) named[plain(name)] = label;
  return named;
}

Result<LabelMap> read_label_map(const std::vector<std::string>& pairs) {
  LabelMap map;
  for (const std::string& pair : pairs) {
    const std::size_t at = pair.rfind('=');
    if (at == std::string::npos || at == 0) {
      return fail(ErrorCode::InvalidInput, "this says not what a name means", pair,
                  "write NAME=LABEL, or NAME= to leave the name out");
    }
    map[pair.substr(0, at)] = pair.substr(at + 1);
  }
  return map;
}

Result<LabelMap> read_label_map_text(std::string_view text) {
  std::vector<std::string> pairs;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') pairs.emplace_back(line);
  }
  return read_label_map(pairs);
}

std::string label_map_text(const LabelMap& map) {
  std::string text;
  for (const auto& [name, label] : map) text += name + "=" + label + "\n";
  return text;
}

Status check_label_map(const Protocol& protocol, const LabelMap& map) {
  for (const auto& [name, label] : map) {
    if (!label.empty() && protocol.label(label) == nullptr) {
      return fail(ErrorCode::InvalidInput, "the protocol has no label \"" + label + "\"", name,
                  "use the id of one of its labels");
    }
  }
  return {};
}

MatchedName match_name(const Protocol& protocol, const LabelMap& map, const SaidLabel& said) {
  const std::string name = plain(said.name);
  if (const auto given = map.find(name); given != map.end()) {
    if (given->second.empty()) return {.how = NameMatch::LeftOut};
    const LabelSpec* label = protocol.label(given->second);
    return {.how = label != nullptr ? NameMatch::Found : NameMatch::Unknown, .label = label};
  }
  const auto by_name = [&](const std::string& wanted) {
    return those(protocol, [&](const LabelSpec& label) { return is_named(label, wanted); });
  };
  std::vector<const LabelSpec*> named = by_name(name);
  if (named.empty()) named = by_name(without_number(name));
  for (const CodedConcept& code : said.codes) {
    const auto coded =
        those(protocol, [&](const LabelSpec& label) { return has_code(label, code); });
    if (coded.empty()) continue;
    if (coded.size() == 1) return {.how = NameMatch::Found, .label = coded.front()};
    for (const LabelSpec* label : named) {
      if (std::ranges::find(coded, label) != coded.end()) {
        return {.how = NameMatch::Found, .label = label};
      }
    }
    MatchedName ambiguous{.how = NameMatch::Ambiguous};
    for (const LabelSpec* label : coded) ambiguous.could_be.push_back(label->id);
    return ambiguous;
  }
  if (named.size() == 1) return {.how = NameMatch::Found, .label = named.front()};
  MatchedName unknown{.how = named.empty() ? NameMatch::Unknown : NameMatch::Ambiguous};
  for (const LabelSpec* label : named) unknown.could_be.push_back(label->id);
  return unknown;
}

}  // namespace consilium::service
