#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "base/canonical_json.hpp"
#include "format/brat/brat.hpp"

namespace consilium {
namespace {

namespace json = boost::json;

bool stands_on(const LabelSpec& label, PlaceKind place) {
  return std::ranges::find(label.places, place) != label.places.end();
}
bool is_relation(const LabelSpec& label) { return stands_on(label, PlaceKind::Relation); }

bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// The range cut at line ends, which belong to no fragment.
void append_fragments(std::vector<TextSpan>& fragments, TextSpan range, std::string_view text) {
  std::uint64_t at = range.begin;
  std::uint64_t begin = range.begin;
  const auto close = [&] {
    if (begin < at) fragments.push_back({begin, at});
  };
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // inside a code point
    if (is_line_end(c)) {
      close();
      begin = at + 1;
    }
    ++at;
  }
  close();
}

// Attribute values of a line A are one word.
std::optional<std::string> brat_value(const AnswerValue& value) {
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  std::string coded;
  if (const auto* picked = std::get_if<CodedConcept>(&value)) {
    coded = picked->system + ":" + picked->code;
  }
  const auto* text = coded.empty() ? std::get_if<std::string>(&value) : &coded;
  const bool word = text != nullptr && !text->empty() &&
                    std::ranges::all_of(*text, [](char c) { return c > ' ' && c < 0x7F; });
  return word ? std::optional(*text) : std::nullopt;
}

class BratWriter {
 public:
  BratWriter(const CanonicalText& text, const Protocol& protocol)
      : text_(text), protocol_(protocol) {}

  Result<BratFiles> write(std::span<const StoredAnnotation> annotations) {
    std::vector<const StoredAnnotation*> relations;
    std::vector<const StoredAnnotation*> events;
    std::vector<const StoredAnnotation*> chains;
    for (const StoredAnnotation& stored : annotations) {
      if (stored.state == AnnotationState::Retracted) continue;
      const LabelSpec* label = stored.body.label ? protocol_.label(*stored.body.label) : nullptr;
      if (label != nullptr && std::holds_alternative<SpansTarget>(stored.body.target)) {
        CSL_TRY(write_span(stored, *label));
      } else if (label != nullptr && std::holds_alternative<RelationTarget>(stored.body.target)) {
        relations.push_back(&stored);  // its ends may come later
      } else if (label != nullptr && std::holds_alternative<EventTarget>(stored.body.target)) {
        events.push_back(&stored);
      } else if (label != nullptr && std::holds_alternative<ChainTarget>(stored.body.target)) {
        chains.push_back(&stored);
      } else {
        files_.left_out.push_back(to_string(stored.body.id));
      }
    }
    CSL_TRY(write_events(events));
    for (const StoredAnnotation* stored : chains) write_chain(*stored);
    for (const StoredAnnotation* stored : relations) CSL_TRY(write_relation(*stored));
    return std::move(files_);
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(files_.ann), format, std::forward<Arguments>(arguments)...);
    files_.ann.push_back('\n');
  }

  Status write_span(const StoredAnnotation& stored, const LabelSpec& label) {
    std::vector<TextSpan> fragments;
    for (const TextSpan& range : std::get<SpansTarget>(stored.body.target).ranges) {
      append_fragments(fragments, range, CSL_TRY(text_.slice(range)));
    }
    if (fragments.empty()) {  // nothing but line ends
      files_.left_out.push_back(to_string(stored.body.id));
      return {};
    }
    std::string offsets;
    std::string surface;
    for (const TextSpan& fragment : fragments) {
      if (!offsets.empty()) {
        offsets += ';';
        surface += ' ';
      }
      offsets += fmt::format("{} {}", fragment.begin, fragment.end);
      surface += CSL_TRY(text_.slice(fragment));
    }
    const std::string id = fmt::format("T{}", ++span_count_);
    names_.emplace(stored.body.id, id);
    line("{}\t{} {}\t{}", id, brat_type(label), offsets, surface);
    write_attributes(stored, id);
    if (label.coded) {
      line("N{}\tReference {} {}:{}\t{}", ++normalization_count_, id, label.coded->system,
           label.coded->code, label.coded->display);
    }
    return write_note(stored, id);
  }

  void write_attributes(const StoredAnnotation& stored, const std::string& id) {
    for (const auto& [name, value] : stored.body.attributes) {
      if (const auto word = brat_value(value)) {
        line("A{}\t{} {} {}", ++attribute_count_, name, id, *word);
      }
    }
  }

  // Events may be arguments of one another, in any order: all get their names first. One without a
  // trigger brat cannot say.
  Status write_events(const std::vector<const StoredAnnotation*>& events) {
    std::vector<const StoredAnnotation*> written;
    for (const StoredAnnotation* stored : events) {
      const auto& event = std::get<EventTarget>(stored->body.target);
      if (!event.trigger || !names_.contains(*event.trigger)) {
        files_.left_out.push_back(to_string(stored->body.id));
        continue;
      }
      names_.emplace(stored->body.id, fmt::format("E{}", ++event_count_));
      written.push_back(stored);
    }
    for (const StoredAnnotation* stored : written) {
      const auto& event = std::get<EventTarget>(stored->body.target);
      const std::string& id = names_.at(stored->body.id);
      std::string arguments;
      std::map<std::string_view, int> counts;
      for (const EventArgument& argument : event.arguments) {
        const auto target = names_.find(argument.annotation);
        if (target == names_.end()) {  // nothing but line ends: the event is written in part
          if (files_.left_out.empty() || files_.left_out.back() != to_string(stored->body.id)) {
            files_.left_out.push_back(to_string(stored->body.id));
          }
          continue;
        }
        const int count = ++counts[argument.role];  // the second of a role is "Theme2"
        arguments +=
            fmt::format(" {}{}:{}", argument.role,
                        count == 1 ? std::string() : std::to_string(count), target->second);
      }
      line("{}\t{}:{}{}", id, brat_type(*protocol_.label(*stored->body.label)),
           names_.at(*event.trigger), arguments);
      write_attributes(*stored, id);
      CSL_TRY(write_note(*stored, id));
    }
    return {};
  }

  // An equivalence has no id in brat, so nothing can be said of it beside its members.
  void write_chain(const StoredAnnotation& stored) {
    std::string members;
    int count = 0;
    for (const AnnotationId member : std::get<ChainTarget>(stored.body.target).members) {
      const auto found = names_.find(member);
      if (found == names_.end()) continue;
      members += " " + found->second;
      ++count;
    }
    if (count < 2) {
      files_.left_out.push_back(to_string(stored.body.id));
      return;
    }
    line("*\t{}{}", brat_type(*protocol_.label(*stored.body.label)), members);
  }

  Status write_relation(const StoredAnnotation& stored) {
    const auto& relation = std::get<RelationTarget>(stored.body.target);
    const auto from = names_.find(relation.from);
    const auto to = names_.find(relation.to);
    if (from == names_.end() || to == names_.end()) {
      files_.left_out.push_back(to_string(stored.body.id));
      return {};
    }
    const std::string id = fmt::format("R{}", ++relation_count_);
    line("{}\t{} Arg1:{} Arg2:{}", id, brat_type(*protocol_.label(*stored.body.label)),
         from->second, to->second);
    return write_note(stored, id);
  }

  // One line of JSON: every line end in it is escaped.
  Status write_note(const StoredAnnotation& stored, const std::string& id) {
    json::object note{
        {"annotation_id", to_string(stored.body.id)},
        {"rater", stored.rater.display_name},
        {"rater_kind", name_of(stored.rater.kind)},
        {"protocol", stored.body.protocol.id},
        {"protocol_version", stored.body.protocol.version},
        {"label", stored.body.label.value_or("")},
        {"revision", stored.revision},
        {"state", name_of(stored.state)},
        {"updated_at", to_rfc3339(stored.updated_at)},
    };
    json::object attributes;
    for (const auto& [name, value] : stored.body.attributes) {
      if (!brat_value(value)) attributes[name] = answer_json(value);
    }
    if (!attributes.empty()) note["attributes"] = std::move(attributes);
    if (const auto* spans = std::get_if<SpansTarget>(&stored.body.target)) {
      note["ranges"] = target_json(*spans).at("ranges");
    }
    if (stored.body.comment) note["comment"] = *stored.body.comment;
    line("#{}\tAnnotatorNotes {}\t{}", ++note_count_, id, CSL_TRY(canonical_json(note)));
    return {};
  }

  const CanonicalText& text_;
  const Protocol& protocol_;
  BratFiles files_;
  std::map<AnnotationId, std::string> names_;
  int span_count_ = 0;
  int relation_count_ = 0;
  int event_count_ = 0;
  int attribute_count_ = 0;
  int normalization_count_ = 0;
  int note_count_ = 0;
};

std::string joined_types(const Protocol& protocol, const std::vector<std::string>& labels) {
  std::string all;
  for (const std::string& id : labels) {
    if (!all.empty()) all += '|';
    all += brat_type(*protocol.label(id));
  }
  return all;
}

// "Change\tdrug:Medication, dose?:Dose": how often a role may be played stands behind its name.
std::string event_line(const Protocol& protocol, const LabelSpec& label) {
  std::string roles;
  for (const EventRole& role : label.event->roles) {
    const bool many = !role.count_max || *role.count_max > 1;
    const std::string_view often = role.count_min == 0 ? (many ? "*" : "?") : (many ? "+" : "");
    roles += fmt::format("{}{}{}:{}", roles.empty() ? "" : ", ", role.id, often,
                         joined_types(protocol, role.labels));
  }
  return fmt::format("{}\t{}\n", brat_type(label), roles);
}

// "assertion Arg:Problem|Medication, Value:present|negated|possible"
std::string attribute_line(const Protocol& protocol, const AttributeSpec& attribute) {
  std::vector<std::string> carriers;
  for (const LabelSpec& label : protocol.labels) {
    const bool carries = std::ranges::find(label.attributes, attribute.id, &LabelAttribute::id) !=
                         label.attributes.end();
    if (carries && !is_relation(label)) carriers.push_back(label.id);
  }
  std::string values;
  const auto add = [&](std::string_view value) {
    if (!values.empty()) values += '|';
    values += value;
  };
  for (const Choice& choice : attribute.answer.choices) add(choice.id);
  if (attribute.answer.type == AnswerType::Bool) values = "true|false";
  if (attribute.answer.allows_unsure) add(value_unsure);
  if (attribute.answer.allows_not_evaluable) add(value_not_evaluable);
  if (attribute.answer.allows_absent) add(value_absent);
  if (carriers.empty() || values.empty()) return {};
  return fmt::format("{}\tArg:{}, Value:{}\n", attribute.id, joined_types(protocol, carriers),
                     values);
}

}  // namespace

std::string brat_type(const LabelSpec& label) {
  return label.exported.brat_type.empty() ? label.id : label.exported.brat_type;
}

Result<BratFiles> write_brat(const CanonicalText& text, const Protocol& protocol,
                             std::span<const StoredAnnotation> annotations) {
  return BratWriter(text, protocol).write(annotations);
}

std::string brat_annotation_conf(const Protocol& protocol) {
  std::string entities;
  std::string relations;
  std::string events;
  for (const LabelSpec& label : protocol.labels) {
    if (is_relation(label)) {
      relations += fmt::format("{}\tArg1:{}, Arg2:{}\n", brat_type(label),
                               joined_types(protocol, label.relates_from),
                               joined_types(protocol, label.relates_to));
    } else if (label.chain) {
      const std::string members = joined_types(protocol, label.chain->labels);
      relations += fmt::format("{}\tArg1:{}, Arg2:{}, <REL-TYPE>:symmetric-transitive\n",
                               brat_type(label), members, members);
    } else if (label.event) {
      events += event_line(protocol, label);
    } else {
      entities += brat_type(label) + "\n";
    }
  }
  std::string attributes;
  for (const AttributeSpec& attribute : protocol.attributes) {
    attributes += attribute_line(protocol, attribute);
  }
  return fmt::format("[entities]\n{}\n[relations]\n{}\n[events]\n{}\n[attributes]\n{}", entities,
                     relations, events, attributes);
}

std::string brat_visual_conf(const Protocol& protocol) {
  std::string labels;
  std::string drawing =
      "SPAN_DEFAULT\tfgColor:black, bgColor:white, borderColor:darken\n"
      "ARC_DEFAULT\tcolor:black, arrowHead:triangle-5\n";
  for (const LabelSpec& label : protocol.labels) {
    labels += fmt::format("{} | {}\n", brat_type(label), label.name);
    if (!label.colour.empty()) {
      drawing += fmt::format("{}\tbgColor:{}\n", brat_type(label), label.colour);
    }
  }
  return fmt::format("[labels]\n{}\n[drawing]\n{}", labels, drawing);
}

}  // namespace consilium
