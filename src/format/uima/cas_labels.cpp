#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "format/uima/cas.hpp"

namespace consilium::cas {
namespace {

struct LabelFeature {
  std::string_view type;
  std::string_view feature;
};
constexpr std::array label_features{
    LabelFeature{entity_type, "value"},
    LabelFeature{"de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS", "PosValue"},
    LabelFeature{"de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Lemma", "value"},
    LabelFeature{"de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Stem", "value"},
    LabelFeature{"de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency",
                 "DependencyType"},
    LabelFeature{"de.tudarmstadt.ukp.dkpro.core.api.syntax.type.chunk.Chunk", "chunkValue"},
};

bool is_default(std::string_view type) {
  return type == entity_type || type == own_relation_type || type == own_event_type;
}

// The label out of the features, and a concept where the layer has one.
struct Parts {
  std::string layer;
  std::string type;
  std::vector<TextAttribute> attributes;
  std::vector<TextConcept> concepts;
};
Parts parts_of(const Annotation& annotation) {
  Parts parts;
  const std::string_view label = label_feature(annotation.type);
  for (const TextAttribute& feature : annotation.features) {
    if (feature.name == label && parts.type.empty() && !feature.value.empty()) {
      parts.type = feature.value;
    } else if (is_concept_name(feature.name) && !feature.value.empty()) {
      parts.concepts.push_back(concept_of(feature.value));
    } else {
      parts.attributes.push_back(feature);
    }
  }
  if (parts.type.empty() || !is_default(annotation.type)) parts.layer = annotation.type;
  return parts;
}

// Named entities, by place.
using Entities = std::map<TextSpan, std::vector<std::uint64_t>>;
void note_entity(const Annotation& one, Entities& entities) {
  if (one.type != entity_type) return;
  const auto label = std::ranges::find(one.features, label_feature(one.type), &TextAttribute::name);
  if (label != one.features.end() && !label->value.empty()) entities[one.span].push_back(one.id);
}
std::optional<std::uint64_t> only_entity(const Entities& entities, TextSpan span) {
  const auto found = entities.find(span);
  return found == entities.end() || found->second.size() != 1 ? std::nullopt
                                                              : std::optional(found->second[0]);
}

class Labeller {
 public:
  explicit Labeller(Document document) : document_(std::move(document)) {}

  LabelledText label() {
    text_.id = document_.id;
    text_.metadata = document_.metadata;
    text_.text = document_.text;
    text_.sections = std::move(document_.sections);
    text_.sentences = std::move(document_.sentences);
    text_.tokens = std::move(document_.tokens);
    text_.problems = std::move(document_.problems);
    find_linked();
    for (const Annotation& one : document_.annotations) {
      if (linked_.contains(one.id)) continue;
      if (one.source) {
        add_relation(one);
      } else if (one.has_slots && has_trigger(one)) {
        add_event(one, {});
      } else {
        add_mention(one);
      }
    }
    for (std::size_t i = 0; i < document_.chains.size(); ++i) {
      const Chain& one = document_.chains[i];
      TextChain chain{.layer = one.type == chain_type ? std::string() : one.type,
                      .type = types_of_linked_[i],
                      .links = one.links};
      for (const std::uint64_t member : one.members) {
        const auto entity = linked_.find(member);
        chain.members.push_back(name(entity == linked_.end() ? member : entity->second));
      }
      text_.chains.push_back(std::move(chain));
    }
    complete(text_);
    return std::move(text_);
  }

 private:
  static std::string name(std::uint64_t id) { return std::to_string(id); }

  // Links that stand for a named entity and say nothing but what their chain does.
  void find_linked() {
    types_of_linked_.resize(document_.chains.size());
    Entities entities;
    std::map<std::uint64_t, const Annotation*> by_id;
    std::set<std::uint64_t> pointed_to;
    for (const Annotation& one : document_.annotations) {
      note_entity(one, entities);
      by_id.emplace(one.id, &one);
      if (one.source) pointed_to.insert({*one.source, *one.target});
      for (const Link& link : one.links) pointed_to.insert(link.target);
    }
    for (std::size_t i = 0; i < document_.chains.size(); ++i) {
      std::map<std::uint64_t, std::uint64_t> found;
      std::set<std::string> types;
      for (const std::uint64_t member : document_.chains[i].members) {
        const auto link = by_id.find(member);
        if (link == by_id.end() || pointed_to.contains(member)) break;
        const auto entity = only_entity(entities, link->second->span);
        if (!entity || !says_only_links(*link->second, types)) break;
        found.emplace(member, *entity);
      }
      if (found.size() != document_.chains[i].members.size() || types.size() > 1) continue;
      linked_.merge(found);
      if (!types.empty()) types_of_linked_[i] = *types.begin();
    }
  }

  static bool says_only_links(const Annotation& link, std::set<std::string>& types) {
    std::string type;
    for (const TextAttribute& feature : link.features) {
      if (feature.name == link_label_feature) {
        type = feature.value;
      } else if (feature.name != link_relation_feature) {
        return false;
      }
    }
    types.insert(type);
    return true;
  }

  static bool has_trigger(const Annotation& one) {
    return std::ranges::find(one.links, trigger_role, &Link::role) != one.links.end();
  }

  void add_mention(const Annotation& one) {
    Parts parts = parts_of(one);
    TextMention mention{.id = name(one.id),
                        .layer = std::move(parts.layer),
                        .type = std::move(parts.type),
                        .attributes = std::move(parts.attributes),
                        .concepts = std::move(parts.concepts)};
    if (!set_ranges(mention, {one.span}, text_.text)) {
      return add_problem(text_, "a range is reversed or leads past the text");
    }
    text_.mentions.push_back(std::move(mention));
    if (one.has_slots && !one.links.empty()) add_event(one, name(one.id));
  }

  // With a trigger of its own the structure is also a mention, which then has the features.
  void add_event(const Annotation& one, const std::string& trigger) {
    TextEvent event{.id = trigger.empty() ? name(one.id) : trigger + ".slots", .trigger = trigger};
    Parts parts = parts_of(one);
    event.layer = std::move(parts.layer);
    event.type = std::move(parts.type);
    if (trigger.empty()) event.attributes = std::move(parts.attributes);
    for (const Link& link : one.links) {
      if (trigger.empty() && event.trigger.empty() && link.role == trigger_role) {
        event.trigger = name(link.target);
      } else {
        event.arguments.push_back({link.role, name(link.target)});
      }
    }
    text_.events.push_back(std::move(event));
  }

  void add_relation(const Annotation& one) {
    Parts parts = parts_of(one);
    text_.relations.push_back({.id = name(one.id),
                               .layer = std::move(parts.layer),
                               .type = std::move(parts.type),
                               .from = {"", name(*one.source)},
                               .to = {"", name(*one.target)},
                               .attributes = std::move(parts.attributes),
                               .concepts = std::move(parts.concepts)});
  }

  Document document_;
  LabelledText text_;
  std::map<std::uint64_t, std::uint64_t> linked_;  // links to the entities that they stand for
  std::vector<std::string> types_of_linked_;       // by chain
};

// Java's identifiers are stricter than names of attributes.
std::string feature_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_digit = c >= '0' && c <= '9';
    if (is_digit && out.empty()) out += 'f';
    out += is_letter || is_digit ? c : '_';
  }
  return out;
}

// The same for a type, whose parts are joined by ".".
std::string type_name(std::string_view name) {
  std::string out;
  for (const std::string_view part : parted(name, '.')) {
    out += (out.empty() ? "" : ".") + (part.empty() ? std::string("_") : feature_name(part));
  }
  return out.contains('.') ? out : "webanno.custom." + out;
}

class Maker {
 public:
  Maker(const LabelledText& text, std::uint64_t first_id,
        std::map<std::string, std::uint64_t>& losses)
      : text_(text), next_id_(first_id), losses_(losses) {}

  Document make() {
    document_.id = text_.id;
    document_.metadata = text_.metadata;
    document_.text = text_.text;
    document_.sections = text_.sections;
    document_.sentences = text_.sentences;
    document_.tokens = text_.tokens;
    for (const TextMention& m : text_.mentions) add_mention(m);
    std::vector<const TextEvent*> events;
    for (const TextEvent& e : text_.events) {
      if (ids_.contains(e.trigger)) {
        events.push_back(&e);
      } else {
        ++losses_["events without a trigger"];
      }
    }
    // Events may be arguments of one another.
    for (std::size_t i = 0; i < events.size(); ++i) ids_.emplace(events[i]->id, next_id_ + i);
    for (const TextEvent* e : events) add_event(*e);
    for (const TextRelation& r : text_.relations) add_relation(r);
    for (const TextChain& c : text_.chains) add_chain(c);
    return std::move(document_);
  }

 private:
  std::string checked(std::string_view name, std::string made) {
    if (made != name) ++losses_["characters in names"];
    return made;
  }

  Annotation begin(const std::string& layer, std::string_view default_type, const std::string& type,
                   const std::vector<TextAttribute>& attributes) {
    Annotation one;
    one.id = next_id_++;
    one.type = layer.empty() ? std::string(default_type) : checked(layer, type_name(layer));
    if (!type.empty()) one.features.push_back({std::string(label_feature(one.type)), type});
    for (const TextAttribute& attribute : attributes) {
      std::string name = checked(attribute.name, feature_name(attribute.name));
      const bool is_taken =
          name.empty() || name == "begin" || name == "end" || name == "sofa" || name == "id" ||
          name == slots_feature || name == "Governor" || name == "Dependent" ||
          std::ranges::find(one.features, name, &TextAttribute::name) != one.features.end();
      if (is_taken || is_concept_name(name)) {
        ++losses_["further values of an attribute"];
      } else {
        one.features.push_back({std::move(name), attribute.value});
      }
    }
    return one;
  }

  void add_concepts(const std::vector<TextConcept>& concepts, Annotation& one) {
    if (concepts.empty()) return;
    one.features.push_back({std::string(concept_feature), reference_of(concepts.front())});
    if (concepts.size() > 1) losses_["further concepts"] += concepts.size() - 1;
  }

  void add_mention(const TextMention& m) {
    Annotation one = begin(m.layer, entity_type, m.type, m.attributes);
    one.span = m.ranges.front();
    add_concepts(m.concepts, one);
    ids_.emplace(m.id, one.id);
    spans_.emplace(one.id, one.span);
    note_entity(one, entities_);
    document_.annotations.push_back(std::move(one));
  }

  void add_event(const TextEvent& e) {
    Annotation one = begin(e.layer, own_event_type, e.type, e.attributes);
    const std::uint64_t trigger = ids_.at(e.trigger);
    one.span = spans_[trigger];
    spans_.emplace(one.id, one.span);
    one.has_slots = true;
    one.links.push_back({std::string(trigger_role), trigger});
    for (const TextArgument& argument : e.arguments) {
      const auto target = ids_.find(argument.target);
      if (target == ids_.end()) {
        ++losses_["arguments that are no mentions or events"];
      } else {
        one.links.push_back({argument.role, target->second});
      }
    }
    document_.annotations.push_back(std::move(one));
  }

  void add_relation(const TextRelation& r) {
    const auto from = ids_.find(r.from.target);
    const auto to = ids_.find(r.to.target);
    if (from == ids_.end() || to == ids_.end()) {
      ++losses_["relations of relations"];
      return;
    }
    Annotation one = begin(r.layer, own_relation_type, r.type, r.attributes);
    one.source = from->second;
    one.target = to->second;
    one.span = spans_[to->second];
    document_.annotations.push_back(std::move(one));
  }

  // A member that is a link already is one of the first chain that it is in.
  void add_chain(const TextChain& c) {
    Chain chain{.type = std::string(chain_type), .members = {}, .links = {}};
    if (!c.layer.empty()) {
      chain.type = chain_of_link(link_of_chain(type_name(c.layer)));
      if (chain.type != c.layer) ++losses_["characters in names"];
    }
    const std::string link_type = link_of_chain(chain.type);
    std::uint64_t made_count = 0;
    bool all_stand_for_entities = true;
    for (std::size_t i = 0; i < c.members.size(); ++i) {
      const auto member = ids_.find(c.members[i]);
      if (member == ids_.end()) {
        ++losses_["members of chains that are no mentions or events"];
        continue;
      }
      const Annotation* own = find(member->second);
      const bool is_link =
          own != nullptr && own->type == link_type && links_.insert(own->id).second;
      std::uint64_t id = member->second;
      if (!is_link) {
        id = add_link(link_type, c.type, spans_[member->second]);
        ++made_count;
      } else if (!c.type.empty()) {
        ++losses_["types of chains"];
      }
      if (is_link || only_entity(entities_, spans_[member->second]) != member->second) {
        all_stand_for_entities = false;
      }
      chain.members.push_back(id);
      chain.links.push_back(i < c.links.size() ? c.links[i] : std::string{});
    }
    if (chain.members.empty()) {
      ++losses_["chains without members"];
      return;
    }
    if (!all_stand_for_entities && made_count > 0) {
      losses_["members of chains that become mentions of their own"] += made_count;
    }
    join_links(chain);
    chain.id = next_id_++;
    document_.chains.push_back(std::move(chain));
  }

  std::uint64_t add_link(const std::string& link_type, const std::string& type, TextSpan span) {
    Annotation link;
    link.id = next_id_++;
    link.type = link_type;
    link.span = span;
    if (!type.empty()) link.features.push_back({std::string(link_label_feature), type});
    links_.insert(link.id);
    const std::uint64_t id = link.id;
    document_.annotations.push_back(std::move(link));
    return id;
  }

  // They are made in the order of their ids.
  Annotation* find(std::uint64_t id) {
    const auto found = std::ranges::lower_bound(document_.annotations, id, {}, &Annotation::id);
    return found == document_.annotations.end() || found->id != id ? nullptr : &*found;
  }

  void join_links(const Chain& chain) {
    for (std::size_t i = 0; i < chain.members.size(); ++i) {
      Annotation& link = *find(chain.members[i]);
      if (i + 1 < chain.members.size()) link.next = chain.members[i + 1];
      std::erase_if(link.features, [](const TextAttribute& feature) {
        return feature.name == link_relation_feature;
      });
      if (!chain.links[i].empty()) {
        link.features.push_back({std::string(link_relation_feature), chain.links[i]});
      }
    }
  }

  const LabelledText& text_;
  std::uint64_t next_id_;
  std::map<std::string, std::uint64_t>& losses_;
  Document document_;
  std::map<std::string, std::uint64_t> ids_;
  std::map<std::uint64_t, TextSpan> spans_;
  Entities entities_;
  std::set<std::uint64_t> links_;  // annotations that are one in a chain
};

Type* find_type(std::vector<Type>& types, std::string_view name) {
  const auto found = std::ranges::find(types, name, &Type::name);
  return found == types.end() ? nullptr : &*found;
}

void add_feature(Type& type, Feature feature) {
  const auto found = std::ranges::find(type.features, feature.name, &Feature::name);
  if (found == type.features.end()) type.features.push_back(std::move(feature));
}

constexpr std::string_view string_type = "uima.cas.String";
constexpr std::string_view annotation_type = "uima.tcas.Annotation";

}  // namespace

std::string_view label_feature(std::string_view type) {
  const auto found = std::ranges::find(label_features, type, &LabelFeature::type);
  if (found != label_features.end()) return found->feature;
  return type == link_of_chain(chain_type) ? link_label_feature : "label";
}

std::string link_type_of(std::string_view type) { return std::string(type) + "ArgumentsLink"; }

std::string link_of_chain(std::string_view type) {
  if (type.ends_with("Chain")) type.remove_suffix(5);
  return std::string(type) + (type.ends_with("Link") ? "" : "Link");
}

std::string chain_of_link(std::string_view type) {
  if (type.ends_with("Link")) type.remove_suffix(4);
  return std::string(type) + (type.ends_with("Chain") ? "" : "Chain");
}

LabelledText labelled_of(Document document) { return Labeller(std::move(document)).label(); }

Document document_of(const LabelledText& text, std::uint64_t first_id,
                     std::map<std::string, std::uint64_t>& losses) {
  return Maker(text, first_id, losses).make();
}

Document written_document(const LabelledText& text, std::map<std::string, std::uint64_t>& losses) {
  constexpr std::array<std::string_view, 5> known{"documentTitle", "documentUri", "collectionId",
                                                  "documentBaseUri", "language"};
  Document document = document_of(text, 2, losses);
  const std::size_t lost = std::erase_if(document.metadata, [&](const TextAttribute& one) {
    return std::ranges::find(known, one.name) == known.end();
  });
  if (lost > 0) losses["metadata of other names"] += lost;
  return document;
}

std::uint64_t free_id(const Document& document) {
  std::uint64_t id = 2;
  for (const Annotation& one : document.annotations) id = std::max(id, one.id + 1);
  for (const Chain& one : document.chains) id = std::max(id, one.id + 1);
  return id;
}

std::vector<Type> types_of(const Document& document) {
  const std::string annotation(annotation_type);
  const std::string string(string_type);
  std::vector<Type> types{
      {std::string(document_type),
       "uima.tcas.DocumentAnnotation",
       {{"documentTitle", string},
        {"documentId", string},
        {"documentUri", string},
        {"collectionId", string},
        {"documentBaseUri", string}}},
      {std::string(token_type), annotation, {}},
      {std::string(sentence_type), annotation, {}},
      {std::string(paragraph_type), annotation, {}},
      {std::string(entity_type), annotation, {{"value", string}, {"identifier", string}}}};
  for (const Annotation& one : document.annotations) {
    if (find_type(types, one.type) == nullptr) types.push_back({one.type, annotation, {}});
    if (one.has_slots && find_type(types, link_type_of(one.type)) == nullptr) {
      types.push_back(
          {link_type_of(one.type), "uima.cas.TOP", {{"role", string}, {"target", annotation}}});
    }
    Type& type = *find_type(types, one.type);
    for (const TextAttribute& feature : one.features) add_feature(type, {feature.name, string});
    if (one.source) {
      add_feature(type, {"Governor", annotation});
      add_feature(type, {"Dependent", annotation});
    }
    if (one.has_slots) {
      add_feature(type, {std::string(slots_feature), "uima.cas.FSArray", link_type_of(one.type)});
    }
  }
  for (const Chain& one : document.chains) {
    const std::string link = link_of_chain(one.type);
    for (const std::string_view name : {link_label_feature, link_relation_feature}) {
      add_feature(*find_type(types, link), {std::string(name), string});
    }
    add_feature(*find_type(types, link), {"next", link});
    if (find_type(types, one.type) == nullptr) {
      types.push_back({one.type, "uima.cas.AnnotationBase", {{"first", link}}});
    }
  }
  return types;
}

std::vector<TextLoss> listed(const std::map<std::string, std::uint64_t>& losses) {
  std::vector<TextLoss> list;
  for (const auto& [kind, count] : losses) list.push_back({kind, count});
  return list;
}

}  // namespace consilium::cas
