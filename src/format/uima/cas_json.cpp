#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/canonical_json.hpp"
#include "format/uima/cas.hpp"
#include "format/uima/uima.hpp"

namespace consilium {
namespace {

namespace json = boost::json;
using cas::Structure;

std::optional<std::uint64_t> id_in(const json::value& value) {
  if (const json::string* text = value.if_string()) return whole_number(*text);
  boost::system::error_code error;
  const auto id = value.to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional(id);
}

std::vector<std::uint64_t> ids_in(const json::value& value) {
  std::vector<std::uint64_t> ids;
  if (const json::array* list = value.if_array()) {
    for (const json::value& one : *list) {
      if (const auto id = id_in(one)) ids.push_back(*id);
    }
  } else if (const auto id = id_in(value)) {
    ids.push_back(*id);
  }
  return ids;
}

// Members begin with "%" when they are the format's, "@" when they refer, "#" when they are numbers
// that JSON lacks; all else are values.
Structure structure_of(const json::object& object, std::uint64_t id) {
  Structure one;
  one.id = id;
  for (const auto& [key, value] : object) {
    const std::string_view name = key;
    if (name == "%TYPE" && value.is_string()) {
      one.type = value.get_string();
    } else if (name == "%ELEMENTS") {
      // Of structures these are ids, of text values.
      const bool is_text =
          value.is_array() && !value.get_array().empty() && value.get_array().front().is_string();
      if (is_text) {
        std::string joined;
        for (const json::value& part : value.get_array()) {
          joined += (joined.empty() ? "" : " ") + json_parts::scalar(part);
        }
        one.values.push_back({"elements", std::move(joined)});
      } else {
        one.references.emplace_back("elements", ids_in(value));
      }
    } else if (name.starts_with('%') || name.starts_with('^')) {
      continue;
    } else if (name.starts_with('@')) {
      one.references.emplace_back(name.substr(1), ids_in(value));
    } else if (!value.is_null()) {
      const std::string_view plain = name.starts_with('#') ? name.substr(1) : name;
      one.values.push_back({std::string(plain), json_parts::scalar(value)});
    }
  }
  return one;
}

json::object type_json(const cas::Type& type) {
  json::object out{{"%NAME", type.name}, {"%SUPER_TYPE", type.super}};
  for (const cas::Feature& feature : type.features) {
    const std::string range = feature.element.empty() ? feature.range : feature.element + "[]";
    out[feature.name] = json::object{{"%NAME", feature.name}, {"%RANGE", range}};
  }
  return out;
}

class Writer {
 public:
  Writer(const cas::Document& document, std::uint64_t next_id)
      : document_(document), next_id_(next_id) {}

  std::string write() {
    structures_.push_back(json::object{{"%ID", 1},
                                       {"%TYPE", "uima.cas.Sofa"},
                                       {"sofaNum", 1},
                                       {"sofaID", "_InitialView"},
                                       {"mimeType", "text"},
                                       {"sofaString", document_.text.utf8()}});
    json::object about =
        annotation(next_id_++, cas::document_type, {0, document_.text.code_point_count()});
    about["language"] = "x-unspecified";
    for (const TextAttribute& one : document_.metadata) about[one.name] = one.value;
    if (!document_.id.empty()) about["documentId"] = document_.id;
    structures_.push_back(std::move(about));
    for (const TextSpan& span : document_.sections) plain(cas::paragraph_type, span);
    for (const TextSpan& span : document_.sentences) plain(cas::sentence_type, span);
    for (const TextSpan& span : document_.tokens) plain(cas::token_type, span);
    for (const cas::Annotation& one : document_.annotations) write(one);
    for (const cas::Chain& one : document_.chains) {
      members_.push_back(one.id);
      structures_.push_back(json::object{
          {"%ID", one.id}, {"%TYPE", one.type}, {"@sofa", 1}, {"@first", one.members.front()}});
    }
    json::object types;
    for (const cas::Type& type : cas::types_of(document_)) types[type.name] = type_json(type);
    const json::object view{{"%SOFA", 1}, {"%MEMBERS", std::move(members_)}};
    return json::serialize(json::object{{"%TYPES", std::move(types)},
                                        {"%FEATURE_STRUCTURES", std::move(structures_)},
                                        {"%VIEWS", json::object{{"_InitialView", view}}}}) +
           "\n";
  }

 private:
  json::object annotation(std::uint64_t id, std::string_view type, TextSpan span) {
    members_.push_back(id);
    return {{"%ID", id},
            {"%TYPE", type},
            {"@sofa", 1},
            {"begin", document_.text.utf16_of_code_point(span.begin).value_or(0)},
            {"end", document_.text.utf16_of_code_point(span.end).value_or(0)}};
  }

  void plain(std::string_view type, TextSpan span) {
    structures_.push_back(annotation(next_id_++, type, span));
  }

  void write(const cas::Annotation& one) {
    json::object out = annotation(one.id, one.type, one.span);
    for (const TextAttribute& feature : one.features) out[feature.name] = feature.value;
    if (one.source) {
      out["@Governor"] = *one.source;
      out["@Dependent"] = *one.target;
    }
    if (one.next) out["@next"] = *one.next;
    if (!one.links.empty()) {
      const std::string type = cas::link_type_of(one.type);
      json::array elements;
      for (const cas::Link& link : one.links) {
        elements.push_back(next_id_);
        structures_.push_back(json::object{
            {"%ID", next_id_++}, {"%TYPE", type}, {"role", link.role}, {"@target", link.target}});
      }
      out[fmt::format("@{}", cas::slots_feature)] = next_id_;
      structures_.push_back(json::object{
          {"%ID", next_id_++}, {"%TYPE", type + "[]"}, {"%ELEMENTS", std::move(elements)}});
    }
    structures_.push_back(std::move(out));
  }

  const cas::Document& document_;
  std::uint64_t next_id_;
  json::array structures_;
  json::array members_;
};

}  // namespace

Result<LabelledText> read_cas_json(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const json::value root = CSL_TRY(parse_json(bytes));
  const json::value* all = json_parts::member(root, "%FEATURE_STRUCTURES");
  if (all == nullptr || (!all->is_array() && !all->is_object())) {
    return fail(ErrorCode::InvalidInput, "the JSON is no CAS", {},
                "give JSON CAS 0.4, which has %FEATURE_STRUCTURES");
  }
  std::vector<Structure> structures;
  if (const json::array* list = all->if_array()) {
    for (const json::value& one : *list) {
      if (!one.is_object()) continue;
      structures.push_back(
          structure_of(one.get_object(), json_parts::number(one, "%ID").value_or(0)));
    }
  } else {
    for (const auto& [key, one] : all->get_object()) {
      if (!one.is_object()) continue;
      structures.push_back(structure_of(one.get_object(), whole_number(key).value_or(0)));
    }
  }
  return cas::labelled_of(std::move(structures));
}

UimaFile write_cas_json(const LabelledText& text) {
  UimaFile file;
  std::map<std::string, std::uint64_t> losses;
  const cas::Document document = cas::written_document(text, losses);
  file.bytes = Writer(document, cas::free_id(document)).write();
  file.losses = cas::listed(losses);
  return file;
}

}  // namespace consilium
