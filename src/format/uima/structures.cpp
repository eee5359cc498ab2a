// Feature structures, as XMI and JSON have them, taken for what they are: token, layer, relation,
// link of a chain. Their types are a project's own, so their features tell.
#include <algorithm>
#include <set>
#include <utility>

#include "format/uima/cas.hpp"

namespace consilium::cas {
namespace {

const std::string* value_of(const Structure& one, std::string_view name) {
  const auto found = std::ranges::find(one.values, name, &TextAttribute::name);
  return found == one.values.end() ? nullptr : &found->value;
}

const std::vector<std::uint64_t>* references_of(const Structure& one, std::string_view name) {
  const auto found = std::ranges::find(one.references, name,
                                       [](const auto& reference) { return reference.first; });
  return found == one.references.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> reference_of(const Structure& one, std::string_view name) {
  const auto* ids = references_of(one, name);
  return ids == nullptr || ids->size() != 1 ? std::nullopt : std::optional(ids->front());
}

bool is_array(const Structure& one) {
  return one.type.ends_with("Array") || one.type.ends_with("[]");
}

class Taker {
 public:
  explicit Taker(std::vector<Structure> structures) : structures_(std::move(structures)) {
    for (const Structure& one : structures_) by_id_.emplace(one.id, &one);
  }

  Result<LabelledText> take() {
    CSL_TRY(take_text());
    find_link_structures();
    for (const Structure& one : structures_) take_structure(one);
    for (const Structure& one : structures_) {
      if (references_of(one, "first") != nullptr) take_chain(one);
    }
    if (other_view_count_ > 0) {
      add("structures of other views are not read", other_view_count_);
    }
    if (odd_count_ > 0) add("structures without a place are not read", odd_count_);
    for (const auto& [kind, count] : skipped_) add(kind, count);
    return labelled_of(std::move(document_));
  }

 private:
  void add(const std::string& what, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) document_.problems.push_back({0, what});
  }

  Status take_text() {
    const Structure* chosen = nullptr;
    for (const Structure& one : structures_) {
      if (one.type != "uima.cas.Sofa" || value_of(one, "sofaString") == nullptr) continue;
      const std::string* name = value_of(one, "sofaID");
      if (chosen == nullptr || (name != nullptr && *name == "_InitialView")) chosen = &one;
    }
    if (chosen == nullptr) {
      return fail(ErrorCode::InvalidInput, "the CAS has no text", {},
                  "export it with its document's text");
    }
    sofa_ = chosen->id;
    document_.text = CSL_TRY(CanonicalText::from_utf8(*value_of(*chosen, "sofaString")));
    return {};
  }

  // What slots hold: a target, and no place of its own.
  void find_link_structures() {
    for (const Structure& one : structures_) {
      const bool is_link = references_of(one, "target") != nullptr && !value_of(one, "begin");
      if (is_link) links_.insert(one.id);
    }
  }

  bool is_of_other_view(const Structure& one) const {
    const auto by_reference = reference_of(one, "sofa");
    if (by_reference) return *by_reference != sofa_;
    const std::string* by_value = value_of(one, "sofa");
    return by_value != nullptr && whole_number(*by_value) != sofa_;
  }

  std::optional<TextSpan> place_of(const Structure& one) {
    const std::string* begin = value_of(one, "begin");
    const std::string* end = value_of(one, "end");
    const auto first = begin == nullptr ? std::nullopt : whole_number(*begin);
    const auto last = end == nullptr ? std::nullopt : whole_number(*end);
    if (!first || !last) return std::nullopt;
    const auto span = to_code_points(document_.text, *first, *last, OffsetUnit::Utf16);
    if (!span) document_.problems.push_back({0, "a range is reversed or leads past the text"});
    return span;
  }

  void take_structure(const Structure& one) {
    if (one.type == "uima.cas.Sofa" || one.type == "uima.cas.NULL" || is_array(one) ||
        one.type == "uima.cas.View" || links_.contains(one.id)) {
      return;
    }
    if (is_of_other_view(one)) {
      ++other_view_count_;
      return;
    }
    if (one.type == document_type || one.type == "uima.tcas.DocumentAnnotation") {
      return take_document(one);
    }
    if (one.type.ends_with("TagsetDescription")) {
      ++skipped_["descriptions of tag sets are not read"];
      return;
    }
    if (value_of(one, "begin") == nullptr || value_of(one, "end") == nullptr) {
      if (references_of(one, "first") == nullptr) ++odd_count_;
      return;
    }
    const auto span = place_of(one);
    if (!span) return;
    if (one.type == sentence_type) {
      document_.sentences.push_back(*span);
    } else if (one.type == token_type) {
      document_.tokens.push_back(*span);
      tokens_.emplace(one.id, *span);
    } else if (one.type == paragraph_type) {
      document_.sections.push_back(*span);
    } else {
      take_annotation(one, *span);
    }
  }

  void take_document(const Structure& one) {
    for (const TextAttribute& value : one.values) {
      if (value.name == "documentId") {
        document_.id = value.value;
      } else if (value.name != "begin" && value.name != "end" && value.name != "sofa") {
        document_.metadata.push_back(value);
      }
    }
  }

  void take_annotation(const Structure& one, TextSpan span) {
    Annotation annotation{.id = one.id, .type = one.type, .span = span};
    for (const TextAttribute& value : one.values) {
      if (value.name != "begin" && value.name != "end" && value.name != "sofa") {
        annotation.features.push_back(value);
      }
    }
    annotation.source = reference_of(one, "Governor");
    annotation.target = reference_of(one, "Dependent");
    if (!annotation.source || !annotation.target) {
      annotation.source.reset();
      annotation.target.reset();
    } else {
      stand_on_token(*annotation.source);
      stand_on_token(*annotation.target);
    }
    for (const auto& [name, ids] : one.references) {
      if (name == "Governor" || name == "Dependent" || name == "next" || name == "sofa") continue;
      take_slots(ids, annotation, name);
    }
    document_.annotations.push_back(std::move(annotation));
  }

  // Relations between tokens want mentions to end at.
  void stand_on_token(std::uint64_t id) {
    const auto token = tokens_.find(id);
    if (token == tokens_.end()) return;
    document_.annotations.push_back(
        {.id = id, .type = std::string(token_type), .span = token->second});
    tokens_.erase(token);
  }

  void take_slots(const std::vector<std::uint64_t>& ids, Annotation& annotation,
                  const std::string& name) {
    for (const std::uint64_t id : ids) {
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) continue;
      if (links_.contains(id)) {
        const std::string* role = value_of(*found->second, "role");
        annotation.has_slots = true;
        annotation.links.push_back({role == nullptr ? std::string{} : *role,
                                    references_of(*found->second, "target")->front()});
        stand_on_token(annotation.links.back().target);
      } else if (const auto* elements = references_of(*found->second, "elements");
                 is_array(*found->second) && elements != nullptr && depth_ < 4) {
        ++depth_;
        take_slots(*elements, annotation, name);
        --depth_;
      } else if (const std::string* list = value_of(*found->second, "elements");
                 is_array(*found->second) && list != nullptr) {
        annotation.features.push_back({name, *list});
      } else {
        ++skipped_["references between structures are not read"];
      }
    }
  }

  void take_chain(const Structure& head) {
    Chain chain{.type = head.type, .members = {}, .links = {}};
    std::set<std::uint64_t> seen;
    auto at = reference_of(head, "first");
    while (at && seen.insert(*at).second) {
      const auto found = by_id_.find(*at);
      if (found == by_id_.end()) break;
      chain.members.push_back(*at);
      const std::string* link = value_of(*found->second, link_relation_feature);
      chain.links.push_back(link == nullptr ? std::string{} : *link);
      at = reference_of(*found->second, "next");
    }
    if (!chain.members.empty()) document_.chains.push_back(std::move(chain));
  }

  std::vector<Structure> structures_;
  std::map<std::uint64_t, const Structure*> by_id_;
  std::set<std::uint64_t> links_;
  std::map<std::uint64_t, TextSpan> tokens_;
  std::uint64_t sofa_ = 0;
  std::uint64_t other_view_count_ = 0;
  std::uint64_t odd_count_ = 0;
  int depth_ = 0;
  std::map<std::string, std::uint64_t> skipped_;
  Document document_;
};

}  // namespace

Result<LabelledText> labelled_of(std::vector<Structure> structures) {
  return Taker(std::move(structures)).take();
}

}  // namespace consilium::cas
