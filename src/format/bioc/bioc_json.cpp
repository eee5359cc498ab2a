#include <boost/json.hpp>
#include <utility>

#include "base/canonical_json.hpp"
#include "format/bioc/bioc.hpp"
#include "format/bioc/bioc_tree.hpp"

namespace consilium {
namespace {

namespace json = boost::json;
using detail::BiocAnnotation;
using detail::BiocCollection;
using detail::BiocDocument;
using detail::BiocInfons;
using detail::BiocPart;
using detail::BiocRelation;

constexpr std::uint64_t offset_max = std::uint64_t{1} << 48U;

// A value that is a list is several infons of one name.
BiocInfons infons_of(const json::value& of) {
  BiocInfons infons;
  const json::value* member = json_parts::member(of, "infons");
  const json::object* object = member == nullptr ? nullptr : member->if_object();
  if (object == nullptr) return infons;
  for (const auto& [name, value] : *object) {
    if (const json::array* list = value.if_array()) {
      for (const json::value& one : *list) infons.push_back({name, json_parts::scalar(one)});
    } else if (!value.is_null()) {
      infons.push_back({name, json_parts::scalar(value)});
    }
  }
  return infons;
}

BiocAnnotation annotation_of(const json::value& of) {
  BiocAnnotation one{.id = json_parts::text(of, "id"),
                     .infons = infons_of(of),
                     .text = json_parts::text(of, "text")};
  for (const json::value& place : json_parts::list(of, "locations")) {
    const std::uint64_t nowhere = offset_max;  // such an annotation is told as a problem
    one.locations.push_back({json_parts::number(place, "offset").value_or(nowhere),
                             json_parts::number(place, "length").value_or(0)});
  }
  return one;
}

BiocRelation relation_of(const json::value& of) {
  BiocRelation one{.id = json_parts::text(of, "id"), .infons = infons_of(of)};
  for (const json::value& node : json_parts::list(of, "nodes")) {
    one.nodes.push_back({json_parts::text(node, "refid"), json_parts::text(node, "role")});
  }
  return one;
}

template <class Part>
void take_labels(const json::value& of, Part& part) {
  for (const json::value& one : json_parts::list(of, "annotations")) {
    part.annotations.push_back(annotation_of(one));
  }
  for (const json::value& one : json_parts::list(of, "relations")) {
    part.relations.push_back(relation_of(one));
  }
}

BiocPart part_of(const json::value& of, bool is_passage) {
  BiocPart part{.infons = infons_of(of),
                .offset = json_parts::number(of, "offset").value_or(0),
                .text = json_parts::text(of, "text")};
  take_labels(of, part);
  if (!is_passage) return part;
  for (const json::value& one : json_parts::list(of, "sentences")) {
    part.sentences.push_back(part_of(one, false));
  }
  return part;
}

json::object infons_json(const BiocInfons& infons) {
  json::object out;
  for (const TextAttribute& one : infons) {
    json::value& place = out[one.name];
    if (place.is_null()) {
      place = one.value;
    } else if (json::array* list = place.if_array()) {
      list->emplace_back(one.value);
    } else {
      place = json::array{place, one.value};
    }
  }
  return out;
}

template <class Part>
void put_labels(json::object& out, const Part& part) {
  json::array annotations;
  for (const BiocAnnotation& one : part.annotations) {
    json::array locations;
    for (const detail::BiocLocation& place : one.locations) {
      locations.push_back(json::object{{"offset", place.offset}, {"length", place.length}});
    }
    annotations.push_back(json::object{{"id", one.id},
                                       {"infons", infons_json(one.infons)},
                                       {"text", one.text},
                                       {"locations", std::move(locations)}});
  }
  json::array relations;
  for (const BiocRelation& one : part.relations) {
    json::array nodes;
    for (const detail::BiocNode& node : one.nodes) {
      nodes.push_back(json::object{{"refid", node.refid}, {"role", node.role}});
    }
    relations.push_back(json::object{
        {"id", one.id}, {"infons", infons_json(one.infons)}, {"nodes", std::move(nodes)}});
  }
  out["annotations"] = std::move(annotations);
  out["relations"] = std::move(relations);
}

json::object part_json(const BiocPart& part, bool is_passage) {
  json::object out{{"infons", infons_json(part.infons)}, {"offset", part.offset}};
  json::array sentences;
  for (const BiocPart& one : part.sentences) sentences.push_back(part_json(one, false));
  out["text"] = part.text;
  if (is_passage) out["sentences"] = std::move(sentences);
  put_labels(out, part);
  return out;
}

}  // namespace

Result<std::vector<LabelledText>> read_bioc_json(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const json::value root = CSL_TRY(parse_json(bytes));
  BiocCollection collection{.infons = infons_of(root)};
  const bool is_one = json_parts::member(root, "passages") != nullptr;  // a document alone
  if (!is_one && json_parts::member(root, "documents") == nullptr) {
    return fail(ErrorCode::InvalidInput, "the JSON is no BioC collection", {},
                "give a file with a list \"documents\"");
  }
  for (const std::string_view name : {"source", "date", "key"}) {
    collection.infons.push_back({std::string(name), json_parts::text(root, name)});
  }
  if (is_one) collection.infons.clear();
  const json::array alone{root};
  for (const json::value& one : is_one ? alone : json_parts::list(root, "documents")) {
    BiocDocument document{.id = json_parts::text(one, "id"), .infons = infons_of(one)};
    for (const json::value& passage : json_parts::list(one, "passages")) {
      document.passages.push_back(part_of(passage, true));
    }
    take_labels(one, document);
    collection.documents.push_back(std::move(document));
  }
  return detail::texts_of(collection);
}

std::string write_bioc_json(std::span<const LabelledText> texts) {
  const BiocCollection collection = detail::collection_of(texts);
  json::object root{{"source", ""}, {"date", ""}, {"key", ""}};
  BiocInfons infons;
  for (const TextAttribute& one : collection.infons) {
    if (root.contains(one.name)) {
      root[one.name] = one.value;
    } else {
      infons.push_back(one);
    }
  }
  root["infons"] = infons_json(infons);
  json::array documents;
  for (const BiocDocument& document : collection.documents) {
    json::object out{{"id", document.id}, {"infons", infons_json(document.infons)}};
    json::array passages;
    for (const BiocPart& one : document.passages) passages.push_back(part_json(one, true));
    out["passages"] = std::move(passages);
    put_labels(out, document);
    documents.push_back(std::move(out));
  }
  root["documents"] = std::move(documents);
  return json::serialize(root) + "\n";
}

}  // namespace consilium
